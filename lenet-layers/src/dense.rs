//! The layer in which every unit sees every input, and the matrix loops behind it.

use crate::activation::{squash, unsquash};
use crate::params::{flat, flat_mut, params};
use crate::{Activation, Described, Identity, Layer, ParamInfo, Role, Trainable};
use core::{fmt, marker::PhantomData};
use lenet_tensor::{Cell, Element, Tensor, Units, simd::Simd};

/// `O` units, each of which sees all `I` inputs, with a bias and the squashing function `A`:
/// `Units<I>` to `Units<O>`, y = A(weight x + bias).
pub struct Dense<const I: usize, const O: usize, A = Identity>(PhantomData<A>);

params! {
    /// The parameters of a [`Dense`] layer.
    Weights<const I, const O> {
        0 /// `[unit][input]`.
          weight: [[E; I]; O] = I * O,
        1 /// One for each unit.
          bias: [E; O] = O,
    }
}

#[cfg(feature = "nalgebra")]
impl<const I: usize, const O: usize, E: Element> Weights<I, O, E> {
    /// The weights as an `I` x `O` matrix, the transpose of `[unit][input]`, without a copy: y = W' x.
    ///
    /// ```
    /// use lenet_layers::{Params, Weights};
    /// let mut p = Weights::<3, 2>::zeroed();
    /// p.weight[1] = [1.0, 2.0, 3.0];
    /// let x = nalgebra::Vector3::new(1.0, 1.0, 1.0);
    /// assert_eq!(p.transposed_weight().tr_mul(&x)[1], 6.0);
    /// ```
    pub fn transposed_weight(&self) -> nalgebra::SMatrixView<'_, E, I, O> {
        nalgebra::SMatrixView::from_slice(self.weight.as_flattened())
    }
}

impl<const I: usize, const O: usize, A: Send + Sync + 'static> Trainable for Dense<I, O, A> {
    type Params<E: Element> = Weights<I, O, E>;
}

impl<const I: usize, const O: usize, A: Activation> Described for Dense<I, O, A> {
    fn info(index: usize) -> ParamInfo {
        let fan_in: fn(usize) -> usize = |_| I;
        let weight = ParamInfo { stage: "", name: "weight", dims: &[O, I], role: Role::Weight, connected: &[], fan_in };
        match index {
            0 => weight,
            1 => ParamInfo { name: "bias", dims: &[O], role: Role::Bias, ..weight },
            _ => panic!("no parameter {index} in a dense layer"),
        }
    }
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "full connection, {}", A::NAME)
    }
}

#[diagnostic::do_not_recommend]
impl<const I: usize, const O: usize, A: Activation> Layer<Units<I>> for Dense<I, O, A> {
    type Out = Units<O>;
    const CONNECTIONS: usize = O * (I + 1);
    const MULTIPLY_ADDS: usize = O * I;

    fn forward<S: Simd, T: Cell>(
        simd: S,
        params: &Self::Params<T::Element>,
        x: &Tensor<Units<I>, T>,
        y: &mut Tensor<Units<O>, T>,
    ) {
        forward::<A, S, T>(simd, flat(&params.weight), &params.bias, &x.data, &mut y.data);
    }

    fn backward<S: Simd, T: Cell>(
        simd: S,
        params: &Self::Params<T::Element>,
        x: &Tensor<Units<I>, T>,
        y: &Tensor<Units<O>, T>,
        dy: &mut Tensor<Units<O>, T>,
        dx: Option<&mut Tensor<Units<I>, T>>,
        grad: &mut Self::Params<T::Element>,
    ) {
        let dx = dx.map(|dx| dx.cells_mut());
        let (weight, dw) = (flat(&params.weight), flat_mut(&mut grad.weight));
        backward::<A, S, T>(simd, weight, &x.data, &y.data, &mut dy.data, dx, dw, &mut grad.bias);
    }
}

/// `y = f(W x + bias)`: `weight` is `y.len()` rows of `x.len()`.
pub(crate) fn forward<A: Activation, S: Simd, T: Cell>(
    simd: S,
    weight: &[T::Element],
    bias: &[T::Element],
    x: &[T],
    y: &mut [T],
) {
    simd.vectorize(
        #[inline(always)]
        || {
            // Four units at a time: one chain of additions would wait for itself.
            let mut o = 0;
            while o + 4 <= y.len() {
                let sums = products::<S, T, 4>(simd, weight, x, o);
                for t in 0..4 {
                    y[o + t] = squash::<A, S, T>(simd, sums[t].plus(T::splat(bias[o + t])));
                }
                o += 4;
            }
            for o in o..y.len() {
                let [sum] = products::<S, T, 1>(simd, weight, x, o);
                y[o] = squash::<A, S, T>(simd, sum.plus(T::splat(bias[o])));
            }
        },
    );
}

/// Rows `o..o + N` of the matrix times `x`.
#[inline(always)]
fn products<S: Simd, T: Cell, const N: usize>(simd: S, weight: &[T::Element], x: &[T], o: usize) -> [T; N] {
    let rows: [&[T::Element]; N] = core::array::from_fn(|t| &weight[(o + t) * x.len()..][..x.len()]);
    let mut sums = [T::ZERO; N];
    for (i, x) in x.iter().enumerate() {
        for t in 0..N {
            sums[t] = x.mul_add(simd, T::splat(rows[t][i]), sums[t]);
        }
    }
    sums
}

/// The gradients; see [`Layer::backward`].
#[allow(clippy::too_many_arguments)] // they are the layer's, as slices
pub(crate) fn backward<A: Activation, S: Simd, T: Cell>(
    simd: S,
    weight: &[T::Element],
    x: &[T],
    y: &[T],
    dy: &mut [T],
    dx: Option<&mut [T]>,
    dw: &mut [T::Element],
    db: &mut [T::Element],
) {
    simd.vectorize(
        #[inline(always)]
        || {
            unsquash::<A, T>(y, dy);
            for (db, da) in db.iter_mut().zip(dy.iter()) {
                *db += da.sum();
            }
            weight_gradient(simd, x, dy, dw);
            if let Some(dx) = dx {
                for (i, dx) in dx.iter_mut().enumerate() {
                    *dx = T::ZERO;
                    for (o, da) in dy.iter().enumerate() {
                        *dx = da.mul_add(simd, T::splat(weight[o * x.len() + i]), *dx);
                    }
                }
            }
        },
    );
}

/// Adds the outer product of `da` and `x`, summed over the lanes, to `dw`.
///
/// A sum over lanes for each weight would cost more than the products; so a chunk of the inputs is transposed, lane by
/// lane, and the products run along the inputs.
#[inline(always)]
fn weight_gradient<S: Simd, T: Cell>(simd: S, x: &[T], da: &[T], dw: &mut [T::Element]) {
    const CHUNK: usize = 64;
    const LANES: usize = 16;
    let zero = T::Element::from_f64(0.0);
    for first in (0..x.len()).step_by(CHUNK) {
        let n = CHUNK.min(x.len() - first);
        for lane in (0..T::LANES).step_by(LANES) {
            let lanes = LANES.min(T::LANES - lane);
            let mut rows = [[zero; CHUNK]; LANES];
            for (k, x) in x[first..first + n].iter().enumerate() {
                for l in 0..lanes {
                    rows[l][k] = x.lanes()[lane + l];
                }
            }
            for (o, da) in da.iter().enumerate() {
                let dw = &mut dw[o * x.len() + first..][..n];
                let mut sums = [zero; CHUNK];
                sums[..n].copy_from_slice(dw);
                for l in 0..lanes {
                    let d = da.lanes()[lane + l];
                    for k in 0..CHUNK {
                        sums[k] = rows[l][k].mul_add(simd, d, sums[k]);
                    }
                }
                dw.copy_from_slice(&sums[..n]);
            }
        }
    }
}

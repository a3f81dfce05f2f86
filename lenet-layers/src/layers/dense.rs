//! The layer in which every unit sees every input.

use crate::kernels::matrix::{self, Row};
use crate::params::{flat, flat_mut, params};
use crate::{Activation, Curved, Identity, Layer, LayerInfo, Operation, ParamInfo, Role, Trainable};
use core::{fmt, marker::PhantomData};
use lenet_tensor::{Cell, Element, Tensor, Units, simd::Simd};

/// `O` units, each of which sees all `I` inputs, with a bias and the activation function `A`:
/// `Units<I>` to `Units<O>`, y = A(weight x + bias).
///
/// ```
/// use lenet_layers::{Dense, Layer, Relu, Tensor, Units, Weights, simd::Scalar};
/// let weights = Weights { weight: [[1.0, 2.0], [-1.0, 0.0]], bias: [0.5, 0.0] };
/// let mut y = Tensor::<Units<2>>::ZERO;
/// Dense::<2, 2, Relu>::forward(Scalar, &weights, &Tensor { data: [3.0, 1.0] }, &mut y);
/// assert_eq!(y.data, [5.5, 0.0]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    /// Returns the weights as an `I` x `O` matrix, the transpose of `[unit][input]`, without a copy: y = W' x.
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

impl<const I: usize, const O: usize, A: Activation> LayerInfo for Dense<I, O, A> {
    const OPERATION: Operation = Operation::FullConnection { activation: A::KIND };
    fn info(index: usize) -> ParamInfo {
        let fan_in: fn(usize) -> usize = |_| I;
        let weight = ParamInfo::new("weight", &[O, I], Role::Weight, fan_in);
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
        matrix::forward::<A, S, T, Row<I>, O>(simd, flat(&params.weight), &params.bias, &x.data, &mut y.data);
    }

    fn backward<S: Simd, T: Cell, const TO_INPUT: bool>(
        simd: S,
        params: &Self::Params<T::Element>,
        x: &Tensor<Units<I>, T>,
        y: &Tensor<Units<O>, T>,
        dy: &mut Tensor<Units<O>, T>,
        dx: &mut Tensor<Units<I>, T>,
        grad: &mut Self::Params<T::Element>,
    ) {
        let (weight, dw) = (flat(&params.weight), flat_mut(&mut grad.weight));
        let (da, dx, db) = (dy.cells_mut(), dx.cells_mut(), &mut grad.bias);
        matrix::backward::<A, S, T, Row<I>, O, TO_INPUT>(simd, weight, &x.data, &y.data, da, dx, dw, db);
    }
}

impl<const I: usize, const O: usize, A: Activation> Curved<Units<I>> for Dense<I, O, A> {
    fn curvature<S: Simd, T: Cell>(
        simd: S,
        squared: &Self::Params<T::Element>,
        x: &Tensor<Units<I>, T>,
        y: &Tensor<Units<O>, T>,
        d2y: &mut Tensor<Units<O>, T>,
        d2x: &mut Tensor<Units<I>, T>,
        h: &mut Self::Params<T::Element>,
    ) {
        let (weight, d2w) = (flat(&squared.weight), flat_mut(&mut h.weight));
        let d2x = d2x.cells_mut();
        matrix::curvature::<A, S, T, Row<I>, O>(simd, weight, &x.data, &y.data, &mut d2y.data, d2x, d2w, &mut h.bias);
    }
}

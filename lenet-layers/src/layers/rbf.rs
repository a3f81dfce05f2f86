//! The output layer of 1998: squared Euclidean distances to fixed codes.

use crate::{Codes, Curved, Layer, LayerInfo, NoParams, Operation, ParamInfo, Trainable};
use core::{fmt, marker::PhantomData};
use lenet_tensor::{Cell, Element, Tensor, Units, simd::Simd};

/// `O` radial basis function units. Each measures the distance of its `I` inputs from a fixed code of the set `C`:
/// `Units<I>` to `Units<O>`, y\[i\] = sum of (x\[j\] - code\[i\]\[j\])^2 over j (LeCun et al. 1998, eq. 7).
///
/// The outputs are penalties: the *smallest* one gives the class. The layer has no trainable parameters. Its losses are
/// [`CorrectPenalty`] and [`MaximumAPosteriori`].
///
/// [`CorrectPenalty`]: crate::CorrectPenalty
/// [`MaximumAPosteriori`]: crate::MaximumAPosteriori
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rbf<const I: usize, const O: usize, C>(PhantomData<C>);

impl<const I: usize, const O: usize, C: Send + Sync + 'static> Trainable for Rbf<I, O, C> {
    type Params<E: Element> = NoParams<E>;
}

impl<const I: usize, const O: usize, C: Codes<I, O>> LayerInfo for Rbf<I, O, C> {
    const PENALTIES: bool = true;
    const OPERATION: Operation = Operation::Rbf { codes: C::CODES.as_flattened() };
    fn info(index: usize) -> ParamInfo {
        panic!("no parameter {index}: the codes of an Rbf are fixed")
    }
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Euclidean RBF, fixed codes")
    }
}

/// Returns x - code.
#[inline(always)]
fn difference<T: Cell>(x: T, code: f32) -> T {
    x.map(
        #[inline(always)]
        |x| x - T::Element::from_f64(f64::from(code)),
    )
}

impl<const I: usize, const O: usize, C: Codes<I, O>> Layer<Units<I>> for Rbf<I, O, C> {
    type Out = Units<O>;
    const CONNECTIONS: usize = O * I;
    const MULTIPLY_ADDS: usize = O * I;

    fn forward<S: Simd, T: Cell>(
        simd: S,
        _: &NoParams<T::Element>,
        x: &Tensor<Units<I>, T>,
        y: &mut Tensor<Units<O>, T>,
    ) {
        simd.vectorize(
            #[inline(always)]
            || {
                let mut sums = [T::ZERO; O];
                for (j, x) in x.data.iter().enumerate() {
                    for (sum, code) in sums.iter_mut().zip(&C::CODES) {
                        let d = difference(*x, code[j]);
                        *sum = d.mul_add(simd, d, *sum);
                    }
                }
                y.data = sums;
            },
        );
    }

    fn backward<S: Simd, T: Cell, const TO_INPUT: bool>(
        simd: S,
        _: &NoParams<T::Element>,
        x: &Tensor<Units<I>, T>,
        _: &Tensor<Units<O>, T>,
        dy: &mut Tensor<Units<O>, T>,
        dx: &mut Tensor<Units<I>, T>,
        _: &mut NoParams<T::Element>,
    ) {
        if !TO_INPUT {
            return;
        }
        simd.vectorize(
            #[inline(always)]
            || {
                // dx_j = sum of dy_i 2 (x_j - code_ij)
                dx.data.fill(T::ZERO);
                for (dy, code) in dy.data.iter().zip(&C::CODES) {
                    let twice = dy.plus(*dy);
                    for j in 0..I {
                        dx.data[j] = difference(x.data[j], code[j]).mul_add(simd, twice, dx.data[j]);
                    }
                }
            },
        );
    }
}

impl<const I: usize, const O: usize, C: Codes<I, O>> Curved<Units<I>> for Rbf<I, O, C> {
    /// The second derivative of a penalty with respect to each input is 2, and this is propagated backwards. `d2y` must
    /// hold the weight of each penalty in the loss, as the curvature of the losses for penalties does. The curvature of
    /// other losses has a different meaning.
    fn curvature<S: Simd, T: Cell>(
        _: S,
        _: &NoParams<T::Element>,
        _: &Tensor<Units<I>, T>,
        _: &Tensor<Units<O>, T>,
        d2y: &mut Tensor<Units<O>, T>,
        d2x: &mut Tensor<Units<I>, T>,
        _: &mut NoParams<T::Element>,
    ) {
        let sum = d2y.data.iter().fold(T::ZERO, |sum, d2y| sum.plus(*d2y));
        d2x.data.fill(sum.plus(sum));
    }
}

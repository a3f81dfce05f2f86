//! Products of a matrix of weights with units: y = weight x + bias, `weight` with `O` rows of `x.len()`.
//!
//! Like the loops of the convolution, they have several versions: plain ([`reference`](self::reference)), for several
//! examples in lanes ([`lanes`](self::lanes)), and for one example ([`single`](self::single)).

mod lanes;
mod reference;
mod single;

use crate::Activation;
use crate::activation::{SquaredSlope, apply_activation, apply_slope, square};
use lenet_tensor::Cell;
use lenet_tensor::simd::{Simd, Vector};

/// The number of inputs, known at compile time: the length of a row of weights is then a constant in the instructions.
pub(crate) trait Length: 'static {
    /// The number.
    const N: usize;
}

/// `I` units.
pub(crate) struct Row<const I: usize>;
impl<const I: usize> Length for Row<I> {
    const N: usize = I;
}

/// `C` maps of `R` x `K`.
pub(crate) struct Cube<const C: usize, const R: usize, const K: usize>;
impl<const C: usize, const R: usize, const K: usize> Length for Cube<C, R, K> {
    const N: usize = C * R * K;
}

/// Returns `true` if `S` runs the reference loops.
pub(crate) const fn plain<S: Simd>() -> bool {
    <S::F32 as Vector>::LANES == 1
}

/// Computes y = f(weight x + bias).
#[inline]
pub(crate) fn forward<A: Activation, S: Simd, T: Cell, I: Length, const O: usize>(
    simd: S,
    weight: &[T::Element],
    bias: &[T::Element; O],
    x: &[T],
    y: &mut [T],
) {
    if const { plain::<S>() } {
        reference::forward::<S, T, O>(simd, weight, bias, x, y);
    } else if const { T::LANES == 1 } {
        single::forward::<S, T::Element, I, O>(simd, weight, bias, T::elements(x), T::elements_mut(y));
    } else {
        lanes::forward::<S, T, I, O>(simd, weight, bias, x, y);
    }
    apply_activation::<A, S, _>(simd, T::elements_mut(y));
}

/// Computes the gradients; see [`Layer::backward`](crate::Layer::backward).
#[allow(clippy::too_many_arguments)] // the arguments of the layer, as slices
#[inline]
pub(crate) fn backward<A: Activation, S: Simd, T: Cell, I: Length, const O: usize, const TO_INPUT: bool>(
    simd: S,
    weight: &[T::Element],
    x: &[T],
    y: &[T],
    dy: &mut [T],
    dx: &mut [T],
    dw: &mut [T::Element],
    db: &mut [T::Element; O],
) {
    apply_slope::<A, S, _>(simd, T::elements(y), T::elements_mut(dy));
    for (db, da) in db.iter_mut().zip(&*dy) {
        *db += da.sum();
    }
    weight_gradient::<S, T, I, O>(simd, x, dy, dw);
    if TO_INPUT {
        input_gradient::<S, T, I, O>(simd, weight, dy, dx);
    }
}

/// Computes the curvatures; see [`Layer::curvature`](crate::Layer::curvature).
#[allow(clippy::too_many_arguments)] // the arguments of the layer, as slices
#[inline]
pub(crate) fn curvature<A: Activation, S: Simd, T: Cell, I: Length, const O: usize>(
    simd: S,
    squared: &[T::Element],
    x: &[T],
    y: &[T],
    d2y: &mut [T],
    d2x: &mut [T],
    d2w: &mut [T::Element],
    d2b: &mut [T::Element; O],
) {
    apply_slope::<SquaredSlope<A>, S, _>(simd, T::elements(y), T::elements_mut(d2y));
    for (d2b, d2a) in d2b.iter_mut().zip(&*d2y) {
        *d2b += d2a.sum();
    }
    square(simd, T::elements(x), T::elements_mut(d2x));
    weight_gradient::<S, T, I, O>(simd, d2x, d2y, d2w);
    input_gradient::<S, T, I, O>(simd, squared, d2y, d2x);
}

/// Adds the gradient with respect to the weights.
#[inline]
fn weight_gradient<S: Simd, T: Cell, I: Length, const O: usize>(simd: S, x: &[T], da: &[T], dw: &mut [T::Element]) {
    if const { plain::<S>() } {
        reference::weight_gradient(simd, x, da, dw);
    } else if const { T::LANES == 1 } {
        single::weight_gradient::<S, T::Element, I, O>(simd, T::elements(x), T::elements(da), dw);
    } else {
        lanes::weight_gradient::<S, T, I, O>(simd, x, da, dw);
    }
}

/// Computes the gradient with respect to the input.
#[inline]
fn input_gradient<S: Simd, T: Cell, I: Length, const O: usize>(simd: S, weight: &[T::Element], da: &[T], dx: &mut [T]) {
    if const { plain::<S>() } {
        reference::input_gradient(simd, weight, da, dx);
    } else if const { T::LANES == 1 } {
        single::input_gradient::<S, T::Element, I, O>(simd, weight, T::elements(da), T::elements_mut(dx));
    } else {
        lanes::input_gradient::<S, T, I, O>(simd, weight, da, dx);
    }
}

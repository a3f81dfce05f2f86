//! The products as plain loops: the other loops must agree with them. They are not inlined, so that they are compiled once
//! for each size and not in every network.

use lenet_tensor::{Cell, simd::Simd};

/// Computes the weighted sums.
#[inline(never)]
pub(super) fn forward<S: Simd, T: Cell, const O: usize>(
    simd: S,
    weight: &[T::Element],
    bias: &[T::Element; O],
    x: &[T],
    y: &mut [T],
) {
    simd.vectorize(
        #[inline(always)]
        || {
            for o in 0..O {
                let mut sum = T::splat(bias[o]);
                for i in 0..x.len() {
                    sum = x[i].mul_add(simd, T::splat(weight[o * x.len() + i]), sum);
                }
                y[o] = sum;
            }
        },
    );
}

/// Adds the gradient with respect to the weights.
#[inline(never)]
pub(super) fn weight_gradient<S: Simd, T: Cell>(simd: S, x: &[T], da: &[T], dw: &mut [T::Element]) {
    simd.vectorize(
        #[inline(always)]
        || {
            for o in 0..da.len() {
                for i in 0..x.len() {
                    dw[o * x.len() + i] += x[i].mul_add(simd, da[o], T::ZERO).sum();
                }
            }
        },
    );
}

/// Computes the gradient with respect to the input.
#[inline(never)]
pub(super) fn input_gradient<S: Simd, T: Cell>(simd: S, weight: &[T::Element], da: &[T], dx: &mut [T]) {
    simd.vectorize(
        #[inline(always)]
        || {
            dx.fill(T::ZERO);
            for o in 0..da.len() {
                for i in 0..dx.len() {
                    dx[i] = da[o].mul_add(simd, T::splat(weight[o * dx.len() + i]), dx[i]);
                }
            }
        },
    );
}

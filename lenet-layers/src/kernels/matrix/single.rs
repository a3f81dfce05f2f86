//! The products for one example: a register holds neighbouring inputs, or the weights of neighbouring inputs.

use super::{Length, reference};
use crate::kernels::tile::{Tiling, begin, for_tiles, width};
use lenet_tensor::Element;
use lenet_tensor::simd::{Simd, Vector};

/// Returns how many of `n` inputs are in full registers.
#[inline(always)]
fn in_full_registers<S: Simd, E: Element>(n: usize) -> usize {
    n / width::<S, E>() * width::<S, E>()
}

/// Computes the weighted sums: several rows of weights at a time, multiplied by the inputs one register at a time.
#[inline(never)]
pub(super) fn forward<S: Simd, E: Element, I: Length, const O: usize>(
    simd: S,
    weight: &[E],
    bias: &[E; O],
    x: &[E],
    y: &mut [E],
) {
    simd.vectorize(
        #[inline(always)]
        || {
            let (weight, x, y) = (&weight[..O * I::N], &x[..I::N], &mut y[..O]);
            let mut o = rows::<S, E, 8>(simd, weight, bias, x, y, 0);
            o = rows::<S, E, 2>(simd, weight, bias, x, y, o);
            rows::<S, E, 1>(simd, weight, bias, x, y, o);
        },
    );
}

/// Computes the sums from number `o` on, `M` at a time while `M` are left; returns the first remaining one.
#[inline(always)]
fn rows<S: Simd, E: Element, const M: usize>(
    simd: S,
    weight: &[E],
    bias: &[E],
    x: &[E],
    y: &mut [E],
    mut o: usize,
) -> usize {
    let full = in_full_registers::<S, E>(x.len());
    let width = const { width::<S, E>() };
    while o + M <= y.len() {
        let mut sums = [E::Row::splat(simd, E::from_f64(0.0)); M];
        for i in (0..full).step_by(width) {
            let input = E::Row::load(simd, &x[i..]);
            for m in 0..M {
                sums[m] = E::Row::load(simd, &weight[(o + m) * x.len() + i..]).mul_add(input, sums[m]);
            }
        }
        for m in 0..M {
            let mut sum = bias[o + m] + sums[m].sum();
            for i in full..x.len() {
                sum = x[i].mul_add(simd, weight[(o + m) * x.len() + i], sum);
            }
            y[o + m] = sum;
        }
        o += M;
    }
    o
}

/// Adds the outer product of `da` and `x` to `dw`.
#[inline(never)]
pub(super) fn weight_gradient<S: Simd, E: Element, I: Length, const O: usize>(
    simd: S,
    x: &[E],
    da: &[E],
    dw: &mut [E],
) {
    simd.vectorize(
        #[inline(always)]
        || {
            let (x, da, dw) = (&x[..I::N], &da[..O], &mut dw[..O * I::N]);
            let full = in_full_registers::<S, E>(I::N);
            let width = const { width::<S, E>() };
            for (da, dw) in da.iter().zip(dw.chunks_exact_mut(x.len().max(1))) {
                let factor = E::Row::splat(simd, *da);
                for i in (0..full).step_by(width) {
                    let sum = E::Row::load(simd, &x[i..]).mul_add(factor, E::Row::load(simd, &dw[i..]));
                    sum.store(&mut dw[i..]);
                }
                for i in full..x.len() {
                    dw[i] = x[i].mul_add(simd, *da, dw[i]);
                }
            }
        },
    );
}

/// Computes the gradient with respect to the input: inputs are in registers, and the output units are read in sequence.
#[inline(never)]
pub(super) fn input_gradient<S: Simd, E: Element, I: Length, const O: usize>(
    simd: S,
    weight: &[E],
    da: &[E],
    dx: &mut [E],
) {
    simd.vectorize(
        #[inline(always)]
        || {
            let (weight, da, dx) = (&weight[..O * I::N], &da[..O], &mut dx[..I::N]);
            if const { I::N < width::<S, E>() } {
                return reference::input_gradient(simd, weight, da, dx);
            }
            for_tiles!(
                Tiling::new(I::N.div_ceil(width::<S, E>()), MOST_REGISTERS),
                N => input_tile::<S, E, I, N>,
                |tile, j| tile(simd, weight, da, j, dx)
            );
        },
    );
}

/// The number of registers of inputs whose sums are computed at once.
const MOST_REGISTERS: usize = 8;

/// Computes the gradient with respect to `N` registers of inputs from number `j`. The very last register ends with the
/// inputs, and may overlap the one before it.
#[inline(always)]
fn input_tile<S: Simd, E: Element, I: Length, const N: usize>(simd: S, weight: &[E], da: &[E], j: usize, dx: &mut [E]) {
    let mut sums = [E::Row::splat(simd, E::default()); N];
    for (da, weight) in da.iter().zip(weight.chunks_exact(I::N.max(1))) {
        let da = E::Row::splat(simd, *da);
        for t in 0..N {
            sums[t] = E::Row::load(simd, &weight[begin::<E::Row<S>>(j + t, I::N)..]).mul_add(da, sums[t]);
        }
    }
    for t in 0..N {
        sums[t].store(&mut dx[begin::<E::Row<S>>(j + t, I::N)..]);
    }
}

//! The products for several examples: a register holds the same unit of several examples.

use super::Length;
use crate::kernels::tile::{Tiling, for_tiles, sums_in_tile};
use lenet_tensor::simd::{Simd, Vector, WIDEST, transpose};
use lenet_tensor::{Cell, Element};

/// Computes the weighted sums: a tile of output units is in registers, and the inputs are read in sequence.
#[inline(never)]
pub(super) fn forward<S: Simd, T: Cell, I: Length, const O: usize>(
    simd: S,
    weight: &[T::Element],
    bias: &[T::Element; O],
    x: &[T],
    y: &mut [T],
) {
    simd.vectorize(
        #[inline(always)]
        || {
            let x = &x[..I::N];
            for_tiles!(
                Tiling::new(O, sums_in_tile(S::REGISTERS)),
                N => forward_tile::<S, T, I, N>,
                |tile, o| tile(simd, &weight[o * I::N..], &bias[o..], x, &mut y[o..])
            );
        },
    );
}

/// Computes the sums of the first `N` output units.
#[inline(always)]
fn forward_tile<S: Simd, T: Cell, I: Length, const N: usize>(
    simd: S,
    weight: &[T::Element],
    bias: &[T::Element],
    x: &[T],
    y: &mut [T],
) {
    let (weight, bias) = (&weight[..N * I::N], &bias[..N]);
    for part in 0..T::parts::<S>() {
        let mut sums = [T::Vector::splat(simd, Default::default()); N];
        for t in 0..N {
            sums[t] = T::Vector::splat(simd, bias[t]);
        }
        for i in 0..I::N {
            let input = x[i].part(simd, part);
            for t in 0..N {
                sums[t] = input.mul_add(T::Vector::splat(simd, weight[t * I::N + i]), sums[t]);
            }
        }
        for t in 0..N {
            y[t].set_part(part, sums[t]);
        }
    }
}

/// Computes the gradient with respect to the input: a tile of inputs is in registers, and the output units are read in
/// sequence.
#[inline(never)]
pub(super) fn input_gradient<S: Simd, T: Cell, I: Length, const O: usize>(
    simd: S,
    weight: &[T::Element],
    da: &[T],
    dx: &mut [T],
) {
    simd.vectorize(
        #[inline(always)]
        || {
            let (weight, da, dx) = (&weight[..O * I::N], &da[..O], &mut dx[..I::N]);
            let mut i = 0;
            if S::REGISTERS >= 32 {
                i = input_tiles::<S, T, 20>(simd, weight, da, dx, i);
            }
            i = input_tiles::<S, T, 10>(simd, weight, da, dx, i);
            i = input_tiles::<S, T, 4>(simd, weight, da, dx, i);
            input_tiles::<S, T, 1>(simd, weight, da, dx, i);
        },
    );
}

/// Computes the gradient with respect to the inputs from number `i` on, `N` at a time while `N` are left; returns the
/// first remaining input.
#[inline(always)]
fn input_tiles<S: Simd, T: Cell, const N: usize>(
    simd: S,
    weight: &[T::Element],
    da: &[T],
    dx: &mut [T],
    mut i: usize,
) -> usize {
    while i + N <= dx.len() {
        for part in 0..T::parts::<S>() {
            let mut sums = [T::Vector::splat(simd, Default::default()); N];
            for (da, weight) in da.iter().zip(weight.chunks_exact(dx.len().max(1))) {
                let (da, weight) = (da.part(simd, part), &weight[i..][..N]);
                for t in 0..N {
                    sums[t] = da.mul_add(T::Vector::splat(simd, weight[t]), sums[t]);
                }
            }
            for t in 0..N {
                dx[i + t].set_part(part, sums[t]);
            }
        }
        i += N;
    }
    i
}

/// The number of inputs that are transposed at once: a multiple of every register's width.
const CHUNK: usize = 80;

/// Adds the outer product of `da` and `x`, summed over the lanes, to `dw`.
///
/// Summing over lanes for each weight would cost more than the products. A chunk of the inputs is therefore transposed,
/// example by example, and the registers run along the inputs.
#[inline(never)]
pub(super) fn weight_gradient<S: Simd, T: Cell, I: Length, const O: usize>(
    simd: S,
    x: &[T],
    da: &[T],
    dw: &mut [T::Element],
) {
    simd.vectorize(
        #[inline(always)]
        || {
            let (x, da, dw) = (&x[..I::N], &da[..O], &mut dw[..O * I::N]);
            let mut rows = [[T::Element::default(); CHUNK]; WIDEST];
            for first in (0..I::N).step_by(CHUNK) {
                let n = CHUNK.min(I::N - first);
                for part in 0..T::parts::<S>() {
                    turn(simd, &x[first..first + n], part, &mut rows);
                    let mut o = gradient_tiles::<S, T, 4>(simd, &rows, I::N, [first, n, part], da, dw, 0);
                    o = gradient_tiles::<S, T, 2>(simd, &rows, I::N, [first, n, part], da, dw, o);
                    gradient_tiles::<S, T, 1>(simd, &rows, I::N, [first, n, part], da, dw, o);
                }
            }
        },
    );
}

/// Transposes a part of the inputs: `rows[lane][input]`.
#[inline(always)]
fn turn<S: Simd, T: Cell>(simd: S, x: &[T], part: usize, rows: &mut [[T::Element; CHUNK]; WIDEST]) {
    let width = T::Vector::<S>::LANES;
    for k in (0..x.len()).step_by(width) {
        let mut square = [T::Vector::splat(simd, Default::default()); WIDEST];
        for j in 0..width.min(x.len() - k) {
            square[j] = x[k + j].part(simd, part);
        }
        transpose(&mut square);
        for lane in 0..width {
            square[lane].store(&mut rows[lane][k..]);
        }
    }
}

/// Adds the part of the outer product for a chunk of `n` inputs from `first`, and for the output units from `o` on, `M`
/// at a time while `M` are left; returns the first remaining unit.
#[inline(always)]
fn gradient_tiles<S: Simd, T: Cell, const M: usize>(
    simd: S,
    rows: &[[T::Element; CHUNK]; WIDEST],
    line: usize,
    [first, n, part]: [usize; 3],
    da: &[T],
    dw: &mut [T::Element],
    mut o: usize,
) -> usize {
    let width = T::Vector::<S>::LANES;
    while o + M <= da.len() {
        let mut k = 0;
        if S::REGISTERS >= 32 {
            while k + 5 * width <= n {
                gradient_tile::<S, T, M, 5>(simd, rows, line, [o, first, k, n, part], da, dw);
                k += 5 * width;
            }
        }
        while k + 2 * width <= n {
            gradient_tile::<S, T, M, 2>(simd, rows, line, [o, first, k, n, part], da, dw);
            k += 2 * width;
        }
        while k < n {
            gradient_tile::<S, T, M, 1>(simd, rows, line, [o, first, k, n, part], da, dw);
            k += width;
        }
        o += M;
    }
    o
}

/// Adds the part for `M` output units from `o` and `N` registers of inputs from `k` of the chunk, over the lanes of a
/// part. The last register may extend past the chunk's `n` inputs.
#[inline(always)]
fn gradient_tile<S: Simd, T: Cell, const M: usize, const N: usize>(
    simd: S,
    rows: &[[T::Element; CHUNK]; WIDEST],
    line: usize,
    [o, first, k, n, part]: [usize; 5],
    da: &[T],
    dw: &mut [T::Element],
) {
    type Along<T, S> = <<T as Cell>::Element as Element>::Row<S>;
    let width = T::Vector::<S>::LANES;
    let mut sums = [[Along::<T, S>::splat(simd, Default::default()); N]; M];
    let das = &da[o..][..M];
    for l in 0..width {
        let mut inputs = [Along::<T, S>::splat(simd, Default::default()); N];
        for t in 0..N {
            inputs[t] = Vector::load(simd, &rows[l][k + t * width..]);
        }
        for m in 0..M {
            let da = Along::<T, S>::splat(simd, das[m].lanes()[part % T::parts::<S>() * width + l]);
            for t in 0..N {
                sums[m][t] = inputs[t].mul_add(da, sums[m][t]);
            }
        }
    }
    let inside = (n - k).min(N * width);
    for m in 0..M {
        let dw = &mut dw[(o + m) * line + first + k..][..inside];
        // Only a single register can extend past the end.
        if N > 1 || inside == width {
            let dw = &mut dw[..N * width];
            for t in 0..N {
                let dw = &mut dw[t * width..];
                (Along::<T, S>::load(simd, dw) + sums[m][t]).store(dw);
            }
        } else {
            (Along::<T, S>::load_few(simd, dw) + sums[m][0]).store_few(dw);
        }
    }
}

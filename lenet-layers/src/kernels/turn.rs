//! Transposes lines of numbers into columns and back, one square of registers at a time.

use crate::kernels::tile::{load, store, width};
use lenet_tensor::Element;
use lenet_tensor::simd::{Simd, Vector, WIDEST, transpose};

/// Computes `columns[k][lane] = lines[lane * stride + k]` for as many lines as a register has lanes and every `k` of
/// `columns`.
#[inline(always)]
pub(crate) fn columns<S: Simd, E: Element>(simd: S, lines: &[E], stride: usize, columns: &mut [[E; WIDEST]]) {
    let width = const { width::<S, E>() };
    let n = columns.len();
    for k in (0..n).step_by(width) {
        let here = width.min(n - k);
        let mut square = [E::Row::splat(simd, E::default()); WIDEST];
        for lane in 0..width {
            square[lane] = load(simd, &lines[lane * stride + k..][..here]);
        }
        transpose(&mut square);
        for j in 0..here {
            square[j].store(&mut columns[k + j]);
        }
    }
}

/// Computes `lines[lane * stride + k] += columns[k][lane]` for as many lines as a register has lanes and every `k` of
/// `columns`.
#[inline(always)]
pub(crate) fn add_lines<S: Simd, E: Element>(simd: S, columns: &[[E; WIDEST]], lines: &mut [E], stride: usize) {
    let width = const { width::<S, E>() };
    let n = columns.len();
    for k in (0..n).step_by(width) {
        let here = width.min(n - k);
        let mut square = [E::Row::splat(simd, E::default()); WIDEST];
        for j in 0..here {
            square[j] = Vector::load(simd, &columns[k + j]);
        }
        transpose(&mut square);
        for lane in 0..width {
            let line = &mut lines[lane * stride + k..][..here];
            store(load::<E::Row<S>>(simd, line) + square[lane], line);
        }
    }
}

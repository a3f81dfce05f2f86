//! Windows of `K` x `K` that lie side by side: their sums, and what goes back into them.

use crate::kernels::tile::{load, store, width};
use lenet_tensor::simd::{Simd, Vector};
use lenet_tensor::{Cell, Element};

/// The sum of every window of a map.
#[inline(always)]
pub(crate) fn sums<
    S: Simd,
    T: Cell,
    const K: usize,
    const H: usize,
    const W: usize,
    const OH: usize,
    const OW: usize,
>(
    simd: S,
    x: &[[T; W]; H],
    y: &mut [[T; OW]; OH],
) {
    for r in 0..OH {
        if T::LANES == 1 {
            let rows = T::elements(x[K * r..][..K].as_flattened());
            row_sums::<S, T::Element, K>(simd, rows, W, T::elements_mut(&mut y[r]));
        } else {
            for c in 0..OW {
                for part in 0..T::parts::<S>() {
                    y[r][c].set_part(part, sum::<S, T, K, H, W>(simd, x, [r, c, part]));
                }
            }
        }
    }
}

/// The sums of a row of windows of one example. Where two and two are neighbours, registers go down the columns first; the
/// rest is added one by one.
#[inline(always)]
fn row_sums<S: Simd, E: Element, const K: usize>(simd: S, rows: &[E], w: usize, sums: &mut [E]) {
    let width = const { width::<S, E>() };
    if K == 2 && width > 1 {
        for (n, sums) in sums.chunks_mut(width).enumerate() {
            let first: E::Row<S> = column_sums(simd, rows, w, 2 * n * width);
            let (even, odd) = first.deinterleave(column_sums(simd, rows, w, 2 * n * width + width));
            store(even + odd, sums);
        }
    } else {
        for (c, sum) in sums.iter_mut().enumerate() {
            *sum = E::default();
            for row in rows.chunks_exact(w) {
                for x in &row[K * c..][..K] {
                    *sum += *x;
                }
            }
        }
    }
}

/// The sums of as many columns, from `first`, as a register has lanes.
#[inline(always)]
fn column_sums<V: Vector>(simd: V::Simd, rows: &[V::Element], w: usize, first: usize) -> V {
    let mut sum = V::splat(simd, Default::default());
    for row in rows.chunks_exact(w) {
        sum = sum + load(simd, &row[first.min(w)..]);
    }
    sum
}

/// A part of the sum of one window.
#[inline(always)]
fn sum<S: Simd, T: Cell, const K: usize, const H: usize, const W: usize>(
    simd: S,
    x: &[[T; W]; H],
    [r, c, part]: [usize; 3],
) -> T::Vector<S> {
    let mut sum = T::Vector::splat(simd, Default::default());
    for u in 0..K {
        let row = &x[K * r + u][K * c..][..K];
        for v in 0..K {
            sum = sum + row[v].part(simd, part);
        }
    }
    sum
}

/// The sum of every window, or its square, times its cell of `da`, added up over all windows and lanes.
#[inline(always)]
pub(crate) fn dot<
    const SQUARED: bool,
    S: Simd,
    T: Cell,
    const K: usize,
    const H: usize,
    const W: usize,
    const OH: usize,
    const OW: usize,
>(
    simd: S,
    x: &[[T; W]; H],
    da: &[[T; OW]; OH],
) -> T::Element {
    if T::LANES == 1 {
        let width = const { width::<S, T::Element>() };
        let mut total = <T::Element as Element>::Row::splat(simd, Default::default());
        let mut sums = [T::ZERO; OW];
        for r in 0..OH {
            let rows = T::elements(x[K * r..][..K].as_flattened());
            row_sums::<S, T::Element, K>(simd, rows, W, T::elements_mut(&mut sums));
            for (sums, da) in T::elements(&sums).chunks(width).zip(T::elements(&da[r]).chunks(width)) {
                let sums = load::<<T::Element as Element>::Row<S>>(simd, sums);
                total = if SQUARED { sums * sums } else { sums }.mul_add(load(simd, da), total);
            }
        }
        return total.sum();
    }
    let mut total = T::Vector::splat(simd, Default::default());
    for r in 0..OH {
        for c in 0..OW {
            for part in 0..T::parts::<S>() {
                let sum = sum::<S, T, K, H, W>(simd, x, [r, c, part]);
                total = if SQUARED { sum * sum } else { sum }.mul_add(da[r][c].part(simd, part), total);
            }
        }
    }
    total.sum()
}

/// Every cell of a window gets `factor` times the window's cell of `dy`.
#[inline(always)]
pub(crate) fn spread<
    S: Simd,
    T: Cell,
    const K: usize,
    const H: usize,
    const W: usize,
    const OH: usize,
    const OW: usize,
>(
    simd: S,
    factor: T::Element,
    dy: &[[T; OW]; OH],
    dx: &mut [[T; W]; H],
) {
    for r in 0..OH {
        if T::LANES == 1 {
            let mut wide = [T::ZERO; W];
            for c in 0..OW {
                for v in 0..K {
                    wide[K * c + v] = dy[r][c].times(T::splat(factor));
                }
            }
            for u in 0..K {
                dx[K * r + u] = wide;
            }
        } else {
            let factor = T::Vector::splat(simd, factor);
            for c in 0..OW {
                for part in 0..T::parts::<S>() {
                    let share = dy[r][c].part(simd, part) * factor;
                    for u in 0..K {
                        let row = &mut dx[K * r + u][K * c..][..K];
                        for v in 0..K {
                            row[v].set_part(part, share);
                        }
                    }
                }
            }
        }
    }
}

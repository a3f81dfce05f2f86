//! Non-overlapping windows of `R` x `K`: their sums, and the gradients that go back to their cells.
//!
//! The functions for all maps do not depend on the activation function, so they are compiled once for each size and not for
//! each layer that uses them. The maximum of windows is in `MaxPool` itself.

use crate::kernels::tile::{load, store, width};
use lenet_tensor::simd::{Simd, Vector};
use lenet_tensor::{Cell, Element};

/// Computes the sum of every window of every map.
#[inline(never)]
pub(crate) fn sums<
    S: Simd,
    T: Cell,
    const R: usize,
    const K: usize,
    const C: usize,
    const H: usize,
    const W: usize,
    const OH: usize,
    const OW: usize,
>(
    simd: S,
    x: &[[[T; W]; H]; C],
    y: &mut [[[T; OW]; OH]; C],
) {
    simd.vectorize(
        #[inline(always)]
        || {
            for (x, y) in x.iter().zip(y) {
                sums_of_map::<S, T, R, K, H, W, OH, OW>(simd, x, y);
            }
        },
    );
}

/// Adds to `sums` the sum over each map of `da` times the sum of its window, or times the square of that if `SQUARED`.
#[inline(never)]
pub(crate) fn dot<
    const SQUARED: bool,
    S: Simd,
    T: Cell,
    const R: usize,
    const K: usize,
    const C: usize,
    const H: usize,
    const W: usize,
    const OH: usize,
    const OW: usize,
>(
    simd: S,
    x: &[[[T; W]; H]; C],
    da: &[[[T; OW]; OH]; C],
    sums: &mut [T::Element; C],
) {
    simd.vectorize(
        #[inline(always)]
        || {
            for m in 0..C {
                sums[m] += dot_of_map::<SQUARED, S, T, R, K, H, W, OH, OW>(simd, &x[m], &da[m]);
            }
        },
    );
}

/// Writes each map's factor times a window's cell of `dy` to every cell of the window.
#[inline(never)]
pub(crate) fn spread<
    S: Simd,
    T: Cell,
    const R: usize,
    const K: usize,
    const C: usize,
    const H: usize,
    const W: usize,
    const OH: usize,
    const OW: usize,
>(
    simd: S,
    factors: &[T::Element; C],
    dy: &[[[T; OW]; OH]; C],
    dx: &mut [[[T; W]; H]; C],
) {
    simd.vectorize(
        #[inline(always)]
        || {
            for m in 0..C {
                spread_in_map::<S, T, R, K, H, W, OH, OW>(simd, factors[m], &dy[m], &mut dx[m]);
            }
        },
    );
}

/// Computes the sum of every window of a map.
#[inline(always)]
fn sums_of_map<
    S: Simd,
    T: Cell,
    const R: usize,
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
            let rows = T::elements(x[R * r..][..R].as_flattened());
            row_sums::<S, T::Element, K>(simd, rows, W, T::elements_mut(&mut y[r]));
        } else {
            for c in 0..OW {
                for part in 0..T::parts::<S>() {
                    y[r][c].set_part(part, sum::<S, T, R, K, H, W>(simd, x, [r, c, part]));
                }
            }
        }
    }
}

/// Computes the sums of a row of windows of one example. For `K` = 2, registers first add down the columns; other
/// windows are added one cell at a time.
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

/// Returns the sums of as many columns, starting at `first`, as a register has lanes.
#[inline(always)]
fn column_sums<V: Vector>(simd: V::Simd, rows: &[V::Element], w: usize, first: usize) -> V {
    let mut sum = V::splat(simd, Default::default());
    for row in rows.chunks_exact(w) {
        sum = sum + load(simd, &row[first.min(w)..]);
    }
    sum
}

/// Returns a part of the sum of one window.
#[inline(always)]
fn sum<S: Simd, T: Cell, const R: usize, const K: usize, const H: usize, const W: usize>(
    simd: S,
    x: &[[T; W]; H],
    [r, c, part]: [usize; 3],
) -> T::Vector<S> {
    let mut sum = T::Vector::splat(simd, Default::default());
    for u in 0..R {
        let row = &x[R * r + u][K * c..][..K];
        for v in 0..K {
            sum = sum + row[v].part(simd, part);
        }
    }
    sum
}

/// Multiplies the sum of every window, or its square, by its cell of `da`, and adds up over all windows and lanes.
#[inline(always)]
fn dot_of_map<
    const SQUARED: bool,
    S: Simd,
    T: Cell,
    const R: usize,
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
            let rows = T::elements(x[R * r..][..R].as_flattened());
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
                let sum = sum::<S, T, R, K, H, W>(simd, x, [r, c, part]);
                total = if SQUARED { sum * sum } else { sum }.mul_add(da[r][c].part(simd, part), total);
            }
        }
    }
    total.sum()
}

/// Writes `factor` times a window's cell of `dy` to every cell of the window.
#[inline(always)]
fn spread_in_map<
    S: Simd,
    T: Cell,
    const R: usize,
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
            for u in 0..R {
                dx[R * r + u] = wide;
            }
        } else {
            let factor = T::Vector::splat(simd, factor);
            for c in 0..OW {
                for part in 0..T::parts::<S>() {
                    let share = dy[r][c].part(simd, part) * factor;
                    for u in 0..R {
                        let row = &mut dx[R * r + u][K * c..][..K];
                        for v in 0..K {
                            row[v].set_part(part, share);
                        }
                    }
                }
            }
        }
    }
}

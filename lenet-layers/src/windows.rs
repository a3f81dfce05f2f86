//! Windows of `K` x `K` that lie side by side: their sums, and what goes back into them.

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

/// The sums of a row of windows of one example: first down the columns, then along the row.
#[inline(always)]
fn row_sums<S: Simd, E: Element, const K: usize>(simd: S, rows: &[E], w: usize, sums: &mut [E]) {
    let width = <E::Row<S> as Vector>::LANES;
    let columns = |first: usize| {
        let mut sum = E::Row::splat(simd, E::default());
        for row in rows.chunks_exact(w) {
            let row = &row[first.min(w)..];
            sum = sum + if row.len() < width { Vector::load_few(simd, row) } else { Vector::load(simd, row) };
        }
        sum
    };
    if K == 2 && width > 1 {
        for (n, sums) in sums.chunks_mut(width).enumerate() {
            let (even, odd) = columns(2 * n * width).deinterleave(columns(2 * n * width + width));
            if sums.len() < width { (even + odd).store_few(sums) } else { (even + odd).store(sums) }
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

/// A part of the sum of one window.
#[inline(always)]
pub(crate) fn sum<S: Simd, T: Cell, const K: usize, const H: usize, const W: usize>(
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

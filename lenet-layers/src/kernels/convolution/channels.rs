//! The convolution of one example whose output maps fill registers: a register holds the same cell of neighbouring
//! output maps, and each input is one number for all of them.
//!
//! Only missing kernels cost unnecessary work; every cell is used. The cost is transposing the weights and the sums, so
//! that output maps become the last axis.

use super::geometry::{FIRST, INSIDE, LAST, for_columns};
use super::{Bank, Convolution, ROOM};
use crate::kernels::tile::{Tiling, for_tiles, sums_in_tile, version, width};
use crate::kernels::turn::{add_lines, columns};
use lenet_tensor::Element;
use lenet_tensor::simd::{Simd, Vector, WIDEST};

/// Kernels with the output map as the last axis: `[input map][row][column][output map]`.
type Taps<E, const CI: usize, const R: usize, const K: usize> = [[[[E; WIDEST]; K]; R]; CI];

/// The number of rows of taps whose sums are in registers at the same time.
const fn rows_of_taps(registers: usize, k: usize) -> usize {
    let most = if registers < 32 { 12 } else { 28 } / k;
    if most == 0 { 1 } else { most }
}

impl<
    B: Bank<CI, CO, R, K>,
    const CI: usize,
    const CO: usize,
    const R: usize,
    const K: usize,
    const H: usize,
    const W: usize,
    const OH: usize,
    const OW: usize,
> Convolution<B, CI, CO, R, K, H, W, OH, OW>
{
    /// Returns `true` if the output maps fill registers and the stack has room for the transposed arrays. A missing
    /// kernel is computed as zeros.
    pub(super) const fn channels_fit<S: Simd, E: Element>() -> bool {
        let room = (2 * CI * R * K + OH * OW) * WIDEST * size_of::<E>() <= ROOM;
        room && CO > 0 && B::GROUP[1].is_multiple_of(width::<S, E>()) && B::MOSTLY_FULL
    }

    /// The weighted sums.
    #[inline(never)]
    pub(super) fn channels_forward<S: Simd, E: Element>(
        simd: S,
        params: &B::Params<E>,
        x: &[[[E; W]; H]; CI],
        y: &mut [E],
    ) {
        simd.vectorize(
            #[inline(always)]
            || {
                y.fill(E::default());
                let mut taps = [[[[E::default(); WIDEST]; K]; R]; CI];
                for o in (0..CO).step_by(width::<S, E>()) {
                    Self::turn_kernels(simd, params, o, &mut taps);
                    let bias = E::Row::load(simd, &B::bias(params)[o..]);
                    for r in 0..OH {
                        let mut sums = [[E::default(); WIDEST]; OW];
                        for_columns!(
                            Tiling::new(OW, sums_in_tile(S::REGISTERS)),
                            N, PLACE => Self::channels_forward_tile::<S, E, N, PLACE>,
                            |tile, c| tile(simd, bias, &taps, x, [o, r, c], &mut sums)
                        );
                        add_lines(simd, &sums, &mut y[(o * OH + r) * OW..], OH * OW);
                    }
                }
            },
        );
    }

    /// Returns the kernels of the output maps from `o`. The first is that of the first input map of their group.
    #[inline(always)]
    fn turn_kernels<S: Simd, E: Element>(simd: S, params: &B::Params<E>, o: usize, taps: &mut Taps<E, CI, R, K>) {
        let line = const { B::GROUP[0] * R * K };
        let taps = &mut taps.as_flattened_mut().as_flattened_mut()[..line];
        if const { B::WHOLE } {
            return columns(simd, &B::whole(params)[o * line..], line, taps);
        }
        // One input map at a time: laying out all kernels at once would take as much stack again as their transposed
        // form.
        for (i, taps) in taps.chunks_exact_mut(R * K).enumerate() {
            let mut kernels = [[[E::default(); K]; R]; WIDEST];
            for lane in 0..width::<S, E>() {
                if let Some(kernel) = B::kernel(params, o + lane, i) {
                    kernels[lane] = *kernel;
                }
            }
            columns(simd, kernels.as_flattened().as_flattened(), R * K, taps);
        }
    }

    /// Adds to the gradient with respect to the kernels of the output maps from `o`.
    #[inline(always)]
    fn add_kernels<S: Simd, E: Element>(simd: S, taps: &Taps<E, CI, R, K>, o: usize, grad: &mut B::Params<E>) {
        let line = const { B::GROUP[0] * R * K };
        let taps = &taps.as_flattened().as_flattened()[..line];
        if const { B::WHOLE } {
            return add_lines(simd, taps, &mut B::whole_mut(grad).0[o * line..], line);
        }
        let mut kernels = [[[[E::default(); K]; R]; CI]; WIDEST];
        add_lines(simd, taps, kernels.as_flattened_mut().as_flattened_mut().as_flattened_mut(), line);
        for lane in 0..width::<S, E>() {
            for i in 0..CI {
                if let Some(kernel) = B::kernel_mut(grad, o + lane, i) {
                    for (sum, dw) in kernel.as_flattened_mut().iter_mut().zip(kernels[lane][i].as_flattened()) {
                        *sum += *dw;
                    }
                }
            }
        }
    }

    /// Computes `N` columns from `c` of row `r` of the output maps from `o`.
    #[inline(always)]
    fn channels_forward_tile<S: Simd, E: Element, const N: usize, const PLACE: usize>(
        simd: S,
        bias: E::Row<S>,
        taps: &Taps<E, CI, R, K>,
        x: &[[[E; W]; H]; CI],
        [o, r, c]: [usize; 3],
        sums: &mut [[E; WIDEST]; OW],
    ) {
        let c = Self::begin_at(PLACE, N, c);
        let (left, reach) = (c * B::STRIDE - if PLACE == INSIDE { B::PADDING } else { 0 }, (N - 1) * B::STRIDE + K);
        let mut tile = [bias; N];
        for (x, taps) in x[Self::inputs(o..o + width::<S, E>())].iter().zip(taps) {
            for u in Self::ROWS.taps(r) {
                let row = &x[Self::ROWS.nearest(r * B::ROW_STRIDE + u)];
                let row = if const { PLACE == INSIDE } { &row[left..][..reach] } else { &row[..] };
                for v in 0..K {
                    let weight = E::Row::load(simd, &taps[u][v]);
                    for t in 0..N {
                        let at = if const { PLACE == INSIDE } {
                            Some(t * B::STRIDE + v)
                        } else {
                            Self::COLUMNS.cell(c + t, v)
                        };
                        if let Some(at) = at {
                            tile[t] = E::Row::splat(simd, row[at]).mul_add(weight, tile[t]);
                        }
                    }
                }
            }
        }
        for t in 0..N {
            tile[t].store(&mut sums[c + t]);
        }
    }

    /// Adds the gradient with respect to the kernels.
    #[inline(never)]
    pub(super) fn channels_weight_gradient<S: Simd, E: Element>(
        simd: S,
        x: &[[[E; W]; H]; CI],
        da: &[E],
        grad: &mut B::Params<E>,
    ) {
        simd.vectorize(
            #[inline(always)]
            || {
                let mut turned = [[[E::default(); WIDEST]; OW]; OH];
                let mut taps = [[[[E::default(); WIDEST]; K]; R]; CI];
                for o in (0..CO).step_by(width::<S, E>()) {
                    columns(simd, &da[o * OH * OW..], OH * OW, turned.as_flattened_mut());
                    for (x, taps) in x[Self::inputs(o..o + width::<S, E>())].iter().zip(&mut taps) {
                        for_tiles!(
                            Tiling::new(R, rows_of_taps(S::REGISTERS, K)),
                            N => Self::channels_gradient_tile::<S, E, N>,
                            |tile, u| tile(simd, x, &turned, u, taps)
                        );
                    }
                    Self::add_kernels(simd, &taps, o, grad);
                }
            },
        );
    }

    /// Adds the gradient with respect to `N` rows of taps from row `u`.
    #[inline(always)]
    fn channels_gradient_tile<S: Simd, E: Element, const N: usize>(
        simd: S,
        x: &[[E; W]; H],
        da: &[[[E; WIDEST]; OW]; OH],
        u: usize,
        taps: &mut [[[E; WIDEST]; K]; R],
    ) {
        let mut sums = [[E::Row::splat(simd, E::default()); K]; N];
        for r in 0..OH {
            // The columns in which every tap of the tile lies on a cell; then all others.
            let top = r * B::ROW_STRIDE + u;
            let [mut from, mut to] = Self::WITHIN;
            if B::ROW_PADDING > 0 && (top < B::ROW_PADDING || top + N > H + B::ROW_PADDING) {
                (from, to) = (0, 0);
            }
            if from < to {
                let rows = &x[top - B::ROW_PADDING..][..N];
                for c in from..to {
                    let da = E::Row::load(simd, &da[r][c]);
                    for k in 0..N {
                        let row = &rows[k][c * B::STRIDE - B::PADDING..][..K];
                        for v in 0..K {
                            sums[k][v] = E::Row::splat(simd, row[v]).mul_add(da, sums[k][v]);
                        }
                    }
                }
            }
            if const { !Self::PADS } {
                continue;
            }
            for c in (0..from).chain(to..OW) {
                let da = E::Row::load(simd, &da[r][c]);
                for k in 0..N {
                    for v in 0..K {
                        if let (Some(row), Some(column)) = (Self::ROWS.cell(r, u + k), Self::COLUMNS.cell(c, v)) {
                            sums[k][v] = E::Row::splat(simd, x[row][column]).mul_add(da, sums[k][v]);
                        }
                    }
                }
            }
        }
        for k in 0..N {
            for v in 0..K {
                sums[k][v].store(&mut taps[u + k][v]);
            }
        }
    }
}

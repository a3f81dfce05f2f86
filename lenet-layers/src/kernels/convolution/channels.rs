//! The convolution of one example whose output maps fill registers: a register holds the same cell of neighbouring
//! output maps, and each input is one number for all of them.
//!
//! Only missing kernels cost unnecessary work; every cell is used. The cost is transposing the weights and the sums, so
//! that output maps become the last axis.

use super::{Bank, Convolution, ROOM};
use crate::kernels::tile::{Tiling, for_tiles, sums_in_tile, width};
use crate::kernels::turn::{add_lines, columns};
use lenet_tensor::Element;
use lenet_tensor::simd::{Simd, Vector, WIDEST};

/// Kernels with the output map as the last axis: `[input map][row][column][output map]`.
type Taps<E, const CI: usize, const K: usize> = [[[[E; WIDEST]; K]; K]; CI];

/// The number of rows of taps whose sums are in registers at the same time.
const fn rows_of_taps(registers: usize, k: usize) -> usize {
    let most = if registers < 32 { 12 } else { 28 } / k;
    if most == 0 { 1 } else { most }
}

impl<
    B: Bank<CI, CO, K>,
    const CI: usize,
    const CO: usize,
    const K: usize,
    const H: usize,
    const W: usize,
    const OH: usize,
    const OW: usize,
> Convolution<B, CI, CO, K, H, W, OH, OW>
{
    /// Returns `true` if the output maps fill registers and the stack has room for the transposed arrays. A missing
    /// kernel is computed as zeros.
    pub(super) const fn channels_fit<S: Simd, E: Element>() -> bool {
        let room = (2 * CI * K * K + OH * OW) * WIDEST * size_of::<E>() <= ROOM;
        room && CO > 0 && CO.is_multiple_of(width::<S, E>()) && B::MOSTLY_FULL
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
                let mut taps = [[[[E::default(); WIDEST]; K]; K]; CI];
                for o in (0..CO).step_by(width::<S, E>()) {
                    Self::turn_kernels(simd, params, o, &mut taps);
                    let bias = E::Row::load(simd, &B::bias(params)[o..]);
                    for r in 0..OH {
                        let mut sums = [[E::default(); WIDEST]; OW];
                        for_tiles!(
                            Tiling::new(OW, sums_in_tile(S::REGISTERS)),
                            N => Self::channels_forward_tile::<S, E, N>,
                            |tile, c| tile(simd, bias, &taps, x, [r, c], &mut sums)
                        );
                        add_lines(simd, &sums, &mut y[(o * OH + r) * OW..], OH * OW);
                    }
                }
            },
        );
    }

    /// Returns the kernels of the output maps from `o`.
    #[inline(always)]
    fn turn_kernels<S: Simd, E: Element>(simd: S, params: &B::Params<E>, o: usize, taps: &mut Taps<E, CI, K>) {
        let (line, taps) = (CI * K * K, taps.as_flattened_mut().as_flattened_mut());
        if const { B::WHOLE } {
            return columns(simd, &B::whole(params)[o * line..], line, taps);
        }
        // One input map at a time: laying out all kernels at once would take as much stack again as their transposed
        // form.
        for (i, taps) in taps.chunks_exact_mut(K * K).enumerate() {
            let mut kernels = [[[E::default(); K]; K]; WIDEST];
            for lane in 0..width::<S, E>() {
                if let Some(kernel) = B::kernel(params, o + lane, i) {
                    kernels[lane] = *kernel;
                }
            }
            columns(simd, kernels.as_flattened().as_flattened(), K * K, taps);
        }
    }

    /// Adds to the gradient with respect to the kernels of the output maps from `o`.
    #[inline(always)]
    fn add_kernels<S: Simd, E: Element>(simd: S, taps: &Taps<E, CI, K>, o: usize, grad: &mut B::Params<E>) {
        let (line, taps) = (CI * K * K, taps.as_flattened().as_flattened());
        if const { B::WHOLE } {
            return add_lines(simd, taps, &mut B::whole_mut(grad).0[o * line..], line);
        }
        let mut kernels = [[[[E::default(); K]; K]; CI]; WIDEST];
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

    /// Computes `N` columns from `c` of row `r`.
    #[inline(always)]
    fn channels_forward_tile<S: Simd, E: Element, const N: usize>(
        simd: S,
        bias: E::Row<S>,
        taps: &Taps<E, CI, K>,
        x: &[[[E; W]; H]; CI],
        [r, c]: [usize; 2],
        sums: &mut [[E; WIDEST]; OW],
    ) {
        let mut tile = [bias; N];
        for i in 0..CI {
            for u in 0..K {
                let row = &x[i][r + u][c..][..N + K - 1];
                for v in 0..K {
                    let weight = E::Row::load(simd, &taps[i][u][v]);
                    for t in 0..N {
                        tile[t] = E::Row::splat(simd, row[v + t]).mul_add(weight, tile[t]);
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
                let mut taps = [[[[E::default(); WIDEST]; K]; K]; CI];
                for o in (0..CO).step_by(width::<S, E>()) {
                    columns(simd, &da[o * OH * OW..], OH * OW, turned.as_flattened_mut());
                    for i in 0..CI {
                        for_tiles!(
                            Tiling::new(K, rows_of_taps(S::REGISTERS, K)),
                            R => Self::channels_gradient_tile::<S, E, R>,
                            |tile, u| tile(simd, &x[i], &turned, u, &mut taps[i])
                        );
                    }
                    Self::add_kernels(simd, &taps, o, grad);
                }
            },
        );
    }

    /// Adds the gradient with respect to `R` rows of taps from row `u`.
    #[inline(always)]
    fn channels_gradient_tile<S: Simd, E: Element, const R: usize>(
        simd: S,
        x: &[[E; W]; H],
        da: &[[[E; WIDEST]; OW]; OH],
        u: usize,
        taps: &mut [[[E; WIDEST]; K]; K],
    ) {
        let mut sums = [[E::Row::splat(simd, E::default()); K]; R];
        for r in 0..OH {
            let rows = &x[r + u..][..R];
            for c in 0..OW {
                let da = E::Row::load(simd, &da[r][c]);
                for k in 0..R {
                    let row = &rows[k][c..][..K];
                    for v in 0..K {
                        sums[k][v] = E::Row::splat(simd, row[v]).mul_add(da, sums[k][v]);
                    }
                }
            }
        }
        for k in 0..R {
            for v in 0..K {
                sums[k][v].store(&mut taps[u + k][v]);
            }
        }
    }
}

//! The convolution of one example: a register holds neighbouring cells of a map.
//!
//! The rows of a map are contiguous, and so are the rows of the sums here, which are as long as the rows of the
//! *input*: each tap then reads one contiguous range of the input. The last K - 1 sums of each row combine two rows and
//! are discarded. If the number of sums is not a multiple of the register's width, the last register overlaps the one
//! before it.

use super::{Bank, Convolution, ROOM};
use crate::kernels::tile::{
    Tiling, add_taps, begin, columns_in_tile, for_tiles, maps_in_gradient, maps_in_tile, version, width,
};
use lenet_tensor::Element;
use lenet_tensor::simd::{Simd, Vector, WIDEST};

/// The number of sums from the first to the last used one, for `rows` rows of `columns` in lines of `line`.
const fn stretch(rows: usize, columns: usize, line: usize) -> usize {
    (rows - 1) * line + columns
}

/// The number of output maps of `bytes` each that are laid out at once for the input gradient, besides one map of
/// zeros.
const fn maps_laid_out(bytes: usize) -> usize {
    if 17 * bytes <= ROOM {
        16
    } else if 5 * bytes <= ROOM {
        4
    } else {
        1
    }
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
    /// Returns `true` if the maps are large enough to fill a register, and there is room for four maps in lines as long
    /// as the input's, and for an input with its zeros.
    pub(super) const fn single_fits<S: Simd, E: Element>() -> bool {
        let room = 4 * H * W * size_of::<E>() <= ROOM;
        room && OH * OW > 0 && stretch(OH, OW, OW + K - 1) >= width::<S, E>()
    }

    /// Copies the used cells of a map from lines of `OW` to lines of `W`.
    #[inline(always)]
    fn lay_out<E: Element>(from: &[E], to: &mut [E]) {
        for r in 0..OH {
            to[r * W..][..OW].copy_from_slice(&from[r * OW..][..OW]);
        }
    }

    /// Computes the weighted sums.
    #[inline(never)]
    pub(super) fn single_forward<S: Simd, E: Element>(
        simd: S,
        params: &B::Params<E>,
        x: &[[[E; W]; H]; CI],
        y: &mut [E],
    ) {
        simd.vectorize(
            #[inline(always)]
            || {
                version!(maps_in_tile(S::REGISTERS, CO), 1..=4, M => Self::single_forward_tiles::<S, E, M>)(
                    simd, params, x, y,
                );
            },
        );
    }

    /// The same in tiles of `M` output maps.
    #[inline(always)]
    fn single_forward_tiles<S: Simd, E: Element, const M: usize>(
        simd: S,
        params: &B::Params<E>,
        x: &[[[E; W]; H]; CI],
        y: &mut [E],
    ) {
        for o in (0..CO).step_by(M) {
            let mut sums = [[[E::default(); W]; OH]; M];
            for_tiles!(
                Tiling::new(
                    stretch(OH, OW, W).div_ceil(width::<S, E>()),
                    columns_in_tile(S::REGISTERS, maps_in_tile(S::REGISTERS, CO))
                ),
                N => Self::single_forward_tile::<S, E, M, N>,
                |tile, j| tile(simd, params, x, [o, j], &mut sums)
            );
            for (sums, y) in sums.iter().zip(y[o * OH * OW..].chunks_exact_mut(OH * OW)) {
                for (sums, y) in sums.iter().zip(y.chunks_exact_mut(OW)) {
                    y.copy_from_slice(&sums[..OW]);
                }
            }
        }
    }

    /// Computes the sums of `M` output maps from `o` and `N` registers from `j`.
    #[inline(always)]
    fn single_forward_tile<S: Simd, E: Element, const M: usize, const N: usize>(
        simd: S,
        params: &B::Params<E>,
        x: &[[[E; W]; H]; CI],
        [o, j]: [usize; 2],
        sums: &mut [[[E; W]; OH]; M],
    ) {
        let length = const { stretch(OH, OW, W) };
        let mut tile = [[E::Row::splat(simd, E::default()); N]; M];
        for m in 0..M.min(CO - o) {
            tile[m] = [E::Row::splat(simd, B::bias(params)[o + m]); N];
        }
        for i in 0..CI {
            let mut kernels = [None; M];
            for m in 0..M.min(CO - o) {
                kernels[m] = B::kernel(params, o + m, i);
            }
            let x = x[i].as_flattened();
            add_taps(
                simd,
                &mut tile,
                const { B::FULL && CO.is_multiple_of(M) },
                kernels,
                #[inline(always)]
                |u, v, t| E::Row::load(simd, &x[begin::<E::Row<S>>(j + t, length) + u * W + v..]),
            );
        }
        for m in 0..M {
            for t in 0..N {
                tile[m][t].store(&mut sums[m].as_flattened_mut()[begin::<E::Row<S>>(j + t, length)..]);
            }
        }
    }

    /// Adds the gradient with respect to the kernels. The gradient of each tap is the product of two contiguous ranges:
    /// one of the input, and one of `da`, with zeros where sums were discarded.
    #[inline(never)]
    pub(super) fn single_weight_gradient<S: Simd, E: Element>(
        simd: S,
        x: &[[[E; W]; H]; CI],
        da: &[E],
        grad: &mut B::Params<E>,
    ) {
        simd.vectorize(
            #[inline(always)]
            || {
                version!(Tiling::new(CO, maps_in_gradient(S::REGISTERS, K)).wide, 1..=4, M => Self::single_gradient_tiles::<S, E, M>)(
                    simd, x, da, grad,
                );
            },
        );
    }

    /// The same in tiles of `M` output maps.
    #[inline(always)]
    fn single_gradient_tiles<S: Simd, E: Element, const M: usize>(
        simd: S,
        x: &[[[E; W]; H]; CI],
        da: &[E],
        grad: &mut B::Params<E>,
    ) {
        for o in (0..CO).step_by(M) {
            let mut wide = [[[E::default(); W]; OH]; M];
            for m in 0..M.min(CO - o) {
                Self::lay_out(&da[(o + m) * OH * OW..], wide[m].as_flattened_mut());
            }
            for i in 0..CI {
                Self::single_gradient_tile::<S, E, M>(simd, x[i].as_flattened(), &wide, o, i, grad);
            }
        }
    }

    /// Adds the gradient with respect to the kernels from map `i` to `M` maps from `o`.
    #[inline(always)]
    fn single_gradient_tile<S: Simd, E: Element, const M: usize>(
        simd: S,
        x: &[E],
        da: &[[[E; W]; OH]; M],
        o: usize,
        i: usize,
        grad: &mut B::Params<E>,
    ) {
        let zero = E::Row::splat(simd, E::default());
        let (length, width) = const { (stretch(OH, OW, W), width::<S, E>()) };
        // The last register overlaps the one before it; the overlap is filled with zeros.
        let last = length - width;
        let mut ends = [[E::default(); WIDEST]; M];
        let fresh = length % width;
        for m in 0..M {
            ends[m][width - fresh..width].copy_from_slice(&da[m].as_flattened()[length - fresh..length]);
        }
        for u in 0..K {
            let mut sums = [[zero; K]; M];
            for first in (0..length - fresh).step_by(width) {
                let mut inputs = [zero; K];
                for v in 0..K {
                    inputs[v] = E::Row::load(simd, &x[first + u * W + v..]);
                }
                for m in 0..M {
                    let da = E::Row::load(simd, &da[m].as_flattened()[first..]);
                    for v in 0..K {
                        sums[m][v] = inputs[v].mul_add(da, sums[m][v]);
                    }
                }
            }
            if fresh > 0 {
                for m in 0..M {
                    let da = E::Row::load(simd, &ends[m]);
                    for v in 0..K {
                        sums[m][v] = E::Row::load(simd, &x[last + u * W + v..]).mul_add(da, sums[m][v]);
                    }
                }
            }
            for m in 0..M {
                if o + m < CO
                    && let Some(kernel) = B::kernel_mut(grad, o + m, i)
                {
                    for v in 0..K {
                        kernel[u][v] += sums[m][v].sum();
                    }
                }
            }
        }
    }

    /// Computes the gradient with respect to the input. The maps of `da` are laid out in lines of `W` with rows of
    /// zeros between them. A tap then reaches back from every cell of `dx`, and reads a zero outside the map.
    #[inline(never)]
    pub(super) fn single_input_gradient<S: Simd, E: Element>(simd: S, params: &B::Params<E>, da: &[E], dx: &mut [E]) {
        simd.vectorize(
            #[inline(always)]
            || {
                dx.fill(E::default());
                version!(@arms maps_laid_out(H * W * size_of::<E>()), MAPS => Self::single_send_back::<S, E, MAPS, {MAPS + 1}>, 1 4 16)(
                    simd, params, da, dx,
                );
            },
        );
    }

    /// The same with `MAPS` maps of `da` laid out at once, after one map of zeros.
    #[inline(always)]
    fn single_send_back<S: Simd, E: Element, const MAPS: usize, const LAID_OUT: usize>(
        simd: S,
        params: &B::Params<E>,
        da: &[E],
        dx: &mut [E],
    ) {
        let mut wide = [[[E::default(); W]; H]; LAID_OUT];
        for first in (0..CO).step_by(MAPS) {
            let maps = first..CO.min(first + MAPS);
            for o in maps.clone() {
                let wide = wide[o - first + 1].as_flattened_mut();
                Self::lay_out(&da[o * OH * OW..], wide);
            }
            version!(maps_in_tile(S::REGISTERS, CI), 1..=4, M => Self::reach_back::<S, E, M>)(
                simd,
                params,
                wide.as_flattened().as_flattened(),
                maps,
                dx,
            );
        }
    }

    /// Adds to `dx` the contribution of the output maps `maps`, laid out in `wide`, in tiles of `M` input maps.
    #[inline(always)]
    fn reach_back<S: Simd, E: Element, const M: usize>(
        simd: S,
        params: &B::Params<E>,
        wide: &[E],
        maps: core::ops::Range<usize>,
        dx: &mut [E],
    ) {
        for i in (0..CI).step_by(M) {
            for_tiles!(
                Tiling::new(
                    (H * W).div_ceil(width::<S, E>()),
                    columns_in_tile(S::REGISTERS, maps_in_tile(S::REGISTERS, CI))
                ),
                N => Self::reach_back_tile::<S, E, M, N>,
                |tile, j| tile(simd, params, wide, maps.clone(), [i, j], dx)
            );
        }
    }

    /// The same for `M` maps of `dx` from `i` and `N` registers from `j`.
    #[inline(always)]
    fn reach_back_tile<S: Simd, E: Element, const M: usize, const N: usize>(
        simd: S,
        params: &B::Params<E>,
        wide: &[E],
        maps: core::ops::Range<usize>,
        [i, j]: [usize; 2],
        dx: &mut [E],
    ) {
        let mut tile = [[E::Row::splat(simd, E::default()); N]; M];
        let zeros = [[E::default(); K]; K];
        for (slot, o) in maps.enumerate() {
            let mut kernels = [None; M];
            for m in 0..M.min(CI - i) {
                kernels[m] = B::kernel(params, o, i + m);
                if B::MOSTLY_FULL {
                    kernels[m] = kernels[m].or(Some(&zeros));
                }
            }
            // A tap reaches back at most K - 1 rows and K - 1 cells, and there are as many zeros before the map.
            let reach = const { (K - 1) * W + K - 1 };
            let map = &wide[(slot + 1) * H * W - reach..][..H * W + reach];
            add_taps(
                simd,
                &mut tile,
                const { B::MOSTLY_FULL && CI.is_multiple_of(M) },
                kernels,
                #[inline(always)]
                |u, v, t| E::Row::load(simd, &map[begin::<E::Row<S>>(j + t, H * W) + (K - 1 - u) * W + K - 1 - v..]),
            );
        }
        for m in 0..M.min(CI - i) {
            let dx = &mut dx[(i + m) * H * W..][..H * W];
            for t in 0..N {
                let at = begin::<E::Row<S>>(j + t, H * W);
                let done = (j + t) * width::<S, E>() - at;
                let sum = E::Row::load(simd, &dx[at..]) + tile[m][t];
                // Numbers that the previous register has already updated keep their values.
                let mut fresh = [E::default(); WIDEST];
                sum.store(&mut fresh);
                dx[at + done..at + width::<S, E>()].copy_from_slice(&fresh[done..width::<S, E>()]);
            }
        }
    }
}

//! The convolution of one example: a register holds neighbouring cells of a map.
//!
//! The rows of a map are contiguous, and so are the rows of the sums here, which are as long as the rows of the
//! *input*: each tap then reads one contiguous range of the input. The last K - 1 sums of each row combine two rows and
//! are discarded. If the number of sums is not a multiple of the register's width, the last register overlaps the one
//! before it.
//!
//! Padded maps are laid out with their padding, one input map at a time. With a stride, all sums that a stride of 1 has
//! are computed, and those between the windows are discarded: the rows stay contiguous.

use super::{Bank, Convolution, ROOM};
use crate::kernels::tile::{
    Tiling, add_taps, begin, columns_in_tile, for_tiles, maps_in_gradient, maps_in_tile, version, width,
};
use core::ops::Range;
use lenet_tensor::Element;
use lenet_tensor::simd::{Simd, Vector, WIDEST};

/// The number of sums from the first to the last used one, for `rows` rows of `columns` in lines of `line`.
const fn stretch(rows: usize, columns: usize, line: usize) -> usize {
    (rows - 1) * line + columns
}

/// The number of output maps of `bytes` each that are laid out at once for the input gradient, besides `others` such
/// maps.
const fn maps_laid_out(bytes: usize, others: usize) -> usize {
    if (16 + others) * bytes <= ROOM {
        16
    } else if (4 + others) * bytes <= ROOM {
        4
    } else {
        1
    }
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
    /// The length of a row with its padding.
    const LINE: usize = W + 2 * B::PADDING;
    /// The number of cells of a map with its padding.
    const PADDED: usize = (H + 2 * B::ROW_PADDING) * Self::LINE;
    /// The number of maps that take as much room as one with its padding, and with what the last register of the sums
    /// has beyond them.
    const MAPS: usize = if !Self::PADS || H * W == 0 { 1 } else { (Self::PADDED + WIDEST - 1).div_ceil(H * W) };
    /// The number of sums of an output map, with those that are discarded.
    const SUMS: usize = stretch((OH - 1) * B::ROW_STRIDE + 1, (OW - 1) * B::STRIDE + 1, Self::LINE);

    /// Returns `true` if the maps are large enough to fill a register, and there is room for those that are laid out at
    /// the same time: four maps with their padding, and two more where there is padding.
    pub(super) const fn single_fits<S: Simd, E: Element>() -> bool {
        let maps = if Self::PADS { 6 } else { 4 };
        let room = maps * Self::MAPS * H * W * size_of::<E>() <= ROOM && Self::MAPS <= 4;
        room && Self::SUMS >= width::<S, E>()
    }

    /// Copies the cells of a map, in rows of `OW`, to where their sums are.
    #[inline(always)]
    fn lay_out<E: Element>(from: &[E], to: &mut [E]) {
        for r in 0..OH {
            let (from, to) = (&from[r * OW..][..OW], &mut to[r * B::ROW_STRIDE * Self::LINE..]);
            if const { B::STRIDE == 1 } {
                to[..OW].copy_from_slice(from);
            } else {
                for c in 0..OW {
                    to[c * B::STRIDE] = from[c];
                }
            }
        }
    }

    /// Copies the sums that are used to rows of `OW`.
    #[inline(always)]
    fn pick<E: Element>(from: &[E], to: &mut [E]) {
        for r in 0..OH {
            let (from, to) = (&from[r * B::ROW_STRIDE * Self::LINE..], &mut to[r * OW..][..OW]);
            if const { B::STRIDE == 1 } {
                to.copy_from_slice(&from[..OW]);
            } else {
                for c in 0..OW {
                    to[c] = from[c * B::STRIDE];
                }
            }
        }
    }

    /// Copies a map, with its padding. Zeros are left as they are.
    #[inline(always)]
    fn pad<E: Element>(from: &[[E; W]; H], to: &mut [E]) {
        for (row, to) in to[..Self::PADDED].chunks_exact_mut(Self::LINE).enumerate() {
            if !B::EDGE && !(B::ROW_PADDING..H + B::ROW_PADDING).contains(&row) {
                continue;
            }
            let from = &from[Self::ROWS.nearest(row)];
            to[B::PADDING..][..W].copy_from_slice(from);
            if B::EDGE {
                to[..B::PADDING].fill(from[0]);
                to[B::PADDING + W..].fill(from[W - 1]);
            }
        }
    }

    /// Adds a map with its padding to a map without: what is in the padding belongs to the nearest cell, or to none.
    #[inline(always)]
    fn fold<E: Element>(from: &[E], to: &mut [E]) {
        for (row, from) in from[..Self::PADDED].chunks_exact(Self::LINE).enumerate() {
            if !B::EDGE && !(B::ROW_PADDING..H + B::ROW_PADDING).contains(&row) {
                continue;
            }
            let to = &mut to[Self::ROWS.nearest(row) * W..][..W];
            for (to, from) in to.iter_mut().zip(&from[B::PADDING..]) {
                *to += *from;
            }
            if B::EDGE {
                for k in 0..B::PADDING {
                    to[0] += from[k];
                    to[W - 1] += from[B::PADDING + W + k];
                }
            }
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
                version!(maps_in_tile(S::REGISTERS, B::GROUP[1]), 1..=4, M =>
                    version!(Self::MAPS, 1..=4, L => Self::single_forward_tiles::<S, E, M, L>))(
                    simd, params, x, y
                );
            },
        );
    }

    /// The same in tiles of `M` output maps. A map with its padding takes the room of `L` maps.
    #[inline(always)]
    fn single_forward_tiles<S: Simd, E: Element, const M: usize, const L: usize>(
        simd: S,
        params: &B::Params<E>,
        x: &[[[E; W]; H]; CI],
        y: &mut [E],
    ) {
        let mut padded = [[[E::default(); W]; H]; L];
        for o in (0..CO).step_by(M) {
            let mut sums = [[[[E::default(); W]; H]; L]; M];
            let inputs = Self::inputs(o..CO.min(o + M));
            // Maps without padding are used where they are, all in one tile.
            let step = if Self::PADS { 1 } else { CI };
            for first in inputs.clone().step_by(step) {
                let maps = first..inputs.end.min(first + step);
                let mut cells = x[first..].as_flattened().as_flattened();
                if Self::PADS {
                    Self::pad(&x[first], padded.as_flattened_mut().as_flattened_mut());
                    cells = padded.as_flattened().as_flattened();
                }
                for_tiles!(
                    Tiling::new(
                        Self::SUMS.div_ceil(width::<S, E>()),
                        columns_in_tile(S::REGISTERS, maps_in_tile(S::REGISTERS, B::GROUP[1]))
                    ),
                    N => Self::single_forward_tile::<S, E, M, N, L>,
                    |tile, j| tile(simd, params, cells, maps.clone(), [o, j], &mut sums)
                );
            }
            for (sums, y) in sums.iter().zip(y[o * OH * OW..].chunks_exact_mut(OH * OW)) {
                Self::pick(sums.as_flattened().as_flattened(), y);
            }
        }
    }

    /// Computes `N` registers from `j` of the sums of `M` output maps from `o` over the input maps `maps`, whose cells are
    /// in `x`. Unless these are the first, the sums are added to those that are there.
    #[inline(always)]
    fn single_forward_tile<S: Simd, E: Element, const M: usize, const N: usize, const L: usize>(
        simd: S,
        params: &B::Params<E>,
        x: &[E],
        maps: Range<usize>,
        [o, j]: [usize; 2],
        sums: &mut [[[[E; W]; H]; L]; M],
    ) {
        // With padding, sums are added to: no register may overlap another.
        let begin =
            |t: usize| if Self::PADS { (j + t) * width::<S, E>() } else { begin::<E::Row<S>>(j + t, Self::SUMS) };
        let is_first = !Self::PADS || maps.start == Self::inputs(o..CO.min(o + M)).start;
        let mut tile = [[E::Row::splat(simd, E::default()); N]; M];
        for m in 0..M.min(CO - o) {
            if is_first {
                tile[m] = [E::Row::splat(simd, B::bias(params)[o + m]); N];
            } else {
                for t in 0..N {
                    tile[m][t] = E::Row::load(simd, &sums[m].as_flattened().as_flattened()[begin(t)..]);
                }
            }
        }
        for (slot, i) in maps.enumerate() {
            let mut kernels = [None; M];
            for m in 0..M.min(CO - o) {
                kernels[m] = B::kernel(params, o + m, i);
            }
            let x = if const { Self::PADS } { x } else { &x[slot * H * W..][..H * W] };
            add_taps(
                simd,
                &mut tile,
                const { B::FULL && B::GROUP[1].is_multiple_of(M) },
                kernels,
                0..R,
                #[inline(always)]
                |u, v, t| E::Row::load(simd, &x[begin(t) + u * Self::LINE + v..]),
            );
        }
        for m in 0..M {
            for t in 0..N {
                tile[m][t].store(&mut sums[m].as_flattened_mut().as_flattened_mut()[begin(t)..]);
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
                version!(Tiling::new(B::GROUP[1], maps_in_gradient(S::REGISTERS, K)).wide, 1..=4, M =>
                    version!(Self::MAPS, 1..=4, L => Self::single_gradient_tiles::<S, E, M, L>))(
                    simd, x, da, grad
                );
            },
        );
    }

    /// The same in tiles of `M` output maps.
    #[inline(always)]
    fn single_gradient_tiles<S: Simd, E: Element, const M: usize, const L: usize>(
        simd: S,
        x: &[[[E; W]; H]; CI],
        da: &[E],
        grad: &mut B::Params<E>,
    ) {
        let mut padded = [[[E::default(); W]; H]; L];
        for o in (0..CO).step_by(M) {
            let mut wide = [[[[E::default(); W]; H]; L]; M];
            for m in 0..M.min(CO - o) {
                Self::lay_out(&da[(o + m) * OH * OW..], wide[m].as_flattened_mut().as_flattened_mut());
            }
            for i in Self::inputs(o..CO.min(o + M)) {
                let mut cells = x[i].as_flattened();
                if Self::PADS {
                    Self::pad(&x[i], padded.as_flattened_mut().as_flattened_mut());
                    cells = padded.as_flattened().as_flattened();
                }
                Self::single_gradient_tile::<S, E, M, L>(simd, cells, &wide, o, i, grad);
            }
        }
    }

    /// Adds the gradient with respect to the kernels from map `i` to `M` maps from `o`.
    #[inline(always)]
    fn single_gradient_tile<S: Simd, E: Element, const M: usize, const L: usize>(
        simd: S,
        x: &[E],
        da: &[[[[E; W]; H]; L]; M],
        o: usize,
        i: usize,
        grad: &mut B::Params<E>,
    ) {
        let zero = E::Row::splat(simd, E::default());
        let (length, line, width) = const { (Self::SUMS, Self::LINE, width::<S, E>()) };
        // The last register overlaps the one before it; the overlap is filled with zeros.
        let last = length - width;
        let mut ends = [[E::default(); WIDEST]; M];
        let fresh = length % width;
        for m in 0..M {
            ends[m][width - fresh..width].copy_from_slice(&da[m].as_flattened().as_flattened()[length - fresh..length]);
        }
        for u in 0..R {
            let mut sums = [[zero; K]; M];
            for first in (0..length - fresh).step_by(width) {
                let mut inputs = [zero; K];
                for v in 0..K {
                    inputs[v] = E::Row::load(simd, &x[first + u * line + v..]);
                }
                for m in 0..M {
                    let da = E::Row::load(simd, &da[m].as_flattened().as_flattened()[first..]);
                    for v in 0..K {
                        sums[m][v] = inputs[v].mul_add(da, sums[m][v]);
                    }
                }
            }
            if fresh > 0 {
                for m in 0..M {
                    let da = E::Row::load(simd, &ends[m]);
                    for v in 0..K {
                        sums[m][v] = E::Row::load(simd, &x[last + u * line + v..]).mul_add(da, sums[m][v]);
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

    /// Computes the gradient with respect to the input. The maps of `da` are laid out in lines of `LINE` with rows of
    /// zeros between them. A tap then reaches back from every cell of `dx`, and reads a zero outside the map.
    #[inline(never)]
    pub(super) fn single_input_gradient<S: Simd, E: Element>(simd: S, params: &B::Params<E>, da: &[E], dx: &mut [E]) {
        simd.vectorize(
            #[inline(always)]
            || {
                dx.fill(E::default());
                version!(@arms Self::laid_out_at_once::<E>(), MAPS =>
                    version!(Self::MAPS, 1..=4, L => Self::single_send_back::<S, E, MAPS, {MAPS + 1}, L>), 1 4 16)(
                    simd, params, da, dx,
                );
            },
        );
    }

    /// The number of maps of `da` that are laid out at once. There are also a map of zeros and, with padding, those of a
    /// tile of `dx`.
    const fn laid_out_at_once<E: Element>() -> usize {
        maps_laid_out(Self::MAPS * H * W * size_of::<E>(), if Self::PADS { 5 } else { 1 })
    }

    /// The same with `MAPS` maps of `da` laid out at once, after one map of zeros.
    #[inline(always)]
    fn single_send_back<S: Simd, E: Element, const MAPS: usize, const LAID_OUT: usize, const L: usize>(
        simd: S,
        params: &B::Params<E>,
        da: &[E],
        dx: &mut [E],
    ) {
        let mut wide = [[[[E::default(); W]; H]; L]; LAID_OUT];
        for first in (0..CO).step_by(MAPS) {
            let maps = first..CO.min(first + MAPS);
            for o in maps.clone() {
                Self::lay_out(&da[o * OH * OW..], wide[o - first + 1].as_flattened_mut().as_flattened_mut());
            }
            version!(maps_in_tile(S::REGISTERS, B::GROUP[0]), 1..=4, M => Self::reach_back::<S, E, M, L>)(
                simd,
                params,
                wide.as_flattened().as_flattened().as_flattened(),
                maps,
                dx,
            );
        }
    }

    /// Adds to `dx` the contribution of the output maps `maps`, laid out in `wide`, in tiles of `M` input maps.
    #[inline(always)]
    fn reach_back<S: Simd, E: Element, const M: usize, const L: usize>(
        simd: S,
        params: &B::Params<E>,
        wide: &[E],
        maps: Range<usize>,
        dx: &mut [E],
    ) {
        let inputs = Self::inputs(maps.clone());
        for i in inputs.clone().step_by(M) {
            let dx = &mut dx[i * H * W..];
            let mut padded = [[[[E::default(); W]; H]; L]; M];
            let tile_of_dx =
                if Self::PADS { padded.as_flattened_mut().as_flattened_mut().as_flattened_mut() } else { &mut *dx };
            for_tiles!(
                Tiling::new(
                    Self::PADDED.div_ceil(width::<S, E>()),
                    columns_in_tile(S::REGISTERS, maps_in_tile(S::REGISTERS, B::GROUP[0]))
                ),
                N => Self::reach_back_tile::<S, E, M, N, L>,
                |tile, j| tile(simd, params, wide, maps.clone(), [i, j], tile_of_dx)
            );
            if Self::PADS {
                for (padded, dx) in padded.iter().zip(dx.chunks_exact_mut(H * W)) {
                    Self::fold(padded.as_flattened().as_flattened(), dx);
                }
            }
        }
    }

    /// The same for `M` maps from `i`, which are those of `dx`, and `N` registers from `j`. The maps of `wide` and, with
    /// padding, those of `dx` take the room of `L` maps.
    #[inline(always)]
    fn reach_back_tile<S: Simd, E: Element, const M: usize, const N: usize, const L: usize>(
        simd: S,
        params: &B::Params<E>,
        wide: &[E],
        maps: Range<usize>,
        [i, j]: [usize; 2],
        dx: &mut [E],
    ) {
        let mut tile = [[E::Row::splat(simd, E::default()); N]; M];
        let zeros = [[E::default(); K]; R];
        let (room, line) = (L * H * W, const { Self::LINE });
        for o in Self::outputs_among(maps.clone(), i..CI.min(i + M)) {
            let mut kernels = [None; M];
            for m in 0..M.min(CI - i) {
                kernels[m] = B::kernel(params, o, i + m);
                if B::MOSTLY_FULL {
                    kernels[m] = kernels[m].or(Some(&zeros));
                }
            }
            // A tap reaches back at most R - 1 rows and K - 1 cells, and there are as many zeros before the map.
            let reach = const { (R - 1) * Self::LINE + K - 1 };
            let map = &wide[(o - maps.start + 1) * room - reach..][..Self::PADDED + reach];
            add_taps(
                simd,
                &mut tile,
                const { B::MOSTLY_FULL && B::GROUP[0].is_multiple_of(M) },
                kernels,
                0..R,
                #[inline(always)]
                |u, v, t| {
                    let at = begin::<E::Row<S>>(j + t, Self::PADDED) + (R - 1 - u) * line + K - 1 - v;
                    E::Row::load(simd, &map[at..])
                },
            );
        }
        for m in 0..M.min(CI - i) {
            let dx = &mut dx[m * room..][..Self::PADDED];
            for t in 0..N {
                let at = begin::<E::Row<S>>(j + t, Self::PADDED);
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

//! The convolution of several examples: a register holds the same cell of several examples.
//!
//! A tile of sums stays in registers; weights, one number for all examples, and inputs are read in sequence.

use super::geometry::{FIRST, INSIDE, LAST, for_columns};
use super::{Bank, Convolution};
use crate::kernels::tile::{Tiling, add_taps, columns_in_tile, for_tiles, maps_in_gradient, maps_in_tile, version};
use core::ops::Range;
use lenet_tensor::simd::{Simd, Vector};
use lenet_tensor::{Cell, Tensor, Units};

/// The widest kernel for which there are tiles; wider ones use the reference loops.
pub(super) const MOST_TAPS: usize = 24;

/// The number of rows of `da` that stay in the L1 cache, with the rows of `x` that they meet, while all taps use them.
const fn rows_in_band(rows: usize, bytes_in_row: usize) -> usize {
    let most = 24 * 1024 / bytes_in_row;
    if most == 0 { 1 } else { Tiling::new(rows, most).wide }
}

/// The number of columns of `da` that are spread into registers at once; the last one reaches `k - 1` further.
const fn columns_to_spread(registers: usize, k: usize, stride: usize) -> usize {
    let most = (if registers < 32 { 11usize } else { 20 }.saturating_sub(k)).div_ceil(stride);
    // With more than about sixty products in the innermost loop the compiler would not unroll it.
    let few = 60 / k;
    let most = if most < few { most } else { few };
    if most == 0 { 1 } else { most }
}

/// The number of maps in a tile of the weight gradient of kernels of one cell, if a group has `maps`: input maps, and as
/// many output maps.
const fn maps_of_points(registers: usize, maps: usize) -> usize {
    Tiling::new(maps, if registers < 32 { 3 } else { 4 }).wide
}

/// The number of output maps in a tile of the weight gradient, if an input map is connected with `n` of them and a tile
/// holds at most `most`: as few tiles as possible. The last one may have fewer.
const fn maps_per_tile(n: usize, most: usize) -> usize {
    if n == 0 { 1 } else { Tiling::new(n, most).wide }
}

/// The number of cells of output maps that one row of `dx` uses together: cells of `Lanes<16>`, which fit in the L1 cache
/// beside the row.
const PACKED_CELLS: usize = 24 * 1024 / 64;

/// Room for these cells.
type Packed<T> = Tensor<Units<PACKED_CELLS>, T>;

/// The number of output maps of which so many cells each fit in [`PACKED_CELLS`].
const fn maps_packed(cells: usize) -> usize {
    let most = PACKED_CELLS / cells;
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
    /// Computes row `r` of the weighted sums of all output maps. The tiles are output maps by columns, so that every
    /// map of the tile uses each input. The required rows of input stay in the L1 cache for all of them.
    #[inline(never)]
    pub(super) fn lanes_forward_row<S: Simd, T: Cell>(
        simd: S,
        params: &B::Params<T::Element>,
        x: &[[[T; W]; H]; CI],
        r: usize,
        y: &mut [[[T; OW]; OH]; CO],
    ) {
        simd.vectorize(
            #[inline(always)]
            || {
                version!(maps_in_tile(S::REGISTERS, B::GROUP[1]), 1..=4, M => Self::lanes_forward_tiles::<S, T, M>)(
                    simd, params, x, r, y,
                );
            },
        );
    }

    /// Computes the tiles of row `r`, each of `M` output maps.
    #[inline(always)]
    fn lanes_forward_tiles<S: Simd, T: Cell, const M: usize>(
        simd: S,
        params: &B::Params<T::Element>,
        x: &[[[T; W]; H]; CI],
        r: usize,
        y: &mut [[[T; OW]; OH]; CO],
    ) {
        for o in (0..CO).step_by(M) {
            for_columns!(
                Tiling::new(OW, columns_in_tile(S::REGISTERS, maps_in_tile(S::REGISTERS, B::GROUP[1]))),
                N, PLACE => Self::lanes_forward_tile::<S, T, M, N, PLACE>,
                |tile, c| tile(simd, params, x, [o, r, c], y)
            );
        }
    }

    /// Computes the sums of `M` output maps from `o` and `N` columns from `c`, in row `r`.
    #[inline(always)]
    fn lanes_forward_tile<S: Simd, T: Cell, const M: usize, const N: usize, const PLACE: usize>(
        simd: S,
        params: &B::Params<T::Element>,
        x: &[[[T; W]; H]; CI],
        [o, r, c]: [usize; 3],
        y: &mut [[[T; OW]; OH]; CO],
    ) {
        let (zero, c) = (T::Vector::splat(simd, Default::default()), Self::begin_at(PLACE, N, c));
        // The first position of the windows in the padded rows and columns, and the columns that they reach.
        let (top, reach) = (r * B::ROW_STRIDE, const { (N - 1) * B::STRIDE + K });
        let left = if const { PLACE == INSIDE } { c * B::STRIDE - B::PADDING } else { 0 };
        for part in 0..T::parts::<S>() {
            let mut sums = [[zero; N]; M];
            for m in 0..M.min(CO - o) {
                sums[m] = [T::Vector::splat(simd, B::bias(params)[o + m]); N];
            }
            for i in Self::inputs(o..CO.min(o + M)) {
                let mut kernels = [None; M];
                for m in 0..M.min(CO - o) {
                    kernels[m] = B::kernel(params, o + m, i);
                }
                let rows = if const { B::ROW_PADDING == 0 } { &x[i][top..][..R] } else { &x[i][..] };
                add_taps(
                    simd,
                    &mut sums,
                    const { B::FULL && B::GROUP[1].is_multiple_of(M) },
                    kernels,
                    Self::ROWS.taps(r),
                    #[inline(always)]
                    |u, v, t| {
                        let row =
                            if const { B::ROW_PADDING == 0 } { &rows[u] } else { &rows[Self::ROWS.nearest(top + u)] };
                        if const { PLACE == INSIDE } {
                            return row[left..][..reach][t * B::STRIDE + v].part(simd, part);
                        }
                        Self::COLUMNS.cell(c + t, v).map_or(
                            zero,
                            #[inline(always)]
                            |at| row[at].part(simd, part),
                        )
                    },
                );
            }
            for m in 0..M.min(CO - o) {
                for t in 0..N {
                    y[o + m][r][c + t].set_part(part, sums[m][t]);
                }
            }
        }
    }

    /// Adds the gradient with respect to the kernels: for one input map and a few of its output maps, one row of taps
    /// at a time in registers. The lanes are added at the end.
    #[inline(never)]
    pub(super) fn lanes_weight_gradient<S: Simd, T: Cell>(
        simd: S,
        x: &[[[T; W]; H]; CI],
        da: &[[[T; OW]; OH]; CO],
        grad: &mut B::Params<T::Element>,
    ) {
        simd.vectorize(
            #[inline(always)]
            || {
                if const { R == 1 && K == 1 && B::FULL } {
                    return version!(maps_of_points(S::REGISTERS, B::GROUP[1]), 1..=4, M =>
                        version!(maps_of_points(S::REGISTERS, B::GROUP[0]), 1..=4, N => Self::points::<S, T, M, N>))(
                        simd, x, da, grad,
                    );
                }
                for i in 0..CI {
                    let (mut connected, mut n) = ([0; CO], 0);
                    for o in Self::outputs(i..i + 1) {
                        if B::kernel_mut(grad, o, i).is_some() {
                            connected[n] = o;
                            n += 1;
                        }
                    }
                    let most = const { maps_in_gradient(S::REGISTERS, K) };
                    for maps in connected[..n].chunks(maps_per_tile(n, most)) {
                        // The size is known only at run time. The guards are constants, so that no code is generated
                        // for sizes that do not occur.
                        macro_rules! tiles {
                            ($($m:literal)*) => {
                                match maps.len() {
                                    $($m if const { Self::has_gradient_tile::<S>($m) } => {
                                        Self::lanes_gradient_tile::<S, T, $m>(simd, &x[i], da, i, maps, grad);
                                    })*
                                    other => unreachable!("no tile of {other} maps"),
                                }
                            };
                        }
                        tiles!(1 2 3 4);
                    }
                }
            },
        );
    }

    /// Adds the gradient with respect to kernels of one cell, in tiles of `M` output maps by `N` input maps. With the tiles
    /// of the other kernels, one input map by a row of taps, each product would need a number from the L2 cache.
    #[inline(always)]
    fn points<S: Simd, T: Cell, const M: usize, const N: usize>(
        simd: S,
        x: &[[[T; W]; H]; CI],
        da: &[[[T; OW]; OH]; CO],
        grad: &mut B::Params<T::Element>,
    ) {
        for o in (0..CO).step_by(M) {
            for i in Self::inputs(o..CO.min(o + M)).step_by(N) {
                let mut sums = [[T::Vector::splat(simd, Default::default()); N]; M];
                for r in 0..OH {
                    // The last maps again where a tile has fewer.
                    let (mut xs, mut das) = ([&x[0][0]; N], [&da[0][0]; M]);
                    for n in 0..N {
                        xs[n] = &x[(i + n).min(CI - 1)][r * B::ROW_STRIDE];
                    }
                    for m in 0..M {
                        das[m] = &da[(o + m).min(CO - 1)][r];
                    }
                    for part in 0..T::parts::<S>() {
                        for c in 0..OW {
                            let mut inputs = [sums[0][0]; N];
                            for n in 0..N {
                                inputs[n] = xs[n][c * B::STRIDE].part(simd, part);
                            }
                            for m in 0..M {
                                let da = das[m][c].part(simd, part);
                                for n in 0..N {
                                    sums[m][n] = inputs[n].mul_add(da, sums[m][n]);
                                }
                            }
                        }
                    }
                }
                for m in 0..M.min(CO - o) {
                    for n in 0..N.min(CI - i) {
                        if let Some(kernel) = B::kernel_mut(grad, o + m, i + n) {
                            kernel[0][0] += sums[m][n].sum();
                        }
                    }
                }
            }
        }
    }

    /// Returns `true` if a tile of the weight gradient has `maps` output maps. No other tile is compiled.
    const fn has_gradient_tile<S: Simd>(maps: usize) -> bool {
        let mut i = 0;
        while i < CI {
            let n = B::FAN_OUT[i];
            let whole = maps_per_tile(n, maps_in_gradient(S::REGISTERS, K));
            if n > 0 && (maps == whole || maps == n % whole) {
                return true;
            }
            i += 1;
        }
        false
    }

    /// Adds the gradient with respect to the kernels from map `i` to the `M` maps listed in `maps`.
    #[inline(always)]
    fn lanes_gradient_tile<S: Simd, T: Cell, const M: usize>(
        simd: S,
        x: &[[T; W]; H],
        da: &[[[T; OW]; OH]; CO],
        i: usize,
        maps: &[usize],
        grad: &mut B::Params<T::Element>,
    ) {
        let zero = T::Vector::splat(simd, Default::default());
        let band = const { rows_in_band(OH, maps_in_gradient(S::REGISTERS, K) * OW * size_of::<T>()) };
        let mut all = [[[zero; K]; M]; R];
        for first in (0..OH).step_by(band) {
            for u in 0..R {
                let mut sums = all[u];
                let rows = Self::ROWS.windows(u);
                for r in first.max(rows.start)..rows.end.min(first + band) {
                    for part in 0..T::parts::<S>() {
                        let mut das = [&da[0][0]; M];
                        for m in 0..M {
                            das[m] = &da[maps[m]][r];
                        }
                        let x = &x[Self::ROWS.nearest(r * B::ROW_STRIDE + u)];
                        for c in Self::WITHIN[0]..Self::WITHIN[1] {
                            let x = &x[c * B::STRIDE - B::PADDING..][..K];
                            let mut inputs = [zero; K];
                            for v in 0..K {
                                inputs[v] = x[v].part(simd, part);
                            }
                            for m in 0..M {
                                let da = das[m][c].part(simd, part);
                                for v in 0..K {
                                    sums[m][v] = inputs[v].mul_add(da, sums[m][v]);
                                }
                            }
                        }
                        if const { B::PADDING == 0 } {
                            continue;
                        }
                        for k in 0..const { OW + Self::WITHIN[0] - Self::WITHIN[1] } {
                            let c = if k < Self::WITHIN[0] { k } else { k + Self::WITHIN[1] - Self::WITHIN[0] };
                            let mut inputs = [zero; K];
                            for v in 0..K {
                                if let Some(at) = Self::COLUMNS.cell(c, v) {
                                    inputs[v] = x[at].part(simd, part);
                                }
                            }
                            for m in 0..M {
                                let da = das[m][c].part(simd, part);
                                for v in 0..K {
                                    sums[m][v] = inputs[v].mul_add(da, sums[m][v]);
                                }
                            }
                        }
                    }
                }
                all[u] = sums;
            }
        }
        for m in 0..M {
            let Some(kernel) = B::kernel_mut(grad, maps[m], i) else { continue };
            for u in 0..R {
                for v in 0..K {
                    kernel[u][v] += all[u][m][v].sum();
                }
            }
        }
    }

    /// Computes the gradient with respect to the input: a row of `dx` is in registers, and every cell of `da` adds its
    /// kernel to it. Nothing is padded, and no result is discarded.
    #[inline(never)]
    pub(super) fn lanes_input_gradient<S: Simd, T: Cell>(
        simd: S,
        params: &B::Params<T::Element>,
        da: &[[[T; OW]; OH]; CO],
        dx: &mut [[[T; W]; H]; CI],
    ) {
        simd.vectorize(
            #[inline(always)]
            || {
                let mut packed = Packed::<T>::ZERO;
                for position in Self::ROWS.positions() {
                    // One row at a time, so that large maps are read and written once.
                    for first in (0..CO).step_by(const { Self::maps_together::<S, T>() }) {
                        for_tiles!(
                            Self::spreading::<S, T>(),
                            N => Self::spread_maps::<S, T, N>,
                            |tile, c| tile(simd, params, da, [position, first, c], &mut packed, dx)
                        );
                    }
                }
            },
        );
    }

    /// `true` if the cells of a tile are copied before they are used. If maps are pages apart, the same rows of all maps
    /// compete for the same places of the L1 cache; side by side they do not. A copy must be used often to be worth it.
    const fn packs<T: Cell>() -> bool {
        const PAGE: usize = 4096;
        (OH * OW * size_of::<T>()).is_multiple_of(PAGE) && CO * R * OW > PACKED_CELLS && B::GROUP[0] * K >= 8
    }

    /// `true` if the windows reach all cells of a row, so that `dx` need not be cleared.
    const COVERS: bool = K >= B::STRIDE && (OW - 1) * B::STRIDE + K >= W + B::PADDING;

    /// The tiles of the columns of `da`. Where they are copied, the tiles are shorter if all maps are then used together,
    /// so that the row of `dx` is read and written once.
    const fn spreading<S: Simd, T: Cell>() -> Tiling {
        let most = columns_to_spread(S::REGISTERS, K, B::STRIDE);
        let few = PACKED_CELLS / (CO * R);
        Tiling::new(OW, if Self::packs::<T>() && few >= 8 && few < most { few } else { most })
    }

    /// The number of output maps that are used together.
    const fn maps_together<S: Simd, T: Cell>() -> usize {
        maps_packed(R * if Self::packs::<T>() { Self::spreading::<S, T>().wide } else { OW })
    }

    /// Adds to the row of `dx` at a position of the padded map, in all input maps, the contribution of `N` columns from
    /// `c` of the output maps from `first`.
    #[inline(always)]
    fn spread_maps<S: Simd, T: Cell, const N: usize>(
        simd: S,
        params: &B::Params<T::Element>,
        da: &[[[T; OW]; OH]; CO],
        [position, first, c]: [usize; 3],
        packed: &mut Packed<T>,
        dx: &mut [[[T; W]; H]; CI],
    ) {
        let maps = first..CO.min(first + const { Self::maps_together::<S, T>() });
        let (row, taps) = (Self::ROWS.nearest(position), Self::ROWS.taps_on(position));
        let cells_of = |o: usize, u: usize| &da[o][(position - u) / B::ROW_STRIDE][c..][..N];
        if const { Self::packs::<T>() } {
            for o in maps.clone() {
                for u in taps.clone().step_by(B::ROW_STRIDE) {
                    packed.data[((o - first) * R + u) * N..][..N].copy_from_slice(cells_of(o, u));
                }
            }
        }
        for i in Self::inputs(maps.clone()) {
            let is_new = position == Self::ROWS.first_position(row) && first <= Self::outputs(i..i + 1).start;
            if const { !Self::COVERS } && is_new && c == 0 {
                dx[i][row].fill(T::ZERO);
            }
            // The cells that have a sum so far. In a new row these are the ones that the tile before reached too.
            let known = match () {
                () if !is_new || const { !Self::COVERS } => usize::MAX,
                () if c == 0 => 0,
                () => K - B::STRIDE,
            };
            let (maps, dx) = (Self::outputs_among(maps.clone(), i..i + 1), &mut dx[i][row]);
            for part in 0..T::parts::<S>() {
                Self::spread::<S, T, N>(
                    simd,
                    params,
                    #[inline(always)]
                    |o, u| {
                        if const { Self::packs::<T>() } {
                            &packed.data[((o - first) * R + u) * N..][..N]
                        } else {
                            cells_of(o, u)
                        }
                    },
                    (maps.clone(), i),
                    [position, c, part, known],
                    dx,
                );
            }
        }
    }

    /// Adds to one row of `dx`, which is at this position of the padded map, the contribution of `N` columns from `c` of
    /// the output maps `maps`. `da(o, u)` are the cells of map `o` that lie under tap `u` of a column.
    /// Of the cells that the tile reaches, those from number `known` on have no sum yet.
    #[inline(always)]
    fn spread<'a, S: Simd, T: Cell, const N: usize>(
        simd: S,
        params: &B::Params<T::Element>,
        da: impl Fn(usize, usize) -> &'a [T],
        (maps, i): (Range<usize>, usize),
        [position, c, part, known]: [usize; 4],
        dx: &mut [T; W],
    ) {
        /// An upper bound of the reach of a tile.
        const MOST: usize = MOST_TAPS + 8;
        // The positions in the padded row that the tile reaches. Without padding they are cells of `dx`.
        let (left, reach) = (c * B::STRIDE, const { (N - 1) * B::STRIDE + K });
        let dx = if const { B::PADDING == 0 } { &mut dx[left..][..reach] } else { &mut dx[..] };
        let is_cell = |t: usize| B::PADDING == 0 || left + t >= B::PADDING && left + t < W + B::PADDING;
        let at = |t: usize| if B::PADDING == 0 { t } else { Self::COLUMNS.nearest(left + t) };
        let mut sums = [T::Vector::splat(simd, Default::default()); MOST];
        for t in 0..reach {
            if t < known && is_cell(t) {
                sums[t] = dx[at(t)].part(simd, part);
            }
        }
        for o in maps {
            let Some(kernel) = B::kernel(params, o, i) else { continue };
            let taps = Self::ROWS.taps_on(position);
            let mut u = taps.start;
            while u < taps.end {
                let da = &da(o, u)[..N];
                for v in 0..K {
                    let weight = T::Vector::splat(simd, kernel[u][v]);
                    for t in 0..N {
                        let sum = &mut sums[t * B::STRIDE + v];
                        *sum = da[t].part(simd, part).mul_add(weight, *sum);
                    }
                }
                u += B::ROW_STRIDE;
            }
        }
        for t in 0..reach {
            if is_cell(t) {
                dx[at(t)].set_part(part, sums[t]);
            }
        }
        if const { B::EDGE } {
            // The loop is short, so that the compiler unrolls it: otherwise the sums would not be in registers.
            let mut add = |cell: usize, sum: T::Vector<S>| dx[cell].set_part(part, dx[cell].part(simd, part) + sum);
            for k in 0..B::PADDING {
                if left + k < B::PADDING {
                    add(0, sums[k]);
                }
                if left + reach - 1 - k >= W + B::PADDING {
                    add(W - 1, sums[reach - 1 - k]);
                }
            }
        }
    }
}

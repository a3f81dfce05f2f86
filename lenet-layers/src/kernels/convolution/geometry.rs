//! Which cells of the input lie under which taps: stride, padding and groups.
//!
//! Along a side, tap `u` of window `r` lies on cell `r * stride + u - padding`. Where there is no such cell, it lies on
//! a zero or, with `EDGE`, on the nearest cell. The rows and the columns are two such sides.

use super::{Bank, Convolution};
use crate::kernels::tile::Tiling;
use core::ops::Range;

/// The place of a tile of columns if it needs no test: all its taps lie on cells of the input.
pub(super) const INSIDE: usize = 0;
/// The tile begins with the first column.
pub(super) const FIRST: usize = 1;
/// The tile ends with the last column.
pub(super) const LAST: usize = 2;
/// The tile may be anywhere.
pub(super) const ANYWHERE: usize = 3;

/// Iterates over the tiles of a constant [`Tiling`] of the columns, like `for_tiles!`. The version of `$f` also has the
/// place of the tile, `$PLACE`. The first and the last tile are versions of their own: their columns are constants, and
/// so are the cells that lie under their taps. In a tile that tests every cell, the tests would cost more than the
/// products.
macro_rules! for_columns {
    ($tiling:expr, $N:ident, $PLACE:ident => $f:expr, |$tile:ident, $start:ident| $body:expr) => {
        if const { B::PADDING == 0 } {
            for_tiles!($tiling, $N => { const $PLACE: usize = INSIDE; $f }, |$tile, $start| $body);
        } else {
            assert!(const { $tiling.wide <= 24 }, "no version for this size");
            for_columns!(@part $tiling, [0, 1], $tiling.wide, FIRST, $N, $PLACE => $f, |$tile, $start| $body);
            for_columns!(@part $tiling, $tiling.wide_between(), $tiling.wide, Self::between($tiling),
                $N, $PLACE => $f, |$tile, $start| $body);
            for_columns!(@part $tiling, $tiling.narrow_between(), $tiling.narrow(), Self::between($tiling),
                $N, $PLACE => $f, |$tile, $start| $body);
            for_columns!(@part $tiling, $tiling.last(), $tiling.rest(), LAST, $N, $PLACE => $f, |$tile, $start| $body);
        }
    };
    // The tiles of one part, if there are any.
    (@part $tiling:expr, $tiles:expr, $length:expr, $place:expr, $N:ident, $PLACE:ident => $f:expr,
        |$tile:ident, $start:ident| $body:expr) => {
        if const { $tiles[0] < $tiles[1] } {
            let $tile = version!(@arms $place, $PLACE => version!($length, 1..=24, $N => $f), 0 1 2 3);
            for tile in const { $tiles[0] }..const { $tiles[1] } {
                let $start = const { $tiling }.start(tile);
                $body
            }
        }
    };
}
pub(super) use for_columns;

/// One side of the input, its rows or its columns, with the taps and the windows along it. It is always a constant, so
/// that the compiler removes the tests of a side without padding.
#[derive(Clone, Copy)]
pub(super) struct Side {
    cells: usize,
    taps: usize,
    windows: usize,
    stride: usize,
    padding: usize,
    edge: bool,
}

impl Side {
    /// Returns the cell on which a tap of a window lies; `None` if it is a zero.
    #[inline(always)]
    pub(super) const fn cell(self, window: usize, tap: usize) -> Option<usize> {
        let padded = window * self.stride + tap;
        if self.padding == 0 {
            Some(padded)
        } else if self.edge {
            Some(self.nearest(padded))
        } else if padded < self.padding || padded - self.padding >= self.cells {
            None
        } else {
            Some(padded - self.padding)
        }
    }

    /// Returns the cell that is nearest to position `padded` of the padded side.
    #[inline(always)]
    pub(super) const fn nearest(self, padded: usize) -> usize {
        if self.padding == 0 {
            return padded;
        }
        let cell = padded.saturating_sub(self.padding);
        if cell < self.cells { cell } else { self.cells - 1 }
    }

    /// Returns the taps of a window that do not lie on zeros.
    #[inline(always)]
    pub(super) fn taps(self, window: usize) -> Range<usize> {
        if self.padding == 0 || self.edge {
            return 0..self.taps;
        }
        let first = window * self.stride;
        self.padding.saturating_sub(first)..self.taps.min(self.cells + self.padding - first)
    }

    /// Returns the windows whose tap number `tap` does not lie on a zero.
    #[inline(always)]
    pub(super) fn windows(self, tap: usize) -> Range<usize> {
        if self.padding == 0 || self.edge {
            return 0..self.windows;
        }
        let end = self.cells + self.padding;
        let to = if end > tap { (end - tap - 1) / self.stride + 1 } else { 0 };
        self.padding.saturating_sub(tap).div_ceil(self.stride)..self.windows.min(to)
    }

    /// Returns the positions of the padded side that are not zeros.
    #[inline(always)]
    pub(super) fn positions(self) -> Range<usize> {
        if self.edge { 0..self.cells + 2 * self.padding } else { self.padding..self.cells + self.padding }
    }

    /// Returns the first of the positions that are this cell.
    #[inline(always)]
    pub(super) fn first_position(self, cell: usize) -> usize {
        if self.edge && cell == 0 { 0 } else { cell + self.padding }
    }

    /// Returns the taps that lie on this position of the padded side: the first, and the first after them. They are
    /// `stride` taps apart.
    #[inline(always)]
    pub(super) fn taps_on(self, position: usize) -> Range<usize> {
        let from = position.saturating_sub((self.windows - 1) * self.stride);
        from + (position - from) % self.stride..self.taps.min(position + 1)
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
    /// The rows of the input.
    pub(super) const ROWS: Side =
        Side { cells: H, taps: R, windows: OH, stride: B::ROW_STRIDE, padding: B::ROW_PADDING, edge: B::EDGE };
    /// The columns of the input.
    pub(super) const COLUMNS: Side =
        Side { cells: W, taps: K, windows: OW, stride: B::STRIDE, padding: B::PADDING, edge: B::EDGE };
    /// `true` if there is padding on any side.
    pub(super) const PADS: bool = B::PADDING > 0 || B::ROW_PADDING > 0;

    /// The first column of windows all of whose taps lie on cells of the input, and the first column after them.
    pub(super) const WITHIN: [usize; 2] = {
        let from = B::PADDING.div_ceil(B::STRIDE);
        let to = if W + B::PADDING < K { 0 } else { (W + B::PADDING - K) / B::STRIDE + 1 };
        let from = if from < OW { from } else { OW };
        let to = if to < OW { to } else { OW };
        [from, if to < from { from } else { to }]
    };

    /// The place of the tiles between the first and the last.
    pub(super) const fn between(tiling: Tiling) -> usize {
        let reach = tiling.wide >= Self::WITHIN[0] && OW - tiling.rest() <= Self::WITHIN[1];
        if reach { INSIDE } else { ANYWHERE }
    }

    /// The column at which a tile of `n` columns at this place begins, if it is there that `column` is.
    #[inline(always)]
    pub(super) const fn begin_at(place: usize, n: usize, column: usize) -> usize {
        match place {
            FIRST => 0,
            LAST => OW - n,
            _ => column,
        }
    }

    /// Returns the input maps that some of these output maps may see.
    #[inline(always)]
    pub(super) fn inputs(outputs: Range<usize>) -> Range<usize> {
        if const { B::GROUP[1] == CO } {
            return 0..CI;
        }
        outputs.start / B::GROUP[1] * B::GROUP[0]..outputs.end.div_ceil(B::GROUP[1]) * B::GROUP[0]
    }

    /// Returns the output maps that may see some of these input maps.
    #[inline(always)]
    pub(super) fn outputs(inputs: Range<usize>) -> Range<usize> {
        if const { B::GROUP[1] == CO } {
            return 0..CO;
        }
        inputs.start / B::GROUP[0] * B::GROUP[1]..inputs.end.div_ceil(B::GROUP[0]) * B::GROUP[1]
    }

    /// The same, of these output maps only.
    #[inline(always)]
    pub(super) fn outputs_among(maps: Range<usize>, inputs: Range<usize>) -> Range<usize> {
        let outputs = Self::outputs(inputs);
        if const { B::GROUP[1] == CO } { maps } else { maps.start.max(outputs.start)..maps.end.min(outputs.end) }
    }
}

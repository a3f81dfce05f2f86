//! The sweep of the network over a line of any width.

use super::decode::{CLASSES, Column};
use super::network::{LINE_HEIGHT, MARGIN, STRIDE, Sweep, SweepTrace, TILE, TILE_COLUMNS};
use crate::{Normalization, lay_images};
use lenet_data::strings::INK;
use lenet_layers::{Activation, Cell, Lanes, Network, Trace};
use lenet_train::{LANES, fork};

/// A line of digits, [`LINE_HEIGHT`] rows of grey levels: 0 is the ground, 255 full ink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    width: usize,
    /// Row by row.
    levels: Vec<u8>,
}

impl Line {
    /// A line from its rows, one after the other; `None` if they are not [`LINE_HEIGHT`] rows of the same length.
    #[must_use]
    pub fn new(width: usize, levels: Vec<u8>) -> Option<Self> {
        (levels.len() == LINE_HEIGHT * width).then_some(Line { width, levels })
    }

    /// The number of columns of grey levels.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// A row of grey levels, from the top.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn row(&self, row: usize) -> &[u8] {
        &self.levels[row * self.width..][..self.width]
    }

    /// The column after the last one with ink.
    pub(super) fn ink_end(&self) -> usize {
        let end = |row| self.row(row).iter().rposition(|level| *level >= INK).map_or(0, |last| last + 1);
        (0..LINE_HEIGHT).map(end).max().unwrap_or(0)
    }

    /// The number of output columns: one for each field of vision that is within the line, and one more where the rest
    /// is narrower than the stride. A line that is narrower than the field of vision is continued with ground.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.width.saturating_sub(LINE_HEIGHT).div_ceil(STRIDE) + 1
    }

    /// [`TILE`] columns from `start` on, and those beside them; beyond the ends is ground.
    fn tile(&self, start: usize) -> SweptTile {
        let mut tile = [[0; SWEPT]; LINE_HEIGHT];
        let before = start.min(MARGIN);
        for (y, row) in tile.iter_mut().enumerate() {
            let from = self.row(y).get(start - before..).unwrap_or_default();
            let row = &mut row[MARGIN - before..];
            let width = from.len().min(row.len());
            row[..width].copy_from_slice(&from[..width]);
        }
        tile
    }
}

/// The width of a tile with its margins.
const SWEPT: usize = TILE + 2 * MARGIN;

/// What the network sees of a tile.
type SweptTile = [[u8; SWEPT]; LINE_HEIGHT];

/// So many tiles take no more time one by one than as some of the sixteen lanes (AVX-512: 12, AVX2: 15), such as those of a line and
/// its views.
const FEW_TILES: usize = 12;

/// Where a tile lies: the number of its line and the line's first column in it.
type Place = (usize, usize);

/// What the network says about each column of each line. The lines are swept in tiles, which overlap by the field of
/// vision less the stride: the result is that of one sweep over the whole line, except for rounding. Many tiles are
/// read sixteen at a time, on the rayon pool in which this is called.
#[must_use]
pub fn sweep<A: Activation>(network: &Sweep<A>, lines: &[Line], normalization: Normalization) -> Vec<Vec<Column>> {
    let mut columns: Vec<Vec<Column>> = lines.iter().map(|line| vec![[0.0; CLASSES]; line.columns()]).collect();
    let mut tiles: Vec<(Place, &mut [Column])> = Vec::new();
    for (number, columns) in columns.iter_mut().enumerate() {
        let places = (0..).map(|tile| (number, tile * TILE_COLUMNS * STRIDE));
        tiles.extend(places.zip(columns.chunks_mut(TILE_COLUMNS)));
    }
    if tiles.len() <= FEW_TILES {
        let mut trace = SweepTrace::<f32>::boxed_zeroed();
        tiles.chunks_mut(1).for_each(|tile| read(network, &mut trace, lines, tile, normalization));
    } else {
        let share = tiles.len().div_ceil(rayon::current_num_threads()).next_multiple_of(LANES);
        let mut shares: Vec<_> = tiles.chunks_mut(share).collect();
        fork(&mut shares, &|tiles| {
            let mut trace = SweepTrace::<Lanes<LANES>>::boxed_zeroed();
            tiles.chunks_mut(LANES).for_each(|tiles| read(network, &mut trace, lines, tiles, normalization));
        });
    }
    columns
}

/// Reads as many tiles as a cell has lanes, at most.
fn read<A: Activation, T: Cell<Element = f32>>(
    network: &Sweep<A>,
    trace: &mut SweepTrace<T>,
    lines: &[Line],
    tiles: &mut [(Place, &mut [Column])],
    normalization: Normalization,
) {
    let pixels: Vec<SweptTile> = tiles.iter().map(|((number, start), _)| lines[*number].tile(*start)).collect();
    lay_images(&mut trace.input, &pixels.iter().collect::<Vec<_>>(), normalization);
    let output = network.forward(trace);
    for (lane, (_, columns)) in tiles.iter_mut().enumerate() {
        for (w, column) in columns.iter_mut().enumerate() {
            let y: Column = std::array::from_fn(|class| output.data[class][0][w].lanes()[lane]);
            let most = y.iter().fold(f32::NEG_INFINITY, |most, y| most.max(*y));
            let whole = most + y.iter().map(|y| (y - most).exp()).sum::<f32>().ln();
            *column = y.map(|y| y - whole);
        }
    }
}

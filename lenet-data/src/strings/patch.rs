//! One digit as it appears on a line: scaled, stretched and slanted, in the rows that it has there.

use super::{
    HEIGHT, INK,
    dice::Dice,
    glyph::{Glyph, SIDE},
};

/// The most columns of a digit.
pub(super) const WIDTH: usize = 64;

/// How a digit is set.
#[derive(Clone, Copy)]
pub(super) struct Setting {
    /// The row of its middle.
    pub(super) row: f32,
    /// The factors of its width and height.
    pub(super) scale: [f32; 2],
    /// Columns to the right for each row up.
    pub(super) slant: f32,
    pub(super) warp: Warp,
}

/// How a digit is bent: by waves along its height, so that rows stay rows.
#[derive(Clone, Copy, Default)]
pub(super) struct Warp {
    /// Shifts a row to the side, in pixels of the picture.
    shift: Wave,
    /// Makes a row wider, as a part of its width.
    stretch: Wave,
    /// Shifts a row up or down, in pixels of the picture.
    rows: Wave,
}

impl Warp {
    /// Waves of up to `reach` pixels.
    pub(super) fn new(reach: f32, dice: &mut Dice) -> Self {
        // No wave may turn the order of rows round.
        let reach = reach.clamp(0.0, 2.0);
        let mut wave = |reach: f32| Wave {
            reach: dice.around(reach),
            turns: dice.within([3.0, 9.0]),
            phase: dice.unit() * std::f32::consts::TAU,
        };
        Self { shift: wave(reach), stretch: wave(0.1 * reach), rows: wave(reach) }
    }
}

/// A sine along the height of a digit.
#[derive(Clone, Copy, Default)]
struct Wave {
    reach: f32,
    /// The angle that is passed from the first row of the digit to the last.
    turns: f32,
    phase: f32,
}

impl Wave {
    fn at(&self, place: f32) -> f32 {
        if self.reach == 0.0 { 0.0 } else { self.reach * libm::sinf(self.turns * place + self.phase) }
    }
}

/// A digit in all rows of a line, and where its ink begins and ends.
#[derive(Clone, Copy)]
pub(super) struct Patch {
    pub(super) ink: [[u8; WIDTH]; HEIGHT],
    /// The first and the last column with ink in each row. Without ink, the first is after the last.
    first: [i16; HEIGHT],
    last: [i16; HEIGHT],
    /// The first and the last column with ink in any row.
    pub(super) columns: [i32; 2],
}

impl Patch {
    pub(super) const NONE: Self =
        Self { ink: [[0; WIDTH]; HEIGHT], first: [NO_FIRST; HEIGHT], last: [NO_LAST; HEIGHT], columns: [0, -1] };

    /// Draws the digit. The map keeps rows apart: a row of the line is a mixture of two rows of the picture,
    /// sampled in steps of the same length.
    pub(super) fn draw(glyph: &Glyph, setting: Setting) -> Self {
        let Setting { row: middle, scale: [full_width, height], slant, warp } = setting;
        let per_row = 1.0 / (glyph.rows[1] - glyph.rows[0]).max(8.0);
        let [centre, centre_row] = [glyph.columns, glyph.rows].map(|[first, last]| 0.5 * (first + last));
        let mut patch = Self::NONE;
        for row in 0..HEIGHT {
            let up = middle - row as f32;
            let v = centre_row - up / height;
            let place = (v - centre_row) * per_row;
            let v = v + warp.rows.at(place);
            let width = full_width * (1.0 + warp.stretch.at(place));
            if v < glyph.rows[0] - 3.0 || v > glyph.rows[1] + 3.0 || !(0.0..(SIDE - 1) as f32).contains(&v) {
                continue;
            }
            let (above, part) = (v as usize, v - (v as usize) as f32);
            let mut mixed = [0.0; SIDE + 1];
            for (mixed, (a, b)) in mixed.iter_mut().zip(glyph.ink[above].iter().zip(&glyph.ink[above + 1])) {
                *mixed = 255.0 * (a + part * (b - a));
            }

            // The column of the line where the picture's column `centre` is.
            let origin = (WIDTH / 2) as f32 + slant * up + width * warp.shift.at(place);
            let from = (origin + (glyph.columns[0] - 3.0 - centre) * width).max(0.0) as usize;
            let end = ((origin + (glyph.columns[1] + 3.0 - centre) * width) as usize + 1).min(WIDTH);
            let step = 1.0 / width;
            for column in from..end {
                let u = (centre + (column as f32 - origin) * step).clamp(0.0, (SIDE - 1) as f32);
                let (left, part) = (u as usize, u - (u as usize) as f32);
                let level = mixed[left] + part * (mixed[left + 1] - mixed[left]);
                patch.ink[row][column] = (level + 0.5) as u8;
            }
            let ink = &patch.ink[row];
            if let Some(first) = ink.iter().position(|level| *level >= INK) {
                patch.first[row] = first as i16;
                patch.last[row] = ink.iter().rposition(|level| *level >= INK).unwrap_or(first) as i16;
            }
        }
        let first = patch.first.iter().min().map_or(0, |first| (*first).into());
        let last = patch.last.iter().max().map_or(-1, |last| (*last).into());
        if first <= last {
            patch.columns = [first, last];
        }
        patch
    }

    /// How many pixels are without ink between this digit and the next where they are closest, if the next is set over it.
    pub(super) fn clearance(&self, next: &Self) -> i32 {
        let mut least = i32::MAX;
        for row in 0..HEIGHT {
            let near = &next.first[row.saturating_sub(1)..(row + 2).min(HEIGHT)];
            let first = near.iter().min().map_or(NO_FIRST, |first| *first);
            least = least.min(i32::from(first) - i32::from(self.last[row]) - 1);
        }
        least
    }

    /// The last column with ink among these rows, and its row.
    pub(super) fn rightmost(&self, rows: [usize; 2]) -> Option<[i32; 2]> {
        let row = (rows[0]..rows[1].min(HEIGHT)).max_by_key(|row| self.last[*row])?;
        (self.last[row] != NO_LAST).then(|| [self.last[row].into(), row as i32])
    }

    /// The first column with ink among these rows, and its row.
    pub(super) fn leftmost(&self, rows: [usize; 2]) -> Option<[i32; 2]> {
        let row = (rows[0]..rows[1].min(HEIGHT)).min_by_key(|row| self.first[*row])?;
        (self.first[row] != NO_FIRST).then(|| [self.first[row].into(), row as i32])
    }
}

/// So far away that no distance is less.
const NO_FIRST: i16 = 1000;
const NO_LAST: i16 = -1000;

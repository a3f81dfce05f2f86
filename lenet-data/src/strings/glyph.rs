//! One digit before it is set: its box of ink, the European strokes, and the width of its strokes.

use super::{INK, canvas::Canvas, dice::Dice};
use crate::Image;

/// Ground around the picture, for what is added to it.
const MARGIN: usize = 8;
pub(super) const SIDE: usize = 28 + 2 * MARGIN;

/// The picture of a digit with a margin, and the box of its ink: the first and the last row and column.
pub(super) struct Glyph {
    pub(super) ink: [[f32; SIDE]; SIDE],
    pub(super) rows: [f32; 2],
    pub(super) columns: [f32; 2],
    /// The mean width of its strokes, in pixels.
    thickness: f32,
}

impl Glyph {
    pub(super) fn new(image: &Image) -> Self {
        let mut ink = [[0.0; SIDE]; SIDE];
        for (row, pixels) in ink[MARGIN..].iter_mut().zip(image) {
            for (ink, &pixel) in row[MARGIN..].iter_mut().zip(pixels) {
                *ink = f32::from(pixel) * (1.0 / 255.0);
            }
        }
        let (rows, columns) = ink_box(image);
        Self { ink, rows, columns, thickness: thickness(image) }
    }

    /// The strokes that European hands add to a digit of a class: a bar through a 7, a long stroke up to the top of a 1 and
    /// sometimes a bar under it. Whether the class is one of those.
    pub(super) fn european(&mut self, class: u8, dice: &mut Dice) -> bool {
        match class {
            7 => self.cross(dice),
            1 => {
                self.lead_in(dice);
                if dice.chance(0.2) {
                    self.foot(dice);
                }
            }
            _ => return false,
        }
        true
    }

    /// A bar through the stem of a 7.
    fn cross(&mut self, dice: &mut Dice) {
        let [top, bottom] = self.rows;
        let row = top + (bottom - top) * dice.within([0.45, 0.62]);
        let Some(stem) = self.stem(row) else { return };
        let (left, right) = (dice.within([3.5, 6.0]), dice.within([3.0, 5.0]));
        let tilt = dice.within([-0.1, 0.25]);
        self.add([stem - left, row + tilt * left], [stem + right, row - tilt * right]);
    }

    /// A stroke through a 0, from the lower left to the upper right.
    pub(super) fn slash(&mut self, dice: &mut Dice) {
        let ([top, bottom], [left, right]) = (self.rows, self.columns);
        let (wide, high) = (right - left, bottom - top);
        let inset = dice.within([-0.15, 0.2]);
        let from = [left + inset * wide, bottom - dice.within([-0.05, 0.25]) * high];
        let to = [right - inset * wide, top + dice.within([-0.05, 0.25]) * high];
        self.add(from, to);
    }

    /// A long stroke up to the top of a 1.
    fn lead_in(&mut self, dice: &mut Dice) {
        let top = self.rows[0] + 0.5 * self.thickness;
        let Some(stem) = self.stem(top) else { return };
        let height = (self.rows[1] - self.rows[0]) * dice.within([0.2, 1.0]);
        let left = (height * dice.within([0.35, 1.2])).min(stem - 1.0);
        self.add([stem - left, top + height], [stem, top]);
        self.columns[0] = self.columns[0].min(stem - left);
    }

    /// A bar under a 1.
    fn foot(&mut self, dice: &mut Dice) {
        let bottom = self.rows[1] - 0.5 * self.thickness;
        let Some(stem) = self.stem(bottom) else { return };
        let (left, right) = (dice.within([2.0, 5.0]), dice.within([2.0, 5.0]));
        self.add([stem - left, bottom], [stem + right, bottom]);
        self.columns = [self.columns[0].min(stem - left), self.columns[1].max(stem + right)];
    }

    /// The middle of the last run of ink in a row.
    fn stem(&self, row: f32) -> Option<f32> {
        let row = self.ink.get(row as usize)?;
        let last = row.iter().rposition(|ink| *ink > 0.4)?;
        let first = row[..last].iter().rposition(|ink| *ink <= 0.4)?;
        Some(0.5 * (first + 1 + last) as f32)
    }

    /// A stroke as wide as the digit's own.
    fn add(&mut self, from: [f32; 2], to: [f32; 2]) {
        let width = (self.thickness * 0.9).max(1.0);
        Canvas { ink: self.ink.as_flattened_mut(), width: SIDE }.stroke(from, to, width, 1.0);
    }

    /// Makes the strokes as wide as this, in pixels, on the average, as far as that is possible without breaking them.
    pub(super) fn set_thickness(&mut self, wanted: f32) {
        let change = 0.5 * (wanted - self.thickness);
        let thinner = change < 0.0;
        // Thin strokes vary in width: eroding them to less than a pixel would leave holes.
        let limit = if thinner { (0.5 * (self.thickness - 0.9)).clamp(0.0, 1.3) } else { 1.6 };
        let mut left = change.abs().min(limit);
        if thinner {
            self.invert();
        }
        while left > 0.05 {
            self.dilate(left.min(1.0));
            left -= 1.0;
        }
        // The box keeps to the ink, so that a digit written with a thick pen is not larger.
        let moved = change.clamp(-limit, limit);
        for ends in [&mut self.rows, &mut self.columns] {
            *ends = [ends[0] - moved, ends[1] + moved];
        }
        self.thickness += 2.0 * moved;
        if thinner {
            self.invert();
            // What is left of a thin stroke's ink is faint.
            let gain = 1.0 - 0.5 * moved;
            self.ink.as_flattened_mut().iter_mut().for_each(|ink| *ink = (*ink * gain).min(1.0));
        }
    }

    fn invert(&mut self) {
        self.ink.as_flattened_mut().iter_mut().for_each(|ink| *ink = 1.0 - *ink);
    }

    /// Each pixel becomes the largest of itself and a part of its neighbours: a dilation of grey levels by a disc of up to a
    /// pixel, which grows smoothly with `part`.
    fn dilate(&mut self, part: f32) {
        let source = self.ink;
        for row in 1..SIDE - 1 {
            let [above, here, below] = [&source[row - 1], &source[row], &source[row + 1]];
            let wider = &mut self.ink[row];
            for column in 1..SIDE - 1 {
                let (left, right) = (column - 1, column + 1);
                let sides = larger(larger(here[left], here[right]), larger(above[column], below[column]));
                let corners = larger(larger(above[left], above[right]), larger(below[left], below[right]));
                wider[column] = larger(here[column], part * larger(sides, 0.6 * corners));
            }
        }
    }
}

/// `f32::max` without the care for NaN, which costs instructions.
#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// The first and the last row and column with ink, in the picture with its margin. A picture without is all box.
fn ink_box(image: &Image) -> ([f32; 2], [f32; 2]) {
    let mut columns = [0_u8; 28];
    let mut rows = [0_u8; 28];
    for (most, row) in rows.iter_mut().zip(image) {
        for (column, &pixel) in columns.iter_mut().zip(row) {
            *column = pixel.max(*column);
            *most = pixel.max(*most);
        }
    }
    let ends = |most: &[u8; 28]| {
        let first = most.iter().position(|level| *level >= INK).unwrap_or(0);
        let last = most.iter().rposition(|level| *level >= INK).unwrap_or(27);
        [first, last].map(|index| (index + MARGIN) as f32)
    };
    (ends(&rows), ends(&columns))
}

/// The mean width of strokes: twice their area, divided by the length of their edges. That length is the total variation; the
/// sum of its two directions is 4/pi times as much, on the average of all directions.
fn thickness(image: &Image) -> f32 {
    let (mut area, mut edges) = (0_u32, 0_u32);
    let mut above = &[0; 28];
    for row in image {
        let mut left = 0_u8;
        for (&pixel, &up) in row.iter().zip(above) {
            area += u32::from(pixel);
            edges += u32::from(pixel.abs_diff(left)) + u32::from(pixel.abs_diff(up));
            left = pixel;
        }
        above = row;
    }
    2.0 * area as f32 / (edges.max(1) as f32 * std::f32::consts::FRAC_PI_4)
}

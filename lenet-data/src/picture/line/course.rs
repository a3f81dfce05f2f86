//! Where a line runs: its slope, its top and its bottom.

use super::super::parts::Frame;
use super::members::Members;

/// The course of a line, in pixels of the picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Course {
    /// Rows down for each column to the right.
    pub(super) slope: f32,
    /// The row of the top, carried back along the slope to column 0.
    pub(super) top: f32,
    /// Rows from the top to the bottom.
    pub(super) height: f32,
}

impl Course {
    pub(super) fn of(frames: &[Frame], line: &Members) -> Self {
        let tall: Vec<&Frame> = line.tall.iter().map(|&part| &frames[part]).collect();
        let slope = slope(&tall);
        let centre = |frame: &Frame| 0.5 * (frame.left + frame.right) as f32;
        let mut tops: Vec<f32> = tall.iter().map(|frame| frame.top as f32 - slope * centre(frame)).collect();
        let mut bottoms: Vec<f32> = tall.iter().map(|frame| frame.bottom as f32 - slope * centre(frame)).collect();
        let mut heights: Vec<f32> = tall.iter().map(|frame| frame.height() as f32).collect();
        let usual = median(&mut heights);
        // A part that reaches far beyond the others is not a digit, or is one with a neighbour's stroke.
        let (high, low) = (median(&mut tops) - 0.6 * usual, median(&mut bottoms) + 0.6 * usual);
        let top = tops.iter().copied().filter(|top| *top >= high).fold(f32::INFINITY, f32::min);
        let bottom = bottoms.iter().copied().filter(|bottom| *bottom <= low).fold(f32::NEG_INFINITY, f32::max);
        Course { slope, top, height: (bottom - top).max(1.0) }
    }

    /// The row of the line's top in a column.
    pub(super) fn top_at(&self, x: f32) -> f32 {
        self.top + self.slope * x
    }
}

/// The median of the slopes between the middles of any two parts that are apart (Theil 1950, Sen 1968). Lines of few parts
/// or short ones are taken to be level.
fn slope(tall: &[&Frame]) -> f32 {
    let middle = |frame: &Frame| [(frame.left + frame.right) as f32 * 0.5, (frame.top + frame.bottom) as f32 * 0.5];
    let height = tall.iter().map(|frame| frame.height()).max().unwrap_or(0) as f32;
    let mut slopes = Vec::new();
    for (i, a) in tall.iter().enumerate() {
        for b in &tall[i + 1..] {
            let ([x0, y0], [x1, y1]) = (middle(a), middle(b));
            if x1 - x0 > 1.5 * height {
                slopes.push((y1 - y0) / (x1 - x0));
            }
        }
    }
    if slopes.len() < 3 { 0.0 } else { median(&mut slopes).clamp(-0.4, 0.4) }
}

fn median(values: &mut [f32]) -> f32 {
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}

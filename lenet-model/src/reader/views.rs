//! A line seen several times: the same line a little smaller and larger, as a network that was trained on lines of many
//! sizes can read it. What most of the views agree on is more often right than any of them.

use super::decode::{Column, Hypothesis, decode, places};
use super::grammar::Grammar;
use super::network::LINE_HEIGHT;
use super::sweep::Line;

/// The factors of the views besides the line as it is.
pub(super) const FACTORS: [f32; 4] = [0.85, 0.92, 1.08, 1.15];

/// The line, scaled about the middle of its rows by bilinear interpolation.
pub(super) fn scaled(line: &Line, factor: f32) -> Line {
    // What follows the last ink is background, and is read as such without being looked at.
    let used = line.width().min(line.ink_end() + LINE_HEIGHT);
    let width = ((used as f32 * factor).round() as usize).max(1);
    // Where a pixel of the result comes from: the one before and the part of the one after. Pixels are counted from 1,
    // as the background is on both sides.
    let source = |at: usize, centre: f32, count: usize| {
        let from = (at as f32 + 0.5 - centre) / factor + centre + 0.5;
        let from = from.clamp(0.0, (count + 1) as f32);
        let before = (from as usize).min(count);
        (before, from - before as f32)
    };
    let columns: Vec<(usize, f32)> = (0..width).map(|x| source(x, 0.0, used)).collect();
    let mut mixed = vec![0.0_f32; used + 2];
    let mut levels = Vec::with_capacity(LINE_HEIGHT * width);
    for y in 0..LINE_HEIGHT {
        let (above, part) = source(y, 0.5 * LINE_HEIGHT as f32, LINE_HEIGHT);
        mixed.fill(0.0);
        for (row, weight) in [(above, 1.0 - part), (above + 1, part)] {
            if (1..=LINE_HEIGHT).contains(&row) {
                let pixels = &line.row(row - 1)[..used];
                mixed[1..].iter_mut().zip(pixels).for_each(|(sum, pixel)| *sum += weight * f32::from(*pixel));
            }
        }
        levels.extend(columns.iter().map(|&(left, part)| {
            let level = mixed[left] + part * (mixed[left + 1] - mixed[left]);
            (level + 0.5) as u8
        }));
    }
    Line::new(width, levels).expect("32 rows")
}

/// The readings of a line, best first, from what the network says about its columns and about those of its views: the
/// probabilities are the means. Places are those in the line as it is.
pub(super) fn agreed(columns: &[Column], views: &[Vec<Column>], grammar: &Grammar, count: usize) -> Vec<Hypothesis> {
    let mut found: Vec<Hypothesis> = Vec::new();
    for columns in views.iter().map(Vec::as_slice).chain([columns]) {
        for reading in decode(columns, grammar, count) {
            let probability = reading.probability / (views.len() + 1) as f64;
            match found.iter_mut().find(|known| known.digits == reading.digits) {
                Some(known) => known.probability += probability,
                None => found.push(Hypothesis { probability, ..reading }),
            }
        }
    }
    found.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    found.truncate(count);
    for reading in &mut found {
        reading.places = places(columns, &reading.digits);
    }
    found
}

/// The views of a line besides itself.
pub(super) fn of(line: &Line) -> [Line; FACTORS.len()] {
    FACTORS.map(|factor| scaled(line, factor))
}

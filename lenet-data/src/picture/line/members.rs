//! Which parts of the ink are on which line.

use super::super::parts::{Frame, Part};
use super::super::segment::{SMALLEST, across, down, overlap, usual_height};

/// The parts of a line, as indexes.
pub(super) struct Members {
    /// Those as high as digits, from left to right.
    pub(super) tall: Vec<usize>,
    /// Strokes, points and fragments.
    low: Vec<usize>,
}

impl Members {
    pub(super) fn all(&self) -> impl Iterator<Item = usize> + '_ {
        self.tall.iter().chain(&self.low).copied()
    }

    /// The columns that have ink, merged, from left to right.
    pub(super) fn spans(&self, frames: &[Frame]) -> Vec<[usize; 2]> {
        let mut spans: Vec<[usize; 2]> = self.all().map(|part| [frames[part].left, frames[part].right]).collect();
        spans.sort_unstable();
        let mut merged: Vec<[usize; 2]> = Vec::new();
        for span in spans {
            match merged.last_mut().filter(|last| span[0] <= last[1]) {
                Some(last) => last[1] = last[1].max(span[1]),
                None => merged.push(span),
            }
        }
        merged
    }
}

/// No page has more digits, or more marks beside them. Pictures of noise have: the largest parts are kept.
const MOST_PARTS: usize = 4096;

/// The lines, from the top.
pub(super) fn lines(parts: &[Part], width: usize, height: usize) -> Vec<Members> {
    let kept: Vec<usize> = (0..parts.len()).filter(|&i| !is_frame(&parts[i], width, height)).collect();
    // Long thin parts, such as the edge of the paper, do not say how high digits are, unless there is nothing else.
    let is_thin = |part: &Part| part.frame.longer() >= 8 * part.frame.width().min(part.frame.height());
    let solid: Vec<usize> = kept.iter().copied().filter(|&i| !is_thin(&parts[i])).collect();
    let usual = usual_height(parts, if solid.is_empty() { &kept } else { &solid });
    if usual < SMALLEST {
        return Vec::new();
    }
    let is_tall = |part: &Part| 2 * part.frame.height() >= usual;
    let (mut tall, mut low): (Vec<usize>, Vec<usize>) = kept.iter().partition(|&&i| is_tall(&parts[i]));
    drop_edges(parts, &mut tall);
    keep_largest(parts, &mut tall, MOST_PARTS);
    keep_largest(parts, &mut low, MOST_PARTS);
    let mut lines: Vec<Members> =
        level(parts, tall).into_iter().map(|tall| Members { tall, low: Vec::new() }).collect();
    for part in low {
        attach(parts, part, &mut lines, usual);
    }
    lines.sort_by_key(|line| middle(parts, line));
    lines
}

/// Drops what is much higher than most others: the edge of the paper, or the side of a frame.
fn drop_edges(parts: &[Part], tall: &mut Vec<usize>) {
    let mut heights: Vec<usize> = tall.iter().map(|&i| parts[i].frame.height()).collect();
    if heights.len() < 3 {
        return;
    }
    let middle = heights.len() / 2;
    let usual = *heights.select_nth_unstable(middle).1;
    tall.retain(|&i| parts[i].frame.height() <= 3 * usual);
}

fn keep_largest(parts: &[Part], indexes: &mut Vec<usize>, count: usize) {
    if indexes.len() > count {
        indexes.sort_by_key(|&i| std::cmp::Reverse(parts[i].area));
        indexes.truncate(count);
    }
}

fn middle(parts: &[Part], line: &Members) -> usize {
    line.tall.iter().map(|&i| parts[i].frame.top + parts[i].frame.bottom).sum::<usize>() / line.tall.len()
}

/// Whether a part is an edge of the paper or a frame: it follows the border of the picture and is thin.
fn is_frame(part: &Part, width: usize, height: usize) -> bool {
    let frame = &part.frame;
    let touches = frame.left == 0 || frame.top == 0 || frame.right == width || frame.bottom == height;
    let long = 10 * frame.width() >= 9 * width && frame.width() > 3 * frame.height()
        || 10 * frame.height() >= 9 * height && frame.height() > 8 * frame.width()
        || 10 * frame.width() >= 9 * width && 10 * frame.height() >= 9 * height;
    let hollow = 8 * part.area < frame.width() * frame.height();
    touches && long && (hollow || frame.height().min(frame.width()) * 8 < frame.longer())
}

/// Tall parts by line: one goes to the line whose last parts it is level with, so that a line may rise or fall. One part
/// alone may be a piece of a broken digit.
fn level(parts: &[Part], mut tall: Vec<usize>) -> Vec<Vec<usize>> {
    tall.sort_by_key(|&i| (parts[i].frame.left, parts[i].frame.top));
    let mut lines: Vec<Vec<usize>> = Vec::new();
    for part in tall {
        let frame = parts[part].frame;
        let shared = |line: &Vec<usize>| {
            let level_with = |part: &usize| {
                let last = parts[*part].frame;
                let shared = overlap(down(&last), down(&frame));
                (2 * shared > last.height().min(frame.height()) as isize).then_some(shared)
            };
            line.iter().rev().take(3).filter_map(level_with).max()
        };
        match (0..lines.len()).filter_map(|i| Some((shared(&lines[i])?, i))).max() {
            Some((_, line)) => lines[line].push(part),
            None => lines.push(vec![part]),
        }
    }
    lines
}

/// A low part goes to the line that it is on, or to none if it is far from each, or is a speck.
fn attach(parts: &[Part], part: usize, lines: &mut [Members], usual: usize) {
    let frame = parts[part].frame;
    if 12 * frame.longer() < usual || frame.longer() < 2 {
        return;
    }
    let centre = (frame.left + frame.right) / 2;
    let distance = |line: &Members| {
        // The nearest tall part says where the line is.
        let beside = |i: &usize| -overlap(across(&parts[*i].frame), across(&frame));
        let near = line.tall.iter().min_by_key(|i| (beside(i).max(0), parts[**i].frame.left.abs_diff(centre)))?;
        let above = -overlap(down(&parts[*near].frame), down(&frame));
        let fits = 4 * above < usual as isize && beside(near) < 3 * usual as isize;
        fits.then_some(above.max(0) + beside(near).max(0))
    };
    let nearest =
        lines.iter_mut().filter_map(|line| Some((distance(line)?, line))).min_by_key(|(distance, _)| *distance);
    if let Some((_, line)) = nearest {
        line.low.push(part);
    }
}

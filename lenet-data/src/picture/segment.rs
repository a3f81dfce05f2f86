//! Which parts of the ink make which digit: specks and lines dropped, loose strokes joined to their digit, digits in the order in
//! which they are read.

use super::parts::{Frame, Part};

/// The least extent of a digit, in pixels: the smallest alphabets have digits of 3x5.
pub(super) const SMALLEST: usize = 5;

/// A digit and where it is.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Indexes into the parts.
    pub(super) parts: Vec<usize>,
    pub(super) frame: Frame,
    /// From 0.
    pub(super) line: usize,
    pub(super) touching: bool,
}

/// The parts that are neither specks nor lines across the picture, as indexes.
pub(super) fn strokes(parts: &[Part], width: usize, height: usize) -> Vec<usize> {
    let shorter = width.min(height);
    let least = SMALLEST.max(shorter / 100);
    let extended: Vec<usize> = (0..parts.len()).filter(|&i| parts[i].frame.longer() >= 2).collect();
    let framed = |frame: &Frame| {
        let touches = frame.left == 0 || frame.top == 0 || frame.right == width || frame.bottom == height;
        touches && (10 * frame.width() >= 9 * width || 10 * frame.height() >= 9 * height)
    };
    // A line from border to border is dropped only where there is something else that can be a digit.
    let free = |frame: &Frame| !framed(frame) && frame.longer() >= least && 5 * frame.longer() >= shorter;
    let ruled = extended.iter().any(|&i| free(&parts[i].frame));
    let mut kept: Vec<usize> = extended.into_iter().filter(|&i| !(ruled && framed(&parts[i].frame))).collect();
    if kept.iter().all(|&i| parts[i].frame.longer() < least) {
        kept.clear();
    }
    kept
}

/// The strokes of one digit: without what has less than a thirtieth of the largest one's pixels.
pub(super) fn one(parts: &[Part], mut strokes: Vec<usize>) -> Vec<usize> {
    let largest = strokes.iter().map(|&i| parts[i].area).max().unwrap_or(0);
    strokes.retain(|&i| 30 * parts[i].area >= largest);
    strokes
}

/// The digits that the strokes make, line by line, from left to right.
pub(super) fn places(parts: &[Part], strokes: &[usize]) -> Vec<Place> {
    let usual = usual_height(parts, strokes);
    let (tall, low): (Vec<usize>, Vec<usize>) = strokes.iter().partition(|&&i| 2 * parts[i].frame.height() >= usual);
    let mut lines: Vec<Vec<Place>> = lines(parts, tall).into_iter().map(|line| joined(parts, &line)).collect();
    for stroke in low {
        attach(parts[stroke].frame, stroke, &mut lines, usual);
    }
    lines.sort_by_key(|line| line.iter().map(|place| place.frame.top + place.frame.bottom).sum::<usize>() / line.len());
    for (number, line) in lines.iter_mut().enumerate() {
        mark_touching(line);
        line.iter_mut().for_each(|place| place.line = number);
    }
    lines.into_iter().flatten().collect()
}

/// The height that half of the ink is in parts of at least: many specks do not change it.
pub(super) fn usual_height(parts: &[Part], strokes: &[usize]) -> usize {
    let mut by_height: Vec<(usize, usize)> =
        strokes.iter().map(|&i| (parts[i].frame.height(), parts[i].area)).collect();
    by_height.sort_unstable();
    let total: usize = by_height.iter().map(|(_, area)| area).sum();
    let mut seen = 0;
    let middle = by_height.iter().find(|(_, area)| {
        seen += area;
        2 * seen >= total
    });
    middle.map_or(0, |(height, _)| *height)
}

/// By how many pixels two ranges overlap; negative: by how many they are apart.
pub(super) fn overlap(a: (usize, usize), b: (usize, usize)) -> isize {
    a.1.min(b.1) as isize - a.0.max(b.0) as isize
}

pub(super) fn across(frame: &Frame) -> (usize, usize) {
    (frame.left, frame.right)
}

pub(super) fn down(frame: &Frame) -> (usize, usize) {
    (frame.top, frame.bottom)
}

/// Tall parts by line, from left to right: one goes to the line whose last part it is level with, so that a line may rise
/// or fall.
fn lines(parts: &[Part], mut tall: Vec<usize>) -> Vec<Vec<usize>> {
    tall.sort_by_key(|&i| (parts[i].frame.left, parts[i].frame.top));
    let mut lines: Vec<Vec<usize>> = Vec::new();
    for part in tall {
        let frame = parts[part].frame;
        let level = |line: &Vec<usize>| {
            let last = parts[line[line.len() - 1]].frame;
            let shared = overlap(down(&last), down(&frame));
            // Half of the lower one.
            (2 * shared > last.height().min(frame.height()) as isize).then_some(shared)
        };
        let best = (0..lines.len()).filter_map(|i| Some((level(&lines[i])?, i))).max();
        match best {
            Some((_, line)) => lines[line].push(part),
            None => lines.push(vec![part]),
        }
    }
    lines
}

/// The parts of a line as digits: parts one above the other are one.
fn joined(parts: &[Part], line: &[usize]) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for &part in line {
        let frame = parts[part].frame;
        let same = places.last_mut().filter(|last| {
            let narrower = last.frame.width().min(frame.width()) as isize;
            2 * overlap(across(&last.frame), across(&frame)) > narrower
        });
        match same {
            Some(last) => {
                last.parts.push(part);
                last.frame = last.frame.with(&frame);
            }
            None => places.push(Place { parts: vec![part], frame, line: 0, touching: false }),
        }
    }
    places
}

/// A low stroke (the bar of a 5) goes to the digit it is over, under or beside, if one is near; else it is none.
fn attach(frame: Frame, stroke: usize, lines: &mut [Vec<Place>], usual: usize) {
    let usual = usual as isize;
    // A stroke is longer than the pen is wide: a dot is not.
    if 6 * (frame.longer() as isize) < usual {
        return;
    }
    let distance = |place: &Place| {
        let beside = -overlap(across(&place.frame), across(&frame));
        let above = -overlap(down(&place.frame), down(&frame));
        let over = -3 * beside >= frame.width() as isize && 3 * above <= usual;
        let near = 8 * beside <= usual && above < 0;
        (over || near).then_some(beside.max(0) + above.max(0))
    };
    let all = lines.iter_mut().flatten();
    let nearest = all.filter_map(|place| Some((distance(place)?, place))).min_by_key(|(distance, _)| *distance);
    if let Some((_, place)) = nearest {
        place.parts.push(stroke);
        place.frame = place.frame.with(&frame);
    }
}

/// Marks what is wider than one digit is: than 1.4 times its height, or higher than wide by little and half
/// as wide again as the others of its line are.
fn mark_touching(line: &mut [Place]) {
    let mut widths: Vec<usize> = line.iter().map(|place| place.frame.width()).collect();
    widths.sort_unstable();
    let usual = widths[widths.len() / 2];
    let several = widths.len() >= 3;
    for place in line {
        let (width, height) = (place.frame.width(), place.frame.height());
        place.touching = 10 * width > 14 * height || (several && 2 * width > 3 * usual && width > height);
    }
}

//! A line drawn upright, of the usual size, without wide gaps.

use super::super::{form::Shape, parts::Frame, thickness};
use super::{FILLED, FoundLine, MIDDLE, Place, course::Course};
use crate::strings::HEIGHT;

/// Columns of background at either end.
const MARGIN: f32 = 16.0;
/// Longer lines are cut off: a thousand digits is more than anybody writes on one.
const WIDEST: usize = 1 << 14;
/// Wider gaps, in heights of the line, are shortened to this.
const WIDEST_GAP: f32 = 1.0;

pub(super) struct Strip {
    width: usize,
    levels: Vec<u8>,
    places: Vec<Place>,
}

impl Strip {
    /// The line, with its places in pixels of a picture that is `step` times as large.
    pub(super) fn found(self, step: f32, inverted: bool, size: [usize; 2]) -> FoundLine {
        let place = |place: Place| Place { x: place.x * step, rows: place.rows.map(|row| row * step) };
        let places = self.places.into_iter().map(place).collect();
        FoundLine { width: self.width, levels: self.levels, inverted, places, size }
    }
}

/// Draws the ink of a line, which lies in `frame`. `spans` are the columns with ink.
pub(super) fn draw(shape: &Shape, frame: Frame, course: &Course, spans: &[[usize; 2]]) -> Strip {
    // Pixels of the picture for each of the strip.
    let scale = course.height / FILLED;
    let columns = columns(spans, scale);
    let width = columns.len();
    let mut levels = vec![0.0_f32; HEIGHT * width];
    // Widening takes time by the square of the scale, and a few pixels for each of the strip's are enough to widen.
    let step = if radius(shape, scale) > 0.0 { ((scale / 3.0) as usize).max(1) } else { 1 };
    let coarse = (step > 1).then(|| coarser(shape, step));
    let shape = coarse.as_ref().unwrap_or(shape);
    let ink = Samples { shape, frame, step: step as f32, radius: radius(shape, scale / step as f32) };
    for (column, &x) in columns.iter().enumerate() {
        let middle = course.top_at(x) + 0.5 * course.height;
        for row in 0..HEIGHT {
            let y = middle + (row as f32 + 0.5 - MIDDLE) * scale;
            levels[row * width + column] = ink.mean(x, y, scale);
        }
    }
    let places =
        columns.iter().map(|&x| Place { x, rows: [course.top_at(x), course.top_at(x) + course.height] }).collect();
    let gain = gain(&levels);
    let levels = levels.iter().map(|level| (level * gain + 0.5) as u8).collect();
    Strip { width, levels, places }
}

/// The column of the picture that each column of the strip shows, at its middle.
fn columns(spans: &[[usize; 2]], scale: f32) -> Vec<f32> {
    let widest = WIDEST_GAP * FILLED;
    let mut columns = Vec::new();
    let mut run = |from: f32, to: f32| {
        let count = (((to - from) / scale).round().max(1.0) as usize).min(WIDEST);
        columns.extend((0..count).map(|i| from + (i as f32 + 0.5) * scale));
    };
    let mut from = spans[0][0] as f32 - MARGIN * scale;
    for pair in spans.windows(2) {
        let (end, start) = (pair[0][1] as f32, pair[1][0] as f32);
        if start - end > widest * scale {
            run(from, end + 0.5 * widest * scale);
            from = start - 0.5 * widest * scale;
        }
    }
    run(from, spans[spans.len() - 1][1] as f32 + MARGIN * scale);
    columns.truncate(WIDEST);
    columns
}

/// By how many pixels of the shape thin strokes are widened, of which `scale` are one of the strip.
fn radius(shape: &Shape, scale: f32) -> f32 {
    const THIN: f32 = 1.6;
    const USUAL: f32 = 2.2;
    let width = thickness::width(shape.width, shape.height, &shape.levels) / scale;
    if width >= THIN { 0.0 } else { 0.5 * (USUAL - width) * scale }
}

/// The factor that makes strong ink full ink: a thin stroke fades where pixels are averaged.
fn gain(levels: &[f32]) -> f32 {
    let mut ink: Vec<f32> = levels.iter().copied().filter(|level| *level > 32.0).collect();
    if ink.is_empty() {
        return 1.0;
    }
    let strong = ink.len() * 9 / 10;
    let strong = *ink.select_nth_unstable_by(strong, f32::total_cmp).1;
    (240.0 / strong).clamp(1.0, 4.0)
}

/// The shape with `step` by `step` pixels as one, the most ink of them: the mean of a thin stroke fades.
fn coarser(shape: &Shape, step: usize) -> Shape {
    let (width, height) = (shape.width.div_ceil(step), shape.height.div_ceil(step));
    let mut levels = vec![0_u8; width * height];
    for (y, row) in shape.levels.chunks_exact(shape.width).enumerate() {
        let to = &mut levels[y / step * width..][..width];
        for (to, pixels) in to.iter_mut().zip(row.chunks(step)) {
            *to = pixels.iter().fold(*to, |most, level| most.max(*level));
        }
    }
    Shape { width, height, levels }
}

struct Samples<'a> {
    shape: &'a Shape,
    frame: Frame,
    /// How many pixels of the picture one of the shape stands for, in either direction.
    step: f32,
    /// By how many pixels of the shape strokes are widened.
    radius: f32,
}

impl Samples<'_> {
    /// The mean ink of a square of side `scale` around a point.
    fn mean(&self, x: f32, y: f32, scale: f32) -> f32 {
        let count = ((scale / self.step).ceil() as usize).clamp(1, 6);
        let step = scale / count as f32;
        let first = 0.5 * (step - scale);
        let mut sum = 0.0;
        for i in 0..count {
            for j in 0..count {
                sum += self.at(x + first + i as f32 * step, y + first + j as f32 * step);
            }
        }
        sum / (count * count) as f32
    }

    /// The ink at a point, bilinear between the middles of pixels.
    fn at(&self, x: f32, y: f32) -> f32 {
        let (x, y) = ((x - self.frame.left as f32) / self.step, (y - self.frame.top as f32) / self.step);
        if self.radius > 0.0 {
            return self.widened(x, y);
        }
        let (x, y) = (x - 0.5, y - 0.5);
        let (column, row) = (x.floor(), y.floor());
        let (right, down) = (x - column, y - row);
        let (column, row) = (column as isize, row as isize);
        let [a, b] =
            [0, 1].map(|i| self.pixel(column, row + i) * (1.0 - right) + self.pixel(column + 1, row + i) * right);
        a * (1.0 - down) + b * down
    }

    /// The most ink within the radius.
    fn widened(&self, x: f32, y: f32) -> f32 {
        let reach = self.radius + 0.5;
        let mut most = 0.0_f32;
        for row in (y - reach).floor() as isize..=(y + reach).floor() as isize {
            for column in (x - reach).floor() as isize..=(x + reach).floor() as isize {
                let (dx, dy) = (column as f32 + 0.5 - x, row as f32 + 0.5 - y);
                let cover = (reach - dx.hypot(dy)).clamp(0.0, 1.0);
                if cover > 0.0 {
                    most = most.max(cover * self.pixel(column, row));
                }
            }
        }
        most
    }

    fn pixel(&self, column: isize, row: isize) -> f32 {
        let inside = (0..self.shape.width as isize).contains(&column) && (0..self.shape.height as isize).contains(&row);
        if inside { f32::from(self.shape.levels[row as usize * self.shape.width + column as usize]) } else { 0.0 }
    }
}

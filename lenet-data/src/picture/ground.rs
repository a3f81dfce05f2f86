//! What the picture is drawn on: whether ink is darker or brighter than it, and how bright it is where.
//!
//! All is judged on a thumbnail, in which noise has averaged out. The ground is what the border shows; where the border
//! is not of one brightness, as on photographed paper, the ground is followed into the picture by a morphological
//! closing: the least bright ground that no stroke thinner than the window could hide.

use super::Picture;
use nalgebra::{Matrix3, Vector3};

/// A thumbnail's longer side, at most.
const THUMBNAIL: usize = 256;

/// A picture with a side below has no lighting to speak of: it is a drawing, and a window would be as small as a stroke.
const PHOTO: usize = 64;

/// A line that was cut out of a photo is at least so high.
const STRIP: usize = 20;

/// The ground of a picture.
pub(super) struct Ground {
    /// Whether ink is darker than the ground.
    pub(super) dark_ink: bool,
    /// How bright the ground is.
    pub(super) level: Level,
    /// Whether the picture is a line of writing that was cut out closely.
    pub(super) cut_out: bool,
}

/// How bright the ground is: the same everywhere, or as a thumbnail shows it.
pub(super) enum Level {
    Even(f32),
    Uneven { step: usize, thumbnail: Levels },
}

/// Brightnesses row by row.
pub(super) struct Levels {
    width: usize,
    height: usize,
    data: Vec<f32>,
}

/// What a picture is searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    /// Single digits, with background around them.
    Digits,
    /// Lines of writing, which may have been cut out so closely that their ink is at the border.
    Lines,
}

impl Ground {
    pub(super) fn of(picture: &Picture, aim: Aim) -> Self {
        let step = picture.width().max(picture.height()).div_ceil(THUMBNAIL);
        let small = picture.shrunk(step);
        let thumbnail = Levels {
            width: small.width(),
            height: small.height(),
            data: small.pixels().iter().map(|&p| p.into()).collect(),
        };
        let small = picture.width().min(picture.height()) < PHOTO;
        // A small picture of a line was cut out closely: ink is as frequent at its border as elsewhere.
        let cut_out = small && aim == Aim::Lines;
        let ring = if cut_out { (0..thumbnail.data.len()).collect() } else { thumbnail.ring() };
        let plane = thumbnail.plane(&ring);
        let residual = |index: usize| thumbnail.data[index] - thumbnail.height_of(&plane, index);
        // Ink is far from the ground, and little of it: the cubes listen to the far ones and keep the sign.
        let cubes: f64 = (0..thumbnail.data.len()).map(|i| f64::from(residual(i)).powi(3)).sum();
        let dark_ink = cubes < 0.0;

        let level = median(&mut ring.iter().map(|&i| thumbnail.data[i]).collect::<Vec<_>>());
        let contrast = thumbnail.data.iter().map(|v| if dark_ink { level - v } else { v - level }).fold(0.0, f32::max);
        let high_enough = picture.width().min(picture.height()) >= if cut_out { STRIP } else { PHOTO };
        let spread = if cut_out { 0.04 } else { 0.12 };
        let level = if high_enough && thumbnail.border_spread() > spread * contrast {
            Level::Uneven { step, thumbnail: thumbnail.closed(&plane, dark_ink) }
        } else {
            Level::Even(level)
        };
        Self { dark_ink, level, cut_out }
    }
}

impl Level {
    /// The ground's brightness along row `y` of the picture.
    pub(super) fn fill_row(&self, y: usize, row: &mut [f32]) {
        match self {
            Self::Even(level) => row.fill(*level),
            Self::Uneven { step, thumbnail } => {
                let step = *step as f32;
                // A pixel of the thumbnail stands where its middle is.
                let place = |at: usize, count: usize| {
                    let at = ((at as f32 + 0.5) / step - 0.5).clamp(0.0, (count - 1) as f32);
                    (at as usize, (at as usize + 1).min(count - 1), at.fract())
                };
                let (above, below, part) = place(y, thumbnail.height);
                let at = |x: usize| {
                    let (a, b) =
                        (thumbnail.data[above * thumbnail.width + x], thumbnail.data[below * thumbnail.width + x]);
                    a + part * (b - a)
                };
                for (x, level) in row.iter_mut().enumerate() {
                    let (left, right, part) = place(x, thumbnail.width);
                    let (a, b) = (at(left), at(right));
                    *level = a + part * (b - a);
                }
            }
        }
    }
}

impl Levels {
    /// The border, a sixteenth of the shorter side wide: wider than a thin frame, so that most of it is ground.
    fn ring(&self) -> Vec<usize> {
        let wide = (self.width.min(self.height) / 16).max(1);
        let edge = |at: usize, count: usize| at < wide || at + wide >= count;
        (0..self.data.len()).filter(|i| edge(i % self.width, self.width) || edge(i / self.width, self.height)).collect()
    }

    fn coordinates(&self, index: usize) -> Vector3<f64> {
        let (x, y) = ((index % self.width) as f64, (index / self.width) as f64);
        Vector3::new(1.0, 2.0 * x / self.width as f64 - 1.0, 2.0 * y / self.height as f64 - 1.0)
    }

    fn height_of(&self, plane: &Vector3<f64>, index: usize) -> f32 {
        self.coordinates(index).dot(plane) as f32
    }

    /// The plane through the brightness of the border by least squares, three times without what lies far from it, first from
    /// its median: ink may run across the border, and a frame along it.
    fn plane(&self, ring: &[usize]) -> Vector3<f64> {
        let level = median(&mut ring.iter().map(|&i| self.data[i]).collect::<Vec<_>>());
        let mut plane = Vector3::new(f64::from(level), 0.0, 0.0);
        let mut kept = ring.to_vec();
        for _ in 0..3 {
            let distance = |i: usize| (self.data[i] - self.height_of(&plane, i)).abs();
            let usual = median(&mut kept.iter().map(|&i| distance(i)).collect::<Vec<_>>());
            // 3.7 medians are 2.5 standard deviations; a level more for borders that are all alike.
            kept.retain(|&i| distance(i) <= 3.7 * usual + 1.0);
            if kept.is_empty() {
                break;
            }
            plane = self.least_squares(&kept);
        }
        plane
    }

    fn least_squares(&self, indexes: &[usize]) -> Vector3<f64> {
        let (mut squares, mut products) = (Matrix3::zeros(), Vector3::zeros());
        for &index in indexes {
            let at = self.coordinates(index);
            squares += at * at.transpose();
            products += at * f64::from(self.data[index]);
        }
        // A picture one pixel wide has no slope across.
        let level = || Vector3::new(products[0] / indexes.len() as f64, 0.0, 0.0);
        if self.width.min(self.height) < 3 {
            return level();
        }
        squares.try_inverse().map_or_else(level, |inverse| inverse * products)
    }

    /// By how much the brightness differs along the border: between the medians of four parts of each side, the darkest
    /// and the brightest left out, since ink may lie there.
    fn border_spread(&self) -> f32 {
        let wide = (self.width.min(self.height) / 16).max(1);
        let mut parts = Vec::new();
        for part in 0..4 {
            let columns = part * self.width / 4..(part + 1) * self.width / 4;
            let rows = part * self.height / 4..(part + 1) * self.height / 4;
            parts.push(self.median_of(columns.clone(), 0..wide));
            parts.push(self.median_of(columns, self.height - wide..self.height));
            parts.push(self.median_of(0..wide, rows.clone()));
            parts.push(self.median_of(self.width - wide..self.width, rows));
        }
        parts.retain(|part| !part.is_nan());
        parts.sort_by(f32::total_cmp);
        if parts.len() < 4 { 0.0 } else { parts[parts.len() - 2] - parts[1] }
    }

    fn median_of(&self, columns: std::ops::Range<usize>, rows: std::ops::Range<usize>) -> f32 {
        let row = |y: usize| columns.clone().map(move |x| self.data[y * self.width + x]);
        median(&mut rows.flat_map(row).collect::<Vec<_>>())
    }

    /// Strokes thinner than a third of the picture filled with the ground beside them. What is closed is the rest above the plane: of
    /// light that falls off evenly to a side nothing is left, where a closing would leave a step at the border.
    fn closed(&self, plane: &Vector3<f64>, dark_ink: bool) -> Self {
        let added = |levels: &Self, sign: f32| {
            let data = (0..levels.data.len()).map(|i| levels.data[i] + sign * levels.height_of(plane, i)).collect();
            Self { width: levels.width, height: levels.height, data }
        };
        added(&added(self, -1.0).closed_above(dark_ink), 1.0)
    }

    fn closed_above(&self, dark_ink: bool) -> Self {
        let half = (self.width.min(self.height) / 6).max(1);
        let brighter: fn(f32, f32) -> f32 = f32::max;
        let darker: fn(f32, f32) -> f32 = f32::min;
        let (first, second) = if dark_ink { (brighter, darker) } else { (darker, brighter) };
        self.window(half, first).window(half, second)
    }

    /// Each value joined with its neighbours up to `half` to each side, in rows and in columns.
    fn window(&self, half: usize, join: fn(f32, f32) -> f32) -> Self {
        let (width, height) = (self.width, self.height);
        let near = |at: usize, count: usize| at.saturating_sub(half)..(at + half + 1).min(count);
        let joined = |values: &mut dyn Iterator<Item = f32>| values.reduce(join).unwrap_or_default();
        let across: Vec<f32> = (0..width * height)
            .map(|i| joined(&mut near(i % width, width).map(|x| self.data[i / width * width + x])))
            .collect();
        let data = (0..width * height)
            .map(|i| joined(&mut near(i / width, height).map(|y| across[y * width + i % width])))
            .collect();
        Self { width, height, data }
    }
}

/// The middle value; NaN of none.
fn median(values: &mut [f32]) -> f32 {
    if values.is_empty() {
        return f32::NAN;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}

//! How much ink is where: the picture's distance from its ground, 255 where the pen was.
//!
//! The grey of the edges stays, as MNIST's digits have it. Three levels are found beside: what is surely ink
//! (`threshold`), what may be the edge of it (`gate`) and, by scaling, what full ink is.

use super::{
    Picture, PictureError,
    ground::{Aim, Ground, Level},
};

/// Ink fainter than this, of 255 levels, is not told from the ground's own changes.
const FAINTEST: usize = 12;

/// Pixels nearer to the ground than this tell of its noise, not of the edges of ink.
const NEAR_GROUND: f32 = 64.0;

/// Ink row by row, 0 to 255.
pub(super) struct Ink {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) levels: Vec<u8>,
    /// From here on it is ink.
    pub(super) threshold: u8,
    /// From here on it may be the edge of ink, if ink is near. At least 1.
    pub(super) gate: u8,
    /// Whether the picture has dark ink on a bright ground, which MNIST has the other way round.
    pub(super) inverted: bool,
}

impl Ink {
    /// # Errors
    /// `NoInk` if nothing stands out.
    pub(super) fn of(picture: &Picture, aim: Aim) -> Result<Self, PictureError> {
        let ground = Ground::of(picture, aim);
        let counts = Counts::of(picture, &ground);
        // The closing follows the bright side of noise: what is most frequent is the ground.
        let zero = if matches!(ground.level, Level::Uneven { .. }) { counts.most_frequent() } else { 0 };
        // A ground of pure black or white shows half of its noise, on the side where ink is too.
        let clipped = matches!(ground.level, Level::Even(level) if level == if ground.dark_ink { 255.0 } else { 0.0 });
        let noise = if clipped { noise_of_clipped(picture, &ground) } else { counts.noise(zero) };
        // The pattern of the paper behind a line that was cut out is no noise: the ink is still the darkest.
        let noise = if ground.cut_out { 0.5 * noise } else { noise };
        let full = counts.full_ink(zero, noise).ok_or(PictureError::NoInk)?;

        let scale = 255.0 / full as f32;
        let mut levels = Vec::with_capacity(picture.pixels().len());
        each_row(picture, &ground, |row| {
            // A float becomes a byte by saturation.
            levels.extend(row.iter().map(|&ink| ((ink - zero as f32) * scale + 0.5) as u8));
        });
        let surest = if ground.cut_out { 0.5 } else { 0.8 };
        let sure = (4.0 * noise * scale).clamp(0.4 * 255.0, surest * 255.0);
        let gate = (3.0 * noise * scale).clamp(0.02 * 255.0, 0.5 * sure);
        Ok(Self {
            width: picture.width(),
            height: picture.height(),
            levels,
            threshold: sure as u8,
            gate: gate.ceil() as u8,
            inverted: ground.dark_ink,
        })
    }
}

/// Calls `with` for each row of distances from the ground, towards ink: -255 to 255.
fn each_row(picture: &Picture, ground: &Ground, mut with: impl FnMut(&[f32])) {
    let mut row = vec![0.0; picture.width()];
    let uneven = matches!(ground.level, Level::Uneven { .. });
    for (y, pixels) in picture.pixels().chunks_exact(picture.width()).enumerate() {
        ground.level.fill_row(y, &mut row);
        for (ink, &pixel) in row.iter_mut().zip(pixels) {
            let (level, pixel) = (*ink, f32::from(pixel));
            *ink = match (ground.dark_ink, uneven) {
                (false, _) => pixel - level,
                (true, false) => level - pixel,
                // Less light on the paper is less light on the ink: what counts is the part that the ink takes away.
                (true, true) => ((level - pixel) * 255.0 / level.max(1.0)).max(-255.0),
            };
        }
        with(&row);
    }
}

/// The standard deviation of the noise of a ground that is as bright or dark as can be, from the differences of neighbours
/// in a row: half of them are at most 0.39 deviations of it, if all on one side of 0 has become 0.
fn noise_of_clipped(picture: &Picture, ground: &Ground) -> f32 {
    let mut counts = [0_u64; NEAR_GROUND as usize];
    each_row(picture, ground, |row| {
        for pair in row.windows(2).filter(|pair| pair[0].max(pair[1]) < NEAR_GROUND) {
            counts[(pair[0] - pair[1]).abs() as usize] += 1;
        }
    });
    let total: u64 = counts.iter().sum();
    let mut seen = 0;
    let median = counts.iter().position(|count| {
        seen += count;
        2 * seen >= total
    });
    median.unwrap_or(0) as f32 / 0.39
}

/// How often each distance from the ground occurs.
struct Counts([u64; 511]);

impl Counts {
    fn of(picture: &Picture, ground: &Ground) -> Self {
        let mut counts = [0; 511];
        each_row(picture, ground, |row| {
            row.iter().for_each(|ink| counts[((ink + 255.5) as usize).min(510)] += 1);
        });
        Self(counts)
    }

    fn at(&self, ink: i32) -> u64 {
        usize::try_from(ink + 255).ok().and_then(|index| self.0.get(index)).copied().unwrap_or(0)
    }

    /// The distance near 0 around which most pixels are.
    fn most_frequent(&self) -> i32 {
        let near = |ink: i32| (ink - 2..=ink + 2).map(|i| self.at(i)).sum::<u64>();
        (-64..64).max_by_key(|&ink| near(ink)).unwrap_or(0)
    }

    /// The standard deviation of the ground, judged on the side where no ink is: the median of the distances below
    /// `zero` (and of half of those at it).
    fn noise(&self, zero: i32) -> f32 {
        let below = |by: i32| if by == 0 { self.at(zero).div_ceil(2) } else { self.at(zero - by) };
        let total: u64 = (0..=511).map(below).sum();
        let mut seen = 0;
        for by in 0..=511 {
            let count = below(by);
            if 2 * (seen + count) >= total {
                // Within the bin, to a fraction of a level.
                let within = (total as f32 / 2.0 - seen as f32) / count.max(1) as f32;
                return if by == 0 { 0.0 } else { 1.4826 * (by as f32 - 0.5 + within) };
            }
            seen += count;
        }
        0.0
    }

    /// The distance of full ink: what nine tenths of the darker part of all that stands out of the noise do not exceed.
    fn full_ink(&self, zero: i32, noise: f32) -> Option<usize> {
        let least = FAINTEST.max((4.0 * noise).ceil() as usize);
        let out: Vec<u64> = (0..=510).map(|ink| if ink < least { 0 } else { self.at(zero + ink as i32) }).collect();
        let darker = otsu(&out)?;
        let total: u64 = out[darker..].iter().sum();
        let mut seen = 0;
        (darker..out.len()).find(|&ink| {
            seen += out[ink];
            10 * seen >= 9 * total
        })
    }
}

/// The least value of the upper class, if the values are parted in two so that the variance between the classes is largest
/// (Otsu 1979). If there is one value only, that one; `None` if there is none.
fn otsu(counts: &[u64]) -> Option<usize> {
    let total: u64 = counts.iter().sum();
    let sum: f64 = counts.iter().enumerate().map(|(value, &count)| value as f64 * count as f64).sum();
    let (mut below, mut sum_below, mut best) = (0, 0.0, (0.0, counts.iter().position(|&count| count > 0)?));
    for (value, &count) in counts.iter().enumerate() {
        if below > 0 && below < total {
            let means = sum_below / below as f64 - (sum - sum_below) / (total - below) as f64;
            let between = below as f64 * (total - below) as f64 * means * means;
            if between > best.0 {
                best = (between, value);
            }
        }
        below += count;
        sum_below += value as f64 * count as f64;
    }
    Some(best.1)
}

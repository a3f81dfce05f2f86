//! Random planar affine distortions: the second training set of the paper.
//!
//! Section III of the paper adds pictures to the training set that are distorted by random maps: horizontal and vertical
//! translation, scaling, squeezing (horizontal compression with vertical elongation, or the reverse) and horizontal
//! shearing. A map is nalgebra's [`Affine2`]; a picture is seen through it by bilinear interpolation. All is plain
//! arithmetic in a fixed order and `libm`, so that a seed has the same pictures on every machine.

use nalgebra::{Affine2, Matrix3, Translation2};
use rand::Rng;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use rand_distr::{Distribution, Uniform};

use crate::{DataError, Image, elastic::Field};

/// The centre of a picture, in both directions: whole coordinates are the centres of pixels.
const CENTRE: f64 = 13.5;

/// How far random planar affine maps may go.
///
/// ```
/// use lenet_data::Distortion;
///
/// let distortion = Distortion { shear: 0.3, ..Distortion::NONE };
/// let mut bar = [[0; 28]; 28];
/// bar.iter_mut().for_each(|row| row[13..15].fill(255));
///
/// // Variant 0 is the original; any other is had on its own, by the seed, the picture's number and its own.
/// assert_eq!(distortion.variant(1, 42, 0, &bar), bar);
/// let slanted = distortion.variant(1, 42, 3, &bar);
/// assert_ne!(slanted, bar);
/// assert_eq!(slanted, distortion.variant(1, 42, 3, &bar));
///
/// let error = Distortion { scale: -0.1, ..distortion }.check().unwrap_err();
/// assert_eq!(error.to_string(), "distortion: scale is -0.1, expected 0 to 1; give a number between the two");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Distortion {
    /// The picture moves by up to so many pixels, uniformly, left or right and up or down: 0 to 28.
    pub translation: f64,
    /// The picture grows by a factor between 1 / (1 + scale) and 1 + scale, its logarithm uniform: 0 to 1.
    pub scale: f64,
    /// Its width is multiplied and its height divided by a factor between 1 / (1 + squeeze) and 1 + squeeze, the
    /// logarithm uniform: 0 to 1.
    pub squeeze: f64,
    /// Its rows move sideways, by up to so many pixels for each row of distance from the centre, uniformly: 0 to 1.
    pub shear: f64,
    /// The picture turns about its centre, by up to so many radians, uniformly: 0 to 4. The paper's distortions do not
    /// turn.
    pub rotation: f64,
    /// Every point moves by up to so many pixels, and its neighbours almost alike: 0 to 28 (Simard et al. 2003). The
    /// paper's distortions are affine maps alone.
    pub elastic: f64,
}

impl Distortion {
    /// The stream of ChaCha8 that variants are drawn from, the word "distort": independent of all else that a program
    /// draws from the same seed.
    pub const STREAM: u64 = u64::from_be_bytes(*b"\0distort");
    /// The stream that elastic distortions are drawn from, the word "elastic".
    pub const ELASTIC_STREAM: u64 = u64::from_be_bytes(*b"\0elastic");

    /// No distortion: every variant is the original.
    pub const NONE: Self = Self { translation: 0.0, scale: 0.0, squeeze: 0.0, shear: 0.0, rotation: 0.0, elastic: 0.0 };

    /// The ranges chosen on held-out images; the paper gives none.
    pub const PAPER: Self = Self { translation: 1.0, scale: 0.05, squeeze: 0.05, shear: 0.1, ..Self::NONE };

    /// Whether every range makes sense: a number from 0 to its limit.
    ///
    /// # Errors
    /// [`DataError::DistortionRange`] names the first range that does not.
    pub fn check(&self) -> Result<(), DataError> {
        let Self { translation, scale, squeeze, shear, rotation, elastic } = *self;
        let ranges = [
            ("translation", translation, 28.0),
            ("scale", scale, 1.0),
            ("squeeze", squeeze, 1.0),
            ("shear", shear, 1.0),
            ("rotation", rotation, 4.0),
            ("elastic", elastic, 28.0),
        ];
        match ranges.into_iter().find(|(_, value, most)| !(0.0..=*most).contains(value)) {
            Some((range, value, most)) => Err(DataError::DistortionRange { range, value, most }),
            None => Ok(()),
        }
    }

    /// A random map, as [`warp`] needs it: from where a pixel is in the distorted picture to where it was in the original.
    /// Its inverse is the distortion itself, which scales and squeezes the picture about its centre, shears it, turns it,
    /// and then moves it. The elastic part is not included. Points are (column, row), in pixels, and (0, 0) is the middle of the first.
    ///
    /// A range that is not a finite number of 0 or more counts as 0. What else [`check`](Self::check) refuses is drawn
    /// as it is asked for: so large a scale may end in a map that cannot be inverted.
    ///
    /// ```
    /// use lenet_data::Distortion;
    /// use nalgebra::{Point2, distance};
    /// use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
    ///
    /// let distortion = Distortion { translation: 3.0, ..Distortion::NONE };
    /// let map = distortion.draw(&mut ChaCha8Rng::seed_from_u64(1));
    /// let centre = Point2::new(13.5, 13.5);
    /// assert!((0.1..4.3).contains(&distance(&(map * centre), &centre)));
    /// ```
    pub fn draw(&self, random: &mut impl Rng) -> Affine2<f32> {
        let mut within =
            |range: f64| Uniform::new_inclusive(-range, range).map_or(0.0, |uniform| uniform.sample(random));
        let [right, down] = [self.translation; 2].map(&mut within);
        let [scale, squeeze] = [self.scale, self.squeeze].map(|range| libm::exp(within(libm::log1p(range))));
        let shear = within(self.shear);
        let (sin, cos) = libm::sincos(within(self.rotation));

        // The distortion is (cos, -sin; sin, cos) (width, shear * height; 0, height) about the centre. This is its inverse.
        let (width, height) = (scale * squeeze, scale / squeeze);
        #[rustfmt::skip]
        let linear = Matrix3::new(
            1.0 / width, -shear / width, 0.0,
            0.0,         1.0 / height,   0.0,
            0.0,         0.0,            1.0,
        ) * Matrix3::new(
            cos,  sin, 0.0,
            -sin, cos, 0.0,
            0.0,  0.0, 1.0,
        );
        let map = Translation2::new(CENTRE, CENTRE)
            * Affine2::from_matrix_unchecked(linear)
            * Translation2::new(-CENTRE - right, -CENTRE - down);
        Affine2::from_matrix_unchecked(map.matrix().map(|number| number as f32))
    }

    /// Variant `variant` of picture number `index`, of which variant 0 is the original. The seed and the two numbers
    /// decide, so any variant can be had alone, in any order and on any thread.
    ///
    /// Its map is drawn from block `index * 2^32 + variant`, of sixteen words, of the stream [`Distortion::STREAM`] of
    /// `ChaCha8Rng::seed_from_u64(seed)`. The elastic part is drawn from block eight times that number of the stream
    /// [`Distortion::ELASTIC_STREAM`].
    #[must_use]
    pub fn variant(&self, seed: u64, index: u32, variant: u32, image: &Image) -> Image {
        if variant == 0 {
            return *image;
        }
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(Self::STREAM);
        let number = u128::from(index) << 32 | u128::from(variant);
        random.set_word_pos(16 * number);
        let map = self.draw(&mut random);
        let field = (self.elastic > 0.0 && self.elastic.is_finite()).then(|| {
            random.set_stream(Self::ELASTIC_STREAM);
            random.set_word_pos(8 * 16 * number);
            Field::draw(self.elastic as f32, &mut random)
        });
        seen(image, &map, field.as_ref())
    }
}

/// The picture seen through a map: pixel (column, row) of the result is what `image` shows at `map * (column, row)`, by
/// bilinear interpolation, rounded. Around the picture is ground, and wherever the map leads to no number.
///
/// ```
/// use lenet_data::{Image, warp};
/// use nalgebra::{Affine2, Translation2};
///
/// let mut image: Image = [[0; 28]; 28];
/// image[10][20] = 200;
/// // What is seen at (x, y) lies at (x + 2.5, y - 1) of the original: everything goes left and down.
/// let map = Affine2::identity() * Translation2::new(2.5, -1.0);
/// let seen = warp(&image, &map);
/// assert_eq!(seen[11][16..20], [0, 100, 100, 0]);
/// ```
#[must_use]
pub fn warp(image: &Image, map: &Affine2<f32>) -> Image {
    seen(image, map, None)
}

/// The picture seen through a map, after which each pixel's place moves as the field says.
fn seen(image: &Image, map: &Affine2<f32>, field: Option<&Field>) -> Image {
    // With a margin of ground: one pixel above and left, at least two below and right.
    const STRIDE: usize = 32;
    let mut ground = [0_u8; STRIDE * (STRIDE + 2)];
    for (padded, row) in ground.chunks_exact_mut(STRIDE).skip(1).zip(image) {
        padded[1..29].copy_from_slice(row);
    }
    // The four corners of every cell in one number, so that a pixel of the result reads memory once.
    let mut cells = [0_u32; STRIDE * STRIDE];
    for (cell, corners) in cells.iter_mut().enumerate() {
        *corners = u32::from_le_bytes([0, 1, STRIDE, STRIDE + 1].map(|offset| ground[cell + offset]));
    }

    let m = map.matrix();
    let mut seen = [[0; 28]; 28];
    for (row, seen) in seen.iter_mut().enumerate() {
        let [x0, y0] = [0, 1].map(|axis| m[(axis, 1)] * row as f32 + (m[(axis, 2)] + 1.0));
        let [dx, dy] = field.map_or([[0.0; 28]; 2], |field| field.row(row));
        // Three loops, of which the first and the last become vector code.
        let (mut cell, mut right, mut down) = ([0; 28], [0.0; 28], [0.0; 28]);
        for column in 0..28 {
            let (left, x) = whole_and_part(x0 + m[(0, 0)] * column as i32 as f32 + dx[column]);
            let (above, y) = whole_and_part(y0 + m[(1, 0)] * column as i32 as f32 + dy[column]);
            (cell[column], right[column], down[column]) = (above << STRIDE.ilog2() | left, x, y);
        }
        let mut corners = [0; 28];
        for (corners, cell) in corners.iter_mut().zip(cell) {
            *corners = cells[cell as usize % cells.len()];
        }
        for column in 0..28 {
            let [a, b, c, d] = [0, 8, 16, 24].map(|shift| (corners[column] >> shift & 0xff) as i32 as f32);
            let above = a + right[column] * (b - a);
            let below = c + right[column] * (d - c);
            seen[column] = rounded(above + down[column] * (below - above)) as u8;
        }
    }
    seen
}

/// The number rounded to a whole one, if it is from 0 to below 2^23. An addition does it, by making the number so large that
/// its mantissa has no place for a fraction; `as` would also have to ask whether it is a number, and in range.
#[inline(always)]
fn rounded(number: f32) -> u32 {
    const NO_FRACTION: f32 = (1 << 23) as f32;
    (number + NO_FRACTION).to_bits() & 0x7f_ffff
}

/// A coordinate as the cell it lies in, 0 to 28, and how far inside, 0 to 1. Beyond the margin of ground is more ground.
#[inline(always)]
fn whole_and_part(coordinate: f32) -> (u32, f32) {
    let coordinate = if coordinate > 0.0 { coordinate.min(29.0) } else { 0.0 };
    let whole = rounded((coordinate - 0.5).max(0.0));
    (whole, coordinate - whole as i32 as f32)
}

/// The picture made smaller about its centre: by a factor of 0.8, what was 20 by 20 becomes 16 by 16, the size of the digits
/// that LeNet-1 was made for. Each pixel of the result is the mean of the square it covers in the original, so that the ink
/// is `factor` squared of what it was. A factor of 1 changes nothing, nor does any that is not below 1; one that is not
/// above 0 leaves ground.
///
/// ```
/// use lenet_data::{Image, shrink};
///
/// let mut square: Image = [[0; 28]; 28];
/// square[4..24].iter_mut().for_each(|row| row[4..24].fill(255));
/// let mut smaller: Image = [[0; 28]; 28];
/// smaller[6..22].iter_mut().for_each(|row| row[6..22].fill(255));
/// assert_eq!(shrink(&square, 0.8), smaller);
/// ```
#[must_use]
pub fn shrink(image: &Image, factor: f32) -> Image {
    let factor = factor.min(1.0);
    // share[i][j]: how much of pixel i of the result is pixel j of the original, along one axis.
    let edge = |pixel: usize| (pixel as f32 - 14.0) / factor + 14.0;
    let mut share = [[0.0_f32; 28]; 28];
    for (i, share) in share.iter_mut().enumerate() {
        for (j, share) in share.iter_mut().enumerate() {
            let (first, last) = (edge(i).max(j as f32), edge(i + 1).min(j as f32 + 1.0));
            *share = factor * (last - first).max(0.0);
        }
    }

    // The mean of rows, then of columns.
    let mut smaller = [[0; 28]; 28];
    for (i, smaller) in smaller.iter_mut().enumerate() {
        let mut mean = [0.0; 28];
        for (share, row) in share[i].iter().zip(image) {
            for (mean, &pixel) in mean.iter_mut().zip(row) {
                *mean += share * f32::from(pixel);
            }
        }
        for (pixel, share) in smaller.iter_mut().zip(&share) {
            let sum: f32 = share.iter().zip(mean).map(|(share, mean)| share * mean).sum();
            *pixel = (sum + 0.5) as u8;
        }
    }
    smaller
}

//! A digit as the paper's demonstrations alter it (LeCun et al. 1998, figs. 13 and 14): moved, scaled, turned, slanted, drawn
//! with another pen, and noisy.

use lenet_data::warp;
use lenet_model::Image;
use nalgebra::{Affine2, Matrix3, Rotation2, Translation2};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How to alter a digit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alteration {
    /// To the right, in pixels.
    pub right: f32,
    /// Downwards, in pixels.
    pub down: f32,
    /// The factor of its size; 1 leaves it.
    pub scale: f32,
    /// Clockwise, in degrees.
    pub turn: f32,
    /// How far a row moves to the right for each row that it is above the middle.
    pub slant: f32,
    /// How far the pen grows, in pixels to each side; thinner below 0.
    pub pen: f32,
    /// The part of the pixels that are replaced by others, 0 to 1.
    pub noise: f32,
}

impl Alteration {
    /// None at all.
    pub const NONE: Self = Self { right: 0.0, down: 0.0, scale: 1.0, turn: 0.0, slant: 0.0, pen: 0.0, noise: 0.0 };

    /// The digit, altered. The same alteration of the same digit gives the same image.
    ///
    /// ```
    /// use lenet_web::engine::alter::Alteration;
    /// let mut bar = [[0; 28]; 28];
    /// (4..24).for_each(|row| bar[row][13..15].fill(255));
    /// assert_eq!(Alteration::NONE.of(&bar), bar);
    /// let moved = Alteration { right: 3.0, ..Alteration::NONE }.of(&bar);
    /// assert_eq!((moved[10][13], moved[10][16]), (0, 255));
    /// let lying = Alteration { turn: 90.0, ..Alteration::NONE }.of(&bar);
    /// assert_eq!((lying[10][13], lying[13][8]), (0, 255));
    /// let thick = Alteration { pen: 1.0, ..Alteration::NONE }.of(&bar);
    /// assert_eq!((thick[10][12], thick[10][11]), (255, 0));
    /// let thin = Alteration { pen: -0.5, ..Alteration::NONE }.of(&bar);
    /// assert_eq!(thin[10][13], 128);
    /// ```
    #[must_use]
    pub fn of(&self, image: &Image) -> Image {
        let drawn = penned(image, self.pen);
        let middle = Translation2::new(13.5, 13.5);
        let size = 1.0 / self.scale.clamp(0.1, 10.0);
        let slant_and_size = Matrix3::new(size, size * self.slant, 0.0, 0.0, size, 0.0, 0.0, 0.0, 1.0);
        // `warp` asks where a pixel comes from: the inverse of each step, the last step first.
        let map = Affine2::identity()
            * middle
            * Affine2::from_matrix_unchecked(slant_and_size)
            * Rotation2::new(-self.turn.to_radians())
            * middle.inverse()
            * Translation2::new(-self.right, -self.down);
        noisy(warp(&drawn, &map), self.noise)
    }
}

/// The digit drawn with a wider or narrower pen: a mixture of the image and of the largest (smallest) of each pixel and its
/// four neighbours, once for each whole pixel.
fn penned(image: &Image, pen: f32) -> Image {
    let mut image = *image;
    let mut left = pen.abs().min(4.0);
    let choose = if pen < 0.0 { u8::min } else { u8::max };
    while left > 0.0 {
        let part = left.min(1.0);
        let before = image;
        let at = |row: usize, column: usize| before.get(row).and_then(|cells| cells.get(column)).copied().unwrap_or(0);
        for (r, row) in image.iter_mut().enumerate() {
            for (c, level) in row.iter_mut().enumerate() {
                let near = [(r.wrapping_sub(1), c), (r + 1, c), (r, c.wrapping_sub(1)), (r, c + 1)];
                let most = near.into_iter().fold(*level, |most, (r, c)| choose(most, at(r, c)));
                *level = (f32::from(*level) + part * (f32::from(most) - f32::from(*level)) + 0.5) as u8;
            }
        }
        left -= part;
    }
    image
}

/// The image with a part of its pixels replaced. More noise replaces the same pixels and others.
fn noisy(mut image: Image, part: f32) -> Image {
    let mut random = ChaCha8Rng::seed_from_u64(1998);
    for level in image.as_flattened_mut() {
        let [chance, other, ..] = random.next_u32().to_le_bytes();
        if f32::from(chance) < part * 256.0 {
            *level = other;
        }
    }
    image
}

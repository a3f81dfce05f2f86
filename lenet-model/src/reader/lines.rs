//! Lines to learn from and to measure with, composed of single digits.

use super::network::TILE;
use super::training::{LONGEST, Lines, Tile};
use lenet_data::LabelledImages;
use lenet_data::strings::StringRecipe;

/// Lines that are composed when they are shown, of the given digits.
#[derive(Clone, Copy, Debug)]
pub struct ComposedLines<'a> {
    /// How lines are composed. They have [`LONGEST`] digits at most.
    pub recipe: StringRecipe,
    /// The seed of the lines.
    pub seed: u64,
    /// The digits.
    pub examples: &'a LabelledImages,
    /// The indexes of the digits to use.
    pub allowed: &'a [u32],
}

impl Lines for ComposedLines<'_> {
    fn compose(&self, number: u64, tile: &mut Tile) -> Vec<u8> {
        let line = self.recipe.compose::<TILE>(self.seed, number, self.examples, self.allowed);
        *tile = line.image;
        line.digits[..LONGEST.min(line.digits.len())].to_vec()
    }
}

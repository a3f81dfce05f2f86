//! The images that a network takes, and the ten numbers that it returns.

mod lay;

#[doc(hidden)]
pub use lay::lay_images_with;
pub use lay::{Normalization, lay_images};
use lenet_layers::{Cell, Maps, Shape, Tensor};

/// An image of 28 rows and 28 columns; 0 is background, 255 is foreground.
pub type Image = [[u8; 28]; 28];

/// An input that a 28x28 image fits into: one map, no smaller than the image.
pub trait ImageInput: Shape + Sized {
    /// Puts one image in the middle of each lane, with background around it; lanes without an image are all background.
    ///
    /// # Panics
    /// If there are more images than lanes.
    fn lay<T: Cell>(x: &mut Tensor<Self, T>, images: &[&Image], normalization: Normalization);
}
impl<const H: usize, const W: usize> ImageInput for Maps<1, H, W> {
    fn lay<T: Cell>(x: &mut Tensor<Self, T>, images: &[&Image], normalization: Normalization) {
        lay_images(x, images, normalization);
    }
}

/// The score of each digit, from a network's outputs: the outputs, or the penalties negated.
pub(crate) fn scores(outputs: [f32; 10], penalties: bool) -> [f32; 10] {
    if penalties { outputs.map(|y| -y) } else { outputs }
}

/// The digit with the largest score; among equals the first.
///
/// ```
/// assert_eq!(lenet_model::most_likely(&[0.0, 0.5, -1.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), 1);
/// ```
#[must_use]
pub fn most_likely(outputs: &[f32; 10]) -> usize {
    (1..10).fold(0, |best, i| if outputs[i] > outputs[best] { i } else { best })
}

//! The pictures that go into a network, and the ten numbers that come out.

mod lay;

pub use lay::{Normalization, lay_images};
use lenet_layers::{Cell, Maps, Shape, Tensor};

/// A picture of 28 rows and 28 columns; 0 is ground, 255 is ink.
pub type Image = [[u8; 28]; 28];

/// An input that a picture of 28x28 can be laid in: one map, no smaller than the picture.
pub trait ImageInput: Shape + Sized {
    /// Lays one picture in each lane, in the middle, with ground around it; lanes without one are all ground.
    ///
    /// # Panics
    /// If there are more pictures than lanes.
    fn lay<T: Cell>(x: &mut Tensor<Self, T>, images: &[&Image], normalization: Normalization);
}
impl<const H: usize, const W: usize> ImageInput for Maps<1, H, W> {
    fn lay<T: Cell>(x: &mut Tensor<Self, T>, images: &[&Image], normalization: Normalization) {
        lay_images(x, images, normalization);
    }
}

/// What speaks for each digit, from a network's outputs: the outputs, or the penalties negated.
pub(crate) fn scores(outputs: [f32; 10], penalties: bool) -> [f32; 10] {
    if penalties { outputs.map(|y| -y) } else { outputs }
}

/// The digit whose score is the largest; of equals the first.
///
/// ```
/// assert_eq!(lenet_model::most_likely(&[0.0, 0.5, -1.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), 1);
/// ```
pub fn most_likely(outputs: &[f32; 10]) -> usize {
    (1..10).fold(0, |best, i| if outputs[i] > outputs[best] { i } else { best })
}

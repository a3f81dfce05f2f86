//! From grey pixels to input cells: normalised, padded and laid side by side in one pass.

use crate::{Cell, Element, Maps, Tensor};

/// The straight line that takes a grey level of 0..=255 (0 the ground, 255 the ink) to the value a network sees.
///
/// ```
/// let paper = lenet_tensor::Normalization::PAPER;
/// assert_eq!(paper.apply(0), -0.1);
/// assert_eq!(paper.apply(255), 1.175);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalization {
    /// What a pixel of ground becomes.
    pub ground: f32,
    /// What a pixel of full ink becomes.
    pub ink: f32,
}

impl Normalization {
    /// Background -0.1, ink 1.175 (LeCun et al. 1998, section II.B).
    pub const PAPER: Self = Normalization { ground: -0.1, ink: 1.175 };

    /// The value of one grey level.
    #[inline]
    pub fn apply(self, pixel: u8) -> f32 {
        // Written as a mean of the ends, so that both ends come out exactly.
        let t = f32::from(pixel) / 255.0;
        self.ground * (1.0 - t) + self.ink * t
    }
}

impl<const H: usize, const W: usize, T: Cell> Tensor<Maps<1, H, W>, T> {
    /// Lays one image in each lane, centred, with ground around it; lanes without an image are all ground.
    ///
    /// # Panics
    /// If there are more images than lanes. That an image is no larger than the map is checked when the program is
    /// compiled.
    ///
    /// ```
    /// use lenet_tensor::{Maps, Normalization, Tensor};
    /// let mut x = Tensor::<Maps<1, 4, 4>>::ZERO;
    /// x.lay(&[&[[0, 255], [255, 0]]], Normalization::PAPER);
    /// assert_eq!(x.data[0][0], [-0.1; 4]);
    /// assert_eq!(x.data[0][1], [-0.1, -0.1, 1.175, -0.1]);
    /// ```
    pub fn lay<const IH: usize, const IW: usize>(&mut self, images: &[&[[u8; IW]; IH]], normalization: Normalization) {
        const { assert!(IH <= H && IW <= W, "the image is larger than the map it is laid in") };
        assert!(images.len() <= T::LANES, "{} images for {} lanes", images.len(), T::LANES);
        let values: [T::Element; 256] =
            core::array::from_fn(|p| T::Element::from_f64(f64::from(normalization.apply(p as u8))));
        let (top, left) = ((H - IH) / 2, (W - IW) / 2);
        self.fill(T::splat(values[0]));
        for (row, cells) in self.data[0][top..top + IH].iter_mut().enumerate() {
            for (column, cell) in cells[left..left + IW].iter_mut().enumerate() {
                for (lane, image) in cell.lanes_mut().iter_mut().zip(images) {
                    *lane = values[usize::from(image[row][column])];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Lanes;

    #[test]
    fn each_image_has_its_lane_and_the_rest_is_ground() {
        let (a, b) = ([[1u8, 2], [3, 4]], [[5u8, 6], [7, 8]]);
        let mut x = Tensor::<Maps<1, 6, 4>, Lanes<4>>::ZERO;
        let norm = Normalization { ground: 0.0, ink: 255.0 };
        x.lay(&[&a, &b], norm);
        assert_eq!(x.data[0][2][1].0, [1.0, 5.0, 0.0, 0.0]);
        assert_eq!(x.data[0][3][2].0, [4.0, 8.0, 0.0, 0.0]);
        assert_eq!(x.cells().iter().map(|c| c.sum()).sum::<f32>(), 36.0);
        x.lay(&[&b], norm);
        assert_eq!(x.data[0][2][1].0, [5.0, 0.0, 0.0, 0.0], "what lay there before is gone");
    }
}

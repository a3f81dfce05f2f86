//! A picture: grey levels, row by row.

use super::PictureError;

/// A picture in grey levels, row by row: 0 is black, 255 is white. It has at least one pixel.
///
/// ```
/// use lenet_data::Picture;
///
/// let picture = Picture::from_grey(3, 2, vec![0, 100, 255, 20, 30, 40])?;
/// assert_eq!((picture.width(), picture.height()), (3, 2));
/// assert_eq!(picture.pixels()[3], 20);
///
/// let error = Picture::from_grey(3, 2, vec![0; 5]).unwrap_err();
/// assert_eq!(error.to_string(), "5 pixels do not fill a picture of 3x2; give 6");
/// # Ok::<(), lenet_data::PictureError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Picture {
    /// A picture of `width` times `height` grey levels, row by row.
    ///
    /// # Errors
    /// If there are none, or not as many as the two sides say.
    pub fn from_grey(width: usize, height: usize, pixels: Vec<u8>) -> Result<Self, PictureError> {
        if width == 0 || height == 0 {
            return Err(PictureError::NoPixels { width, height });
        }
        match width.checked_mul(height) {
            Some(expected) if expected == pixels.len() => Ok(Self { width, height, pixels }),
            Some(expected) => Err(PictureError::Pixels { width, height, found: pixels.len(), expected }),
            None => Err(PictureError::Pixels { width, height, found: pixels.len(), expected: usize::MAX }),
        }
    }

    /// Pixels in a row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// The grey levels, row by row.
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    pub(super) fn into_pixels(self) -> Vec<u8> {
        self.pixels
    }

    /// A picture in which `step` times `step` pixels have become one, their mean; at the right and at the bottom what
    /// is left of them.
    pub(super) fn shrunk(&self, step: usize) -> Self {
        let (width, height) = (self.width.div_ceil(step), self.height.div_ceil(step));
        let mut pixels = Vec::with_capacity(width * height);
        let mut sums = vec![0_u32; width];
        for rows in self.pixels.chunks(step * self.width) {
            sums.fill(0);
            for row in rows.chunks_exact(self.width) {
                for (sum, group) in sums.iter_mut().zip(row.chunks(step)) {
                    *sum += group.iter().map(|&p| u32::from(p)).sum::<u32>();
                }
            }
            let in_rows = rows.len() / self.width;
            pixels.extend(sums.iter().enumerate().map(|(x, sum)| {
                let count = (in_rows * step.min(self.width - x * step)) as u32;
                ((sum + count / 2) / count) as u8
            }));
        }
        Self { width, height, pixels }
    }
}

/// Its size, not the pixels.
impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Picture").field("width", &self.width).field("height", &self.height).finish_non_exhaustive()
    }
}

/// A 28x28 image of MNIST's form, as a picture: white ink on a black ground.
///
/// ```
/// use lenet_data::Picture;
///
/// let mut image = [[0; 28]; 28];
/// image[3][5] = 255;
/// assert_eq!(Picture::from(&image).pixels()[3 * 28 + 5], 255);
/// ```
impl From<&crate::Image> for Picture {
    fn from(image: &crate::Image) -> Self {
        Self { width: 28, height: 28, pixels: image.as_flattened().to_vec() }
    }
}

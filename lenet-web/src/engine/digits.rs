//! Digits that travel with the page: sixteen grey levels are enough to see them, and to learn from them.

use lenet_model::Image;

/// Labelled images, packed: the number of images (4 bytes, little-endian), their labels (a byte each), then two pixels to a
/// byte, the first in the lower half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digits {
    /// The images; grey levels are multiples of 17.
    pub images: Vec<Image>,
    /// As many labels, 0 to 9.
    pub labels: Vec<u8>,
}

/// The bytes are not packed digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DigitsError;

impl std::fmt::Display for DigitsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("these bytes are not packed digits: give those that `Digits::packed` made")
    }
}

impl std::error::Error for DigitsError {}

/// The bytes of an image.
const BYTES: usize = 28 * 28 / 2;

impl Digits {
    /// Packs images; grey levels are rounded to sixteen.
    ///
    /// ```
    /// use lenet_web::engine::Digits;
    /// let mut image = [[0; 28]; 28];
    /// image[3][4] = 255;
    /// image[3][5] = 100;
    /// let digits = Digits::unpacked(&Digits::packed(&[image], &[7]))?;
    /// assert_eq!((digits.images[0][3][4], digits.images[0][3][5], digits.labels[0]), (255, 102, 7));
    /// assert!(Digits::unpacked(&[1, 0, 0, 0]).is_err());
    /// # Ok::<(), lenet_web::engine::DigitsError>(())
    /// ```
    #[must_use]
    pub fn packed(images: &[Image], labels: &[u8]) -> Vec<u8> {
        let count = images.len().min(labels.len());
        let mut bytes = (count as u32).to_le_bytes().to_vec();
        bytes.extend(&labels[..count]);
        let sixteenth = |level: u8| (u16::from(level) * 15 + 127) / 255;
        for image in &images[..count] {
            let (pairs, _) = image.as_flattened().as_chunks::<2>();
            bytes.extend(pairs.iter().map(|[a, b]| (sixteenth(*a) | sixteenth(*b) << 4) as u8));
        }
        bytes
    }

    /// Unpacks what [`Digits::packed`] made.
    ///
    /// # Errors
    /// If the bytes are something else.
    pub fn unpacked(bytes: &[u8]) -> Result<Self, DigitsError> {
        let (count, rest) = bytes.split_first_chunk().ok_or(DigitsError)?;
        let count = u32::from_le_bytes(*count) as usize;
        let (labels, pixels) = rest.split_at_checked(count).ok_or(DigitsError)?;
        if count.checked_mul(BYTES) != Some(pixels.len()) || labels.iter().any(|label| *label > 9) {
            return Err(DigitsError);
        }
        let image = |bytes: &[u8]| {
            let mut image = [[0; 28]; 28];
            let (pairs, _) = image.as_flattened_mut().as_chunks_mut::<2>();
            for (pair, byte) in pairs.iter_mut().zip(bytes) {
                *pair = [(byte & 15) * 17, (byte >> 4) * 17];
            }
            image
        };
        Ok(Self { images: pixels.chunks_exact(BYTES).map(image).collect(), labels: labels.to_vec() })
    }
}

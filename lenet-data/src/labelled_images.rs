//! Images with their labels: the one form in which data reaches training.

use std::fmt;

use crate::DataError;

/// One 28x28 image, row by row; 0 = ground, 255 = ink.
pub type Image = [[u8; 28]; 28];

/// Refuses the images of a file if their grey levels are 0 and 1. If all are 0, nothing tells what the largest would be.
pub(crate) fn check_levels(images: &[Image], file: &str) -> Result<(), DataError> {
    let levels = images.as_flattened().as_flattened();
    if levels.iter().all(|level| *level <= 1) && levels.contains(&1) {
        return Err(DataError::GreyLevels { file: file.to_owned() });
    }
    Ok(())
}

/// Images and as many labels; at least one, every label 0 to 9.
///
/// ```
/// use lenet_data::LabelledImages;
///
/// let mut examples = LabelledImages::new(vec![[[0; 28]; 28], [[255; 28]; 28]], vec![7, 3])?;
/// assert_eq!(examples.class_counts(), [0, 0, 0, 1, 0, 0, 0, 1, 0, 0]);
/// assert_eq!(examples.mean_and_deviation(), (0.5, 0.5));
/// examples.truncate(1);
/// assert_eq!(examples.labels(), [7]);
/// # Ok::<(), lenet_data::DataError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct LabelledImages {
    images: Vec<Image>,
    labels: Vec<u8>,
}

// Never empty, so there is no is_empty() to offer.
#[allow(clippy::len_without_is_empty)]
impl LabelledImages {
    /// Puts images and labels together, if they belong together.
    ///
    /// # Errors
    /// If there are no images, not as many labels as images, or a label above 9.
    pub fn new(images: Vec<Image>, labels: Vec<u8>) -> Result<Self, DataError> {
        Self::named(images, labels, "the images", "the labels")
    }

    /// `new`, with the names that its errors are to give.
    pub(crate) fn named(
        images: Vec<Image>,
        labels: Vec<u8>,
        images_file: &str,
        labels_file: &str,
    ) -> Result<Self, DataError> {
        if images.is_empty() && labels.is_empty() {
            return Err(DataError::Empty { file: images_file.to_owned(), dims: vec![0, 28, 28] });
        }
        if images.len() != labels.len() {
            return Err(DataError::CountsDiffer {
                images_file: images_file.to_owned(),
                labels_file: labels_file.to_owned(),
                images: images.len(),
                labels: labels.len(),
            });
        }
        if let Some(index) = labels.iter().position(|&label| label > 9) {
            let label = labels[index].into();
            return Err(DataError::WrongLabel { file: labels_file.to_owned(), index, label });
        }
        Ok(Self { images, labels })
    }

    /// The images.
    #[must_use]
    pub fn images(&self) -> &[Image] {
        &self.images
    }

    /// The labels, 0 to 9, one for each image.
    #[must_use]
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// How many examples there are: at least one.
    #[must_use]
    pub fn len(&self) -> usize {
        self.images.len()
    }

    /// Keeps the first `n` examples, and at least one.
    pub fn truncate(&mut self, n: usize) {
        self.images.truncate(n.max(1));
        self.labels.truncate(n.max(1));
    }

    /// How many examples there are of each class.
    #[must_use]
    pub fn class_counts(&self) -> [usize; 10] {
        let mut counts = [0; 10];
        for &label in &self.labels {
            counts[usize::from(label)] += 1;
        }
        counts
    }

    /// Mean and standard deviation of all pixels, with ground at 0 and ink at 1.
    #[must_use]
    pub fn mean_and_deviation(&self) -> (f64, f64) {
        // Sums of whole numbers are exact in any order.
        let (mut sum, mut squares) = (0_u64, 0_u64);
        for &pixel in self.images.as_flattened().as_flattened() {
            sum += u64::from(pixel);
            squares += u64::from(pixel).pow(2);
        }
        let pixels = (self.images.len() * 28 * 28) as f64;
        let mean = sum as f64 / pixels / 255.0;
        let square = squares as f64 / pixels / (255.0 * 255.0);
        (mean, (square - mean * mean).max(0.0).sqrt())
    }
}

/// How many there are, not the pixels.
impl fmt::Debug for LabelledImages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LabelledImages").field("len", &self.len()).finish_non_exhaustive()
    }
}

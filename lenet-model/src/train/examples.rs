//! Training data: images, their labels, and variants of the images that are made when they are shown.

use crate::image::Image;
use lenet_layers::{Class, ClassError};
use std::fmt;

/// Other images of the same digits, such as distorted ones, made from the examples when they are shown.
///
/// ```
/// use lenet_model::{Examples, Image, Variants};
///
/// /// Variant number `v` is the image moved down by `v` rows.
/// struct Lower;
/// impl Variants for Lower {
///     fn show(&self, _index: usize, variant: u32, original: &Image) -> Image {
///         let mut image = *original;
///         image.rotate_right(variant as usize);
///         image
///     }
///
///     // An 8 that is moved far is no longer known to be one.
///     fn label(&self, _index: usize, variant: u32, label: u8) -> u8 {
///         if label == 8 && variant > 5 { 0 } else { label }
///     }
/// }
///
/// let mut images = [[[0; 28]; 28]; 2];
/// images[1][10] = [255; 28];
/// assert_eq!(Lower.show(1, 3, &images[1])[13], [255; 28]);
///
/// // Two images: example 3 is variant 1 of image 1, with the label of image 1.
/// let examples = Examples::new(&images, &[4, 7])?.with_variants(&Lower);
/// assert_eq!(examples.label(3).index(), 7);
/// let examples = Examples::new(&images, &[8, 7])?.with_variants(&Lower);
/// assert_eq!([0, 10, 12, 13].map(|index| examples.label(index).index()), [8, 8, 0, 7]);
/// # Ok::<(), lenet_model::ExamplesError>(())
/// ```
pub trait Variants: Sync {
    /// Variant number `variant`, counted from 1, of image number `index`. The same arguments always give the same
    /// image.
    #[must_use]
    fn show(&self, index: usize, variant: u32, original: &Image) -> Image;

    /// The label of that variant; `label` is that of the image. Images of no class, for example, can have another label
    /// in each variant, so that the network learns to find every class equally likely.
    #[must_use]
    fn label(&self, index: usize, variant: u32, label: u8) -> u8 {
        let (_, _) = (index, variant);
        label
    }
}

/// Images and their labels. The images stay bytes; they are normalised and padded when a block is filled.
///
/// With `n` images, the examples 0 to n - 1 are the images themselves. With [`Variants`] there are more: example
/// `v n + i` is variant number `v` of image `i`.
#[derive(Clone, Copy)]
pub struct Examples<'a> {
    images: &'a [Image],
    labels: &'a [u8],
    variants: Option<&'a dyn Variants>,
    /// Whether each pass over the images shows the next variant of each.
    fresh: bool,
}

impl<'a> Examples<'a> {
    /// Images and labels that belong together, as in lenet-data's sets: `labels[i]`, 0 to 9, is the digit on
    /// `images[i]`.
    ///
    /// ```
    /// use lenet_model::{Examples, ExamplesError};
    /// let images = [[[0; 28]; 28]; 2];
    /// assert_eq!(Examples::new(&images, &[3, 9])?.all(), [0, 1]);
    /// assert!(matches!(Examples::new(&images, &[3]), Err(ExamplesError::Lengths { images: 2, labels: 1 })));
    /// assert!(matches!(Examples::new(&images, &[3, 10]), Err(ExamplesError::Label { index: 1, .. })));
    /// # Ok::<(), ExamplesError>(())
    /// ```
    ///
    /// # Errors
    /// If the numbers of labels and images differ, or a label is above 9.
    pub fn new(images: &'a [Image], labels: &'a [u8]) -> Result<Self, ExamplesError> {
        if images.len() != labels.len() {
            return Err(ExamplesError::Lengths { images: images.len(), labels: labels.len() });
        }
        for (index, label) in labels.iter().enumerate() {
            class(*label).map_err(|error| ExamplesError::Label { index, error })?;
        }
        Ok(Examples { images, labels, variants: None, fresh: false })
    }
    /// The indexes of all images, without their variants.
    #[must_use]
    pub fn all(&self) -> Vec<u32> {
        (0..self.images.len() as u32).collect()
    }
    /// The same images, followed by their variants.
    #[must_use]
    pub fn with_variants(self, variants: &'a dyn Variants) -> Self {
        Examples { variants: Some(variants), fresh: false, ..self }
    }
    /// The same images, of which every pass of a training shows another variant: the images themselves at first, then
    /// variant 1 of each, and so on. The list of examples to learn from then needs the images alone. There are variants
    /// for 2^32 presentations at most; a training that needs more is refused.
    #[must_use]
    pub fn with_fresh_variants(self, variants: &'a dyn Variants) -> Self {
        Examples { variants: Some(variants), fresh: true, ..self }
    }
    /// The distance from an example to the next variant of its image, if each pass shows another one.
    pub(crate) fn next_variant(&self) -> u32 {
        if self.fresh { self.images.len() as u32 } else { 0 }
    }
    /// The images.
    #[must_use]
    pub fn images(&self) -> &'a [Image] {
        self.images
    }
    /// The labels.
    #[must_use]
    pub fn labels(&self) -> &'a [u8] {
        self.labels
    }
    /// Whether there is an example with this index.
    pub(crate) fn has(&self, index: u32) -> bool {
        (index as usize) < self.images.len() || self.variants.is_some() && !self.images.is_empty()
    }
    /// The digit on an example.
    ///
    /// # Panics
    /// If there is no example with this index, or the label of its variant is above 9.
    #[must_use]
    pub fn label(&self, index: u32) -> Class<10> {
        let index = index as usize;
        let label = match self.variants {
            None => self.labels[index],
            Some(variants) => {
                let (picture, variant) = (index % self.labels.len(), index / self.labels.len());
                variants.label(picture, variant as u32, self.labels[picture])
            }
        };
        class(label).expect("`new` has looked at every label")
    }
    /// An example's image, made in `room` if it is a variant.
    pub(crate) fn picture<'r>(&self, index: u32, room: &'r mut Image) -> &'r Image
    where
        'a: 'r,
    {
        let Some(variants) = self.variants else { return &self.images[index as usize] };
        let (picture, variant) = (index as usize % self.images.len(), index as usize / self.images.len());
        let original = &self.images[picture];
        if variant == 0 {
            return original;
        }
        *room = variants.show(picture, variant as u32, original);
        room
    }
}

fn class(label: u8) -> Result<Class<10>, ClassError> {
    Class::new(usize::from(label))
}

/// Images and labels that do not form a set of examples.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExamplesError {
    /// The number of labels differs from the number of images.
    #[error("{labels} labels for {images} images: give one label for each image, in the same order")]
    Lengths {
        /// How many images there are.
        images: usize,
        /// How many labels there are.
        labels: usize,
    },
    /// A label that is not a digit.
    #[error("the label of image {index} is not a digit")]
    Label {
        /// The image.
        index: usize,
        /// What is wrong with its label.
        #[source]
        error: ClassError,
    },
}

impl fmt::Debug for Examples<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} examples", self.images.len())?;
        if self.variants.is_some() { f.write_str(" and their variants") } else { Ok(()) }
    }
}

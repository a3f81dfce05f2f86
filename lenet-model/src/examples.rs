//! What there is to learn from: pictures, what is on them, and variants of them that are made when they are shown.

use crate::reading::Image;
use lenet_layers::Class;
use std::fmt;

/// Other pictures of the same digits, made from the examples when they are shown: distorted ones.
pub trait Variants: Sync {
    /// Variant number `variant`, from 1, of picture number `index`: always the same one.
    fn show(&self, index: usize, variant: u32, original: &Image) -> Image;
}

/// Pictures and what is on them. The pictures stay bytes; they are normalised and padded as a block is laid out.
///
/// Of `n` pictures the examples 0 to n - 1 are the pictures themselves. With [`Variants`] there are more: example
/// `v n + i` is variant number `v` of picture `i`.
#[derive(Clone, Copy)]
pub struct Examples<'a> {
    images: &'a [Image],
    labels: &'a [Class<10>],
    variants: Option<&'a dyn Variants>,
}

impl<'a> Examples<'a> {
    /// Pictures and labels that belong together; `None` if there are not as many of the one as of the other.
    pub fn new(images: &'a [Image], labels: &'a [Class<10>]) -> Option<Self> {
        (images.len() == labels.len()).then_some(Examples { images, labels, variants: None })
    }
    /// The same pictures with their variants behind them.
    pub fn with_variants(self, variants: &'a dyn Variants) -> Self {
        Examples { variants: Some(variants), ..self }
    }
    /// The pictures.
    pub fn images(&self) -> &'a [Image] {
        self.images
    }
    /// The labels.
    pub fn labels(&self) -> &'a [Class<10>] {
        self.labels
    }
    /// Whether there is an example of this number.
    pub(crate) fn has(&self, index: u32) -> bool {
        (index as usize) < self.images.len() || self.variants.is_some() && !self.images.is_empty()
    }
    /// What is on an example.
    ///
    /// # Panics
    /// If there is no example of this number.
    pub fn label(&self, index: u32) -> Class<10> {
        let index = index as usize;
        self.labels[if self.variants.is_some() { index % self.labels.len() } else { index }]
    }
    /// An example's picture, made in `room` if it is a variant.
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

impl fmt::Debug for Examples<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} examples", self.images.len())?;
        if self.variants.is_some() { f.write_str(" and their variants") } else { Ok(()) }
    }
}

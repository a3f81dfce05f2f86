//! Distorted copies of the training images, like the paper's 540,000 beside its 60,000 originals.

use lenet_data::{Distortion, Image};
use lenet_model::Variants;
use serde::{Deserialize, Serialize};

/// Variants of each image, the original included.
pub(crate) const VARIANTS: u32 = 10;

/// Random distortions, determined by a seed.
pub(crate) struct Distorted(pub(crate) u64);

impl Variants for Distorted {
    fn show(&self, index: usize, variant: u32, original: &Image) -> Image {
        Distortion::PAPER.variant(self.0, index as u32, variant, original)
    }
}

/// The indexes of the images and of their variants; the set has `all` images.
pub(crate) fn with_variants(pictures: &[u32], all: usize) -> Vec<u32> {
    (0..VARIANTS).flat_map(|variant| pictures.iter().map(move |picture| variant * all as u32 + picture)).collect()
}

/// The parameters of the distortions, as `run.json` holds them.
#[derive(PartialEq, Serialize, Deserialize)]
pub(crate) struct DistortionRecord {
    variants: u32,
    translation: f64,
    scale: f64,
    squeeze: f64,
    shear: f64,
}

impl DistortionRecord {
    pub(crate) fn new() -> Self {
        let Distortion { translation, scale, squeeze, shear } = Distortion::PAPER;
        DistortionRecord { variants: VARIANTS, translation, scale, squeeze, shear }
    }
}

//! Variants of the training images: distorted copies, like the paper's 540,000 beside its 60,000 originals, and images
//! without a digit.

use clap::ValueEnum;
use lenet_data::strings::{european, rubbish};
use lenet_data::{Distortion, Image, LabelledImages};
use lenet_model::Variants;
use serde::{Deserialize, Serialize};

/// Variants of each image, the original included.
pub(crate) const VARIANTS: u32 = 10;
/// With `--european`, every third variant has European digits, from variant 1 on.
const EUROPEAN: u32 = 3;

/// Random distortions, determined by a seed.
#[derive(Clone, Copy)]
pub(crate) struct Distorted<'a> {
    pub(crate) seed: u64,
    pub(crate) ranges: Distortion,
    /// The labels of the digits, if the ones and sevens of some variants are written as Europeans do.
    pub(crate) european: Option<&'a [u8]>,
    /// Whether an epoch shows one variant of each image.
    pub(crate) fresh: bool,
}

impl Variants for Distorted<'_> {
    fn show(&self, index: usize, variant: u32, original: &Image) -> Image {
        // Where an epoch shows one variant of each, not those of all images are European in the same epochs.
        let turn = if self.fresh { variant.wrapping_add(index as u32) } else { variant };
        let label = self.european.filter(|_| turn % EUROPEAN == 1).map(|labels| labels[index]);
        let number = u64::from(variant) << 32 | index as u64;
        let image = label.map_or(*original, |label| european(self.seed, number, label, original));
        self.ranges.variant(self.seed, index as u32, variant, &image)
    }
}

/// Digits, distorted or not, followed by images without a digit, which are others in each variant. The label of such an image
/// is a digit drawn anew for each variant: the best answer to all of them is that every digit is equally likely.
pub(crate) struct WithRubbish<'a> {
    pub(crate) distorted: Option<Distorted<'a>>,
    pub(crate) seed: u64,
    /// Digits, and the indexes of those that images without a digit may have parts of.
    pub(crate) digits: &'a LabelledImages,
    pub(crate) allowed: &'a [u32],
    /// The number of images without a digit.
    pub(crate) count: usize,
}

impl WithRubbish<'_> {
    /// The digits, and the images without a digit as they are shown first.
    pub(crate) fn images(&self) -> (Vec<Image>, Vec<u8>) {
        let (mut images, mut labels) = (self.digits.images().to_vec(), self.digits.labels().to_vec());
        images.extend((0..self.count as u64).map(|number| rubbish(self.seed, number, self.digits, self.allowed)));
        labels.resize(images.len(), 0);
        (images, labels)
    }

    /// The number of the image without a digit.
    fn number(&self, index: usize, variant: u32) -> Option<u64> {
        Some(u64::from(variant) * self.count as u64 + index.checked_sub(self.digits.len())? as u64)
    }
}

impl Variants for WithRubbish<'_> {
    fn show(&self, index: usize, variant: u32, original: &Image) -> Image {
        match (self.number(index, variant), &self.distorted) {
            (Some(number), _) => rubbish(self.seed, number, self.digits, self.allowed),
            (None, Some(distorted)) => distorted.show(index, variant, original),
            (None, None) => *original,
        }
    }

    fn label(&self, index: usize, variant: u32, label: u8) -> u8 {
        // The middle digits of the number times the golden ratio: each digit is as frequent as the others.
        self.number(index, variant).map_or(label, |number| {
            let mixed = (number ^ self.seed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            ((mixed >> 32) % 10) as u8
        })
    }
}

/// The indexes of the images and of their variants; the set has `all` images.
pub(crate) fn with_variants(pictures: &[u32], all: usize) -> Vec<u32> {
    (0..VARIANTS).flat_map(|variant| pictures.iter().map(move |picture| variant * all as u32 + picture)).collect()
}

/// The kinds of distortions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum DistortionName {
    /// None
    None,
    /// As in 1998: ten variants of each image, moved, scaled, squeezed and slanted a little
    Paper,
    /// Turned and bent as well, and more: another variant in each epoch
    Elastic,
}

impl DistortionName {
    /// Its ranges.
    fn ranges(self) -> Distortion {
        match self {
            DistortionName::None => Distortion::NONE,
            DistortionName::Paper => Distortion::PAPER,
            DistortionName::Elastic => ELASTIC,
        }
    }
}

/// The ranges of [`DistortionName::Elastic`], chosen on held-out images (docs/recipes.md).
const ELASTIC: Distortion =
    Distortion { translation: 1.5, scale: 0.1, squeeze: 0.1, shear: 0.15, rotation: 0.1, elastic: 2.0 };

/// The parameters of the distortions, as `run.json` holds them.
#[derive(PartialEq, Serialize, Deserialize)]
pub(crate) struct DistortionRecord {
    /// The variants of each image, the original included; there are more, another one in each epoch, if it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    variants: Option<u32>,
    translation: f64,
    scale: f64,
    squeeze: f64,
    shear: f64,
    #[serde(default, skip_serializing_if = "is_zero")]
    rotation: f64,
    #[serde(default, skip_serializing_if = "is_zero")]
    elastic: f64,
    /// Whether some ones and sevens are written as Europeans do.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) european: bool,
}

impl DistortionRecord {
    /// The record of a kind of distortions; `None` if there are none.
    pub(crate) fn of(name: DistortionName, european: bool) -> Option<Self> {
        let Distortion { translation, scale, squeeze, shear, rotation, elastic } = name.ranges();
        let variants = match name {
            DistortionName::None => return None,
            DistortionName::Paper => Some(VARIANTS),
            DistortionName::Elastic => None,
        };
        Some(DistortionRecord { variants, translation, scale, squeeze, shear, rotation, elastic, european })
    }

    /// Whether this version has the same distortions.
    pub(crate) fn is_known(&self) -> bool {
        let known = |name| DistortionRecord::of(name, self.european).as_ref() == Some(self);
        [DistortionName::Paper, DistortionName::Elastic].into_iter().any(known)
    }

    /// Whether each epoch has another variant of each image.
    pub(crate) fn is_fresh(&self) -> bool {
        self.variants.is_none()
    }

    /// How far the distortions go.
    pub(crate) fn ranges(&self) -> Distortion {
        let DistortionRecord { translation, scale, squeeze, shear, rotation, elastic, .. } = *self;
        Distortion { translation, scale, squeeze, shear, rotation, elastic }
    }
}

fn is_zero(number: &f64) -> bool {
    *number == 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_of_ten_variants_have_european_ones_and_sevens() {
        let mut seven = [[0; 28]; 28];
        seven[4..24].iter_mut().for_each(|row| row[15..18].fill(255));
        seven[4..7].iter_mut().for_each(|row| row[9..18].fill(255));
        let labels = [8, 7];
        let plain = Distorted { seed: 3, ranges: Distortion::PAPER, european: None, fresh: false };
        let european = Distorted { european: Some(&labels), ..plain };
        let others = |index| -> Vec<u32> {
            let differs = |variant: &u32| plain.show(index, *variant, &seven) != european.show(index, *variant, &seven);
            (0..VARIANTS).filter(differs).collect()
        };
        assert_eq!((others(1), others(0)), (vec![1, 4, 7], vec![]));
        // Anew in each epoch: of each variant, a third of the images.
        let labels = [7; 6];
        let fresh = |labels| Distorted { european: labels, fresh: true, ..plain };
        let differs = |index: usize, variant| {
            fresh(Some(&labels)).show(index, variant, &seven) != fresh(None).show(index, variant, &seven)
        };
        for variant in 1..4 {
            assert_eq!((0..6).filter(|index| differs(*index, variant)).count(), 2, "variant {variant}");
        }
    }

    #[test]
    fn images_without_a_digit_are_others_in_each_variant_and_every_digit_is_as_likely() {
        let digits = LabelledImages::new(vec![[[9; 28]; 28]; 3], vec![4, 5, 6]).unwrap();
        let shown = WithRubbish { distorted: None, seed: 1, digits: &digits, allowed: &[0, 1, 2], count: 500 };
        let (images, labels) = shown.images();
        assert_eq!((images.len(), labels.len(), &labels[..3]), (503, 503, &[4, 5, 6][..]));
        // Digits stay, in all variants.
        assert!(
            (0..4).all(|variant| shown.show(1, variant, &images[1]) == images[1] && shown.label(1, variant, 5) == 5)
        );
        // The first variant is what `images` has; the others differ.
        let variants: Vec<Image> = (0..4).map(|variant| shown.show(70, variant, &images[70])).collect();
        assert_eq!(variants[0], images[70]);
        assert!((1..4).all(|i| !variants[..i].contains(&variants[i])));
        let mut counts = [0; 10];
        let places = (3..503).flat_map(|index| (0..10).map(move |variant| (index, variant)));
        places.for_each(|(index, variant)| counts[usize::from(shown.label(index, variant, 0))] += 1);
        assert!(counts.iter().all(|count| (400..600).contains(count)), "{counts:?}");
    }
}

//! Boosting as in the paper: networks that learn what the networks before them misread.
//!
//! "The first one is trained the usual way. The second one is trained on patterns that are filtered by the first net so
//! that the second machine sees a mix of patterns, 50% of which the first net got right, and 50% of which it got wrong.
//! Finally, the third net is trained on new patterns on which the first and the second nets disagree." (LeCun et al.
//! 1998, section III.C.8, after Drucker, Schapire and Simard 1993.) This takes more patterns than the training set has,
//! so they are distorted ones.

use super::evaluation::score;
use crate::Normalization;
use crate::image::most_likely;
use crate::{AnyNetwork, Examples};

/// A stream of variants of some images: all images in one variant, then all in the next.
///
/// `pictures` must contain indexes of existing images, and the examples must have variants; otherwise reading the
/// stream panics.
///
/// It selects examples, as indexes for [`Training`](crate::Training) to learn from. It runs on the rayon pool in which
/// it is called.
///
/// ```
/// use lenet_model::{ActivationName, Examples, Image, NetworkName, Normalization, PatternStream, Variants};
/// struct Unchanged;
/// impl Variants for Unchanged {
///     fn show(&self, _index: usize, _variant: u32, original: &Image) -> Image {
///         *original
///     }
/// }
///
/// let images = [[[0; 28]; 28]; 4];
/// let examples = Examples::new(&images, &[0, 1, 0, 2])?.with_variants(&Unchanged);
/// let normalization = Normalization::PAPER;
/// let stream = PatternStream { examples, pictures: &[0, 1, 2, 3], first: 1, last: 1, normalization };
/// // A network of zeros reads every image as a 0. Variant 1 of the four images is examples 4 to 7.
/// let network = NetworkName::LeNet1.zeroed(ActivationName::ScaledTanh);
/// assert_eq!(stream.half_wrong(&*network, 4), [5, 7, 4, 6]);
/// // Two networks that read every image as the same digit.
/// assert!(stream.disagreements(&*network, &*network, 4).is_empty());
/// # Ok::<(), lenet_model::ExamplesError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct PatternStream<'a> {
    /// The images and their variants.
    pub examples: Examples<'a>,
    /// The indexes of the images that are shown.
    pub pictures: &'a [u32],
    /// The first variant of each image that is shown.
    pub first: u32,
    /// The last variant of each image that is shown, if the variants before it do not give enough examples.
    pub last: u32,
    /// The values to which grey levels are mapped.
    pub normalization: Normalization,
}

/// The number of patterns that are read at once.
const PART: usize = 4096;

impl PatternStream<'_> {
    /// The first `count` patterns, or one fewer if `count` is odd, of which `network` misreads half and reads half
    /// correctly; fewer of both if the stream ends before.
    #[must_use]
    pub fn half_wrong(&self, network: &dyn AnyNetwork, count: usize) -> Vec<u32> {
        let (mut wrong, mut right) = (Vec::new(), Vec::new());
        let half = count / 2;
        self.walk(|part| {
            for (index, read) in part.iter().zip(self.read(network, part)) {
                let list = if read == self.label(*index) { &mut right } else { &mut wrong };
                if list.len() < half {
                    list.push(*index);
                }
            }
            right.len() < half || wrong.len() < half
        });
        let pairs = right.len().min(wrong.len());
        wrong.truncate(pairs);
        wrong.extend(&right[..pairs]);
        wrong
    }

    /// The first `count` patterns that the two networks read differently; fewer if the stream ends before.
    #[must_use]
    pub fn disagreements(&self, first: &dyn AnyNetwork, second: &dyn AnyNetwork, count: usize) -> Vec<u32> {
        let mut found = Vec::new();
        self.walk(|part| {
            let read = self.read(first, part).into_iter().zip(self.read(second, part));
            found.extend(part.iter().zip(read).filter(|(_, (a, b))| a != b).map(|(index, _)| *index));
            found.len() < count
        });
        found.truncate(count);
        found
    }

    /// Passes the stream to `see`, part by part, as long as `see` returns true.
    fn walk(&self, mut see: impl FnMut(&[u32]) -> bool) {
        let pictures = self.examples.images().len() as u32;
        for variant in self.first..=self.last {
            // An example's index must fit in a `u32`; the stream ends after the last variant whose indexes do.
            let Some(first) = variant.checked_mul(pictures).filter(|first| first.checked_add(pictures).is_some())
            else {
                return;
            };
            for part in self.pictures.chunks(PART) {
                let part: Vec<u32> = part.iter().map(|picture| first + picture).collect();
                if !see(&part) {
                    return;
                }
            }
        }
    }

    fn label(&self, index: u32) -> usize {
        self.examples.label(index).index()
    }

    fn read(&self, network: &dyn AnyNetwork, part: &[u32]) -> Vec<usize> {
        score(network, &self.examples, part, self.normalization).iter().map(most_likely).collect()
    }
}

/// The combined answer of several networks: the sum of their scores for each image, as the paper adds the outputs.
///
/// ```
/// use lenet_model::{add_scores, most_likely};
/// let only = |digit: usize, score: f32| std::array::from_fn(|i| if i == digit { score } else { 0.0 });
/// // Two networks read the one image as a 1, a third is surer that it is a 7.
/// let sums = add_scores(&[vec![only(1, 0.5)], vec![only(1, 1.0)], vec![only(7, 1.25)]]);
/// assert_eq!((sums[0][1], sums[0][7]), (1.5, 1.25));
/// assert_eq!(most_likely(&sums[0]), 1);
/// ```
///
/// # Panics
/// If a network has scores for fewer images than the first.
#[must_use]
pub fn add_scores(of_each: &[Vec<[f32; 10]>]) -> Vec<[f32; 10]> {
    let [first, others @ ..] = of_each else { return Vec::new() };
    let sum = |i: usize| core::array::from_fn(|digit| others.iter().fold(first[i][digit], |sum, o| sum + o[i][digit]));
    (0..first.len()).map(sum).collect()
}

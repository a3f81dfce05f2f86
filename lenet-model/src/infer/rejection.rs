//! Rejecting uncertain readings.

use crate::Normalization;
use crate::image::most_likely;
use crate::infer::reading::Reading;
use crate::{AnyNetwork, Examples, score};

/// How many images must be rejected to leave a given error on the rest (LeCun et al. 1998, section III.D and fig. 10).
/// [`reject`] computes it.
///
/// ```
/// use lenet_model::Rejection;
/// let rejection = Rejection { rejected: 180, total: 10_000, wrong: 49, margin: 0.4 };
/// assert_eq!(rejection.rate(), 0.018);
/// // The error on the images that are not rejected.
/// assert!((rejection.wrong as f64) < 0.005 * (rejection.total - rejection.rejected) as f64);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rejection {
    /// The number of rejected images.
    pub rejected: usize,
    /// The number of all images.
    pub total: usize,
    /// The number of errors on the rest.
    pub wrong: usize,
    /// An image is rejected if the score of the best class is ahead of the second by less than this; infinite if all
    /// are rejected.
    pub margin: f32,
}

impl Rejection {
    /// The fraction that is rejected, 0 to 1.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.rejected as f64 / self.total.max(1) as f64
    }
}

/// The difference between the best score and the second.
///
/// ```
/// assert_eq!(lenet_model::score_margin(&[0.0, 0.25, -1.0, 0.75, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), 0.5);
/// ```
#[must_use]
pub fn score_margin(scores: &[f32; 10]) -> f32 {
    let best = most_likely(scores);
    let second = (0..10).filter(|i| *i != best).map(|i| scores[i]).fold(f32::NEG_INFINITY, f32::max);
    scores[best] - second
}

/// The fewest rejections that leave an error of at most `error` on the rest: those by the smallest margin that does.
///
/// ```
/// use lenet_model::reject;
/// let sure = |digit: usize, by: f32| std::array::from_fn(|i| if i == digit { by } else { 0.0 });
/// // The third is misread, with a small margin; rejecting it leaves no error.
/// let scores = [sure(3, 1.0), sure(4, 2.0), sure(5, 0.5), sure(6, 3.0)];
/// let rejection = reject(&scores, &[3, 4, 0, 6], 0.1);
/// assert_eq!((rejection.rejected, rejection.wrong, rejection.margin), (1, 0, 1.0));
/// ```
///
/// # Panics
/// If the numbers of labels and images differ.
#[must_use]
pub fn reject(scores: &[[f32; 10]], labels: &[u8], error: f64) -> Rejection {
    assert_eq!(scores.len(), labels.len(), "one label for each image");
    let readings =
        scores.iter().zip(labels).map(|(s, label)| (score_margin(s).into(), most_likely(s) != usize::from(*label)));
    let total = scores.len();
    match fewest(readings.collect(), error) {
        // The margin was an `f32` before.
        Some((read, wrong, margin)) => Rejection { rejected: total - read, total, wrong, margin: margin as f32 },
        None => Rejection { rejected: total, total, wrong: 0, margin: f32::INFINITY },
    }
}

/// Of readings, each with how sure it is and whether it is wrong: how many are left by the fewest rejections that leave an
/// error of at most `error`, how many of those are wrong, and how sure the least sure of them is. `None` if nothing is left.
pub(crate) fn fewest(mut readings: Vec<(f64, bool)>, error: f64) -> Option<(usize, usize, f64)> {
    // The most certain first.
    readings.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut best, mut wrong) = (None, 0);
    for (i, (sureness, is_wrong)) in readings.iter().enumerate() {
        wrong += usize::from(*is_wrong);
        let read = i + 1;
        // Those that are as sure are all read or all rejected.
        let is_last = readings.get(read).is_none_or(|next| next.0 < *sureness);
        if is_last && wrong as f64 <= error * read as f64 {
            best = Some((read, wrong, *sureness));
        }
    }
    best
}

/// The smallest margin between the probabilities of the best class and the second with which at most the fraction
/// `error` of the accepted readings of the examples `indexes` is wrong; `None` if even the most certain readings are
/// too often wrong.
///
/// ```
/// use lenet_layers::Params;
/// use lenet_model::{Examples, LeNet5, Normalization, sure_margin};
/// // Takes every image for a 3, with the same margin.
/// let mut network: Box<LeNet5> = LeNet5::boxed_zeroed();
/// network.output.bias[3] = 1.0;
/// let images = [[[0; 28]; 28]; 4];
/// let examples = Examples::new(&images, &[3, 3, 7, 3])?;
/// let margin = |error| sure_margin(&*network, &examples, &examples.all(), Normalization::PAPER, error);
/// assert!(margin(0.25).is_some_and(|margin| margin > 0.0));
/// assert_eq!(margin(0.1), None);
/// # Ok::<(), lenet_model::ExamplesError>(())
/// ```
///
/// # Panics
/// If there is no example with one of the indexes.
#[must_use]
pub fn sure_margin(
    network: &dyn AnyNetwork,
    examples: &Examples<'_>,
    indexes: &[u32],
    normalization: Normalization,
    error: f64,
) -> Option<f32> {
    let scores = score(network, examples, indexes, normalization);
    let probabilities: Vec<[f32; 10]> = scores.into_iter().map(|scores| Reading::of(scores).probabilities).collect();
    let labels: Vec<u8> = indexes.iter().map(|index| examples.label(*index).index() as u8).collect();
    let margin = reject(&probabilities, &labels, error).margin;
    margin.is_finite().then_some(margin)
}

/// The margin between the probabilities of the best class and the second that the fraction `part` of the examples
/// `indexes`, and no more, falls short of. A network that has learned from images without a digit too refuses most of
/// those by it.
///
/// ```
/// use lenet_layers::Params;
/// use lenet_model::{Examples, LeNet5, Normalization, least_margin};
/// // Takes every image for a 3, with the same margin.
/// let mut network: Box<LeNet5> = LeNet5::boxed_zeroed();
/// network.output.bias[3] = 1.0;
/// let images = [[[0; 28]; 28]; 4];
/// let examples = Examples::new(&images, &[3, 3, 7, 3])?;
/// let margin = least_margin(&*network, &examples, &examples.all(), Normalization::PAPER, 0.5);
/// assert!((0.1..0.2).contains(&margin));
/// # Ok::<(), lenet_model::ExamplesError>(())
/// ```
///
/// # Panics
/// If there is no example with one of the indexes.
#[must_use]
pub fn least_margin(
    network: &dyn AnyNetwork,
    examples: &Examples<'_>,
    indexes: &[u32],
    normalization: Normalization,
    part: f64,
) -> f32 {
    let scores = score(network, examples, indexes, normalization);
    let mut margins: Vec<f32> = scores.into_iter().map(|scores| Reading::of(scores).margin()).collect();
    margins.sort_by(f32::total_cmp);
    let refused = (part * margins.len() as f64) as usize;
    margins.get(refused).copied().unwrap_or(0.0)
}

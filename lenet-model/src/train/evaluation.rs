//! How well a network reads a set of examples.

use super::step::{Task, Worker};
use crate::Normalization;
use crate::image::most_likely;
use crate::{AnyNetwork, Examples};
use lenet_layers::{Class, Loss, MeanSquared, Units};
use lenet_train::sweep;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The result of reading a set of examples.
///
/// ```
/// use lenet_model::Evaluation;
/// let mut result = Evaluation::default();
/// (result.confusion[4][4], result.confusion[4][9]) = (98, 2); // two fours were read as nines
/// assert_eq!((result.correct(), result.total()), (98, 100));
/// assert_eq!(result.to_string(), "98.00% +- 1.40 (98/100)");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// How often a digit (row) was read as a digit (column).
    pub confusion: [[u32; 10]; 10],
    /// The sum of the losses.
    pub loss_sum: f64,
}

impl Evaluation {
    /// The number of examples.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.confusion.iter().flatten().sum()
    }

    /// The number of examples that were read correctly.
    #[must_use]
    pub fn correct(&self) -> u32 {
        (0..10).map(|d| self.confusion[d][d]).sum()
    }

    /// The fraction that was read correctly, 0 to 1.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        f64::from(self.correct()) / f64::from(self.total().max(1))
    }

    /// The standard error of the accuracy, from the binomial distribution.
    #[must_use]
    pub fn standard_error(&self) -> f64 {
        let p = self.accuracy();
        (p * (1.0 - p) / f64::from(self.total().max(1))).sqrt()
    }

    /// The mean loss.
    #[must_use]
    pub fn loss(&self) -> f64 {
        self.loss_sum / f64::from(self.total().max(1))
    }
}

/// `98.96% +- 0.10 (9896/10000)`: the accuracy, one standard error, and the count.
impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (accuracy, error) = (100.0 * self.accuracy(), 100.0 * self.standard_error());
        write!(f, "{accuracy:.2}% +- {error:.2} ({}/{})", self.correct(), self.total())
    }
}

/// Reads every one of the examples `indexes`. Runs on the rayon pool in which it is called; the result does not depend
/// on the number of threads.
///
/// ```
/// use lenet_layers::Params;
/// use lenet_model::{Examples, LeNet5, Normalization, Recipe, evaluate};
/// // Takes every image for a 3.
/// let mut network: Box<LeNet5> = LeNet5::boxed_zeroed();
/// network.output.bias[3] = 1.0;
/// let images = [[[0; 28]; 28]; 4];
/// let examples = Examples::new(&images, &[3, 3, 7, 3])?;
/// let loss = Recipe::article().named_loss();
/// let result = evaluate(&*network, &loss, &examples, &examples.all(), Normalization::PAPER);
/// assert_eq!((result.correct(), result.total()), (3, 4));
/// assert_eq!(result.confusion[7][3], 1);
/// # Ok::<(), lenet_model::ExamplesError>(())
/// ```
///
/// # Panics
/// If there is no example with one of the indexes.
#[must_use]
pub fn evaluate(
    network: &dyn AnyNetwork,
    loss: &(impl Loss<Units<10>, Class<10>> + Sync),
    examples: &Examples<'_>,
    indexes: &[u32],
    normalization: Normalization,
) -> Evaluation {
    let task = Task { penalties: network.info().penalties, loss, examples, normalization };
    let read = |worker: &mut Worker, block: &[u32], part: &mut Evaluation| {
        let loss = worker.read(&task, network, block, &mut |is, scores| part.confusion[is][most_likely(&scores)] += 1);
        part.loss_sum += f64::from(loss);
    };
    let mut all = Evaluation::default();
    for part in sweep(indexes, &|| Worker::new(network), &read) {
        all.loss_sum += part.loss_sum;
        for (sum, n) in all.confusion.as_flattened_mut().iter_mut().zip(part.confusion.as_flattened()) {
            *sum += n;
        }
    }
    all
}

/// The scores of the digits for each of the examples `indexes`; the example is read as the digit with the largest
/// score. The scores are the outputs of the network, or its penalties negated. Runs on the rayon pool in which it is
/// called.
///
/// ```
/// use lenet_layers::Params;
/// use lenet_model::{Examples, LeNet5, Normalization, most_likely, score};
/// let mut network: Box<LeNet5> = LeNet5::boxed_zeroed();
/// (network.output.bias[3], network.output.bias[8]) = (1.0, 0.75);
/// let images = [[[0; 28]; 28]; 2];
/// let examples = Examples::new(&images, &[3, 5])?;
/// let scores = score(&*network, &examples, &[1], Normalization::PAPER);
/// assert_eq!(scores, [[0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.75, 0.0]]);
/// assert_eq!(most_likely(&scores[0]), 3);
/// # Ok::<(), lenet_model::ExamplesError>(())
/// ```
///
/// # Panics
/// If there is no example with one of the indexes.
#[must_use]
pub fn score(
    network: &dyn AnyNetwork,
    examples: &Examples<'_>,
    indexes: &[u32],
    normalization: Normalization,
) -> Vec<[f32; 10]> {
    // The loss is not used; this one works with any outputs.
    let task = Task { penalties: network.info().penalties, loss: &MeanSquared, examples, normalization };
    let parts = sweep(indexes, &|| Worker::new(network), &|worker, block, part: &mut Vec<[f32; 10]>| {
        worker.read(&task, network, block, &mut |_, scores| part.push(scores));
    });
    parts.concat()
}

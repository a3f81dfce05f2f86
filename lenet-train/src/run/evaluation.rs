//! How good a network is on a set of examples.

use super::metric::Metric;
use super::passes::{Passes, Sums, Task};
use crate::data::{Examples, Part};
use crate::{Arrays, sweep};
use lenet_layers::{Loss, Network};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The result of a network on some examples.
///
/// ```
/// use lenet_train::Evaluation;
/// let result = Evaluation { examples: 400, loss: 0.25, metric: 0.9, standard_error: 0.015 };
/// assert_eq!(result.to_string(), "0.9000 +- 0.0150 (400 examples, loss 0.2500)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The number of examples.
    pub examples: usize,
    /// The mean loss.
    pub loss: f64,
    /// The mean of the metric.
    pub metric: f64,
    /// The standard error of that mean: the standard deviation of the metric over the root of the number of examples.
    pub standard_error: f64,
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Evaluation { examples, loss, metric, standard_error } = self;
        write!(f, "{metric:.4} +- {standard_error:.4} ({examples} examples, loss {loss:.4})")
    }
}

impl Evaluation {
    fn of(parts: &[Sums]) -> Self {
        let sums = parts.iter().fold(Sums::default(), |sum, part| Sums {
            examples: sum.examples + part.examples,
            loss: sum.loss + part.loss,
            metric: sum.metric + part.metric,
            squares: sum.squares + part.squares,
        });
        let n = sums.examples.max(1) as f64;
        let (loss, metric) = (sums.loss / n, sums.metric / n);
        // Rounding can make the difference negative, where all numbers are alike. It is NaN if the squares are too large.
        let variance = sums.squares / n - metric * metric;
        let variance = if variance < 0.0 { 0.0 } else { variance };
        Evaluation { examples: sums.examples, loss, metric, standard_error: (variance / n).sqrt() }
    }
}

/// Reads every example of a part. Runs on the rayon pool in which it is called; the result does not depend on the number
/// of threads.
///
/// ```
/// use lenet_layers::{Class, Dense, Params, SoftmaxCrossEntropy, Units, sequential};
/// use lenet_train::{Accuracy, Floats, Part, evaluate};
/// sequential! {
///     pub struct Net, trace NetTrace {
///         input:           Units<1>;
///         out: Dense<1, 2> => Units<2>;
///     }
/// }
/// // Class 1 is the likelier one of a positive number.
/// let mut net = Net::<f32>::boxed_zeroed();
/// net.out.weight = [[0.0], [1.0]];
/// let classes = [1, 0, 0, 1].map(|class| Class::<2>::new(class).unwrap());
/// let examples = Floats::<Units<1>, _>::new(&[0.5, -1.0, 2.0, 0.1], &classes)?;
/// let result = evaluate(&*net, &Part::all(&examples), &SoftmaxCrossEntropy, &Accuracy);
/// assert_eq!((result.examples, result.metric), (4, 0.75));
/// # Ok::<(), lenet_train::ExamplesError>(())
/// ```
///
/// # Panics
/// May panic if an example does not exist.
#[must_use]
pub fn evaluate<N, E, L, M>(network: &N, part: &Part<'_, E>, loss: &L, metric: &M) -> Evaluation
where
    N: Network<Element = f32>,
    E: Examples<Input = N::Input>,
    L: Loss<N::Output, E::Target> + Sync,
    M: Metric<N::Output, E::Target>,
{
    evaluate_any::<N, _, _, _>(network, part.indexes(), Task { examples: part.examples(), loss, metric })
}

/// As [`evaluate`], of a network that is an object.
pub(super) fn evaluate_any<N, E, L, M>(network: &dyn Arrays, indexes: &[u32], task: Task<'_, E, L, M>) -> Evaluation
where
    N: Network<Element = f32>,
    E: Examples<Input = N::Input>,
    L: Loss<N::Output, E::Target> + Sync,
    M: Metric<N::Output, E::Target>,
{
    let read = |passes: &mut Passes<'_, N, E, L, M>, block: &[u32], sums: &mut Sums| passes.read(network, block, sums);
    Evaluation::of(&sweep(indexes, &|| Passes::new(task), &read))
}

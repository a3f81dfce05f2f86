//! How well a network reads a set of examples.

use crate::step::{LANES, Task, Worker, fork};
use crate::{DigitNetwork, Examples};
use lenet_layers::{Class, Loss, Normalization, Units};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a network made of a set of examples.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// How often a digit (row) was read as a digit (column).
    pub confusion: [[u32; 10]; 10],
    /// The losses added up.
    pub loss_sum: f64,
}

impl Evaluation {
    /// How many examples there were.
    pub fn total(&self) -> u32 {
        self.confusion.iter().flatten().sum()
    }

    /// How many were read rightly.
    pub fn correct(&self) -> u32 {
        (0..10).map(|d| self.confusion[d][d]).sum()
    }

    /// The part that was read rightly, 0 to 1.
    pub fn accuracy(&self) -> f64 {
        f64::from(self.correct()) / f64::from(self.total().max(1))
    }

    /// The standard error of the accuracy, as of a binomial.
    pub fn standard_error(&self) -> f64 {
        let p = self.accuracy();
        (p * (1.0 - p) / f64::from(self.total().max(1))).sqrt()
    }

    /// The mean loss.
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

/// Examples that one thread takes at a time.
const CHUNK: usize = 16 * LANES;

/// Reads every one of the examples `indexes`. Runs on the rayon pool it is called in; the result does not depend on
/// the number of threads.
///
/// # Panics
/// If an index is that of no example.
pub fn evaluate<N: DigitNetwork>(
    network: &N,
    loss: &(impl Loss<Units<10>, Class<10>> + Sync),
    examples: &Examples<'_>,
    indexes: &[u32],
    normalization: Normalization,
) -> Evaluation {
    let mut parts: Vec<_> = indexes.chunks(CHUNK).map(|chunk| (chunk, Evaluation::default())).collect();
    let part_size = parts.len().div_ceil(rayon::current_num_threads()).max(1);
    let mut shares: Vec<_> = parts.chunks_mut(part_size).collect();
    let task = Task { network, loss, examples, normalization };
    fork(&mut shares, &|share| {
        let mut worker = Worker::new();
        for (chunk, part) in share.iter_mut() {
            for block in chunk.chunks(LANES) {
                let loss = worker.read(&task, block, |is, read| part.confusion[is][read] += 1);
                part.loss_sum += f64::from(loss);
            }
        }
    });
    let mut all = Evaluation::default();
    for (_, part) in parts {
        all.loss_sum += part.loss_sum;
        for (sum, n) in all.confusion.as_flattened_mut().iter_mut().zip(part.confusion.as_flattened()) {
            *sum += n;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accuracy_comes_with_its_count_and_error() {
        let mut e = Evaluation::default();
        for d in 0..10 {
            e.confusion[d][d] = 990;
        }
        e.confusion[4][9] = 96;
        e.confusion[7][2] = 4;
        assert_eq!(e.to_string(), "99.00% +- 0.10 (9900/10000)");
        assert_eq!(Evaluation::default().to_string(), "0.00% +- 0.00 (0/0)");
    }
}

//! The results of training: of each epoch, and of the whole.

use super::evaluation::Evaluation;
use crate::{AnyNetwork, Classifier};
use serde::{Deserialize, Serialize};

/// The result of one epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Its number, from 1.
    pub epoch: u32,
    /// The mean loss of the training images, each at the time it was seen.
    pub train_loss: f64,
    /// The fraction of them read correctly, each at the time it was seen.
    pub train_accuracy: f64,
    /// The result on the held-out images, if there are any.
    pub validation: Option<Evaluation>,
    /// Whether it is the best epoch so far.
    pub best: bool,
    /// The smallest and the largest rate of a parameter, if each has its own.
    pub rates: Option<(f32, f32)>,
    /// The number of seconds it took, including the held-out images.
    pub seconds: f64,
}

/// The result of training.
#[derive(Debug)]
pub struct Outcome<N: AnyNetwork + ?Sized = dyn AnyNetwork> {
    /// The network after the last step, with its normalization.
    pub last: Classifier<N>,
    /// The network of the best epoch, with its normalization; the last one if nothing was held out.
    pub best: Classifier<N>,
    /// The number of the best epoch.
    pub best_epoch: u32,
    /// All epochs.
    pub epochs: Vec<Epoch>,
}

//! The records of the runs, one file each, and their summary.

use super::rows::Row;
use crate::run::readings::Misread;
use serde::{Deserialize, Serialize};

/// One finished run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunRecord {
    pub(crate) row: Row,
    pub(crate) seed: u64,
    /// Everything that determines the run. A record with other settings is not used.
    pub(crate) settings: serde_json::Value,
    pub(crate) passes: Vec<Pass>,
    /// Test images misread after the last pass.
    pub(crate) misread: Vec<Misread>,
    pub(crate) test_images: usize,
    /// How many test images have to be rejected for an error of 0.5% on the rest.
    pub(crate) rejected: usize,
    /// The smallest and the largest learning rate of a weight in the first pass.
    pub(crate) rates: Option<(f32, f32)>,
    /// The test error of each single network in percent, if several vote.
    pub(crate) alone: Vec<f64>,
    pub(crate) seconds: f64,
}

/// One pass over the training images.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pass {
    /// The fraction of the training images that was misread, each just before the step that used it.
    pub(crate) train_error: f64,
    /// The fraction of the test images that is misread after the pass.
    pub(crate) test_error: f64,
}

impl RunRecord {
    /// Test error in percent.
    pub(crate) fn error(&self) -> f64 {
        100.0 * self.misread.len() as f64 / self.test_images.max(1) as f64
    }
    /// Rejected for an error of 0.5% on the rest, in percent.
    pub(crate) fn rejected(&self) -> f64 {
        100.0 * self.rejected as f64 / self.test_images.max(1) as f64
    }
}

/// Several numbers of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Mean {
    pub(crate) mean: f64,
    /// The standard error of the mean; `None` for a single number.
    pub(crate) standard_error: Option<f64>,
    pub(crate) count: usize,
}

impl Mean {
    /// The mean of at least one number.
    pub(crate) fn of(numbers: &[f64]) -> Option<Self> {
        let n = numbers.len() as f64;
        let mean = (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>() / n)?;
        let variance = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
        Some(Mean { mean, standard_error: (numbers.len() > 1).then(|| (variance / n).sqrt()), count: numbers.len() })
    }
}

/// A row of the table, summarised from its runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Summary {
    pub(crate) row: Row,
    /// Test error in percent.
    pub(crate) error: Mean,
    /// Percent rejected for an error of 0.5% on the rest.
    pub(crate) rejected: Mean,
    /// Test error of each run, in the order of the seeds.
    pub(crate) errors: Vec<f64>,
    pub(crate) seconds: f64,
}

impl Summary {
    /// Summarises the runs of one row; `None` if there are none.
    pub(crate) fn of(row: Row, runs: &[RunRecord]) -> Option<Self> {
        let runs: Vec<_> = runs.iter().filter(|run| run.row == row).collect();
        let errors: Vec<f64> = runs.iter().map(|run| run.error()).collect();
        let rejected: Vec<f64> = runs.iter().map(|run| run.rejected()).collect();
        let seconds = runs.iter().map(|run| run.seconds).sum();
        Some(Summary { row, error: Mean::of(&errors)?, rejected: Mean::of(&rejected)?, errors, seconds })
    }
}

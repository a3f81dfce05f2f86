//! What the runs of a reproduction leave, one file each, and what comes of them together.

use super::rows::Row;
use crate::run::readings::Misread;
use serde::{Deserialize, Serialize};

/// One finished run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunRecord {
    pub(crate) row: Row,
    pub(crate) seed: u64,
    /// Everything that decides the run; a record of other settings is not taken for this run's.
    pub(crate) settings: serde_json::Value,
    pub(crate) passes: Vec<Pass>,
    /// Test images read wrongly after the last pass.
    pub(crate) misread: Vec<Misread>,
    pub(crate) test_images: usize,
    /// Test images that have to be refused for an error of 0.5% on the rest.
    pub(crate) rejected: usize,
    /// The least and the greatest rate of a weight in the first pass.
    pub(crate) rates: Option<(f32, f32)>,
    /// The test error of each network alone, in percent, where several vote.
    pub(crate) alone: Vec<f64>,
    pub(crate) seconds: f64,
}

/// One pass over the training images.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pass {
    /// The part of the training images that was misread, each as it was learned from.
    pub(crate) train_error: f64,
    /// The part of the test images that is misread after it.
    pub(crate) test_error: f64,
}

impl RunRecord {
    /// Test error in percent.
    pub(crate) fn error(&self) -> f64 {
        100.0 * self.misread.len() as f64 / self.test_images.max(1) as f64
    }
    /// Refused for an error of 0.5% on the rest, in percent.
    pub(crate) fn rejected(&self) -> f64 {
        100.0 * self.rejected as f64 / self.test_images.max(1) as f64
    }
}

/// Several numbers of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Mean {
    pub(crate) mean: f64,
    /// The standard error of the mean; nothing for a single number.
    pub(crate) standard_error: Option<f64>,
    pub(crate) count: usize,
}

impl Mean {
    /// Of at least one number.
    pub(crate) fn of(numbers: &[f64]) -> Option<Self> {
        let n = numbers.len() as f64;
        let mean = (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>() / n)?;
        let variance = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
        Some(Mean { mean, standard_error: (numbers.len() > 1).then(|| (variance / n).sqrt()), count: numbers.len() })
    }
}

/// A row of the table, from all its runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Summary {
    pub(crate) row: Row,
    /// Test error in percent.
    pub(crate) error: Mean,
    /// Percent refused for an error of 0.5% on the rest.
    pub(crate) rejected: Mean,
    /// Test error of each run, in the order of the seeds.
    pub(crate) errors: Vec<f64>,
    pub(crate) seconds: f64,
}

impl Summary {
    /// Of the runs of one row; nothing if there are none.
    pub(crate) fn of(row: Row, runs: &[RunRecord]) -> Option<Self> {
        let runs: Vec<_> = runs.iter().filter(|run| run.row == row).collect();
        let errors: Vec<f64> = runs.iter().map(|run| run.error()).collect();
        let rejected: Vec<f64> = runs.iter().map(|run| run.rejected()).collect();
        let seconds = runs.iter().map(|run| run.seconds).sum();
        Some(Summary { row, error: Mean::of(&errors)?, rejected: Mean::of(&rejected)?, errors, seconds })
    }
}

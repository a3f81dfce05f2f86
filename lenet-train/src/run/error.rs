//! Why a run stopped or can't be continued.

use super::settings::SettingsError;
use crate::{FileError, Halt};
use std::path::PathBuf;

/// Why training stopped.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The settings make no sense.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// There are no examples to learn from.
    #[error("there are no examples to learn from: hold out fewer, or give more")]
    NoExamples,
    /// An index of an example that does not exist.
    #[error("example {index} of {len}: the list of indexes does not belong to these examples")]
    NoSuchExample {
        /// Its index.
        index: u32,
        /// The number of examples.
        len: usize,
    },
    /// The loss or a parameter became infinite or NaN.
    #[error("the loss stopped being finite in epoch {epoch}, step {step}: try a smaller rate")]
    NotFinite {
        /// The epoch, from 1.
        epoch: u32,
        /// The step, from 1.
        step: u64,
    },
    /// The metric became infinite or NaN.
    #[error(
        "the metric stopped being finite in epoch {epoch}, step {step}: let it give a finite number for every output, at most 1e150 in size"
    )]
    MetricNotFinite {
        /// The epoch, from 1.
        epoch: u32,
        /// The step, from 1.
        step: u64,
    },
    /// The caller asked to stop.
    #[error("stopped in epoch {epoch}, step {step}")]
    Stopped {
        /// The epoch, from 1.
        epoch: u32,
        /// The step, from 1.
        step: u64,
    },
}

impl From<Halt> for TrainError {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::NotFinite { epoch, step } => TrainError::NotFinite { epoch, step },
            Halt::MetricNotFinite { epoch, step } => TrainError::MetricNotFinite { epoch, step },
            Halt::Stopped { epoch, step } => TrainError::Stopped { epoch, step },
        }
    }
}

/// Why a run can't be continued, in one line that names the file and what to do. If the operating system reported the
/// error, its message is the `source()`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResumeError {
    /// The file can't be read, is not a safetensors file, or its tensors are not those of the network.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is not the state of a run of this training.
    #[error("{path}: {reason}: a run can only be continued with its own settings and data: start a new one")]
    Other {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The settings make no sense, or an example does not exist.
    #[error(transparent)]
    Training(#[from] TrainError),
}

//! Errors of checkpoints.

use crate::{ActivationName, NetworkName};
use std::path::PathBuf;

/// Why a checkpoint can't be written or used: one line that names the file and what to do. The line includes the
/// operating system's message, so there is no `source()`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file can't be read.
    #[error("{path}: can't be read ({error}): give a file that `lenet_model::save` has written")]
    Read {
        /// The file.
        path: PathBuf,
        /// The operating system's message.
        error: std::io::Error,
    },
    /// The file can't be written.
    #[error("{path}: can't be written ({error}): check that its folder is there, may be written to, and has room")]
    Write {
        /// The file.
        path: PathBuf,
        /// The operating system's message.
        error: std::io::Error,
    },
    /// The file is not a safetensors file, or is damaged.
    #[error(
        "{path}: not a whole safetensors file ({}): give a file that `lenet_model::save` has written", plain(.reason)
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A safetensors file with other content.
    #[error("{path}: {reason}: give a file that `lenet_model::save` has written")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A network of one type where another is described.
    #[error(
        "{path}: contains {network} with {activation}, but another type was asked for: use the type that \
         `with_network` chooses"
    )]
    Type {
        /// The file.
        path: PathBuf,
        /// The network that is described.
        network: NetworkName,
        /// Its activation function.
        activation: ActivationName,
    },
    /// A tensor that is missing, unexpected or of the wrong form.
    #[error(
        "{path}: tensor {}: {reason}: the file was not written for the network {network}, or was changed since: \
         give a file that `lenet_model::save` has written", plain(.tensor)
    )]
    Tensor {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// What is wrong.
        reason: String,
        /// The network that it should belong to.
        network: NetworkName,
    },
}

/// Words from a file with any content, made fit to be shown in one line.
pub(crate) fn plain(words: &str) -> String {
    let shown = words.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] });
    shown.take(200).collect()
}

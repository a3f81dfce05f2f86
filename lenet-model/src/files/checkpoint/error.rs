//! Errors of checkpoints.

use crate::{ActivationName, NetworkName};
use lenet_train::plain;
use std::path::PathBuf;

/// Why a checkpoint can't be written or used: one line that names the file and what to do. If the operating system
/// reported the error, its message is the `source()`.
///
/// ```
/// use lenet_model::{Checkpoint, CheckpointError};
/// use std::error::Error;
/// use std::path::Path;
///
/// let error = Checkpoint::open(Path::new("no such folder/model.safetensors")).unwrap_err();
/// assert!(error.to_string().starts_with("no such folder/model.safetensors: can't be read: give a file"));
/// assert!(error.source().is_some());
/// assert!(matches!(error, CheckpointError::Read { error, .. } if error.kind() == std::io::ErrorKind::NotFound));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file can't be read.
    #[error("{path}: can't be read: give a file that lenet-model has written")]
    Read {
        /// The file.
        path: PathBuf,
        /// The operating system's message.
        #[source]
        error: std::io::Error,
    },
    /// The file can't be written.
    #[error("{path}: can't be written: check that its folder is there, may be written to, and has room")]
    Write {
        /// The file.
        path: PathBuf,
        /// The operating system's message.
        #[source]
        error: std::io::Error,
    },
    /// The file is not a safetensors file, or is damaged.
    #[error(
        "{path}: not a whole safetensors file ({}): give a file that lenet-model has written", plain(.reason)
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A safetensors file with other content.
    #[error("{path}: {reason}: give a file that lenet-model has written")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The network's type is not the one that the description names.
    #[error(
        "{path}: described as {network} with {activation}, but the network has another type: use the type that \
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
         give a file that lenet-model has written", plain(.tensor)
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

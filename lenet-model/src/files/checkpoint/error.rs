//! What can be wrong with a checkpoint.

use crate::{ActivationName, NetworkName};
use std::path::PathBuf;

/// Why a checkpoint can't be written or used, in one line that names the file and the cure. The line is whole: what the
/// operating system said is within it, and no `source()` comes after.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file can't be read.
    #[error("{path}: can't be read ({error}): give a file that `lenet_model::save` has written")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        error: std::io::Error,
    },
    /// The file can't be written.
    #[error("{path}: can't be written ({error}): check that its folder is there, may be written to, and has room")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        error: std::io::Error,
    },
    /// The file is no safetensors file, or a broken one.
    #[error(
        "{path}: not a whole safetensors file ({}): give a file that `lenet_model::save` has written", plain(.reason)
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A safetensors file of something else.
    #[error("{path}: {reason}: give a file that `lenet_model::save` has written")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A network of one type in the name of another.
    #[error(
        "{path}: says {network} with {activation}, but is taken for another type: use the one that `with_network` gives"
    )]
    Type {
        /// The file.
        path: PathBuf,
        /// The network that is described.
        network: NetworkName,
        /// Its squashing function.
        activation: ActivationName,
    },
    /// A tensor that does not belong in the network, or not so.
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
        /// The network it should be of.
        network: NetworkName,
    },
}

/// Words from a file that may hold anything, fit to be shown in one line.
pub(crate) fn plain(words: &str) -> String {
    let shown = words.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] });
    shown.take(200).collect()
}

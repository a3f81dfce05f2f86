//! Errors of files, and reading and writing with them.

use super::write_beside;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Why a network's file can't be written or used: one line that names the file and what to do. If the operating system
/// reported the error, its message is the `source()`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The file can't be read.
    #[error("{path}: can't be read: give the file of a network")]
    Read {
        /// The file.
        path: PathBuf,
        /// The operating system's message.
        #[source]
        error: io::Error,
    },
    /// The file can't be written.
    #[error("{path}: can't be written: check that its folder is there, may be written to, and has room")]
    Write {
        /// The file.
        path: PathBuf,
        /// The operating system's message.
        #[source]
        error: io::Error,
    },
    /// The file is not a safetensors file or is damaged.
    #[error("{path}: {}: give the file of a network", plain(.reason))]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The file does not describe its network.
    #[error("{path}: {}: give a file that `save` has written, or read it with `import`", plain(.reason))]
    Undescribed {
        /// The file.
        path: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// The network or its metadata can't be put into a file.
    #[error("{path}: can't be written: {}", plain(.reason))]
    Content {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The file of another network.
    #[error("{path}: {}: give the file of a network like this one", plain(.difference))]
    Network {
        /// The file.
        path: PathBuf,
        /// The first difference: "stage c3 is `convolution 5x5, tanh` to 16x10x10 in the file, but .. in the network".
        difference: String,
    },
    /// A tensor that is missing, unexpected or of the wrong form.
    #[error("{path}: tensor {}: {reason}: the file was not written for this network, or was changed since", plain(.tensor))]
    Tensor {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// What is wrong.
        reason: String,
    },
}

/// Words from a file with any content, made fit to be shown in one line.
///
/// ```
/// assert_eq!(lenet_train::plain("a\nb"), "a\\nb");
/// ```
#[must_use]
pub fn plain(words: &str) -> String {
    /// A difference between two stages fits in.
    const MOST: usize = 400;
    let shown = words.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] });
    shown.take(MOST).collect()
}

/// The bytes of a file of at most `most` bytes; of a longer one no more is read. A file that can't be of use gives the
/// reason in place of its bytes.
///
/// # Errors
/// Those of the file system.
pub fn read_at_most(path: &Path, most: u64) -> io::Result<Result<Vec<u8>, String>> {
    if std::fs::metadata(path)?.is_dir() {
        return Ok(Err("is a folder".into()));
    }
    // A pipe or a device has no length in advance, so count what is read.
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    let fits = bytes.len() as u64 <= most;
    Ok(if fits { Ok(bytes) } else { Err(format!("more than {most} bytes: larger than any file of this network")) })
}

/// [`read_at_most`] with this crate's errors.
pub(crate) fn read_file(path: &Path, most: u64) -> Result<Vec<u8>, FileError> {
    let read = read_at_most(path, most).map_err(|error| FileError::Read { path: path.into(), error })?;
    read.map_err(|reason| FileError::Foreign { path: path.into(), reason })
}

/// [`write_beside`] with this crate's errors.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write_beside(path, bytes).map_err(|error| FileError::Write { path: path.into(), error })
}

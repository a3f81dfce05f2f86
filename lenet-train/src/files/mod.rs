//! Networks on disk, as safetensors: PyTorch's names and shapes, and a description of every stage.

mod beside;
mod describe;
mod error;
mod network;
mod tensors;

pub use beside::{UNFINISHED, write_beside};
pub use describe::Metadata;
#[cfg(feature = "train")]
pub(crate) use describe::{Stage, different, stages};
pub use error::read_at_most;
pub use error::{FileError, plain};
pub(crate) use error::{read_file, write_file};
#[cfg(feature = "train")]
pub(crate) use network::most;
pub use network::{from_bytes, import, load, save, save_raw, to_bytes, to_raw};
pub(crate) use tensors::loadable;
pub use tensors::{Tensors, dense, take};

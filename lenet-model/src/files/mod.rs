//! Networks on disk.

mod beside;
mod checkpoint;
#[cfg(feature = "onnx")]
mod onnx;

pub use beside::{UNFINISHED, write_beside};
pub use checkpoint::{Checkpoint, CheckpointError, Description, save};
#[cfg(any(feature = "reader", feature = "train"))]
pub(crate) use checkpoint::{Tensors, plain, read_whole, take};
#[cfg(feature = "onnx")]
pub use onnx::{OnnxError, save_onnx, to_onnx};

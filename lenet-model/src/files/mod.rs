//! Networks on disk.

mod checkpoint;
#[cfg(feature = "onnx")]
mod onnx;

#[cfg(any(feature = "reader", feature = "train"))]
pub(crate) use checkpoint::read_whole;
pub use checkpoint::{Checkpoint, CheckpointError, Description, save};
#[cfg(feature = "onnx")]
pub use onnx::{OnnxError, save_onnx, to_onnx};

//! The tests of training, reading and files, as one binary: otherwise every network would be compiled again for each
//! file.

#[cfg(all(feature = "files", unix))]
mod beside;
#[cfg(feature = "train")]
mod checkpoint;
#[cfg(feature = "train")]
mod common;
#[cfg(all(feature = "onnx", feature = "train"))]
mod onnx;
#[cfg(feature = "train")]
mod paper;
#[cfg(all(feature = "train", feature = "pretrained"))]
mod pictures;
#[cfg(all(feature = "train", feature = "reader"))]
mod reader;
#[cfg(all(feature = "train", feature = "pretrained"))]
mod reading;
#[cfg(all(feature = "train", feature = "pretrained"))]
mod resume;
#[cfg(feature = "train")]
mod training;
#[cfg(all(feature = "train", feature = "pretrained"))]
mod variants;

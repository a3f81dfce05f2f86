//! Trains, saves and exports any network that lenet-layers declares.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![warn(missing_debug_implementations)]

mod arrays;
mod files;
#[cfg(feature = "onnx")]
pub mod onnx;
mod parallel;
#[cfg(feature = "train")]
mod step;

pub use arrays::{Arrays, NetworkInfo};
pub use files::{
    FileError, Metadata, Tensors, UNFINISHED, dense, from_bytes, import, load, plain, read_at_most, save, take,
    to_bytes, write_beside,
};
pub use parallel::{FEW, LANES, fork, sweep};
#[cfg(feature = "train")]
pub use step::{
    Batch, Block, Course, Curve, Halt, Made, Optimizer, Parts, Plan, Position, SecondDerivatives, SecondOrder, Shown,
    Slot, SoFar, Tally, Work, initial_weights,
};

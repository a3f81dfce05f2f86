//! Trains, saves and exports any network that lenet-layers declares.
//!
//! # Items by task
//!
//! | task | items |
//! |---|---|
//! | say what to learn from | [`Examples`], [`Floats`], [`Bytes`], [`Layout`], [`Altered`], [`Part`]; error: [`ExamplesError`] |
//! | train | [`Training`], [`Settings`], [`Decay`], [`Optimizer`], [`SecondOrder`], [`Method`], [`Run`], [`Event`], [`Made`], [`Epoch`], [`Outcome`]; errors: [`TrainError`], [`SettingsError`], [`ResumeError`] |
//! | compute the outputs of many examples | [`outputs`] |
//! | measure | [`evaluate`], [`Evaluation`], [`Metric`], [`Accuracy`], [`Larger`], [`Smaller`] |
//! | save and load | [`save`], [`load`], [`import`], [`to_bytes`], [`from_bytes`], [`Metadata`]; error: [`FileError`]; any other file: [`write_beside`], [`UNFINISHED`] |
//! | write ONNX files | the module [`onnx`] |
//! | a network within a program without std | [`save_raw`], [`to_raw`], [`embedded!`](lenet_layers::embedded) |
//! | a training loop of one's own | [`Batch`], [`Shown`], [`Block`], [`Slot`], [`Tally`], [`OptimizerState`] |
//! | a trainer of one's own, compiled once for many networks | [`Arrays`], [`NetworkInfo`], [`Course`], [`Plan`], [`Parts`], [`Work`], [`Halt`], [`SoFar`], [`Position`], [`SecondDerivatives`], [`Curve`], [`initial_weights`] |
//! | its files | [`Tensors`], [`take`], [`dense`], [`read_at_most`], [`plain`] |
//! | divide work among the threads | [`fork`], [`sweep`], [`LANES`], [`FEW`] |
//!
#![doc = include_str!("../README.md")]
// The table above links to the items of all features, and the example trains.
#![cfg_attr(not(all(feature = "onnx", feature = "train")), allow(rustdoc::broken_intra_doc_links))]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![warn(missing_debug_implementations)]

/// The guide, whose listings are tested here. It is not part of the package.
#[cfg(all(doctest, feature = "train", feature = "onnx"))]
#[doc = include_str!("../../docs/guide.md")]
mod guide {}

mod arrays;
#[cfg(feature = "train")]
mod data;
mod files;
#[cfg(feature = "onnx")]
pub mod onnx;
mod parallel;
#[cfg(feature = "train")]
mod run;
#[cfg(feature = "train")]
mod step;

pub use arrays::{Arrays, NetworkInfo};
#[cfg(feature = "train")]
pub use data::{Altered, Bytes, Examples, ExamplesError, Floats, Layout, Part};
pub use files::{
    FileError, Metadata, Tensors, UNFINISHED, dense, from_bytes, import, load, plain, read_at_most, save, save_raw,
    take, to_bytes, to_raw, write_beside,
};
pub use parallel::{FEW, LANES, fork, sweep};
#[cfg(feature = "train")]
pub use run::{
    Accuracy, Decay, Epoch, Evaluation, Event, Larger, Method, Metric, Optimizer, Outcome, ResumeError, Run, Settings,
    SettingsError, Smaller, TrainError, Training, evaluate, outputs,
};
#[cfg(feature = "train")]
pub use step::{
    Batch, Block, Course, Curve, Halt, Made, OptimizerState, Parts, Plan, Position, SecondDerivatives, SecondOrder,
    Shown, Slot, SoFar, Tally, Work, initial_weights, schedule,
};

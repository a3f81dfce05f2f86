//! LeNet-5 with its shapes checked by the compiler: the networks, reading digits without a heap, training, checkpoints.
//!
//! # Items by task
//!
//! | task | items |
//! |---|---|
//! | read digits | [`Classify`], [`Classifier`], [`LeNet5::pretrained`], [`read`](fn@read), [`read_many`], [`Reading`], [`Image`], [`Normalization`], [`lay_images`], [`most_likely`] |
//! | train | [`Training`], [`TrainingRun`], [`TrainingEvent`], [`Examples`], [`Variants`], [`Outcome`], [`Epoch`]; errors: [`TrainError`], [`ResumeError`], [`ExamplesError`] |
//! | choose how to train | [`Recipe`], [`RecipeName`], [`LossName`], [`NamedLoss`], [`InitName`], [`InputName`], [`Order`], [`Schedule`], [`SecondOrder`]; error: [`RecipeError`] |
//! | measure | [`evaluate`], [`Evaluation`], [`score`], [`Class`] |
//! | reject uncertain readings | [`reject`], [`Rejection`], [`sure_margin`], [`least_margin`], [`score_margin`], [`Reading::margin`] |
//! | let several networks vote | [`add_scores`], [`PatternStream`] |
//! | save and open | [`save`], [`Checkpoint`], [`Description`]; error: [`CheckpointError`]; any other file: [`write_beside`], [`UNFINISHED`] |
//! | read a line as a whole | the module [`reader`] |
//! | write ONNX files | [`save_onnx`], [`to_onnx`]; error: [`OnnxError`] |
//! | the networks | [`LeNet5`], [`LeNet5Dense`], [`LeNet5Average`], [`LeNet5Modern`], [`LeNet5Unpadded`], [`LeNet5Rbf`], [`LeNet5Lush`], [`LeNet4`], [`LeNet1`]; what they have in common: [`DigitNetwork`], [`ImageInput`] |
//! | their stages' outputs | [`LeNet5Trace`], [`LeNet5DenseTrace`], [`LeNet5AverageTrace`], [`LeNet5ModernTrace`], [`LeNet5UnpaddedTrace`], [`LeNet5RbfTrace`], [`LeNet5LushTrace`], [`LeNet4Trace`], [`LeNet1Trace`] |
//! | their connection tables | [`Table1`](lenet_layers::Table1) of LeNet-5, [`LeNet4Table`], [`LeNet1Table`] |
//! | networks by name at run time | [`NetworkName`], [`ActivationName`], [`with_network`], [`NetworkVisitor`], [`AnyNetwork`], [`NetworkInfo`]; error: [`NameError`] |
//!
#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]
// The table above links to the items of all features.
#![cfg_attr(
    not(all(feature = "onnx", feature = "pretrained", feature = "reader", feature = "train")),
    allow(rustdoc::broken_intra_doc_links)
)]
#![forbid(unsafe_code)]
#![warn(missing_debug_implementations)]

#[cfg(feature = "files")]
mod any_network;
#[cfg(feature = "files")]
mod catalogue;
#[cfg(feature = "files")]
mod files;
mod image;
mod infer;
mod networks;
#[cfg(feature = "reader")]
pub mod reader;
#[cfg(feature = "train")]
mod train;

#[cfg(feature = "files")]
pub use any_network::AnyNetwork;
#[cfg(feature = "files")]
pub use catalogue::{ActivationName, NameError, NetworkName, NetworkVisitor, with_network};
#[cfg(feature = "files")]
pub use files::{Checkpoint, CheckpointError, Description, save};
#[cfg(feature = "onnx")]
pub use files::{OnnxError, save_onnx, to_onnx};
#[doc(hidden)]
pub use image::lay_images_with;
pub use image::{Image, ImageInput, Normalization, lay_images, most_likely};
#[cfg(feature = "files")]
pub use infer::Classifier;
pub use infer::{Classify, Reading, read, read_many};
#[cfg(feature = "train")]
pub use infer::{Rejection, least_margin, reject, score_margin, sure_margin};
pub use lenet_layers::Class;
#[cfg(feature = "train")]
pub use lenet_layers::Schedule;
#[cfg(feature = "files")]
pub use lenet_train::{NetworkInfo, UNFINISHED, write_beside};
pub use networks::{
    DigitNetwork, LeNet1, LeNet1Table, LeNet1Trace, LeNet4, LeNet4Table, LeNet4Trace, LeNet5, LeNet5Average,
    LeNet5AverageTrace, LeNet5Dense, LeNet5DenseTrace, LeNet5Lush, LeNet5LushTrace, LeNet5Modern, LeNet5ModernTrace,
    LeNet5Rbf, LeNet5RbfTrace, LeNet5Trace, LeNet5Unpadded, LeNet5UnpaddedTrace,
};
#[cfg(feature = "train")]
pub use train::{
    Epoch, Evaluation, Examples, ExamplesError, InitName, InputName, LossName, NamedLoss, Order, Outcome,
    PatternStream, Recipe, RecipeError, RecipeName, ResumeError, SecondOrder, TrainError, Training, TrainingEvent,
    TrainingRun, Variants, add_scores, evaluate, score,
};

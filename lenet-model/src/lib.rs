#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]
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
#[cfg(feature = "files")]
mod parallel;
#[cfg(feature = "train")]
mod train;

#[cfg(feature = "files")]
pub use any_network::{AnyNetwork, NetworkInfo};
#[cfg(feature = "files")]
pub use catalogue::{ActivationName, NameError, NetworkName, NetworkVisitor, with_network};
#[cfg(feature = "files")]
pub use files::{Checkpoint, CheckpointError, Description, UNFINISHED, save, write_beside};
#[cfg(feature = "onnx")]
pub use files::{OnnxError, save_onnx, to_onnx};
pub use image::{Image, ImageInput, most_likely};
#[cfg(feature = "files")]
pub use infer::Classifier;
pub use infer::{Classify, Reading, read, read_many};
#[cfg(feature = "train")]
pub use infer::{Rejection, reject, score_margin, sure_margin};
pub use lenet_layers::{Class, Normalization};
pub use networks::{
    DigitNetwork, LeNet1, LeNet1Table, LeNet1Trace, LeNet4, LeNet4Table, LeNet4Trace, LeNet5, LeNet5Average,
    LeNet5AverageTrace, LeNet5Dense, LeNet5DenseTrace, LeNet5Lush, LeNet5LushTrace, LeNet5Rbf, LeNet5RbfTrace,
    LeNet5Trace,
};
#[cfg(feature = "train")]
pub use train::{
    Epoch, Evaluation, Examples, ExamplesError, InitName, InputName, LossName, NamedLoss, Order, Outcome,
    PatternStream, Recipe, RecipeError, RecipeName, ResumeError, Schedule, SecondOrder, TrainError, Training,
    TrainingEvent, TrainingRun, Variants, add_scores, evaluate, score,
};

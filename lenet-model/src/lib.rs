#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

#[cfg(feature = "std")]
mod any_network;
#[cfg(feature = "std")]
mod beside;
#[cfg(feature = "std")]
mod boosting;
#[cfg(feature = "std")]
mod catalogue;
#[cfg(feature = "std")]
mod checkpoint;
#[cfg(feature = "std")]
mod evaluation;
#[cfg(feature = "std")]
mod examples;
mod networks;
#[cfg(feature = "onnx")]
mod onnx;
#[cfg(feature = "pretrained")]
mod pretrained;
mod reading;
#[cfg(feature = "std")]
mod recipe;
#[cfg(feature = "std")]
mod rejection;
#[cfg(feature = "std")]
mod step;
#[cfg(feature = "std")]
mod trainer;

#[cfg(feature = "std")]
pub use any_network::{AnyNetwork, NetworkInfo};
#[cfg(feature = "std")]
pub use beside::{UNFINISHED, write_beside};
#[cfg(feature = "std")]
pub use boosting::{Stream, add_scores};
#[cfg(feature = "std")]
pub use catalogue::{ActivationName, NetworkName, NetworkVisitor, with_network};
#[cfg(feature = "std")]
pub use checkpoint::{Checkpoint, CheckpointError, Description, save};
#[cfg(feature = "std")]
pub use evaluation::{Evaluation, evaluate, score};
#[cfg(feature = "std")]
pub use examples::{Examples, Variants};
pub use lenet_layers::{Class, Normalization};
pub use networks::{
    DigitNetwork, LeNet1, LeNet1Table, LeNet1Trace, LeNet4, LeNet4Table, LeNet4Trace, LeNet5, LeNet5Average,
    LeNet5AverageTrace, LeNet5Dense, LeNet5DenseTrace, LeNet5Lush, LeNet5LushTrace, LeNet5Rbf, LeNet5RbfTrace,
    LeNet5Trace, Retina,
};
#[cfg(feature = "onnx")]
pub use onnx::{OnnxError, save_onnx, to_onnx};
#[cfg(feature = "std")]
pub use reading::Classifier;
pub use reading::{Classify, Image, Reading, most_likely, read, read_many};
#[cfg(feature = "std")]
pub use recipe::{
    InitName, InputName, LossName, NamedLoss, Order, Recipe, RecipeError, RecipeName, Schedule, SecondOrder,
};
#[cfg(feature = "std")]
pub use rejection::{Rejection, margin, reject, sure_margin};
#[cfg(feature = "std")]
pub use trainer::{Epoch, Outcome, ResumeError, TrainError, Training, TrainingEvent, TrainingRun};

#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

#[cfg(feature = "std")]
mod beside;
#[cfg(feature = "std")]
mod catalogue;
#[cfg(feature = "std")]
mod checkpoint;
#[cfg(feature = "std")]
mod evaluation;
mod networks;
mod reading;
#[cfg(feature = "std")]
mod recipe;
#[cfg(feature = "std")]
mod step;
#[cfg(feature = "std")]
mod trainer;

#[cfg(feature = "std")]
pub use beside::write_beside;
#[cfg(feature = "std")]
pub use catalogue::{ActivationName, NetworkName, Visitor, visit};
#[cfg(feature = "std")]
pub use checkpoint::{Checkpoint, CheckpointError, Description, save};
#[cfg(feature = "std")]
pub use evaluation::{Evaluation, evaluate};
pub use lenet_layers::{Class, Normalization};
pub use networks::{
    DigitNetwork, LeNet5, LeNet5Average, LeNet5AverageTrace, LeNet5Dense, LeNet5DenseTrace, LeNet5Trace,
};
pub use reading::{Image, Reading, read};
#[cfg(feature = "std")]
pub use recipe::{InitName, LossName, Recipe, RecipeError, Schedule};
#[cfg(feature = "std")]
pub use trainer::{Epoch, Event, Examples, Outcome, TrainError, Training};

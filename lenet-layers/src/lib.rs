//! Neural network layers whose shapes the compiler checks, and [`sequential!`], the macro that chains them.
//!
//! # Items by task
//!
//! | task | items |
//! |---|---|
//! | declare a network | [`sequential!`], [`connection_table!`], [`Maps`], [`Units`] |
//! | layers | [`Conv1d`], [`Conv2d`], [`GroupConv2d`], [`DepthwiseConv2d`], [`SparseConv2d`], [`Subsample`], [`AvgPool`], [`MaxPool`], [`AvgPool1d`], [`MaxPool1d`], [`GlobalAvgPool`], [`BatchNorm`], [`Dropout`], [`Flatten`], [`Dense`], [`Rbf`], [`Repeat`] |
//! | padding of a convolution | [`Unpadded`], [`SamePadding`], [`Zeros`], [`Edge`]; [`Padding`], [`Fill`] |
//! | stages of networks | [`Residual`], [`Concat`], [`Branch`], [`Same`], [`Joined`], [`JoinedParams`] |
//! | training and inference | [`Network::forward_training`], [`TrainingPass`], [`Mode`], [`BatchNormParams`], [`Rows`] |
//! | activation functions | [`Identity`], [`ScaledTanh`], [`Tanh`], [`Sigmoid`], [`Relu`], [`LeakyRelu`] |
//! | functions as a stage | [`Apply`], [`Silu`], [`GeluTanh`], [`HardSwish`], [`Function`] |
//! | a trained network within the program | [`embedded!`] |
//! | run a network | [`Network`], [`Trace`], [`Tensor`], [`Cell`], [`Lanes`], [`Element`] |
//! | its parameters | [`Params`], [`ParamInfo`], [`Role`], [`Kernels`], [`Kernels1d`], [`GroupKernels`], [`SparseKernels`], [`Coefficients`], [`Weights`], [`NoParams`] |
//! | measure the error | [`Loss`], [`MeanSquared`], [`SoftmaxMeanSquared`], [`SoftmaxCrossEntropy`], [`SmoothedCrossEntropy`], [`CorrectPenalty`], [`MaximumAPosteriori`], [`Ctc`], [`softmax`], [`Class`]; error: [`ClassError`] |
//! | measure the error of numbers | [`SquaredError`], [`Huber`], [`BinaryCrossEntropy`] |
//! | train | [`initialize`], [`Init`], [`Grad`], [`Sgd`], [`Adam`], [`AdamW`], [`AdamSettings`], [`clip_norm`], [`Schedule`]; error: [`ScheduleError`] |
//! | train with several gradients or threads | [`Rule`], [`Descent`], [`Nesterov`], [`Moments`], [`AdamUpdate`], [`Clipped`], [`Statistic`], [`squared_norm`] |
//! | train by second derivatives | [`Curved`], [`CurvedNetwork`], [`CurvedLoss`], [`Curvature`], [`Squared`], [`Sdlm`], [`Diagonal`] |
//! | a network as data | [`StageInfo`], [`Operation`], [`ActivationKind`] |
//! | a layer or an activation of your own | [`Trainable`], [`LayerInfo`], [`Layer`], [`Activation`], [`Vector`], [`simd`], [`zerocopy`] |
//! | tables and codes | [`Table1`], [`Connections`], [`ConnectionTable`], [`Bitmaps`], [`Codes`] |
//! | arithmetic of sizes | [`Size`], [`Valid`], [`Strided`], [`Padded`], [`Centred`], [`Groups`], [`Tiled`], [`Times`], [`Flattened`] |
//!
#![doc = include_str!("../README.md")]
// The table above links to the items of all features.
#![cfg_attr(not(feature = "init"), allow(rustdoc::broken_intra_doc_links))]
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;
// The macros refer to this crate by its own name, both in dependent crates and here.
extern crate self as lenet_layers;

mod activation;
mod function;
mod kernels;
mod layers;
mod loss;
mod mode;
mod network;
mod optim;
mod params;

pub use activation::{Activation, ActivationKind, Identity, LeakyRelu, Relu, ScaledTanh, Sigmoid, Tanh};
pub use function::{Function, GeluTanh, HardSwish, Silu};
pub use layers::{
    Apply, AvgPool, AvgPool1d, BatchNorm, BatchNormParams, Bitmaps, Codes, Coefficients, ConnectionTable, Connections,
    Conv1d, Conv2d, Curved, Dense, DepthwiseConv2d, Dropout, Edge, Fill, Flatten, GlobalAvgPool, GroupConv2d,
    GroupKernels, Kernels, Kernels1d, Layer, LayerInfo, MaxPool, MaxPool1d, Operation, Padding, Rbf, Repeat, Rows,
    STATISTIC_MOMENTUM, SamePadding, SparseConv2d, SparseKernels, StageInfo, Subsample, Table1, Trainable, Unpadded,
    Weights, Zeros,
};
#[doc(hidden)]
pub use layers::{CurvedStage, Gives, Stage};
pub use lenet_tensor::{
    Cell, Centred, Element, Flattened, Groups, Lanes, Maps, Padded, Plus, Shape, Size, Strided, Tensor, Tiled, Times,
    Units, Valid, simd, simd::Vector,
};
pub use loss::{
    BinaryCrossEntropy, Class, ClassError, CorrectPenalty, Ctc, CurvedLoss, Huber, Loss, MaximumAPosteriori,
    MeanSquared, SmoothedCrossEntropy, SoftmaxCrossEntropy, SoftmaxMeanSquared, SquaredError, softmax,
};
#[doc(hidden)]
pub use mode::name_hash;
pub use mode::{Mode, TrainingPass};
#[doc(hidden)]
pub use network::{Adds, BranchOf, Holds, JoinedStage, Joins, Stacks, Takes};
pub use network::{Branch, Concat, CurvedNetwork, Joined, JoinedParams, Network, Residual, Same, Trace};
#[doc(hidden)]
pub use network::{
    DistinctName, DistinctType, IsApplied, IsLayer, LineOfANetwork, Stages, distinct_name, distinct_type, is_applied,
    is_layer, line_of_a_network, not_empty, stages,
};
pub use optim::{
    Adam, AdamSettings, AdamUpdate, AdamW, Clipped, Descent, Diagonal, Moments, Nesterov, Rule, Sdlm, Sgd, Statistic,
    clip_norm, squared_norm,
};
#[cfg(feature = "init")]
pub use optim::{Init, initialize};
#[cfg(feature = "std")]
pub use optim::{Schedule, ScheduleError};
pub use params::{Curvature, Grad, NoParams, ParamInfo, Params, Role, Squared};

/// Items that only the macros use.
#[doc(hidden)]
pub mod __private {
    pub use crate::layers::parse;
    pub use crate::network::embedded::{native, numbers};
    pub use lenet_tensor::Num;
}
#[cfg(feature = "nalgebra")]
pub use nalgebra;
#[cfg(feature = "init")]
pub use rand;
/// For layers with their own parameters, which derive `FromBytes`, `Immutable` and `KnownLayout` ([`Layer`] has an example).
pub use zerocopy;

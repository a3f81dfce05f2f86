#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;
// The macros name this crate by its own name, in a dependent as here.
extern crate self as lenet_layers;

mod activation;
mod codes;
mod connections;
mod conv;
mod convolution;
mod dense;
mod flatten;
#[cfg(feature = "init")]
mod init;
mod layer;
mod loss;
mod matrix;
mod network;
mod operation;
mod params;
mod pool;
mod rbf;
mod repeat;
mod sdlm;
mod sequential;
mod sgd;
mod sparse;
mod subsample;
mod tile;
mod turn;
mod windows;

pub use activation::{Activation, Identity, Relu, ScaledTanh, Sigmoid, Squash, Tanh};
pub use codes::{Bitmaps, Codes};
pub use connections::{Connections, Drawn, Table1};
pub use conv::{Conv2d, Kernels};
pub use dense::{Dense, Weights};
pub use flatten::Flatten;
#[cfg(feature = "init")]
pub use init::{Init, initialize};
pub use layer::{Described, Layer, Trainable};
#[doc(hidden)]
pub use layer::{Gives, Stage};
pub use lenet_tensor::{
    Cell, Dim, Element, Lanes, Maps, Normalization, Shape, Tensor, Tiled, Times, Units, Valid, simd, simd::Vector,
};
pub use loss::{
    Class, ClassError, CorrectPenalty, Loss, MaximumAPosteriori, MeanSquared, SoftmaxCrossEntropy, SoftmaxMeanSquared,
    softmax,
};
pub use network::{Network, StageInfo, Trace};
pub use operation::Operation;
pub use params::{Curvature, Grad, NoParams, ParamInfo, Params, Role, Squared};
pub use pool::{AvgPool, MaxPool};
pub use rbf::Rbf;
pub use repeat::Repeat;
pub use sdlm::{Diagonal, Sdlm};
pub use sgd::{Descent, Rule, Sgd};
pub use sparse::{SparseConv2d, SparseKernels};
pub use subsample::{Coefficients, Subsample};

/// What the macros need of this crate and nobody else does.
#[doc(hidden)]
pub mod __private {
    pub use crate::connections::parse;
    pub use lenet_tensor::Num;
}
/// For a layer with parameters of its own: they derive `FromBytes`, `Immutable` and `KnownLayout`.
pub use zerocopy;

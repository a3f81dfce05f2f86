//! The layers, and the traits that every layer implements.

mod apply;
mod batch_norm;
mod codes;
mod connections;
mod conv;
mod conv1d;
mod dense;
mod dropout;
mod flatten;
mod global_pool;
mod group;
mod info;
mod layer;
mod operation;
mod padding;
mod pool;
mod rbf;
mod repeat;
mod sparse;
mod stage;
mod subsample;

pub use apply::Apply;
pub use batch_norm::{BatchNorm, BatchNormParams, Rows, STATISTIC_MOMENTUM};
pub use codes::{Bitmaps, Codes};
#[doc(hidden)]
pub use connections::parse;
pub use connections::{ConnectionTable, Connections, Table1};
pub use conv::{Conv2d, Kernels};
pub use conv1d::{Conv1d, Kernels1d};
pub use dense::{Dense, Weights};
pub use dropout::Dropout;
pub use flatten::Flatten;
pub use global_pool::GlobalAvgPool;
pub use group::{DepthwiseConv2d, GroupConv2d, GroupKernels};
pub use info::StageInfo;
pub use layer::{Curved, Layer, LayerInfo, Trainable};
pub use operation::Operation;
pub use padding::{Edge, Fill, Padding, SamePadding, Unpadded, Zeros};
pub use pool::{AvgPool, AvgPool1d, MaxPool, MaxPool1d};
pub use rbf::Rbf;
pub use repeat::Repeat;
pub use sparse::{SparseConv2d, SparseKernels};
#[doc(hidden)]
pub use stage::{CurvedStage, Gives, Stage};
pub use subsample::{Coefficients, Subsample};

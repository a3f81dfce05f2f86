//! The operation of a layer as data, for code that converts a network to another format.

use crate::{ActivationKind, Fill, StageInfo};

/// The operation that a layer computes from its input and its parameters. The parameters are those of
/// [`LayerInfo::info`](crate::LayerInfo::info), in that order. Sizes that are not given here are in the shapes of the
/// parameters and of the stages.
///
/// ```
/// use lenet_layers::{Conv2d, Fill, LayerInfo, Operation, ScaledTanh, ActivationKind};
/// let activation = ActivationKind::ScaledTanh { amplitude: 1.7159, slope: 2.0 / 3.0 };
/// assert_eq!(
///     Conv2d::<1, 6, 5, ScaledTanh>::OPERATION,
///     Operation::Convolution { kernel: [5, 5], stride: [1, 1], padding: [0, 0], fill: Fill::Zeros, groups: 1, activation },
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Operation {
    /// Each output map has a kernel for each input map that it sees, and a bias. Parameters: weight, bias.
    /// [`Conv2d`](crate::Conv2d), [`GroupConv2d`](crate::GroupConv2d), [`SparseConv2d`](crate::SparseConv2d) and
    /// [`Conv1d`](crate::Conv1d), whose weights have no axis for the only row of a kernel.
    Convolution {
        /// Rows and columns of a kernel.
        kernel: [usize; 2],
        /// The distance from a window to the next one, in rows and in columns.
        stride: [usize; 2],
        /// The number of rows of padding above and below, and of columns of padding left and right.
        padding: [usize; 2],
        /// What is in these cells.
        fill: Fill,
        /// The number of groups into which the maps are divided; a map sees the maps of its own group.
        groups: usize,
        /// Applied to each sum.
        activation: ActivationKind,
    },
    /// The sum of each window times the map's coefficient, plus a bias. Parameters: coefficient, bias.
    /// [`Subsample`](crate::Subsample).
    Subsampling {
        /// Rows and columns of a window.
        window: usize,
        /// Applied to each sum.
        activation: ActivationKind,
    },
    /// The mean of each window. [`AvgPool`](crate::AvgPool).
    AveragePool {
        /// Rows and columns of a window.
        window: [usize; 2],
    },
    /// The largest cell of each window. [`MaxPool`](crate::MaxPool).
    MaxPool {
        /// Rows and columns of a window.
        window: [usize; 2],
    },
    /// Every unit sees every input. Parameters: weight, bias. [`Dense`](crate::Dense).
    FullConnection {
        /// Applied to each sum.
        activation: ActivationKind,
    },
    /// A function of every cell. No parameters. [`Apply`](crate::Apply).
    Function {
        /// The function.
        activation: ActivationKind,
    },
    /// The square of the distance to each code. [`Rbf`](crate::Rbf).
    Rbf {
        /// The codes, one after another.
        codes: &'static [f32],
    },
    /// Every map repeated several times, with its copies next to each other. [`Repeat`](crate::Repeat).
    Repeat {
        /// The number of copies.
        times: usize,
    },
    /// Maps read as a row of units; the last axis varies fastest. [`Flatten`](crate::Flatten).
    Flatten,
    /// The sum of the outputs of two branches. Parameters: those of the block, then those of the skip.
    /// [`Residual`](crate::Residual).
    Residual {
        /// The stages of the block.
        block: &'static [StageInfo],
        /// The stages of the other branch; empty if it is the input itself.
        skip: &'static [StageInfo],
        /// Applied to each sum.
        activation: ActivationKind,
    },
    /// The maps of a branch, then those of the block. Parameters: those of the block, then those of the skip.
    /// [`Concat`](crate::Concat).
    Concat {
        /// The stages of the block.
        block: &'static [StageInfo],
        /// The stages of the other branch; empty if it is the input itself.
        skip: &'static [StageInfo],
    },
    /// Each map or unit normalized by the two last arrays. Parameters: weight, bias, mean, variance.
    /// [`BatchNorm`](crate::BatchNorm).
    BatchNorm {
        /// Added to the variance.
        epsilon: f64,
        /// Applied to each number.
        activation: ActivationKind,
    },
    /// Nothing outside training. [`Dropout`](crate::Dropout).
    Dropout {
        /// The percentage of numbers that are dropped in training.
        percent: usize,
    },
    /// The mean of each map, as units. [`GlobalAvgPool`](crate::GlobalAvgPool).
    GlobalAveragePool,
    /// Another operation, which only the layer itself can compute.
    Custom,
}

//! What a layer computes, as data: for whoever writes a network down in another form.

use crate::ActivationKind;

/// What a layer computes from its input and its parameters, which are those of [`LayerInfo::info`](crate::LayerInfo::info) in
/// that order. The sizes that are not here are in the shapes of the parameters and of the stages.
///
/// ```
/// use lenet_layers::{Conv2d, LayerInfo, Operation, ScaledTanh, ActivationKind};
/// let activation = ActivationKind::ScaledTanh { amplitude: 1.7159, slope: 2.0 / 3.0 };
/// assert_eq!(Conv2d::<1, 6, 5, ScaledTanh>::OPERATION, Operation::Convolution { kernel: 5, activation });
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Operation {
    /// Every map with a kernel for each map it sees, and a bias; parameters: weight, bias. [`Conv2d`](crate::Conv2d) and
    /// [`SparseConv2d`](crate::SparseConv2d).
    Convolution {
        /// Rows and columns of a kernel.
        kernel: usize,
        /// Applied to each sum.
        activation: ActivationKind,
    },
    /// The sum of each window times the map's coefficient, and a bias; parameters: coefficient, bias.
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
        window: usize,
    },
    /// The largest cell of each window. [`MaxPool`](crate::MaxPool).
    MaxPool {
        /// Rows and columns of a window.
        window: usize,
    },
    /// Every unit sees every input; parameters: weight, bias. [`Dense`](crate::Dense).
    FullConnection {
        /// Applied to each sum.
        activation: ActivationKind,
    },
    /// The square of the distance to each code. [`Rbf`](crate::Rbf).
    Rbf {
        /// The codes, one after the other.
        codes: &'static [f32],
    },
    /// Every map several times, its copies side by side. [`Repeat`](crate::Repeat).
    Repeat {
        /// How often.
        times: usize,
    },
    /// Maps read as a row of units, the last axis running fastest. [`Flatten`](crate::Flatten).
    Flatten,
    /// Something else, which only the layer itself can compute.
    Custom,
}

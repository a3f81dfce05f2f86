//! Networks as arrays of numbers: what training and files need from a network, whatever its type.
//!
//! Only the passes through a network depend on its type. Everything else works on slices, so it is compiled once and
//! not once for each network.

#[cfg(feature = "train")]
use lenet_layers::Role;
use lenet_layers::{Network, ParamInfo, Params, Shape, StageInfo};
use std::any::Any;

/// Arrays of numbers with the shapes of a network's parameters: the parameters, their gradient, or what an optimizer
/// keeps of them. Every [`Params`] of `f32` is one, so `&network` can be passed wherever `&dyn Arrays` is expected.
///
/// ```
/// use lenet_layers::{Grad, Params, Weights};
/// use lenet_train::Arrays;
/// let mut gradient: Box<dyn Arrays> = Grad::<Weights<3, 2>>::boxed_zeroed();
/// gradient.fill(0.5);
/// assert_eq!((gradient.arrays(), gradient.array(0)), (2, &[0.5; 6][..]));
/// assert_eq!(gradient.downcast_ref::<Grad<Weights<3, 2>>>().unwrap().0.bias, [0.5; 2]);
/// ```
pub trait Arrays: Any + Send + Sync {
    /// Array number `index`, flat.
    ///
    /// # Panics
    /// If there is no such array.
    fn array(&self, index: usize) -> &[f32];
    /// Array number `index`, flat, to write to.
    ///
    /// # Panics
    /// If there is no such array.
    fn array_mut(&mut self, index: usize) -> &mut [f32];
    /// The number of arrays.
    fn arrays(&self) -> usize;
    /// Whether array number `index` holds statistics of the data and no trainable numbers
    /// ([`Params::is_statistic`]).
    fn holds_statistics(&self, index: usize) -> bool;
}

impl<P: Params<Element = f32>> Arrays for P {
    fn array(&self, index: usize) -> &[f32] {
        Params::tensor(self, index)
    }
    fn array_mut(&mut self, index: usize) -> &mut [f32] {
        Params::tensor_mut(self, index)
    }
    fn arrays(&self) -> usize {
        P::TENSORS
    }
    fn holds_statistics(&self, index: usize) -> bool {
        P::is_statistic(index)
    }
}

impl dyn Arrays {
    /// Sets every number to `value`.
    pub fn fill(&mut self, value: f32) {
        (0..self.arrays()).for_each(|i| self.array_mut(i).fill(value));
    }

    /// Copies every number from arrays of the same form.
    ///
    /// # Panics
    /// If the forms differ.
    pub fn copy_from(&mut self, source: &dyn Arrays) {
        (0..source.arrays()).for_each(|i| self.array_mut(i).copy_from_slice(source.array(i)));
    }

    /// Whether no number is infinite or NaN.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        (0..self.arrays()).all(|i| self.array(i).iter().all(|number| number.is_finite()))
    }

    /// The arrays as a value of type `T`, if they are one.
    #[must_use]
    pub fn downcast_ref<T: 'static>(&self) -> Option<&T> {
        (self as &dyn Any).downcast_ref()
    }

    /// The arrays as a value of type `T`, to write to, if they are one.
    #[must_use]
    pub fn downcast_mut<T: 'static>(&mut self) -> Option<&mut T> {
        (self as &mut dyn Any).downcast_mut()
    }

    /// As `downcast_ref`, for callers that made the arrays themselves.
    ///
    /// # Panics
    /// If they are of another type.
    #[must_use]
    pub fn cast<T: 'static>(&self) -> &T {
        self.downcast_ref().expect(ONE_TYPE)
    }

    /// As `downcast_mut`, for callers that made the arrays themselves.
    ///
    /// # Panics
    /// If they are of another type.
    #[must_use]
    pub fn cast_mut<T: 'static>(&mut self) -> &mut T {
        self.downcast_mut().expect(ONE_TYPE)
    }
}

/// A failed cast is a bug of the caller: all parts of a run are made by the network that it trains.
const ONE_TYPE: &str = "all parts belong to networks of one type";

/// What is known about a network from its type, without its parameters.
///
/// ```
/// use lenet_layers::{Dense, Tanh, Units, sequential};
/// use lenet_train::NetworkInfo;
/// sequential! {
///     pub struct Net, trace NetTrace {
///         input:                Units<3>;
///         f1: Dense<3, 4, Tanh> => Units<4>;
///         f2: Dense<4, 2>       => Units<2>;
///     }
/// }
/// let info = NetworkInfo::of::<Net>();
/// assert_eq!((info.input, info.stages.len(), info.parameters), (&[3][..], 2, 26));
/// assert_eq!(info.tensors().nth(2).unwrap().to_string(), "f2.weight");
/// ```
#[derive(Clone, Copy)]
pub struct NetworkInfo {
    /// The extent of each axis of the input.
    pub input: &'static [usize],
    /// The stages in order, without the input.
    pub stages: &'static [StageInfo],
    /// Whether the outputs are penalties: the smallest one gives the class.
    pub penalties: bool,
    /// The number of trainable parameters, without the statistics that batch normalization measures.
    pub parameters: usize,
    /// The number of connections, as the 1998 paper counts them.
    pub connections: usize,
    /// The number of multiply-adds in a forward pass over one example.
    pub multiply_adds: usize,
    /// The number of parameter arrays.
    tensors: usize,
    /// Describes the array with a given index.
    tensor: fn(usize) -> ParamInfo,
}

impl NetworkInfo {
    /// Describes networks of type `N`.
    #[must_use]
    pub fn of<N: Network>() -> Self {
        NetworkInfo {
            input: <N::Input as Shape>::DIMS,
            stages: N::STAGES,
            penalties: N::PENALTIES,
            parameters: N::LEN - N::STATISTICS,
            connections: N::CONNECTIONS,
            multiply_adds: N::MULTIPLY_ADDS,
            tensors: N::TENSORS,
            tensor: N::info,
        }
    }

    /// Describes each array of parameters, in order.
    #[must_use]
    pub fn tensors(self) -> impl ExactSizeIterator<Item = ParamInfo> {
        (0..self.tensors).map(self.tensor)
    }

    /// Whether array number `index` multiplies inputs: neither biases, nor the scales of a normalization.
    #[cfg(feature = "train")]
    pub(crate) fn is_weight(self, index: usize) -> bool {
        matches!((self.tensor)(index).role, Role::Weight | Role::Coefficient { .. })
    }
}

impl std::fmt::Debug for NetworkInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "network of {} stages and {} parameters", self.stages.len(), self.parameters)
    }
}

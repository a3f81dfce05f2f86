//! What every network that [`sequential!`](crate::sequential) declares can do.

use crate::{Curvature, Grad, Operation, ParamInfo, Params, Squared};
use core::fmt;
use lenet_tensor::simd::{Isa, Kernel, Simd};
use lenet_tensor::{Cell, Shape, Tensor};
use zerocopy::{FromBytes, Immutable, KnownLayout};

mod names;
mod sequential;

#[doc(hidden)]
pub use names::{DistinctName, LineOfANetwork, distinct_name, line_of_a_network};

/// What a forward pass leaves behind, and what a backward pass needs: every stage's output. The error signal has the
/// same type.
pub trait Trace<T: Cell>: Sized + Send + Sync + 'static + FromBytes + Immutable + KnownLayout {
    /// The input's shape.
    type Input: Shape;
    /// The output's shape.
    type Output: Shape;
    /// The input.
    fn input(&self) -> &Tensor<Self::Input, T>;
    /// The input, to write to.
    fn input_mut(&mut self) -> &mut Tensor<Self::Input, T>;
    /// The output of the last stage.
    fn output(&self) -> &Tensor<Self::Output, T>;
    /// The output of the last stage, to write to.
    fn output_mut(&mut self) -> &mut Tensor<Self::Output, T>;
    /// The output of every stage, in order, as slices.
    fn stage(&self, index: usize) -> &[T];
    /// All zeros, by value.
    #[must_use]
    fn zeroed() -> Self {
        zerocopy::FromZeros::new_zeroed()
    }
    /// All zeros, straight on the heap.
    ///
    /// # Panics
    /// If the allocator has no memory left, as `Box::new` does.
    #[cfg(feature = "alloc")]
    #[must_use]
    fn boxed_zeroed() -> alloc::boxed::Box<Self> {
        zerocopy::FromZeros::new_box_zeroed().expect("memory for a trace")
    }
}

/// What is known of one stage before the program runs.
#[derive(Clone, Copy)]
pub struct StageInfo {
    /// Its name: `c1`.
    pub name: &'static str,
    /// The extent of each axis of its output.
    pub dims: &'static [usize],
    /// Its trainable numbers.
    pub params: usize,
    /// Its connections, as the 1998 paper counts them.
    pub connections: usize,
    /// Its multiply-adds in a forward pass over one example.
    pub multiply_adds: usize,
    /// Whether its outputs are penalties: the smallest of them tells the class.
    pub penalties: bool,
    /// What it computes.
    pub operation: Operation,
    #[doc(hidden)]
    pub describe: fn(&mut fmt::Formatter<'_>) -> fmt::Result,
}

impl fmt::Debug for StageInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {}", self.name, self.dims, self.layer())
    }
}

impl StageInfo {
    /// The layer in words, to be displayed: `convolution 5x5, tanh`.
    #[must_use]
    pub fn layer(&self) -> impl fmt::Display {
        struct Words(fn(&mut fmt::Formatter<'_>) -> fmt::Result);
        impl fmt::Display for Words {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                (self.0)(f)
            }
        }
        Words(self.describe)
    }
}

/// A chain of layers. Its value is its parameters.
///
/// [`sequential!`](crate::sequential) implements it. Code that is generic over networks reads their sizes and names from it:
///
/// ```
/// use lenet_layers::{Dense, Network, Tanh, Units, sequential};
///
/// fn summary<N: Network>() -> Vec<String> {
///     N::STAGES.iter().map(|s| format!("{}: {}, {} parameters", s.name, s.layer(), s.params)).collect()
/// }
///
/// sequential! {
///     pub struct Net, trace NetTrace {
///         input:                Units<3>;
///         f1: Dense<3, 4, Tanh> => Units<4>;
///         f2: Dense<4, 2>       => Units<2>;
///     }
/// }
/// assert_eq!(summary::<Net>(), ["f1: full connection, tanh, 16 parameters", "f2: full connection, identity, 10 parameters"]);
/// assert_eq!(<Net as Network>::CONNECTIONS, 26);
/// ```
pub trait Network: Params {
    /// The input's shape.
    type Input: Shape;
    /// The output's shape.
    type Output: Shape;
    /// What a forward pass leaves behind.
    type Trace<T: Cell>: Trace<T, Input = Self::Input, Output = Self::Output>;
    /// The stages in order, the input not among them.
    const STAGES: &'static [StageInfo];
    /// Whether the outputs are penalties: the smallest of them, not the largest, tells the class.
    const PENALTIES: bool = match Self::STAGES {
        [.., last] => last.penalties,
        [] => false,
    };
    /// Connections of all stages, as the 1998 paper counts them.
    const CONNECTIONS: usize = {
        let (mut sum, mut i) = (0, 0);
        while i < Self::STAGES.len() {
            sum += Self::STAGES[i].connections;
            i += 1;
        }
        sum
    };
    /// Multiply-adds of a forward pass over one example.
    const MULTIPLY_ADDS: usize = {
        let (mut sum, mut i) = (0, 0);
        while i < Self::STAGES.len() {
            sum += Self::STAGES[i].multiply_adds;
            i += 1;
        }
        sum
    };

    /// What is known of parameter array `index`.
    ///
    /// # Panics
    /// If `index` is not below `TENSORS`.
    fn info(index: usize) -> ParamInfo;

    /// The forward pass with the instruction set of `simd`.
    #[doc(hidden)]
    fn forward_with<S: Simd, T: Cell<Element = Self::Element>>(&self, simd: S, trace: &mut Self::Trace<T>);

    /// The backward pass with the instruction set of `simd`, to the input or to the first layer's parameters.
    #[doc(hidden)]
    fn backward_with<S: Simd, T: Cell<Element = Self::Element>>(
        &self,
        simd: S,
        trace: &Self::Trace<T>,
        errors: &mut Self::Trace<T>,
        grad: &mut Grad<Self>,
        to_input: bool,
    );

    /// The curvatures with the instruction set of `simd`; the numbers are those of `squared`.
    #[doc(hidden)]
    fn curvature_with<S: Simd, T: Cell<Element = Self::Element>>(
        squared: &Squared<Self>,
        simd: S,
        trace: &Self::Trace<T>,
        second: &mut Self::Trace<T>,
        h: &mut Curvature<Self>,
    );

    /// The forward pass: from the input that lies in `trace` to the output that comes to lie there.
    fn forward<'t, T: Cell<Element = Self::Element>>(
        &self,
        trace: &'t mut Self::Trace<T>,
    ) -> &'t Tensor<Self::Output, T> {
        Isa::current().dispatch(Forward { network: self, trace: &mut *trace });
        trace.output()
    }

    /// The backward pass. `errors` holds the gradient of the loss by the output; the stages before it are overwritten.
    /// The gradient by the parameters is *added* to `grad`. The input's own gradient is not computed.
    fn backward<T: Cell<Element = Self::Element>>(
        &self,
        trace: &Self::Trace<T>,
        errors: &mut Self::Trace<T>,
        grad: &mut Grad<Self>,
    ) {
        Isa::current().dispatch(Backward { network: self, trace, errors, grad, to_input: false });
    }

    /// The backward pass all the way: afterwards the input's gradient lies in `errors`.
    fn backward_to_input<T: Cell<Element = Self::Element>>(
        &self,
        trace: &Self::Trace<T>,
        errors: &mut Self::Trace<T>,
        grad: &mut Grad<Self>,
    ) {
        Isa::current().dispatch(Backward { network: self, trace, errors, grad, to_input: true });
    }
}

impl<N: Network> Squared<N> {
    /// The third direction: second derivatives on their way back, in the Gauss-Newton approximation (LeCun et al. 1998,
    /// appendix C). `trace` is what the forward pass of the network has left whose squares these are. `second` holds the
    /// second derivative of the loss by each output; the stages before it are overwritten. That by the parameters is *added*
    /// to `h`.
    pub fn curvature<T: Cell<Element = N::Element>>(
        &self,
        trace: &N::Trace<T>,
        second: &mut N::Trace<T>,
        h: &mut Curvature<N>,
    ) {
        Isa::current().dispatch(Back { squared: self, trace, second, h });
    }
}

struct Forward<'a, N: Network, T: Cell> {
    network: &'a N,
    trace: &'a mut N::Trace<T>,
}
impl<N: Network, T: Cell<Element = N::Element>> Kernel for Forward<'_, N, T> {
    type Output = ();
    fn run<S: Simd>(self, simd: S) {
        self.network.forward_with(simd, self.trace);
    }
}

struct Back<'a, N: Network, T: Cell> {
    squared: &'a Squared<N>,
    trace: &'a N::Trace<T>,
    second: &'a mut N::Trace<T>,
    h: &'a mut Curvature<N>,
}
impl<N: Network, T: Cell<Element = N::Element>> Kernel for Back<'_, N, T> {
    type Output = ();
    fn run<S: Simd>(self, simd: S) {
        N::curvature_with(self.squared, simd, self.trace, self.second, self.h);
    }
}

struct Backward<'a, N: Network, T: Cell> {
    network: &'a N,
    trace: &'a N::Trace<T>,
    errors: &'a mut N::Trace<T>,
    grad: &'a mut Grad<N>,
    to_input: bool,
}
impl<N: Network, T: Cell<Element = N::Element>> Kernel for Backward<'_, N, T> {
    type Output = ();
    fn run<S: Simd>(self, simd: S) {
        self.network.backward_with(simd, self.trace, self.errors, self.grad, self.to_input);
    }
}

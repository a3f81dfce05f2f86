//! The trait of every network that [`sequential!`](crate::sequential) declares.

use crate::{Curvature, Grad, Mode, ParamInfo, Params, Squared, StageInfo, TrainingPass};
use lenet_tensor::simd::{Isa, Kernel, Simd};
use lenet_tensor::{Cell, Element, Shape, Tensor};
use zerocopy::{FromBytes, Immutable, KnownLayout};

mod branch;
pub(crate) mod embedded;
mod joined;
mod names;
mod sequential;

pub use branch::{Branch, Same};
#[doc(hidden)]
pub use branch::{BranchOf, Takes};
#[doc(hidden)]
pub use joined::{Adds, Holds, JoinedStage, Joins, Stacks};
pub use joined::{Concat, Joined, JoinedParams, Residual};

#[doc(hidden)]
pub use names::{
    DistinctName, DistinctType, IsApplied, IsLayer, LineOfANetwork, Stages, distinct_name, distinct_type, is_applied,
    is_layer, line_of_a_network, not_empty, stages,
};

/// The output of every stage: the forward pass stores it, and the backward pass needs it. The error signal has the same
/// type.
pub trait Trace<T: Cell>:
    Sized + Clone + PartialEq + Send + Sync + 'static + FromBytes + Immutable + KnownLayout
{
    /// The shape of the input.
    type Input: Shape;
    /// The shape of the output.
    type Output: Shape;
    /// Returns the input.
    fn input(&self) -> &Tensor<Self::Input, T>;
    /// Returns the input, mutable.
    fn input_mut(&mut self) -> &mut Tensor<Self::Input, T>;
    /// Returns the output of the last stage.
    fn output(&self) -> &Tensor<Self::Output, T>;
    /// Returns the output of the last stage, mutable.
    fn output_mut(&mut self) -> &mut Tensor<Self::Output, T>;
    /// Returns the output of stage number `index` as a slice.
    fn stage(&self, index: usize) -> &[T];
    /// Returns a zeroed trace.
    #[must_use]
    fn zeroed() -> Self {
        zerocopy::FromZeros::new_zeroed()
    }
    /// Returns a zeroed trace allocated directly on the heap.
    ///
    /// # Panics
    /// If memory cannot be allocated, as for `Box::new`.
    #[cfg(feature = "alloc")]
    #[must_use]
    fn boxed_zeroed() -> alloc::boxed::Box<Self> {
        zerocopy::FromZeros::new_box_zeroed().expect("memory for a trace")
    }
}

/// A chain of layers. A value of the type holds its parameters.
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
    /// The shape of the input.
    type Input: Shape;
    /// The shape of the output.
    type Output: Shape;
    /// The type that stores the outputs of a forward pass.
    type Trace<T: Cell>: Trace<T, Input = Self::Input, Output = Self::Output>;
    /// The same network with parameters of another element type.
    type With<E: Element>: Network<Element = E, Input = Self::Input, Output = Self::Output>;
    /// The stages in order, without the input.
    const STAGES: &'static [StageInfo];
    /// `true` if the outputs are penalties: the smallest of them, not the largest, gives the class.
    const PENALTIES: bool = match Self::STAGES {
        [.., last] => last.penalties,
        [] => false,
    };
    /// The number of connections of all stages, as the 1998 paper counts them.
    const CONNECTIONS: usize = {
        let (mut sum, mut i) = (0, 0);
        while i < Self::STAGES.len() {
            sum += Self::STAGES[i].connections;
            i += 1;
        }
        sum
    };
    /// The number of multiply-adds of a forward pass over one example.
    const MULTIPLY_ADDS: usize = {
        let (mut sum, mut i) = (0, 0);
        while i < Self::STAGES.len() {
            sum += Self::STAGES[i].multiply_adds;
            i += 1;
        }
        sum
    };

    /// Returns information about parameter array `index`.
    ///
    /// # Panics
    /// If `index` is not less than `TENSORS`.
    fn info(index: usize) -> ParamInfo;

    /// The forward pass with the instruction set of `simd`.
    #[doc(hidden)]
    fn forward_with<S: Simd, T: Cell<Element = Self::Element>>(&self, simd: S, trace: &mut Self::Trace<T>, mode: Mode);

    /// The output for an input, with the instruction set of `simd`.
    #[doc(hidden)]
    fn output_with<S: Simd, T: Cell<Element = Self::Element>>(
        &self,
        simd: S,
        input: &Tensor<Self::Input, T>,
    ) -> Tensor<Self::Output, T>;

    /// The forward pass with an input that is not in the trace.
    #[doc(hidden)]
    fn forward_from<S: Simd, T: Cell<Element = Self::Element>>(
        &self,
        simd: S,
        input: &Tensor<Self::Input, T>,
        trace: &mut Self::Trace<T>,
        mode: Mode,
    );

    /// The backward pass with the instruction set of `simd`, down to the input or to the first layer's parameters.
    #[doc(hidden)]
    fn backward_with<S: Simd, T: Cell<Element = Self::Element>, const TO_INPUT: bool>(
        &self,
        simd: S,
        trace: &Self::Trace<T>,
        errors: &mut Self::Trace<T>,
        grad: &mut Grad<Self>,
        mode: Mode,
    );

    /// The backward pass with an input that is not in the trace; the gradient with respect to it is in `errors`.
    #[doc(hidden)]
    fn backward_from<S: Simd, T: Cell<Element = Self::Element>, const TO_INPUT: bool>(
        &self,
        simd: S,
        input: &Tensor<Self::Input, T>,
        trace: &Self::Trace<T>,
        errors: &mut Self::Trace<T>,
        grad: &mut Self,
        mode: Mode,
    );

    /// The forward pass: reads the input in `trace` and writes the outputs of all stages to `trace`. Returns the
    /// output.
    fn forward<'t, T: Cell<Element = Self::Element>>(
        &self,
        trace: &'t mut Self::Trace<T>,
    ) -> &'t Tensor<Self::Output, T> {
        Isa::current().dispatch(Forward { network: self, trace: &mut *trace, mode: Mode::Inference });
        trace.output()
    }

    /// The output for an input, without a trace: the output of a stage is on the stack, and only until it is not needed
    /// any more. In an optimised program that takes little more than half of the memory of a trace. It has the same bits as the output of
    /// [`Network::forward`].
    ///
    /// ```
    /// use lenet_layers::{Conv2d, Dense, Flatten, Maps, MaxPool, Network, Params, Relu, Tensor, Units, sequential};
    /// sequential! {
    ///     pub struct Net, trace NetTrace {
    ///         input:                      Maps<1, 6, 6>;
    ///         c1:   Conv2d<1, 2, 3, Relu> => Maps<2, 4, 4>;
    ///         s2:   MaxPool<2>            => Maps<2, 2, 2>;
    ///         flat: Flatten               => Units<8>;
    ///         out:  Dense<8, 3>           => Units<3>;
    ///     }
    /// }
    /// let mut net = Net::<f32>::zeroed();
    /// net.c1.bias[1] = 2.0;
    /// net.out.weight[2] = [0.5; 8];
    /// assert_eq!(net.output_of(&Tensor::<Maps<1, 6, 6>>::zeroed()).data, [0.0, 0.0, 4.0]);
    /// ```
    #[must_use]
    fn output_of<T: Cell<Element = Self::Element>>(&self, input: &Tensor<Self::Input, T>) -> Tensor<Self::Output, T> {
        Isa::current().dispatch(OutputOf { network: self, input })
    }

    /// The forward pass in training: as [`Network::forward`], but dropout drops, and batch normalization uses the
    /// statistics of the block. For a network without such layers there is no difference.
    fn forward_training<'t, T: Cell<Element = Self::Element>>(
        &self,
        trace: &'t mut Self::Trace<T>,
        pass: TrainingPass,
    ) -> &'t Tensor<Self::Output, T> {
        Isa::current().dispatch(Forward { network: self, trace: &mut *trace, mode: Mode::Training(pass) });
        trace.output()
    }

    /// The backward pass after [`Network::forward_training`] with the same `pass`; otherwise as [`Network::backward`].
    /// The statistics of the block are added to `grad` in the arrays for which [`Params::is_statistic`] is true.
    fn backward_training<T: Cell<Element = Self::Element>>(
        &self,
        trace: &Self::Trace<T>,
        errors: &mut Self::Trace<T>,
        grad: &mut Grad<Self>,
        pass: TrainingPass,
    ) {
        let mode = Mode::Training(pass);
        Isa::current().dispatch(Backward::<_, _, false> { network: self, trace, errors, grad, mode });
    }

    /// The backward pass. `errors` holds the gradient of the loss with respect to the output; the earlier stages are
    /// overwritten. The gradient with respect to the parameters is *added* to `grad`. The gradient with respect to the
    /// input is not computed.
    fn backward<T: Cell<Element = Self::Element>>(
        &self,
        trace: &Self::Trace<T>,
        errors: &mut Self::Trace<T>,
        grad: &mut Grad<Self>,
    ) {
        Isa::current().dispatch(Backward::<_, _, false> { network: self, trace, errors, grad, mode: Mode::Inference });
    }

    /// The backward pass down to the input: on return, `errors` also holds the gradient with respect to the input.
    fn backward_to_input<T: Cell<Element = Self::Element>>(
        &self,
        trace: &Self::Trace<T>,
        errors: &mut Self::Trace<T>,
        grad: &mut Grad<Self>,
    ) {
        Isa::current().dispatch(Backward::<_, _, true> { network: self, trace, errors, grad, mode: Mode::Inference });
    }
}

/// A network that has second derivatives, which the second-order method ([`Sdlm`](crate::Sdlm)) needs: all of its layers
/// are [`Curved`](crate::Curved). [`sequential!`](crate::sequential) implements it for such networks.
#[diagnostic::on_unimplemented(
    message = "the network `{Self}` has no second derivatives",
    note = "the second-order method needs layers that implement `Curved`; the other optimizers do not"
)]
pub trait CurvedNetwork: Network {
    /// The curvature pass with the instruction set of `simd`; `squared` provides the parameters.
    #[doc(hidden)]
    fn curvature_with<S: Simd, T: Cell<Element = Self::Element>>(
        squared: &Squared<Self>,
        simd: S,
        trace: &Self::Trace<T>,
        second: &mut Self::Trace<T>,
        h: &mut Curvature<Self>,
    );
}

impl<N: Network> Squared<N> {
    /// The third pass: propagates second derivatives backwards, in the Gauss-Newton approximation (LeCun et al. 1998,
    /// appendix C). `self` holds the squares of a network's parameters, and `trace` is the result of that network's
    /// forward pass. `second` holds the second derivative of the loss with respect to each output; the earlier stages
    /// are overwritten. The second derivative with respect to the parameters is *added* to `h`.
    pub fn curvature<T: Cell<Element = N::Element>>(
        &self,
        trace: &N::Trace<T>,
        second: &mut N::Trace<T>,
        h: &mut Curvature<N>,
    ) where
        N: CurvedNetwork,
    {
        Isa::current().dispatch(Back { squared: self, trace, second, h });
    }
}

struct Forward<'a, N: Network, T: Cell> {
    network: &'a N,
    trace: &'a mut N::Trace<T>,
    mode: Mode,
}
impl<N: Network, T: Cell<Element = N::Element>> Kernel for Forward<'_, N, T> {
    type Output = ();
    fn run<S: Simd>(self, simd: S) {
        self.network.forward_with(simd, self.trace, self.mode);
    }
}

struct OutputOf<'a, N: Network, T: Cell> {
    network: &'a N,
    input: &'a Tensor<N::Input, T>,
}
impl<N: Network, T: Cell<Element = N::Element>> Kernel for OutputOf<'_, N, T> {
    type Output = Tensor<N::Output, T>;
    fn run<S: Simd>(self, simd: S) -> Self::Output {
        self.network.output_with(simd, self.input)
    }
}

struct Back<'a, N: Network, T: Cell> {
    squared: &'a Squared<N>,
    trace: &'a N::Trace<T>,
    second: &'a mut N::Trace<T>,
    h: &'a mut Curvature<N>,
}
impl<N: CurvedNetwork, T: Cell<Element = N::Element>> Kernel for Back<'_, N, T> {
    type Output = ();
    fn run<S: Simd>(self, simd: S) {
        N::curvature_with(self.squared, simd, self.trace, self.second, self.h);
    }
}

struct Backward<'a, N: Network, T: Cell, const TO_INPUT: bool> {
    network: &'a N,
    trace: &'a N::Trace<T>,
    errors: &'a mut N::Trace<T>,
    grad: &'a mut Grad<N>,
    mode: Mode,
}
impl<N: Network, T: Cell<Element = N::Element>, const TO_INPUT: bool> Kernel for Backward<'_, N, T, TO_INPUT> {
    type Output = ();
    fn run<S: Simd>(self, simd: S) {
        self.network.backward_with::<S, T, TO_INPUT>(simd, self.trace, self.errors, self.grad, self.mode);
    }
}

//! The traits that every layer implements: its parameters, and the shapes of its input and output.

use crate::{Mode, Operation, ParamInfo, Params};
use core::fmt;
use lenet_tensor::{Cell, Element, Shape, Tensor, simd::Simd};

/// A kind of layer. The layer is a rule, a type without values; its trainable numbers are a value of `Params<E>`.
///
/// A layer implements this trait for all values of its type parameters. The types of a network's fields must be known
/// even if a table or an activation function is wrong; otherwise every use of the fields would be an additional error.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a layer",
    note = "each line of a network is `name: Layer => Shape;`"
)]
pub trait Trainable: Send + Sync + 'static {
    /// The trainable numbers, in `f32` or `f64`.
    type Params<E: Element>: Params<Element = E>;
}

/// Information about a layer that does not depend on its input.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a layer",
    note = "each line of a network is `name: Layer => Shape;`"
)]
pub trait LayerInfo: Trainable {
    /// `true` if the outputs are penalties, so that the smallest output, not the largest, gives the class.
    const PENALTIES: bool = false;
    /// The operation that the layer computes, if it is a standard one. Code that converts the network for another
    /// program reads it. A custom layer may leave this out.
    const OPERATION: Operation = Operation::Custom;
    /// Returns information about array number `index` of the parameters.
    ///
    /// # Panics
    /// If the parameters have no such array.
    fn info(index: usize) -> ParamInfo;
    /// Writes the layer's name for a summary: `convolution 5x5, tanh`.
    ///
    /// # Errors
    /// Errors of the formatter.
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// A layer that takes an input of shape `In`. The types determine the output's shape; a layer that has no output for
/// `In` does not implement this trait, and the program does not compile.
///
/// Forward and backward are one rule for every [`Cell`]: one `f32` image, one `f64` image, or a block of 16.
///
/// A custom layer, used in the network of [`sequential!`](crate::sequential) like any other:
///
/// ```
/// use lenet_layers::{simd::Simd, *};
///
/// /// Every unit negated.
/// pub struct Negate;
///
/// impl Trainable for Negate {
///     type Params<E: Element> = NoParams<E>;
/// }
/// impl LayerInfo for Negate {
///     fn info(index: usize) -> ParamInfo {
///         panic!("no parameter {index}: a negation has none")
///     }
///     fn describe(f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
///         f.write_str("negation")
///     }
/// }
/// impl<const N: usize> Layer<Units<N>> for Negate {
///     type Out = Units<N>;
///     const CONNECTIONS: usize = 0;
///     const MULTIPLY_ADDS: usize = 0;
///
///     fn forward<S: Simd, T: Cell>(
///         _: S, _: &NoParams<T::Element>, x: &Tensor<Units<N>, T>, y: &mut Tensor<Units<N>, T>,
///     ) {
///         for (x, y) in x.cells().iter().zip(y.cells_mut()) {
///             *y = x.map(|x| -x);
///         }
///     }
///     fn backward<S: Simd, T: Cell, const TO_INPUT: bool>(
///         _: S, _: &NoParams<T::Element>, _: &Tensor<Units<N>, T>, _: &Tensor<Units<N>, T>,
///         dy: &mut Tensor<Units<N>, T>, dx: &mut Tensor<Units<N>, T>, _: &mut NoParams<T::Element>,
///     ) {
///         if !TO_INPUT { return }
///         for (dx, dy) in dx.cells_mut().iter_mut().zip(dy.cells()) {
///             *dx = dy.map(|dy| -dy);
///         }
///     }
/// }
/// impl<const N: usize> Curved<Units<N>> for Negate {
///     fn curvature<S: Simd, T: Cell>(
///         _: S, _: &NoParams<T::Element>, _: &Tensor<Units<N>, T>, _: &Tensor<Units<N>, T>,
///         d2y: &mut Tensor<Units<N>, T>, d2x: &mut Tensor<Units<N>, T>, _: &mut NoParams<T::Element>,
///     ) {
///         d2x.clone_from(d2y); // The slope is -1, and its square 1.
///     }
/// }
///
/// sequential! {
///     pub struct Net, trace NetTrace {
///         input:          Units<2>;
///         neg: Negate      => Units<2>;
///         out: Dense<2, 1> => Units<1>;
///     }
/// }
/// let mut net = Net::<f32>::zeroed();
/// net.out.weight = [[1.0, 10.0]];
/// let mut trace = NetTrace::<f32>::zeroed();
/// trace.input.data = [2.0, 3.0];
/// assert_eq!(net.forward(&mut trace).data, [-32.0]);
/// ```
///
/// # A layer with parameters
///
/// Its parameters are a struct of arrays that implements [`Params`]. The struct is `#[repr(C)]`, because it is created
/// from zeroed memory, and derives `Clone`, `Debug`, `PartialEq` and three traits of [`zerocopy`](crate::zerocopy):
/// `FromBytes`, `Immutable` and `KnownLayout`. The attribute `#[zerocopy(crate = ..)]` makes a dependency on zerocopy
/// unnecessary. The type parameter `E`, the type of each number, has no bound in the struct itself.
///
/// ```
/// use lenet_layers::{simd::Simd, zerocopy, *};
///
/// /// Every unit multiplied by its own trainable factor.
/// pub struct Scale<const N: usize>;
///
/// #[derive(Clone, Debug, PartialEq, zerocopy::FromBytes, zerocopy::Immutable, zerocopy::KnownLayout)]
/// #[zerocopy(crate = "lenet_layers::zerocopy")]
/// #[repr(C)]
/// pub struct Factors<const N: usize, E = f32> {
///     pub factor: [E; N],
/// }
/// impl<const N: usize, E: Element> Params for Factors<N, E> {
///     type Element = E;
///     const TENSORS: usize = 1;
///     const LEN: usize = N;
///     fn tensor(&self, index: usize) -> &[E] {
///         assert_eq!(index, 0, "factors are one array");
///         &self.factor
///     }
///     fn tensor_mut(&mut self, index: usize) -> &mut [E] {
///         assert_eq!(index, 0, "factors are one array");
///         &mut self.factor
///     }
/// }
///
/// impl<const N: usize> Trainable for Scale<N> {
///     type Params<E: Element> = Factors<N, E>;
/// }
/// impl<const N: usize> LayerInfo for Scale<N> {
///     fn info(index: usize) -> ParamInfo {
///         assert_eq!(index, 0, "factors are one array");
///         ParamInfo::new("factor", &[N], Role::Weight, |_| 1)
///     }
///     fn describe(f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
///         f.write_str("scale")
///     }
/// }
/// impl<const N: usize> Layer<Units<N>> for Scale<N> {
///     type Out = Units<N>;
///     const CONNECTIONS: usize = N;
///     const MULTIPLY_ADDS: usize = N;
///
///     fn forward<S: Simd, T: Cell>(
///         _: S, params: &Factors<N, T::Element>, x: &Tensor<Units<N>, T>, y: &mut Tensor<Units<N>, T>,
///     ) {
///         for i in 0..N {
///             y.data[i] = x.data[i].map(|x| params.factor[i] * x);
///         }
///     }
///     fn backward<S: Simd, T: Cell, const TO_INPUT: bool>(
///         _: S, params: &Factors<N, T::Element>, x: &Tensor<Units<N>, T>, _: &Tensor<Units<N>, T>,
///         dy: &mut Tensor<Units<N>, T>, dx: &mut Tensor<Units<N>, T>, grad: &mut Factors<N, T::Element>,
///     ) {
///         for i in 0..N {
///             grad.factor[i] += dy.data[i].times(x.data[i]).sum();
///         }
///         if !TO_INPUT { return }
///         for i in 0..N {
///             dx.data[i] = dy.data[i].map(|dy| params.factor[i] * dy);
///         }
///     }
/// }
/// impl<const N: usize> Curved<Units<N>> for Scale<N> {
///     // As backward, with the square of each input and factor.
///     fn curvature<S: Simd, T: Cell>(
///         _: S, squared: &Factors<N, T::Element>, x: &Tensor<Units<N>, T>, _: &Tensor<Units<N>, T>,
///         d2y: &mut Tensor<Units<N>, T>, d2x: &mut Tensor<Units<N>, T>, h: &mut Factors<N, T::Element>,
///     ) {
///         for i in 0..N {
///             h.factor[i] += d2y.data[i].times(x.data[i].map(|x| x * x)).sum();
///             d2x.data[i] = d2y.data[i].map(|d2y| squared.factor[i] * d2y);
///         }
///     }
/// }
///
/// sequential! {
///     pub struct Net, trace NetTrace {
///         input:            Units<2>;
///         scale: Scale<2>   => Units<2>;
///         out:   Dense<2, 1> => Units<1>;
///     }
/// }
/// let mut net = Net::<f64>::zeroed();
/// (net.scale.factor, net.out.weight) = ([2.0, -1.0], [[1.0, 10.0]]);
/// let (mut trace, mut errors, mut grad) = (NetTrace::zeroed(), NetTrace::zeroed(), Grad::<Net<f64>>::zeroed());
/// trace.input.data = [3.0, 0.5];
/// assert_eq!(net.forward(&mut trace).data, [1.0]);
/// errors.out.data = [1.0];
/// net.backward(&trace, &mut errors, &mut grad);
/// assert_eq!(grad.0.scale.factor, [3.0, 5.0]); // the factor's input times the weight that follows
/// assert_eq!(Net::<f64>::info(0).to_string(), "scale.factor");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not accept an input of shape `{In}`",
    label = "the stage above comes out as `{In}`, which this layer cannot take",
    note = "check the number of maps or units that the layer takes, and whether it takes maps or units"
)]
pub trait Layer<In: Shape>: Trainable {
    /// The shape of the output.
    type Out: Shape;
    /// The number of connections as the 1998 paper counts them: every weight at every place where it is used, including
    /// biases.
    const CONNECTIONS: usize;
    /// The number of multiply-adds of one forward pass over one example.
    const MULTIPLY_ADDS: usize;

    /// Computes `y` from `x`.
    fn forward<S: Simd, T: Cell>(
        simd: S,
        params: &Self::Params<T::Element>,
        x: &Tensor<In, T>,
        y: &mut Tensor<Self::Out, T>,
    );

    /// Computes the gradients. `dy` holds the gradient of the loss with respect to `y` and is overwritten: on return it
    /// holds the gradient with respect to the layer's weighted sums, before the activation function. `dx` is
    /// overwritten if `TO_INPUT` is true; otherwise it must be left as it is, as for the first layer of a network in
    /// training. The gradient with respect to the parameters, summed over the lanes, is *added* to `grad`.
    fn backward<S: Simd, T: Cell, const TO_INPUT: bool>(
        simd: S,
        params: &Self::Params<T::Element>,
        x: &Tensor<In, T>,
        y: &Tensor<Self::Out, T>,
        dy: &mut Tensor<Self::Out, T>,
        dx: &mut Tensor<In, T>,
        grad: &mut Self::Params<T::Element>,
    );

    /// As [`Layer::forward`], in a pass of the given mode. A layer that computes the same in training leaves it as it is.
    #[inline(always)]
    fn forward_in<S: Simd, T: Cell>(
        simd: S,
        params: &Self::Params<T::Element>,
        x: &Tensor<In, T>,
        y: &mut Tensor<Self::Out, T>,
        mode: Mode,
    ) {
        let _ = mode;
        Self::forward(simd, params, x, y);
    }

    /// As [`Layer::backward`], after a forward pass of the given mode.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "those of `backward` and the mode")]
    fn backward_in<S: Simd, T: Cell, const TO_INPUT: bool>(
        simd: S,
        params: &Self::Params<T::Element>,
        x: &Tensor<In, T>,
        y: &Tensor<Self::Out, T>,
        dy: &mut Tensor<Self::Out, T>,
        dx: &mut Tensor<In, T>,
        grad: &mut Self::Params<T::Element>,
        mode: Mode,
    ) {
        let _ = mode;
        Self::backward::<S, T, TO_INPUT>(simd, params, x, y, dy, dx, grad);
    }
}

/// A layer with a third pass, for second derivatives. Networks of such layers are [`CurvedNetwork`](crate::CurvedNetwork)s,
/// which the second-order method ([`Sdlm`](crate::Sdlm)) needs; the other optimizers do not.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no second derivatives",
    note = "the second-order method needs a layer that implements `Curved`; the other optimizers do not"
)]
pub trait Curved<In: Shape>: Layer<In> {
    /// Computes the curvature: the backward pass for second derivatives, in the Gauss-Newton approximation (LeCun et
    /// al. 1998, appendix C, eqs. 22-27). Where the gradient is multiplied by a weight, an input or a slope, the
    /// curvature is multiplied by its square. The contributions of all connections that share a weight are added.
    ///
    /// `squared` holds the square of every parameter. `d2y` holds the second derivative of the loss with respect to
    /// each output and is overwritten: on return it holds the second derivative with respect to each weighted sum.
    /// `d2x` is overwritten with the second derivative with respect to each input. The second derivative with respect
    /// to the parameters, summed over the lanes, is *added* to `h`.
    fn curvature<S: Simd, T: Cell>(
        simd: S,
        squared: &Self::Params<T::Element>,
        x: &Tensor<In, T>,
        y: &Tensor<Self::Out, T>,
        d2y: &mut Tensor<Self::Out, T>,
        d2x: &mut Tensor<In, T>,
        h: &mut Self::Params<T::Element>,
    );
}

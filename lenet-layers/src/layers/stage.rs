//! One line of a network: what [`sequential!`](crate::sequential) requires of a layer, with error messages of its own.

use crate::layers::layer::{Curved, Layer, LayerInfo, Trainable};
use crate::{Mode, Operation, ParamInfo};
use core::fmt;
use lenet_tensor::{Cell, Element, Shape, Tensor, simd::Simd};

/// Equality of shapes with its own error message: the output of a layer must have the shape that its line declares.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "this stage comes out as `{Self}`, but is declared `{Declared}`",
    label = "gives `{Self}`, not `{Declared}`"
)]
pub trait Gives<Declared: Shape>: Shape + Sized {
    fn y<T: Cell>(y: &Tensor<Declared, T>) -> &Tensor<Self, T>;
    fn y_mut<T: Cell>(y: &mut Tensor<Declared, T>) -> &mut Tensor<Self, T>;
}
impl<S: Shape> Gives<S> for S {
    #[inline(always)]
    fn y<T: Cell>(y: &Tensor<S, T>) -> &Tensor<S, T> {
        y
    }
    #[inline(always)]
    fn y_mut<T: Cell>(y: &mut Tensor<S, T>) -> &mut Tensor<S, T> {
        y
    }
}

/// One line of a network: a layer that takes `I` and returns exactly `O`. This single bound is all that `sequential!`
/// requires of a layer, so that a mistake is one error. The names differ from those of [`Layer`]; otherwise calls of a
/// layer by its type would be ambiguous where this trait is imported too.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not accept an input of shape `{I}`",
    label = "the stage above comes out as `{I}`, which this layer cannot take",
    note = "check the number of maps or units that the layer takes, and whether it takes maps or units"
)]
pub trait Stage<I: Shape, O: Shape>: Trainable {
    const STAGE_CONNECTIONS: usize;
    const STAGE_MULTIPLY_ADDS: usize;
    const STAGE_PENALTIES: bool;
    const STAGE_OPERATION: Operation;
    fn stage_info(index: usize) -> ParamInfo;
    fn stage_describe(f: &mut fmt::Formatter<'_>) -> fmt::Result;
    fn stage_forward<S: Simd, T: Cell>(
        simd: S,
        params: &Self::Params<T::Element>,
        x: &Tensor<I, T>,
        y: &mut Tensor<O, T>,
        mode: Mode,
    );
    #[expect(clippy::too_many_arguments, reason = "what a backward pass needs")]
    fn stage_backward<S: Simd, T: Cell, const TO_INPUT: bool>(
        simd: S,
        params: &Self::Params<T::Element>,
        x: &Tensor<I, T>,
        y: &Tensor<O, T>,
        dy: &mut Tensor<O, T>,
        dx: &mut Tensor<I, T>,
        grad: &mut Self::Params<T::Element>,
        mode: Mode,
    );
}

impl<L, I: Shape, O: Shape> Stage<I, O> for L
where
    L: LayerInfo + Layer<I>,
    L::Out: Gives<O>,
{
    const STAGE_CONNECTIONS: usize = <L as Layer<I>>::CONNECTIONS;
    const STAGE_MULTIPLY_ADDS: usize = <L as Layer<I>>::MULTIPLY_ADDS;
    const STAGE_PENALTIES: bool = <L as LayerInfo>::PENALTIES;
    const STAGE_OPERATION: Operation = <L as LayerInfo>::OPERATION;
    fn stage_info(index: usize) -> ParamInfo {
        <L as LayerInfo>::info(index)
    }
    fn stage_describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        <L as LayerInfo>::describe(f)
    }
    #[inline]
    fn stage_forward<S: Simd, T: Cell>(
        simd: S,
        params: &Self::Params<T::Element>,
        x: &Tensor<I, T>,
        y: &mut Tensor<O, T>,
        mode: Mode,
    ) {
        <L as Layer<I>>::forward_in(simd, params, x, L::Out::y_mut(y), mode);
    }
    #[inline]
    fn stage_backward<S: Simd, T: Cell, const TO_INPUT: bool>(
        simd: S,
        params: &Self::Params<T::Element>,
        x: &Tensor<I, T>,
        y: &Tensor<O, T>,
        dy: &mut Tensor<O, T>,
        dx: &mut Tensor<I, T>,
        grad: &mut Self::Params<T::Element>,
        mode: Mode,
    ) {
        <L as Layer<I>>::backward_in::<S, T, TO_INPUT>(
            simd,
            params,
            x,
            L::Out::y(y),
            L::Out::y_mut(dy),
            dx,
            grad,
            mode,
        );
    }
}

/// One line of a network that has second derivatives. `E` is the element type of the network; it makes the requirement
/// depend on a type parameter, so that a network without second derivatives compiles as long as nobody asks for them. For
/// the same reason [`Stage`] is not a supertrait.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no second derivatives",
    note = "the second-order method needs a layer that implements `Curved`; the other optimizers do not"
)]
pub trait CurvedStage<I: Shape, O: Shape, E: Element> {
    fn stage_curvature<S: Simd, T: Cell<Element = E>>(
        simd: S,
        squared: &<Self as Trainable>::Params<E>,
        x: &Tensor<I, T>,
        y: &Tensor<O, T>,
        d2y: &mut Tensor<O, T>,
        d2x: &mut Tensor<I, T>,
        h: &mut <Self as Trainable>::Params<E>,
    ) where
        Self: Trainable;
}

impl<L, I: Shape, O: Shape, E: Element> CurvedStage<I, O, E> for L
where
    L: LayerInfo + Curved<I>,
    L::Out: Gives<O>,
{
    #[inline]
    fn stage_curvature<S: Simd, T: Cell<Element = E>>(
        simd: S,
        squared: &L::Params<E>,
        x: &Tensor<I, T>,
        y: &Tensor<O, T>,
        d2y: &mut Tensor<O, T>,
        d2x: &mut Tensor<I, T>,
        h: &mut L::Params<E>,
    ) {
        <L as Curved<I>>::curvature(simd, squared, x, L::Out::y(y), L::Out::y_mut(d2y), d2x, h);
    }
}

//! Branches: networks, or nothing, between the input of a stage and the place where their outputs meet.

use crate::{Mode, Network, NoParams, ParamInfo, Params, StageInfo, Trace};
use lenet_tensor::{Cell, Element, Shape, Tensor, simd::Simd};
use zerocopy::{FromBytes, Immutable, KnownLayout};

/// A branch of a [`Residual`](crate::Residual) or a [`Concat`](crate::Concat): a network of [`sequential!`](crate::sequential), or [`Same`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a branch",
    note = "a branch is a network that `sequential!` declares, or `Same`"
)]
pub trait Branch: Send + Sync + 'static {
    /// Its trainable numbers.
    type Params<E: Element>: Params<Element = E>;
    /// The outputs of its stages.
    type Trace<T: Cell>: Clone + PartialEq + Send + Sync + 'static + FromBytes + Immutable + KnownLayout;
    /// Its stages; none if it is its input.
    const BRANCH_STAGES: &'static [StageInfo];
    /// Returns information about array number `index` of its parameters.
    ///
    /// # Panics
    /// If the parameters have no such array.
    fn branch_info(index: usize) -> ParamInfo;
}

/// The branch that is its own input: the direct connection of a [`Residual`](crate::Residual) stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Same;

/// The passes of a branch with an input of shape `I`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the branch `{Self}` does not accept an input of shape `{I}`",
    label = "the stage above comes out as `{I}`, which this branch cannot take"
)]
pub trait BranchOf<I: Shape>: Branch {
    type Joint: Shape;
    fn branch_forward<S: Simd, T: Cell>(
        simd: S,
        params: &Self::Params<T::Element>,
        x: &Tensor<I, T>,
        trace: &mut Self::Trace<T>,
        mode: Mode,
    );
    fn branch_output<'t, T: Cell>(x: &'t Tensor<I, T>, trace: &'t Self::Trace<T>) -> &'t [T];
    /// The backward pass; `dy` is the gradient with respect to the output.
    #[expect(clippy::too_many_arguments, reason = "what a backward pass needs")]
    fn branch_backward<S: Simd, T: Cell, const TO_INPUT: bool>(
        simd: S,
        params: &Self::Params<T::Element>,
        x: &Tensor<I, T>,
        trace: &Self::Trace<T>,
        dy: &[T],
        errors: &mut Self::Trace<T>,
        grad: &mut Self::Params<T::Element>,
        mode: Mode,
    );
    /// The gradient with respect to the input, after [`BranchOf::branch_backward`] with `TO_INPUT` true.
    fn branch_dx<'t, T: Cell>(dy: &'t [T], errors: &'t Self::Trace<T>) -> &'t [T];
}

/// The network with parameters of the element type of `T`.
type Of<N, T> = <N as Network>::With<<T as Cell>::Element>;

impl<N: Network> Branch for N {
    type Params<E: Element> = N::With<E>;
    type Trace<T: Cell> = <Of<N, T> as Network>::Trace<T>;
    const BRANCH_STAGES: &'static [StageInfo] = <N as Network>::STAGES;
    fn branch_info(index: usize) -> ParamInfo {
        <N as Network>::info(index)
    }
}

/// A branch takes the output of the stage above. If it does not, nothing else is known about the stage, so that there is
/// one error.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a branch takes an input of shape `{Self}`, but the stage above comes out as `{Above}`",
    label = "a branch does not fit the stage above"
)]
pub trait Takes<Above: Shape>: Shape + Sized {
    type Then<O: Shape>: Shape;
    fn x<T: Cell>(x: &Tensor<Above, T>) -> &Tensor<Self, T>;
}
impl<I: Shape> Takes<I> for I {
    type Then<O: Shape> = O;
    fn x<T: Cell>(x: &Tensor<I, T>) -> &Tensor<I, T> {
        x
    }
}

#[diagnostic::do_not_recommend]
impl<N: Network, I: Shape> BranchOf<I> for N
where
    N::Input: Takes<I>,
{
    type Joint = <N::Input as Takes<I>>::Then<N::Output>;
    #[inline]
    fn branch_forward<S: Simd, T: Cell>(
        simd: S,
        params: &N::With<T::Element>,
        x: &Tensor<I, T>,
        trace: &mut <Self as Branch>::Trace<T>,
        mode: Mode,
    ) {
        params.forward_from(simd, N::Input::x(x), trace, mode);
    }
    fn branch_output<'t, T: Cell>(_: &'t Tensor<I, T>, trace: &'t <Self as Branch>::Trace<T>) -> &'t [T] {
        trace.output().cells()
    }
    #[inline]
    fn branch_backward<S: Simd, T: Cell, const TO_INPUT: bool>(
        simd: S,
        params: &N::With<T::Element>,
        x: &Tensor<I, T>,
        trace: &<Self as Branch>::Trace<T>,
        dy: &[T],
        errors: &mut <Self as Branch>::Trace<T>,
        grad: &mut N::With<T::Element>,
        mode: Mode,
    ) {
        errors.output_mut().cells_mut().copy_from_slice(dy);
        params.backward_from::<S, T, TO_INPUT>(simd, N::Input::x(x), trace, errors, grad, mode);
    }
    fn branch_dx<'t, T: Cell>(_: &'t [T], errors: &'t <Self as Branch>::Trace<T>) -> &'t [T] {
        errors.input().cells()
    }
}

/// The trace of [`Same`], which has no stages.
#[derive(Clone, Copy, Debug, Default, PartialEq, FromBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct NoTrace<T> {
    nothing: [T; 0],
}

impl Branch for Same {
    type Params<E: Element> = NoParams<E>;
    type Trace<T: Cell> = NoTrace<T>;
    const BRANCH_STAGES: &'static [StageInfo] = &[];
    fn branch_info(index: usize) -> ParamInfo {
        panic!("no parameter {index}: Same has none")
    }
}

impl<I: Shape> BranchOf<I> for Same {
    type Joint = I;
    fn branch_forward<S: Simd, T: Cell>(_: S, _: &NoParams<T::Element>, _: &Tensor<I, T>, _: &mut NoTrace<T>, _: Mode) {
    }
    fn branch_output<'t, T: Cell>(x: &'t Tensor<I, T>, _: &'t NoTrace<T>) -> &'t [T] {
        x.cells()
    }
    fn branch_backward<S: Simd, T: Cell, const TO_INPUT: bool>(
        _: S,
        _: &NoParams<T::Element>,
        _: &Tensor<I, T>,
        _: &NoTrace<T>,
        _: &[T],
        _: &mut NoTrace<T>,
        _: &mut NoParams<T::Element>,
        _: Mode,
    ) {
    }
    fn branch_dx<'t, T: Cell>(dy: &'t [T], _: &'t NoTrace<T>) -> &'t [T] {
        dy
    }
}

//! Stages of two branches whose outputs are added or concatenated.

use super::branch::{Branch, BranchOf, Same};
use crate::activation::apply_slope;
use crate::kernels::tile::{load, store, width};
use crate::layers::Gives;
use crate::params::DEEPEST;
use crate::{Activation, Identity, Mode, Operation, ParamInfo, Params, StageInfo, Trainable};
use core::fmt;
use core::marker::PhantomData;
use lenet_tensor::simd::Simd;
use lenet_tensor::{Cell, Element, Maps, Plus, Shape, Size, Tensor, Units};
use zerocopy::{FromBytes, Immutable, KnownLayout};

/// The sum of a network's output and its input, y = A(block(x) + x), or of the outputs of two networks,
/// y = A(block(x) + skip(x)), with the activation function `A`: a residual stage (He, Zhang, Ren, Sun 2015, "Deep
/// Residual Learning for Image Recognition", eqs. 1 and 2).
///
/// `B` is a network of [`sequential!`](crate::sequential); its output has the shape of its input, unless the network `P`
/// projects the input to that shape. In a network it is written as `Residual<B>`, `Residual<B, A>` or `Residual<B, A, P>`,
/// without a path before it. It has no second derivatives: the diagonal approximation leaves out the product of the two
/// branches' derivatives, so [`Sdlm`](crate::Sdlm) does not accept it.
///
/// ```
/// use lenet_layers::*;
/// sequential! {
///     pub struct Block, trace BlockTrace {
///         input:                Units<2>;
///         f1: Dense<2, 2, Relu> => Units<2>;
///     }
/// }
/// sequential! {
///     pub struct Net, trace NetTrace {
///         input:               Units<2>;
///         r1: Residual<Block>  => Units<2>;
///         out: Dense<2, 1>     => Units<1>;
///     }
/// }
/// let mut net = Net::<f32>::zeroed();
/// net.r1.block.f1.bias = [0.5, -1.0];
/// net.out.weight = [[1.0, 10.0]];
/// let mut trace = NetTrace::<f32>::zeroed();
/// trace.input.data = [2.0, 3.0];
/// // 2 + 0.5 and 3 + 0
/// assert_eq!(net.forward(&mut trace).data, [32.5]);
/// assert_eq!(trace.r1.block.f1.data, [0.5, 0.0]);
/// assert_eq!(Net::<f32>::info(1).to_string(), "r1.block.f1.bias");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Residual<B, A = Identity, P = Same>(PhantomData<(B, A, P)>);

/// The maps or units of the branch `P`, by default the input itself, followed by those of the network `B`: a dense block
/// (Huang, Liu, van der Maaten, Weinberger 2016) or an inception stage. In a network it is written as `Concat<B>` or
/// `Concat<B, P>`, without a path before it. It has no second derivatives.
///
/// ```
/// use lenet_layers::*;
/// sequential! {
///     pub struct Block, trace BlockTrace {
///         input:          Units<2>;
///         f1: Dense<2, 1> => Units<1>;
///     }
/// }
/// sequential! {
///     pub struct Net, trace NetTrace {
///         input:              Units<2>;
///         all: Concat<Block>  => Units<3>;
///     }
/// }
/// let mut net = Net::<f32>::zeroed();
/// net.all.block.f1.weight = [[1.0, 1.0]];
/// let mut trace = NetTrace::<f32>::zeroed();
/// trace.input.data = [2.0, 3.0];
/// assert_eq!(net.forward(&mut trace).data, [2.0, 3.0, 5.0]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Concat<B, P = Same>(PhantomData<(B, P)>);

/// What a stage of two branches leaves behind: the traces of both, and the output.
///
/// The field `input` of a branch's trace is not used: the branch reads the output of the stage before.
#[derive(Clone, PartialEq, FromBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Joined<B, P, Y> {
    /// The outputs of the block's stages.
    pub block: B,
    /// The outputs of the other branch's stages.
    pub skip: P,
    /// The output of the stage.
    pub output: Y,
}

/// The parameters of a stage of two branches.
#[derive(Clone, Debug, PartialEq, FromBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct JoinedParams<B, P> {
    /// The parameters of the block.
    pub block: B,
    /// The parameters of the other branch.
    pub skip: P,
}

impl<B: Params, P: Params<Element = B::Element>> Params for JoinedParams<B, P> {
    type Element = B::Element;
    const TENSORS: usize = B::TENSORS + P::TENSORS;
    const LEN: usize = B::LEN + P::LEN;
    const STATISTICS: usize = B::STATISTICS + P::STATISTICS;
    fn tensor(&self, index: usize) -> &[B::Element] {
        if index < B::TENSORS { self.block.tensor(index) } else { self.skip.tensor(index - B::TENSORS) }
    }
    fn tensor_mut(&mut self, index: usize) -> &mut [B::Element] {
        if index < B::TENSORS { self.block.tensor_mut(index) } else { self.skip.tensor_mut(index - B::TENSORS) }
    }
    fn is_statistic(index: usize) -> bool {
        if index < B::TENSORS { B::is_statistic(index) } else { P::is_statistic(index - B::TENSORS) }
    }
}

impl<B: Branch, A: Send + Sync + 'static, P: Branch> Trainable for Residual<B, A, P> {
    type Params<E: Element> = JoinedParams<B::Params<E>, P::Params<E>>;
}
impl<B: Branch, P: Branch> Trainable for Concat<B, P> {
    type Params<E: Element> = JoinedParams<B::Params<E>, P::Params<E>>;
}

/// The output within the trace of a stage.
#[doc(hidden)]
pub trait Holds<O: Shape, T: Cell> {
    fn held(&self) -> &Tensor<O, T>;
    fn held_mut(&mut self) -> &mut Tensor<O, T>;
}
impl<O: Shape, T: Cell> Holds<O, T> for Tensor<O, T> {
    #[inline(always)]
    fn held(&self) -> &Tensor<O, T> {
        self
    }
    #[inline(always)]
    fn held_mut(&mut self) -> &mut Tensor<O, T> {
        self
    }
}
impl<B, P, O: Shape, T: Cell> Holds<O, T> for Joined<B, P, Tensor<O, T>> {
    #[inline(always)]
    fn held(&self) -> &Tensor<O, T> {
        &self.output
    }
    #[inline(always)]
    fn held_mut(&mut self) -> &mut Tensor<O, T> {
        &mut self.output
    }
}

/// The type of the trace of a stage of two branches.
#[doc(hidden)]
pub trait Joins {
    type Trace<O: Shape, T: Cell>: Holds<O, T>
        + Clone
        + PartialEq
        + Send
        + Sync
        + 'static
        + FromBytes
        + Immutable
        + KnownLayout;
}
impl<B: Branch, A, P: Branch> Joins for Residual<B, A, P> {
    type Trace<O: Shape, T: Cell> = Joined<B::Trace<T>, P::Trace<T>, Tensor<O, T>>;
}
impl<B: Branch, P: Branch> Joins for Concat<B, P> {
    type Trace<O: Shape, T: Cell> = Joined<B::Trace<T>, P::Trace<T>, Tensor<O, T>>;
}

/// One line of a network with a stage of two branches: as [`Stage`](crate::Stage), with a trace of its own kind.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not accept an input of shape `{I}`",
    label = "the stage above comes out as `{I}`, which a branch cannot take, or the branches do not fit each other"
)]
pub trait JoinedStage<I: Shape, O: Shape>: Trainable + Joins {
    const STAGE_CONNECTIONS: usize;
    const STAGE_MULTIPLY_ADDS: usize;
    const STAGE_PENALTIES: bool = false;
    const STAGE_OPERATION: Operation;
    fn stage_info(index: usize) -> ParamInfo;
    fn stage_describe(f: &mut fmt::Formatter<'_>) -> fmt::Result;
    fn stage_forward<S: Simd, T: Cell>(
        simd: S,
        params: &Self::Params<T::Element>,
        x: &Tensor<I, T>,
        y: &mut <Self as Joins>::Trace<O, T>,
        mode: Mode,
    );
    #[expect(clippy::too_many_arguments, reason = "what a backward pass needs")]
    fn stage_backward<S: Simd, T: Cell, const TO_INPUT: bool>(
        simd: S,
        params: &Self::Params<T::Element>,
        x: &Tensor<I, T>,
        y: &<Self as Joins>::Trace<O, T>,
        dy: &mut <Self as Joins>::Trace<O, T>,
        dx: &mut Tensor<I, T>,
        grad: &mut Self::Params<T::Element>,
        mode: Mode,
    );
}

/// Two shapes whose sum is a shape: the same one.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a branch comes out as `{Self}` and the other as `{Other}`: they cannot be added",
    label = "the branches have different shapes",
    note = "a third parameter, as in `Residual<Block, Relu, Projection>`, is a network that projects the input"
)]
pub trait Adds<Other: Shape>: Shape {}
impl<O: Shape> Adds<O> for O {}

/// Two shapes whose maps or units can stand after each other.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a branch comes out as `{Other}` and the other as `{Self}`: they cannot be concatenated",
    label = "the maps of the branches have different sides",
    note = "both branches come out as maps with equal sides, or both as units"
)]
pub trait Stacks<Other: Shape>: Shape {
    type Out: Shape;
}
impl<const C: usize, const D: usize, const CD: usize, const H: usize, const W: usize> Stacks<Maps<D, H, W>>
    for Maps<C, H, W>
where
    Size<C>: Plus<D, Out = Size<CD>>,
{
    type Out = Maps<CD, H, W>;
}
impl<const N: usize, const M: usize, const NM: usize> Stacks<Units<M>> for Units<N>
where
    Size<N>: Plus<M, Out = Size<NM>>,
{
    type Out = Units<NM>;
}

/// Returns information about array number `index` of two branches.
fn info<B: Branch, P: Branch>(index: usize) -> ParamInfo {
    let arrays = <B::Params<f32> as Params>::TENSORS;
    if index < arrays { B::branch_info(index).within("block") } else { P::branch_info(index - arrays).within("skip") }
}

/// Returns how many networks are within each other in a branch, itself included.
const fn depth(stages: &[StageInfo]) -> usize {
    let (mut deepest, mut i) = (0, 0);
    while i < stages.len() {
        if let Operation::Residual { block, skip, .. } | Operation::Concat { block, skip } = stages[i].operation {
            let (block, skip) = (depth(block), depth(skip));
            let deeper = if block < skip { skip } else { block };
            deepest = if deepest < deeper { deeper } else { deepest };
        }
        i += 1;
    }
    if stages.is_empty() { 0 } else { deepest + 1 }
}

/// Returns a sum over the stages of two branches.
const fn total(block: &[StageInfo], skip: &[StageInfo], connections: bool) -> usize {
    assert!(depth(block) <= DEEPEST && depth(skip) <= DEEPEST, "networks are at most four deep within each other");
    let (mut sum, mut i) = (0, 0);
    while i < block.len() + skip.len() {
        let stage = if i < block.len() { &block[i] } else { &skip[i - block.len()] };
        sum += if connections { stage.connections } else { stage.multiply_adds };
        i += 1;
    }
    sum
}

fn describe(f: &mut fmt::Formatter<'_>, verb: &str, block: &[StageInfo], skip: &[StageInfo]) -> fmt::Result {
    let list = |f: &mut fmt::Formatter<'_>, stages: &[StageInfo]| {
        if stages.is_empty() {
            return f.write_str("the input");
        }
        for (i, stage) in stages.iter().enumerate() {
            write!(f, "{}{}", if i == 0 { "" } else { " - " }, stage.layer())?;
        }
        Ok(())
    };
    f.write_str("(")?;
    list(f, block)?;
    write!(f, ") {verb} (")?;
    list(f, skip)?;
    f.write_str(")")
}

impl<B, A, P, I: Shape, O: Shape> JoinedStage<I, O> for Residual<B, A, P>
where
    A: Activation,
    B: BranchOf<I>,
    P: BranchOf<I>,
    <B as BranchOf<I>>::Joint: Adds<<P as BranchOf<I>>::Joint> + Gives<O>,
{
    const STAGE_CONNECTIONS: usize = total(B::BRANCH_STAGES, P::BRANCH_STAGES, true);
    const STAGE_MULTIPLY_ADDS: usize = total(B::BRANCH_STAGES, P::BRANCH_STAGES, false);
    const STAGE_OPERATION: Operation =
        Operation::Residual { block: B::BRANCH_STAGES, skip: P::BRANCH_STAGES, activation: A::KIND };
    fn stage_info(index: usize) -> ParamInfo {
        info::<B, P>(index)
    }
    fn stage_describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        describe(f, "plus", B::BRANCH_STAGES, P::BRANCH_STAGES)?;
        write!(f, ", {}", A::NAME)
    }
    fn stage_forward<S: Simd, T: Cell>(
        simd: S,
        params: &Self::Params<T::Element>,
        x: &Tensor<I, T>,
        y: &mut <Self as Joins>::Trace<O, T>,
        mode: Mode,
    ) {
        let Joined { block, skip, output } = y;
        let (b, p) = forward::<B, P, I, S, T>(simd, params, x, (block, skip), mode);
        add::<A, S, _>(simd, T::elements(b), T::elements(p), T::elements_mut(output.cells_mut()));
    }
    fn stage_backward<S: Simd, T: Cell, const TO_INPUT: bool>(
        simd: S,
        params: &Self::Params<T::Element>,
        x: &Tensor<I, T>,
        y: &<Self as Joins>::Trace<O, T>,
        dy: &mut <Self as Joins>::Trace<O, T>,
        dx: &mut Tensor<I, T>,
        grad: &mut Self::Params<T::Element>,
        mode: Mode,
    ) {
        let Joined { block, skip, output: dy } = dy;
        let _ = apply_slope::<A, S, _>(simd, T::elements(y.output.cells()), T::elements_mut(dy.cells_mut()));
        let dy = dy.cells();
        let errors = ((dy, block), (dy, skip));
        backward::<B, P, I, S, T, _, TO_INPUT>(simd, params, x, y, errors, dx, grad, mode);
    }
}

impl<B, P, I: Shape, O: Shape> JoinedStage<I, O> for Concat<B, P>
where
    B: BranchOf<I>,
    P: BranchOf<I>,
    <P as BranchOf<I>>::Joint: Stacks<<B as BranchOf<I>>::Joint>,
    <<P as BranchOf<I>>::Joint as Stacks<<B as BranchOf<I>>::Joint>>::Out: Gives<O>,
{
    const STAGE_CONNECTIONS: usize = total(B::BRANCH_STAGES, P::BRANCH_STAGES, true);
    const STAGE_MULTIPLY_ADDS: usize = total(B::BRANCH_STAGES, P::BRANCH_STAGES, false);
    const STAGE_OPERATION: Operation = Operation::Concat { block: B::BRANCH_STAGES, skip: P::BRANCH_STAGES };
    fn stage_info(index: usize) -> ParamInfo {
        info::<B, P>(index)
    }
    fn stage_describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        describe(f, "after", B::BRANCH_STAGES, P::BRANCH_STAGES)
    }
    fn stage_forward<S: Simd, T: Cell>(
        simd: S,
        params: &Self::Params<T::Element>,
        x: &Tensor<I, T>,
        y: &mut <Self as Joins>::Trace<O, T>,
        mode: Mode,
    ) {
        let Joined { block, skip, output } = y;
        let (b, p) = forward::<B, P, I, S, T>(simd, params, x, (block, skip), mode);
        let (first, second) = output.cells_mut().split_at_mut(p.len());
        first.copy_from_slice(p);
        second.copy_from_slice(b);
    }
    fn stage_backward<S: Simd, T: Cell, const TO_INPUT: bool>(
        simd: S,
        params: &Self::Params<T::Element>,
        x: &Tensor<I, T>,
        y: &<Self as Joins>::Trace<O, T>,
        dy: &mut <Self as Joins>::Trace<O, T>,
        dx: &mut Tensor<I, T>,
        grad: &mut Self::Params<T::Element>,
        mode: Mode,
    ) {
        let Joined { block, skip, output: dy } = dy;
        let (dp, db) = dy.cells().split_at(P::branch_output(x, &y.skip).len());
        let errors = ((db, block), (dp, skip));
        backward::<B, P, I, S, T, _, TO_INPUT>(simd, params, x, y, errors, dx, grad, mode);
    }
}

/// The parameters of a stage of the branches `B` and `P`.
type ParamsOf<B, P, T> =
    JoinedParams<<B as Branch>::Params<<T as Cell>::Element>, <P as Branch>::Params<<T as Cell>::Element>>;

/// The gradient with respect to the output of the branch `B`, and the trace that takes its errors.
type Errors<'e, B, T> = (&'e [T], &'e mut <B as Branch>::Trace<T>);

/// The forward passes of both branches; returns their outputs.
#[inline]
fn forward<'t, B: BranchOf<I>, P: BranchOf<I>, I: Shape, S: Simd, T: Cell>(
    simd: S,
    params: &ParamsOf<B, P, T>,
    x: &'t Tensor<I, T>,
    (block, skip): (&'t mut B::Trace<T>, &'t mut P::Trace<T>),
    mode: Mode,
) -> (&'t [T], &'t [T]) {
    B::branch_forward(simd, &params.block, x, block, mode.at(BLOCK));
    P::branch_forward(simd, &params.skip, x, skip, mode.at(SKIP));
    (B::branch_output(x, block), P::branch_output(x, skip))
}

/// The backward passes of both branches, given the gradient with respect to the output of each and its errors. The
/// gradients with respect to the input are added up.
#[inline]
#[expect(clippy::too_many_arguments, reason = "what a backward pass needs")]
fn backward<B: BranchOf<I>, P: BranchOf<I>, I: Shape, S: Simd, T: Cell, Y, const TO_INPUT: bool>(
    simd: S,
    params: &ParamsOf<B, P, T>,
    x: &Tensor<I, T>,
    y: &Joined<B::Trace<T>, P::Trace<T>, Y>,
    ((db, block), (dp, skip)): (Errors<'_, B, T>, Errors<'_, P, T>),
    dx: &mut Tensor<I, T>,
    grad: &mut ParamsOf<B, P, T>,
    mode: Mode,
) {
    let (at_block, at_skip) = (mode.at(BLOCK), mode.at(SKIP));
    B::branch_backward::<S, T, TO_INPUT>(simd, &params.block, x, &y.block, db, block, &mut grad.block, at_block);
    P::branch_backward::<S, T, TO_INPUT>(simd, &params.skip, x, &y.skip, dp, skip, &mut grad.skip, at_skip);
    if TO_INPUT {
        let (db, dp) = (T::elements(B::branch_dx(db, block)), T::elements(P::branch_dx(dp, skip)));
        add::<Identity, S, _>(simd, db, dp, T::elements_mut(dx.cells_mut()));
    }
}

/// The seeds of the branches differ.
const BLOCK: u64 = crate::name_hash("block");
const SKIP: u64 = crate::name_hash("skip");

/// Writes A(a + b) to `y`.
#[inline(never)]
fn add<A: Activation, S: Simd, E: Element>(simd: S, a: &[E], b: &[E], y: &mut [E]) {
    simd.vectorize(
        #[inline(always)]
        || {
            let width = const { width::<S, E>() };
            for ((a, b), y) in a.chunks(width).zip(b.chunks(width)).zip(y.chunks_mut(width)) {
                store(A::apply(load::<E::Row<S>>(simd, a) + load(simd, b)), y);
            }
        },
    );
}

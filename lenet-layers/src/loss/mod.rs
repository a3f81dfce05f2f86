//! Losses: what an output costs, given the target of each example.

mod ctc;
mod numbers;
mod penalties;
mod softmax;
mod squared;

pub use ctc::Ctc;
pub use numbers::{BinaryCrossEntropy, Huber, SquaredError};
pub use penalties::{CorrectPenalty, MaximumAPosteriori};
pub use softmax::{SmoothedCrossEntropy, SoftmaxCrossEntropy, SoftmaxMeanSquared, softmax};
pub use squared::MeanSquared;

use core::fmt;
use lenet_tensor::simd::{Isa, Kernel, Simd};
use lenet_tensor::{Cell, Element, Shape, Tensor, Units};

/// One of `N` classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Class<const N: usize>(usize);

/// The error for a number that is not a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassError {
    index: usize,
    classes: usize,
}

impl fmt::Display for ClassError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "class {} of {}: the labels of {1} classes run from 0 to {2}",
            self.index,
            self.classes,
            self.classes.saturating_sub(1)
        )
    }
}

impl core::error::Error for ClassError {}

impl<const N: usize> Class<N> {
    /// Returns class number `index`.
    ///
    /// # Errors
    /// If `index` is not less than `N`.
    ///
    /// ```
    /// use lenet_layers::Class;
    /// assert_eq!(Class::<10>::new(7).unwrap().index(), 7);
    /// let error = Class::<10>::new(57).unwrap_err();
    /// assert_eq!(error.to_string(), "class 57 of 10: the labels of 10 classes run from 0 to 9");
    /// ```
    pub fn new(index: usize) -> Result<Self, ClassError> {
        if index < N { Ok(Class(index)) } else { Err(ClassError { index, classes: N }) }
    }

    /// Returns the number of the class, less than `N`.
    #[must_use]
    pub fn index(self) -> usize {
        self.0
    }
}

/// A loss of an output of shape `Out`, with a target of type `Target` for each example.
///
/// ```
/// use lenet_layers::{Class, Lanes, Loss, MeanSquared, Tensor, Units};
/// // Sixteen examples side by side, of which two have a target: a batch of two.
/// let y = Tensor { data: [Lanes::<16>([0.5; 16]), Lanes([-1.0; 16])] };
/// let mut dy = Tensor::<Units<2>, Lanes<16>>::ZERO;
/// let targets = [0, 1].map(|class| Class::<2>::new(class).unwrap());
/// // The mean of the batch: each gradient is halved.
/// let loss = MeanSquared.evaluate(&y, &targets, 0.5, &mut dy) / 2.0;
/// assert_eq!(loss, ((0.25 + 0.0) / 2.0 + (2.25 + 4.0) / 2.0) / 2.0);
/// assert_eq!(dy.data[0].0[..3], [-0.25, 0.75, 0.0]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not compare an output of shape `{Out}` with a target of type `{Target}`",
    label = "the target does not fit the output",
    note = "an output of `Units<N>` goes with targets of `Class<N>`"
)]
pub trait Loss<Out: Shape, Target> {
    /// Returns the loss summed over the examples, and writes the gradient of this sum *times `scale`* to `dy`. There is
    /// one target for each lane, starting with the first. Lanes without a target have no loss and no gradient.
    ///
    /// # Panics
    /// If there are more targets than lanes.
    fn evaluate<T: Cell>(
        &self,
        y: &Tensor<Out, T>,
        targets: &[Target],
        scale: T::Element,
        dy: &mut Tensor<Out, T>,
    ) -> T::Element
    where
        Self: Sized,
    {
        Isa::current().dispatch(Evaluate { loss: self, y, targets, scale, dy })
    }

    /// The same with the instruction set of `simd`.
    fn evaluate_with<S: Simd, T: Cell>(
        &self,
        simd: S,
        y: &Tensor<Out, T>,
        targets: &[Target],
        scale: T::Element,
        dy: &mut Tensor<Out, T>,
    ) -> T::Element;
}

/// A loss with second derivatives, which the second-order method ([`Sdlm`](crate::Sdlm)) needs.
#[diagnostic::on_unimplemented(
    message = "the loss `{Self}` has no second derivatives",
    note = "the second-order method needs a loss that implements `CurvedLoss`; the other optimizers do not"
)]
pub trait CurvedLoss<Out: Shape, Target>: Loss<Out, Target> {
    /// Writes to `d2y` the second derivative of each example's loss with respect to its outputs, in the Gauss-Newton
    /// approximation. This is the input of [`Squared::curvature`](crate::Squared::curvature). It is zero in lanes
    /// without a target. A loss for penalties ([`LayerInfo::PENALTIES`](crate::LayerInfo::PENALTIES)) writes the weight
    /// of each penalty in the loss instead, because a penalty is itself a sum of squares, and the layer that computes
    /// it knows its curvature.
    ///
    /// # Panics
    /// If there are more targets than lanes.
    fn curvature<T: Cell>(&self, y: &Tensor<Out, T>, targets: &[Target], d2y: &mut Tensor<Out, T>);
}

struct Evaluate<'a, L, Out: Shape, Target, T: Cell> {
    loss: &'a L,
    y: &'a Tensor<Out, T>,
    targets: &'a [Target],
    scale: T::Element,
    dy: &'a mut Tensor<Out, T>,
}
impl<L: Loss<Out, Target>, Out: Shape, Target, T: Cell> Kernel for Evaluate<'_, L, Out, Target, T> {
    type Output = T::Element;
    fn run<S: Simd>(self, simd: S) -> T::Element {
        self.loss.evaluate_with(simd, self.y, self.targets, self.scale, self.dy)
    }
}

/// Applies `f` to the outputs of each lane that has a target; `f` returns the loss and leaves the gradient. Sets the
/// other lanes to zero. Returns the sum of the losses, added in the order of the lanes.
#[inline(always)]
fn per_lane<T: Cell, const N: usize>(
    targets: &[Class<N>],
    cells: &mut Tensor<Units<N>, T>,
    f: impl Fn(&mut [T::Element; N], usize) -> T::Element,
) -> T::Element {
    assert!(targets.len() <= T::LANES, "{} targets for {} lanes", targets.len(), T::LANES);
    let zero = T::Element::from_f64(0.0);
    let mut loss = zero;
    for lane in 0..T::LANES {
        let mut outputs = [zero; N];
        if let Some(target) = targets.get(lane) {
            outputs = of_lane(cells, lane);
            loss += f(&mut outputs, target.0);
        }
        set_lane(cells, lane, &outputs);
    }
    loss
}

// Separate functions, because `per_lane` is compiled for every loss and instruction set.
#[inline]
fn of_lane<T: Cell, const N: usize>(cells: &Tensor<Units<N>, T>, lane: usize) -> [T::Element; N] {
    let mut outputs = [T::Element::from_f64(0.0); N];
    for i in 0..N {
        outputs[i] = cells.data[i].lanes()[lane];
    }
    outputs
}
#[inline]
fn set_lane<T: Cell, const N: usize>(cells: &mut Tensor<Units<N>, T>, lane: usize, outputs: &[T::Element; N]) {
    for i in 0..N {
        cells.data[i].lanes_mut()[lane] = outputs[i];
    }
}

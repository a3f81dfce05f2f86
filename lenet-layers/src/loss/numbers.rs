//! Losses against a number for each output, for outputs of any shape.

use super::{CurvedLoss, Loss};
use crate::function::sigmoid;
use core::borrow::Borrow;
use lenet_tensor::simd::{Scalar, Simd};
use lenet_tensor::{Cell, Element, Shape, Tensor};

/// Half the squared error: the sum over the outputs of (y_i - t_i)^2 / 2. A target is a tensor of the output's shape, or
/// a reference to one. ([`MeanSquared`](crate::MeanSquared) is the same with targets of +1 and -1 for classes.)
///
/// PyTorch's `mse_loss` is the mean over the outputs of twice this.
///
/// ```
/// use lenet_layers::{Loss, SquaredError, Tensor, Units};
/// let y = Tensor::<Units<3>> { data: [0.0, -1.0, 1.0] };
/// let target = Tensor { data: [2.0, -1.0, 0.5] };
/// let mut dy = Tensor::<Units<3>>::ZERO;
/// let loss = SquaredError.evaluate(&y, &[target], 1.0, &mut dy);
/// assert_eq!((loss, dy.data), (2.0 + 0.125, [-2.0, 0.0, 0.5]));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SquaredError;

impl<Out: Shape, B: Borrow<Tensor<Out>>> Loss<Out, B> for SquaredError {
    fn evaluate_with<S: Simd, T: Cell>(
        &self,
        simd: S,
        y: &Tensor<Out, T>,
        targets: &[B],
        scale: T::Element,
        dy: &mut Tensor<Out, T>,
    ) -> T::Element {
        let half = T::Element::from_f64(0.5);
        for_each(
            simd,
            y,
            targets,
            dy,
            #[inline(always)]
            |y, t| half * (y - t) * (y - t),
            #[inline(always)]
            |y, t| scale * (y - t),
        )
    }
}

impl<Out: Shape, B: Borrow<Tensor<Out>>> CurvedLoss<Out, B> for SquaredError {
    /// 1.
    fn curvature<T: Cell>(&self, y: &Tensor<Out, T>, targets: &[B], d2y: &mut Tensor<Out, T>) {
        let (zero, one) = (T::Element::from_f64(0.0), T::Element::from_f64(1.0));
        for_each(Scalar, y, targets, d2y, |_, _| zero, |_, _| one);
    }
}

/// Huber's loss (Huber 1964): for an error of up to `delta` half its square, and linear beyond, so that a few large
/// errors do not outweigh the others. It is summed over the outputs: with e = y_i - t_i, e^2 / 2 where |e| <= `delta`,
/// and `delta` (|e| - `delta` / 2) elsewhere. A target is a tensor of the output's shape, or a reference to one.
///
/// PyTorch's `huber_loss` with `reduction="sum"`.
///
/// ```
/// use lenet_layers::{Huber, Loss, Tensor, Units};
/// let y = Tensor::<Units<3>> { data: [0.5, -3.0, 1.0] };
/// let target = Tensor { data: [0.0, 0.0, 1.0] };
/// let mut dy = Tensor::<Units<3>>::ZERO;
/// let loss = Huber { delta: 1.0 }.evaluate(&y, &[&target], 1.0, &mut dy);
/// assert_eq!((loss, dy.data), (0.125 + 2.5, [0.5, -1.0, 0.0]));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Huber {
    /// The largest error that counts by its square, above 0; its sign is ignored.
    pub delta: f64,
}

impl<Out: Shape, B: Borrow<Tensor<Out>>> Loss<Out, B> for Huber {
    fn evaluate_with<S: Simd, T: Cell>(
        &self,
        simd: S,
        y: &Tensor<Out, T>,
        targets: &[B],
        scale: T::Element,
        dy: &mut Tensor<Out, T>,
    ) -> T::Element {
        let (half, delta) = (T::Element::from_f64(0.5), T::Element::from_f64(self.delta.abs()));
        for_each(
            simd,
            y,
            targets,
            dy,
            #[inline(always)]
            |y, t| {
                let e = y - t;
                let c = within(e, delta);
                c * (e - half * c)
            },
            #[inline(always)]
            |y, t| scale * within(y - t, delta),
        )
    }
}

impl<Out: Shape, B: Borrow<Tensor<Out>>> CurvedLoss<Out, B> for Huber {
    /// 1 where the error counts by its square, 0 where it counts linearly.
    fn curvature<T: Cell>(&self, y: &Tensor<Out, T>, targets: &[B], d2y: &mut Tensor<Out, T>) {
        let (zero, one) = (T::Element::from_f64(0.0), T::Element::from_f64(1.0));
        let delta = T::Element::from_f64(self.delta.abs());
        for_each(Scalar, y, targets, d2y, |_, _| zero, |y, t| if within(y - t, delta) == y - t { one } else { zero });
    }
}

/// `e` limited to ±`delta`. NaN stays NaN.
#[inline(always)]
fn within<E: Element>(e: E, delta: E) -> E {
    let e = if e > delta { delta } else { e };
    if e < -delta { -delta } else { e }
}

/// Cross-entropy of outputs that are yes or no on their own, as logits: the sum over the outputs of -t ln p - (1 - t)
/// ln(1 - p), with p = 1 / (1 + e^-y). A target is a tensor of the output's shape, with numbers from 0 to 1, or a
/// reference to one. Unlike classes of a softmax, several outputs can be right for one example.
///
/// It is computed as max(y, 0) - y t + ln(1 + e^-|y|), which neither overflows nor cancels. PyTorch's
/// `binary_cross_entropy_with_logits` with `reduction="sum"`.
///
/// ```
/// use lenet_layers::{BinaryCrossEntropy, Loss, Tensor, Units};
/// let y = Tensor::<Units<3>, f64> { data: [0.0, 0.0, 1000.0] };
/// let target = Tensor { data: [1.0, 0.25, 1.0] };
/// let mut dy = Tensor::<Units<3>, f64>::ZERO;
/// let loss = BinaryCrossEntropy.evaluate(&y, &[target], 1.0, &mut dy);
/// assert!((loss - 2.0 * f64::ln(2.0)).abs() < 1e-15);
/// assert_eq!(dy.data, [-0.5, 0.25, 0.0]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct BinaryCrossEntropy;

impl<Out: Shape, B: Borrow<Tensor<Out>>> Loss<Out, B> for BinaryCrossEntropy {
    fn evaluate_with<S: Simd, T: Cell>(
        &self,
        simd: S,
        y: &Tensor<Out, T>,
        targets: &[B],
        scale: T::Element,
        dy: &mut Tensor<Out, T>,
    ) -> T::Element {
        let (zero, one) = (T::Element::from_f64(0.0), T::Element::from_f64(1.0));
        for_each(
            simd,
            y,
            targets,
            dy,
            #[inline(always)]
            |y, t| {
                // Not a maximum with 0, which would hide a NaN.
                let positive = if y < zero { zero } else { y };
                positive - y * t + (one + shrunk(simd, y)).ln(simd)
            },
            #[inline(always)]
            |y, t| scale * (sigmoid(simd, y) - t),
        )
    }
}

impl<Out: Shape, B: Borrow<Tensor<Out>>> CurvedLoss<Out, B> for BinaryCrossEntropy {
    /// p (1 - p), which is exact: the targets do not matter.
    fn curvature<T: Cell>(&self, y: &Tensor<Out, T>, targets: &[B], d2y: &mut Tensor<Out, T>) {
        let (zero, one) = (T::Element::from_f64(0.0), T::Element::from_f64(1.0));
        for_each(
            Scalar,
            y,
            targets,
            d2y,
            |_, _| zero,
            |y, _| {
                let p = sigmoid(Scalar, y);
                p * (one - p)
            },
        );
    }
}

/// e^-|y|
#[inline(always)]
fn shrunk<S: Simd, E: Element>(simd: S, y: E) -> E {
    (if y > E::from_f64(0.0) { -y } else { y }).exp(simd)
}

/// Writes `slope` of every output and its target to `dy`, and returns the sum of `loss`: of each lane first, then over the
/// lanes in their order. Lanes without a target have no loss, and zeros in `dy`. The closures should be
/// `#[inline(always)]`.
#[inline(always)]
fn for_each<S: Simd, Out: Shape, T: Cell, B: Borrow<Tensor<Out>>>(
    simd: S,
    y: &Tensor<Out, T>,
    targets: &[B],
    dy: &mut Tensor<Out, T>,
    loss: impl Fn(T::Element, T::Element) -> T::Element,
    slope: impl Fn(T::Element, T::Element) -> T::Element,
) -> T::Element {
    assert!(targets.len() <= T::LANES, "{} targets for {} lanes", targets.len(), T::LANES);
    let zero = T::Element::from_f64(0.0);
    let mut losses = T::ZERO;
    simd.vectorize(
        #[inline(always)]
        || {
            for (i, (y, dy)) in y.cells().iter().zip(dy.cells_mut()).enumerate() {
                let mut t = T::ZERO;
                for (t, target) in t.lanes_mut().iter_mut().zip(targets) {
                    *t = T::Element::from_f64(f64::from(target.borrow().cells()[i]));
                }
                losses = losses.plus(y.zip(t, &loss));
                *dy = y.zip(t, &slope);
                // Whatever they hold, NaN too, does not count.
                dy.lanes_mut()[targets.len()..].fill(zero);
            }
        },
    );
    losses.lanes()[..targets.len()].iter().fold(zero, |sum, loss| sum + *loss)
}

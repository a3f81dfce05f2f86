//! Metrics: a number for each example that says how good an output is, besides the loss.

use lenet_layers::{Class, Shape, Tensor, Units};

/// A number for each example, from the network's output and the target. A run reports its mean, and keeps the network
/// with the best mean on the held-out examples; among equals, that with the smallest loss.
///
/// With `()` nothing is measured, and the loss alone decides. [`Larger`] and [`Smaller`] make a metric of a function.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not measure an output of shape `{Out}` against a target of type `{Target}`",
    note = "use `()` for no metric, or `Larger` or `Smaller` of a function of `(&Tensor<{Out}>, &{Target})`"
)]
pub trait Metric<Out: Shape, Target>: Sync {
    /// Whether a larger number is better.
    const LARGER_IS_BETTER: bool = true;
    /// The number for one example. `penalties` says that the outputs are penalties: the smallest gives the class.
    fn measure(&self, output: &Tensor<Out>, target: &Target, penalties: bool) -> f64;
}

impl<Out: Shape, Target> Metric<Out, Target> for () {
    fn measure(&self, _: &Tensor<Out>, _: &Target, _: bool) -> f64 {
        0.0
    }
}

/// Whether the most likely class is the right one: 1 or 0. The most likely class is that of the largest output, or of
/// the smallest if the outputs are penalties; among equals it is the first.
///
/// ```
/// use lenet_layers::{Class, Tensor};
/// use lenet_train::{Accuracy, Metric};
/// let (output, one) = (Tensor { data: [0.5, 2.0, -1.0] }, Class::new(1).unwrap());
/// assert_eq!(Accuracy.measure(&output, &one, false), 1.0);
/// // The smallest penalty is that of class 2.
/// assert_eq!(Accuracy.measure(&output, &one, true), 0.0);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Accuracy;

impl<const N: usize> Metric<Units<N>, Class<N>> for Accuracy {
    fn measure(&self, output: &Tensor<Units<N>>, target: &Class<N>, penalties: bool) -> f64 {
        let y = output.data;
        let better = |a: f32, b: f32| if penalties { a < b } else { a > b };
        let best = (1..N).fold(0, |best, i| if better(y[i], y[best]) { i } else { best });
        f64::from(u8::from(best == target.index()))
    }
}

/// A function of an output and a target as a metric; larger is better.
///
/// ```
/// use lenet_layers::{Tensor, Units};
/// use lenet_train::{Larger, Metric};
/// let close = Larger(|y: &Tensor<Units<1>>, t: &f32| if (y.data[0] - t).abs() < 0.1 { 1.0 } else { 0.0 });
/// assert_eq!(close.measure(&Tensor { data: [0.95] }, &1.0, false), 1.0);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Larger<F>(pub F);

/// A function of an output and a target as a metric; smaller is better.
///
/// ```
/// use lenet_layers::{Tensor, Units};
/// use lenet_train::{Metric, Smaller};
/// let distance = Smaller(|y: &Tensor<Units<1>>, t: &f32| f64::from((y.data[0] - t).abs()));
/// assert_eq!(distance.measure(&Tensor { data: [0.5] }, &1.0, false), 0.5);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Smaller<F>(pub F);

impl<Out: Shape, Target, F: Fn(&Tensor<Out>, &Target) -> f64 + Sync> Metric<Out, Target> for Larger<F> {
    fn measure(&self, output: &Tensor<Out>, target: &Target, _: bool) -> f64 {
        (self.0)(output, target)
    }
}

impl<Out: Shape, Target, F: Fn(&Tensor<Out>, &Target) -> f64 + Sync> Metric<Out, Target> for Smaller<F> {
    const LARGER_IS_BETTER: bool = false;
    fn measure(&self, output: &Tensor<Out>, target: &Target, _: bool) -> f64 {
        (self.0)(output, target)
    }
}

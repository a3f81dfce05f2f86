//! Losses of a row of output units, given the class of each example.

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

/// Computes the probabilities `e^y_i / sum of e^y_k` in each lane, from the differences to the largest output, so that
/// nothing overflows.
///
/// ```
/// use lenet_layers::{Tensor, Units, softmax};
/// let mut p = Tensor::<Units<2>>::ZERO;
/// softmax(&Tensor { data: [1000.0, 1000.0] }, &mut p);
/// assert_eq!(p.data, [0.5, 0.5]);
/// ```
pub fn softmax<T: Cell, const N: usize>(y: &Tensor<Units<N>, T>, p: &mut Tensor<Units<N>, T>) {
    struct Softmax<'a, T: Cell, const N: usize>(&'a Tensor<Units<N>, T>, &'a mut Tensor<Units<N>, T>);
    impl<T: Cell, const N: usize> Kernel for Softmax<'_, T, N> {
        type Output = ();
        fn run<S: Simd>(self, simd: S) {
            shifted_exponentials(simd, self.0, self.1);
        }
    }
    Isa::current().dispatch(Softmax(y, p));
}

/// Writes the softmax to `p`; returns the largest output and the sum of the shifted exponentials, lane by lane.
fn shifted_exponentials<S: Simd, T: Cell, const N: usize>(
    simd: S,
    y: &Tensor<Units<N>, T>,
    p: &mut Tensor<Units<N>, T>,
) -> (T, T) {
    const { assert!(N > 0, "a softmax has at least one output") };
    simd.vectorize(
        #[inline(always)]
        || {
            // If an output is NaN, the sum and every p are NaN, whether or not it is chosen as the largest.
            let (mut largest, mut sum) = (y.data[0], T::ZERO);
            for y in &y.data {
                largest = largest.zip(*y, |m, y| if y <= m { m } else { y });
            }
            for (p, y) in p.data.iter_mut().zip(&y.data) {
                *p = y.zip(largest, |y, m| (y - m).exp(simd));
                sum = sum.plus(*p);
            }
            for p in &mut p.data {
                *p = p.zip(sum, |p, sum| p / sum);
            }
            (largest, sum)
        },
    )
}

/// Mean squared error of a softmax output: the sum over the outputs of (p_i - t_i)^2, where p is the softmax, and t is
/// one for the right class and zero for the others.
///
/// ```
/// use lenet_layers::{Class, Loss, SoftmaxMeanSquared, Tensor, Units};
/// let y = Tensor::<Units<2>> { data: [1.0, 1.0] };
/// let mut dy = Tensor::<Units<2>>::ZERO;
/// let loss = SoftmaxMeanSquared.evaluate(&y, &[Class::new(0).unwrap()], 1.0, &mut dy);
/// assert_eq!(loss, 0.25 + 0.25);
/// assert!(dy.data[0] < 0.0 && dy.data[1] > 0.0);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SoftmaxMeanSquared;

impl<const N: usize> Loss<Units<N>, Class<N>> for SoftmaxMeanSquared {
    fn evaluate_with<S: Simd, T: Cell>(
        &self,
        simd: S,
        y: &Tensor<Units<N>, T>,
        targets: &[Class<N>],
        scale: T::Element,
        dy: &mut Tensor<Units<N>, T>,
    ) -> T::Element {
        shifted_exponentials(simd, y, dy);
        per_lane(targets, dy, |p: &mut [T::Element; N], target| {
            let (zero, one, two) = (T::Element::from_f64(0.0), T::Element::from_f64(1.0), T::Element::from_f64(2.0));
            let error = |i: usize, p: T::Element| if i == target { p - one } else { p };
            let (mut loss, mut mean) = (zero, zero);
            for (i, p) in p.iter().enumerate() {
                let e = error(i, *p);
                loss += e * e;
                mean += e * *p;
            }
            // dE/dy_i = 2 p_i (e_i - sum of e_k p_k)
            for (i, p) in p.iter_mut().enumerate() {
                *p = scale * two * *p * (error(i, *p) - mean);
            }
            loss
        })
    }

    /// Twice the sum over the probabilities of (dp_k / dy_i)^2.
    fn curvature<T: Cell>(&self, y: &Tensor<Units<N>, T>, targets: &[Class<N>], d2y: &mut Tensor<Units<N>, T>) {
        softmax(y, d2y);
        per_lane(targets, d2y, |p: &mut [T::Element; N], _| {
            let (zero, one, two) = (T::Element::from_f64(0.0), T::Element::from_f64(1.0), T::Element::from_f64(2.0));
            let mut squares = zero;
            for p in p.iter() {
                squares += *p * *p;
            }
            for p in p.iter_mut() {
                // dp_i / dy_i = p_i (1 - p_i), and dp_k / dy_i = -p_i p_k for the others.
                let (own, p2) = (one - *p, *p * *p);
                *p = two * p2 * (own * own + squares - p2);
            }
            zero
        });
    }
}

/// Cross-entropy of a softmax output: -ln p of the right class, computed as ln(sum e^(y_k - max)) - (y - max).
///
/// ```
/// use lenet_layers::{Class, Loss, SoftmaxCrossEntropy, Tensor, Units};
/// let y = Tensor::<Units<2>, f64> { data: [0.0, 0.0] };
/// let mut dy = Tensor::<Units<2>, f64>::ZERO;
/// let loss = SoftmaxCrossEntropy.evaluate(&y, &[Class::new(1).unwrap()], 1.0, &mut dy);
/// assert_eq!(loss, f64::ln(2.0));
/// assert_eq!(dy.data, [0.5, -0.5]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SoftmaxCrossEntropy;

impl<const N: usize> Loss<Units<N>, Class<N>> for SoftmaxCrossEntropy {
    fn evaluate_with<S: Simd, T: Cell>(
        &self,
        simd: S,
        y: &Tensor<Units<N>, T>,
        targets: &[Class<N>],
        scale: T::Element,
        dy: &mut Tensor<Units<N>, T>,
    ) -> T::Element {
        let (largest, sum) = shifted_exponentials(simd, y, dy);
        per_lane(targets, dy, |p: &mut [T::Element; N], target| {
            // dE/dy_i = p_i - t_i
            p[target] -= T::Element::from_f64(1.0);
            for p in p.iter_mut() {
                *p *= scale;
            }
            T::Element::from_f64(0.0)
        });
        let mut loss = T::Element::from_f64(0.0);
        for (lane, target) in targets.iter().enumerate() {
            loss += sum.lanes()[lane].ln(simd) + largest.lanes()[lane] - y.data[target.0].lanes()[lane];
        }
        loss
    }

    /// p_i (1 - p_i), which is exact.
    fn curvature<T: Cell>(&self, y: &Tensor<Units<N>, T>, targets: &[Class<N>], d2y: &mut Tensor<Units<N>, T>) {
        softmax(y, d2y);
        per_lane(targets, d2y, |p: &mut [T::Element; N], _| {
            for p in p.iter_mut() {
                *p = *p * (T::Element::from_f64(1.0) - *p);
            }
            T::Element::from_f64(0.0)
        });
    }
}

/// Mean squared error of the outputs themselves, with targets +1 for the right class and -1 for the others: half the
/// sum of (y_i - t_i)^2.
///
/// ```
/// use lenet_layers::{Class, Loss, MeanSquared, Tensor, Units};
/// let y = Tensor::<Units<3>> { data: [0.0, -1.0, 1.0] };
/// let mut dy = Tensor::<Units<3>>::ZERO;
/// let loss = MeanSquared.evaluate(&y, &[Class::new(0).unwrap()], 1.0, &mut dy);
/// assert_eq!((loss, dy.data), (0.5 + 0.0 + 2.0, [-1.0, 0.0, 2.0]));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct MeanSquared;

impl<const N: usize> Loss<Units<N>, Class<N>> for MeanSquared {
    fn evaluate_with<S: Simd, T: Cell>(
        &self,
        _: S,
        y: &Tensor<Units<N>, T>,
        targets: &[Class<N>],
        scale: T::Element,
        dy: &mut Tensor<Units<N>, T>,
    ) -> T::Element {
        dy.clone_from(y);
        per_lane(targets, dy, |y: &mut [T::Element; N], target| {
            let (one, half) = (T::Element::from_f64(1.0), T::Element::from_f64(0.5));
            let mut loss = T::Element::from_f64(0.0);
            for (i, y) in y.iter_mut().enumerate() {
                let e = *y - if i == target { one } else { -one };
                loss += half * e * e;
                *y = scale * e;
            }
            loss
        })
    }

    /// 1.
    fn curvature<T: Cell>(&self, _: &Tensor<Units<N>, T>, targets: &[Class<N>], d2y: &mut Tensor<Units<N>, T>) {
        per_lane(targets, d2y, |d2y: &mut [T::Element; N], _| {
            d2y.fill(T::Element::from_f64(1.0));
            T::Element::from_f64(0.0)
        });
    }
}

/// The penalty of the right class, for an output of penalties such as that of [`Rbf`](crate::Rbf): E = y_D (LeCun et
/// al. 1998, eq. 8, called the maximum likelihood criterion there). It does not push up the penalties of the wrong
/// classes; with fixed codes they can't all collapse.
///
/// ```
/// use lenet_layers::{Class, CorrectPenalty, Loss, Tensor, Units};
/// let y = Tensor::<Units<3>> { data: [2.0, 7.0, 5.0] };
/// let mut dy = Tensor::<Units<3>>::ZERO;
/// let loss = CorrectPenalty.evaluate(&y, &[Class::new(2).unwrap()], 1.0, &mut dy);
/// assert_eq!((loss, dy.data), (5.0, [0.0, 0.0, 1.0]));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CorrectPenalty;

impl<const N: usize> Loss<Units<N>, Class<N>> for CorrectPenalty {
    fn evaluate_with<S: Simd, T: Cell>(
        &self,
        _: S,
        y: &Tensor<Units<N>, T>,
        targets: &[Class<N>],
        scale: T::Element,
        dy: &mut Tensor<Units<N>, T>,
    ) -> T::Element {
        dy.clone_from(y);
        per_lane(targets, dy, |y: &mut [T::Element; N], target| {
            let loss = y[target];
            y.fill(T::Element::from_f64(0.0));
            y[target] = scale;
            loss
        })
    }

    fn curvature<T: Cell>(&self, _: &Tensor<Units<N>, T>, targets: &[Class<N>], d2y: &mut Tensor<Units<N>, T>) {
        weight_of_right_class(targets, d2y);
    }
}

/// The discriminative loss for an output of penalties: E = y_D + log(e^-j + sum of e^-y_i) (LeCun et al. 1998, eq. 9,
/// the maximum a posteriori criterion). It pulls the penalty of the right class down and pushes the others up; it
/// pushes less on penalties that are already larger than `j`.
///
/// ```
/// use lenet_layers::{Class, Loss, MaximumAPosteriori, Tensor, Units};
/// let y = Tensor::<Units<2>, f64> { data: [1.0, 1.0] };
/// let mut dy = Tensor::<Units<2>, f64>::ZERO;
/// let loss = MaximumAPosteriori { j: 1.0 }.evaluate(&y, &[Class::new(0).unwrap()], 1.0, &mut dy);
/// assert!((loss - 3.0_f64.ln()).abs() < 1e-12);
/// assert!((dy.data[0] - 2.0 / 3.0).abs() < 1e-12 && (dy.data[1] + 1.0 / 3.0).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MaximumAPosteriori {
    /// The penalty of the "rubbish" class of inputs that belong to no class, above 0. The paper does not give its
    /// value.
    pub j: f64,
}

impl<const N: usize> Loss<Units<N>, Class<N>> for MaximumAPosteriori {
    fn evaluate_with<S: Simd, T: Cell>(
        &self,
        simd: S,
        y: &Tensor<Units<N>, T>,
        targets: &[Class<N>],
        scale: T::Element,
        dy: &mut Tensor<Units<N>, T>,
    ) -> T::Element {
        let j = T::Element::from_f64(self.j);
        dy.clone_from(y);
        per_lane(targets, dy, |y: &mut [T::Element; N], target| {
            // Shifted by the smallest penalty, so that at least one exponential is not zero.
            let mut least = j;
            for y in y.iter() {
                least = if least <= *y { least } else { *y };
            }
            let right = y[target];
            let mut sum = (least - j).exp(simd);
            for y in y.iter_mut() {
                *y = (least - *y).exp(simd);
                sum += *y;
            }
            // dE/dy_i = [i = D] - e^-y_i / sum
            for (i, y) in y.iter_mut().enumerate() {
                let own = T::Element::from_f64(f64::from(u8::from(i == target)));
                *y = scale * (own - *y / sum);
            }
            right - least + sum.ln(simd)
        })
    }

    /// The same as for [`CorrectPenalty`]. The full second derivative of eq. 9 with respect to an input x_j of an
    /// [`Rbf`](crate::Rbf) is 2 (1 - sum of p_i) plus the variance of 2 (x_j - w_ij) under p, where p_i is e^-y_i
    /// divided by the sum in the logarithm. The recursion of eqs. 22-27 has no place for the first term, which may be
    /// negative.
    fn curvature<T: Cell>(&self, _: &Tensor<Units<N>, T>, targets: &[Class<N>], d2y: &mut Tensor<Units<N>, T>) {
        weight_of_right_class(targets, d2y);
    }
}

/// Writes the weight of each penalty in the loss: only the right one counts. [`Rbf`](crate::Rbf) continues from there.
fn weight_of_right_class<T: Cell, const N: usize>(targets: &[Class<N>], d2y: &mut Tensor<Units<N>, T>) {
    per_lane(targets, d2y, |d2y: &mut [T::Element; N], target| {
        d2y.fill(T::Element::from_f64(0.0));
        d2y[target] = T::Element::from_f64(1.0);
        T::Element::from_f64(0.0)
    });
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

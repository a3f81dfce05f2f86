//! Losses of the softmax of the outputs.

use super::{Class, CurvedLoss, Loss, per_lane};
use lenet_tensor::simd::{Isa, Kernel, Simd};
use lenet_tensor::{Cell, Element, Tensor, Units};

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
}

impl<const N: usize> CurvedLoss<Units<N>, Class<N>> for SoftmaxMeanSquared {
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

/// Cross-entropy of a softmax output against smoothed targets (Szegedy et al. 2016, section 7): the right class has the
/// probability 1 - s + s/N instead of 1, and each of the others s/N instead of 0. With s = 0 it is
/// [`SoftmaxCrossEntropy`], to the bit.
///
/// ```
/// use lenet_layers::{Class, Loss, SmoothedCrossEntropy, Tensor, Units};
/// let y = Tensor::<Units<2>, f64> { data: [0.0, 0.0] };
/// let mut dy = Tensor::<Units<2>, f64>::ZERO;
/// let loss = SmoothedCrossEntropy { smoothing: 0.2 }.evaluate(&y, &[Class::new(1).unwrap()], 1.0, &mut dy);
/// assert_eq!(loss, f64::ln(2.0));
/// assert!((dy.data[0] - 0.4).abs() < 1e-15 && (dy.data[1] + 0.4).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SmoothedCrossEntropy {
    /// The part s of the probability that all classes share, from 0 to 1.
    pub smoothing: f64,
}

impl<const N: usize> Loss<Units<N>, Class<N>> for SoftmaxCrossEntropy {
    fn evaluate_with<S: Simd, T: Cell>(
        &self,
        simd: S,
        y: &Tensor<Units<N>, T>,
        targets: &[Class<N>],
        scale: T::Element,
        dy: &mut Tensor<Units<N>, T>,
    ) -> T::Element {
        SmoothedCrossEntropy { smoothing: 0.0 }.evaluate_with(simd, y, targets, scale, dy)
    }
}

impl<const N: usize> CurvedLoss<Units<N>, Class<N>> for SoftmaxCrossEntropy {
    /// p_i (1 - p_i), which is exact.
    fn curvature<T: Cell>(&self, y: &Tensor<Units<N>, T>, targets: &[Class<N>], d2y: &mut Tensor<Units<N>, T>) {
        SmoothedCrossEntropy { smoothing: 0.0 }.curvature(y, targets, d2y);
    }
}

impl<const N: usize> Loss<Units<N>, Class<N>> for SmoothedCrossEntropy {
    fn evaluate_with<S: Simd, T: Cell>(
        &self,
        simd: S,
        y: &Tensor<Units<N>, T>,
        targets: &[Class<N>],
        scale: T::Element,
        dy: &mut Tensor<Units<N>, T>,
    ) -> T::Element {
        let (zero, one) = (T::Element::from_f64(0.0), T::Element::from_f64(1.0));
        let shared = T::Element::from_f64(self.smoothing / N as f64);
        let (largest, sum) = shifted_exponentials(simd, y, dy);
        per_lane(targets, dy, |p: &mut [T::Element; N], target| {
            // dE/dy_i = p_i - t_i
            p[target] -= one - T::Element::from_f64(self.smoothing);
            for p in p.iter_mut() {
                *p = scale * (*p - shared);
            }
            zero
        });
        let mut loss = zero;
        for (lane, target) in targets.iter().enumerate() {
            let right = y.data[target.0].lanes()[lane];
            loss += sum.lanes()[lane].ln(simd) + largest.lanes()[lane] - right;
            // Without smoothing these terms are left out: 0 times an infinite output is NaN.
            if self.smoothing > 0.0 {
                for y in &y.data {
                    loss += shared * (right - y.lanes()[lane]);
                }
            }
        }
        loss
    }
}

impl<const N: usize> CurvedLoss<Units<N>, Class<N>> for SmoothedCrossEntropy {
    /// p_i (1 - p_i), which is exact: the targets do not matter.
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

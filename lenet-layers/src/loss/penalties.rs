//! Losses of outputs that are penalties (LeCun et al. 1998, section II.C).

use super::{Class, CurvedLoss, Loss, per_lane};
use lenet_tensor::simd::Simd;
use lenet_tensor::{Cell, Element, Tensor, Units};

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
}

impl<const N: usize> CurvedLoss<Units<N>, Class<N>> for CorrectPenalty {
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
}

impl<const N: usize> CurvedLoss<Units<N>, Class<N>> for MaximumAPosteriori {
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

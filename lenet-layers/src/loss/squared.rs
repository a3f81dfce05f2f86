//! The squared error of the outputs themselves.

use super::{Class, CurvedLoss, Loss, per_lane};
use lenet_tensor::simd::Simd;
use lenet_tensor::{Cell, Element, Tensor, Units};

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
}

impl<const N: usize> CurvedLoss<Units<N>, Class<N>> for MeanSquared {
    /// 1.
    fn curvature<T: Cell>(&self, _: &Tensor<Units<N>, T>, targets: &[Class<N>], d2y: &mut Tensor<Units<N>, T>) {
        per_lane(targets, d2y, |d2y: &mut [T::Element; N], _| {
            d2y.fill(T::Element::from_f64(1.0));
            T::Element::from_f64(0.0)
        });
    }
}

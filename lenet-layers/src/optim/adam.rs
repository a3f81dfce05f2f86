//! Adam and AdamW: steps in proportion to the mean gradient over the root of the mean square.

use crate::kernels::tile::{load, store};
use crate::{Grad, Params, Rule, Statistic};
use lenet_tensor::Element;
use lenet_tensor::simd::{One, Scalar, Simd, Vector};
use zerocopy::FromZeros;

/// Adam (Kingma & Ba 2015, algorithm 1), with the weight decay as a part of the gradient.
///
/// For every number, at step t: g = g + decay p; m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2; p = p -
/// rate m' / (sqrt(v') + epsilon), with m' = m / (1 - beta1^t) and v' = v / (1 - beta2^t). The conventions are
/// PyTorch's: the decay applies to every parameter, and epsilon is added after the correction of v.
///
/// ```
/// use lenet_layers::{Adam, Grad, Params, Weights};
/// let mut p = Weights::<1, 1> { weight: [[1.0]], bias: [0.0] };
/// let grad = Grad(Weights { weight: [[2.0]], bias: [-1e-3] });
/// let mut adam = Adam::boxed(0.0);
/// adam.step(&mut p, &grad, 0.1);
/// // The first step has the size of the rate, whatever the size of the gradient.
/// assert!((p.weight[0][0] - 0.9).abs() < 1e-6 && (p.bias[0] - 0.1).abs() < 1e-5);
/// ```
pub type Adam<P> = Moments<P, false>;

/// Adam with decoupled weight decay (Loshchilov & Hutter 2019, algorithm 2): before the step of [`Adam`], p = p - rate
/// decay p, so that the decay is not divided by the root of the mean square.
///
/// ```
/// use lenet_layers::{AdamW, Grad, Params, Weights};
/// let mut p = Weights::<1, 1> { weight: [[1.0]], bias: [0.0] };
/// let mut adam = AdamW::boxed(0.5);
/// adam.step(&mut p, &Grad::zeroed(), 0.1);
/// assert!((p.weight[0][0] - (1.0 - 0.1 * 0.5)).abs() < 1e-6);
/// ```
pub type AdamW<P> = Moments<P, true>;

/// The numbers that Adam is set by, apart from its rate.
#[derive(Clone, Copy, Debug, PartialEq, FromZeros)]
#[repr(C)]
pub struct AdamSettings {
    /// The fraction of the mean gradient that is kept at each step.
    pub beta1: f64,
    /// The fraction of the mean square that is kept at each step.
    pub beta2: f64,
    /// Added to the root of the mean square, so that a gradient of zero does not divide by zero.
    pub epsilon: f64,
    /// Weight decay: pulls every parameter towards zero.
    pub weight_decay: f64,
}

impl Default for AdamSettings {
    /// The settings of the paper: 0.9, 0.999 and 1e-8, without weight decay.
    fn default() -> Self {
        AdamSettings { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 }
    }
}

/// [`Adam`], or [`AdamW`] if the weight decay is `DECOUPLED` from the gradient. The struct holds two means of the form
/// of the parameters.
#[derive(Clone, Debug, PartialEq, FromZeros)]
#[repr(C)]
pub struct Moments<P: Params, const DECOUPLED: bool> {
    /// The mean m of the gradients, zero at the start.
    pub mean: P,
    /// The mean v of their squares, zero at the start.
    pub square: P,
    /// The settings.
    pub settings: AdamSettings,
    /// The number of steps taken.
    pub steps: u64,
}

impl<P: Params, const DECOUPLED: bool> Moments<P, DECOUPLED> {
    /// Returns an optimizer with the default settings and this weight decay, on the heap.
    ///
    /// # Panics
    /// If memory cannot be allocated, as for `Box::new`.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn boxed(weight_decay: f64) -> alloc::boxed::Box<Self> {
        let mut moments: alloc::boxed::Box<Self> = FromZeros::new_box_zeroed().expect("memory for the means");
        moments.settings = AdamSettings { weight_decay, ..AdamSettings::default() };
        moments
    }

    /// Takes one step against the gradient.
    pub fn step(&mut self, params: &mut P, grad: &Grad<P>, rate: P::Element) {
        let update = self.update(rate);
        for i in 0..P::TENSORS {
            let (p, gradients) = (params.tensor_mut(i), &[grad.tensor(i)]);
            if P::is_statistic(i) {
                Statistic.step(p, [], gradients);
            } else {
                update.step(p, [self.mean.tensor_mut(i), self.square.tensor_mut(i)], gradients);
            }
        }
    }

    /// Counts a step, and returns its update with this rate for slices of parameters. Use it to sum several gradients or
    /// to divide a step among threads; the state of each slice is its part of `mean` and of `square`.
    pub fn update(&mut self, rate: P::Element) -> AdamUpdate<P::Element> {
        self.steps += 1;
        if DECOUPLED {
            AdamUpdate::decoupled(self.settings, rate, self.steps)
        } else {
            AdamUpdate::coupled(self.settings, rate, self.steps)
        }
    }
}

/// The update that a step of [`Adam`] or [`AdamW`] applies to each number, with the mean gradient and the mean square as
/// its state.
///
/// ```
/// use lenet_layers::{AdamSettings, AdamUpdate, Rule};
/// let update = AdamUpdate::coupled(AdamSettings { epsilon: 0.0, ..AdamSettings::default() }, 0.25, 1);
/// let (mut p, mut mean, mut square) = ([1.0, 2.0], [0.0; 2], [0.0; 2]);
/// update.step(&mut p, [&mut mean, &mut square], &[&[1.0, -1.0], &[3.0, -1.0]]);
/// assert!((p[0] - 0.75_f64).abs() < 1e-12 && (p[1] - 2.25).abs() < 1e-12);
/// assert!((mean[0] - 0.1 * 4.0).abs() < 1e-12 && (square[0] - 0.001 * 16.0).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AdamUpdate<E> {
    /// The part of the parameter that is added to its gradient.
    decay: E,
    /// The factor of the parameter before the step.
    keep: E,
    /// 1 - beta1.
    fresh: E,
    beta2: E,
    /// 1 - beta2.
    fresh_square: E,
    /// 1 / sqrt(1 - beta2^t).
    correction: E,
    epsilon: E,
    /// rate / (1 - beta1^t).
    size: E,
}

impl<E: Element> AdamUpdate<E> {
    /// The update of step number `step`, counted from 1, of [`Adam`].
    #[must_use]
    pub fn coupled(settings: AdamSettings, rate: E, step: u64) -> Self {
        let update = Self::without_decay(settings, rate, step);
        AdamUpdate { decay: E::from_f64(settings.weight_decay), ..update }
    }

    /// The update of step number `step`, counted from 1, of [`AdamW`].
    #[must_use]
    pub fn decoupled(settings: AdamSettings, rate: E, step: u64) -> Self {
        let update = Self::without_decay(settings, rate, step);
        AdamUpdate { keep: E::from_f64(1.0 - rate.to_f64() * settings.weight_decay), ..update }
    }

    fn without_decay(AdamSettings { beta1, beta2, epsilon, .. }: AdamSettings, rate: E, step: u64) -> Self {
        let unused = One::<Scalar, f64>::splat(Scalar, 1.0 - power(beta2, step));
        AdamUpdate {
            decay: E::from_f64(0.0),
            keep: E::from_f64(1.0),
            fresh: E::from_f64(1.0 - beta1),
            beta2: E::from_f64(beta2),
            fresh_square: E::from_f64(1.0 - beta2),
            correction: E::from_f64(1.0 / unused.sqrt().sum()),
            epsilon: E::from_f64(epsilon),
            size: E::from_f64(rate.to_f64() / (1.0 - power(beta1, step))),
        }
    }
}

/// `base` to the power `exponent`, by squaring: core has no `powi`, and std's precision is not fixed.
fn power(mut base: f64, mut exponent: u64) -> f64 {
    let mut product = 1.0;
    while exponent > 0 {
        if exponent % 2 == 1 {
            product *= base;
        }
        base *= base;
        exponent /= 2;
    }
    product
}

impl<E: Element> Rule<E, 2> for AdamUpdate<E> {
    #[inline(always)]
    fn one<S: Simd>(self, simd: S, g: E::Row<S>, p: &mut [E], [mean, square]: [&mut [E]; 2]) {
        let at = load::<E::Row<S>>(simd, p);
        let g = at.mul_add(Vector::splat(simd, self.decay), g);
        let m = load::<E::Row<S>>(simd, mean);
        let m = (g - m).mul_add(Vector::splat(simd, self.fresh), m);
        store(m, mean);
        let fresh = g * g * Vector::splat(simd, self.fresh_square);
        let v = load::<E::Row<S>>(simd, square).mul_add(Vector::splat(simd, self.beta2), fresh);
        store(v, square);
        let root = v.sqrt().mul_add(Vector::splat(simd, self.correction), Vector::splat(simd, self.epsilon));
        // Not `ratio`: the quotient may be as small as any number.
        store((m / root).neg_mul_add(Vector::splat(simd, self.size), at * Vector::splat(simd, self.keep)), p);
    }
}

#[cfg(test)]
mod tests {
    use super::power;

    #[test]
    fn powers() {
        assert_eq!((power(0.5, 0), power(0.5, 1), power(0.5, 11)), (1.0, 0.5, 0.5f64.powi(11)));
        assert!((power(0.999, 12_345) / 0.999f64.powi(12_345) - 1.0).abs() < 1e-12);
        assert_eq!(power(0.999, u64::MAX), 0.0);
    }
}

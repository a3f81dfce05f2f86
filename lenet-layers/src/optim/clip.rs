//! Gradient clipping: a gradient that is too long is shortened, and keeps its direction.

use super::rule::squares;
use crate::{Grad, Params, Rule};
use lenet_tensor::Element;
use lenet_tensor::simd::{One, Scalar, Simd, Vector};

/// Shortens a gradient whose norm, the root of the sum of all squares, is above `most` (Pascanu et al. 2013, algorithm
/// 1). Returns the norm before. As in PyTorch, the factor is `most` / (norm + 1e-6). Arrays of statistics
/// ([`Params::is_statistic`]) do not count and stay as they are.
///
/// If a number of the gradient is NaN, so is the norm, and all of the gradient becomes NaN. If one is infinite, it
/// becomes NaN, and the others zero. Check the norm if that can happen.
///
/// ```
/// use lenet_layers::{Grad, Weights, clip_norm};
/// let mut grad = Grad(Weights::<2, 1> { weight: [[3.0, 0.0]], bias: [-4.0] });
/// assert_eq!(clip_norm(&mut grad, 6.0), 5.0);
/// assert_eq!(grad.0.bias, [-4.0]);
/// assert_eq!(clip_norm(&mut grad, 0.5), 5.0);
/// assert!((grad.0.weight[0][0] - 0.3).abs() < 1e-6 && (grad.0.bias[0] + 0.4).abs() < 1e-6);
/// ```
pub fn clip_norm<P: Params>(grad: &mut Grad<P>, most: f64) -> f64 {
    let trained = || (0..P::TENSORS).filter(|i| !P::is_statistic(*i));
    let norm = root(trained().map(|i| squared_norm(&[grad.tensor(i)])).sum());
    let factor = clipping(norm, most);
    if factor != 1.0 {
        let factor = P::Element::from_f64(factor);
        for i in trained() {
            grad.tensor_mut(i).iter_mut().for_each(|g| *g *= factor);
        }
    }
    norm
}

/// Returns the square of the norm of the sum of `gradients`, which are added in order, number by number. The square of
/// the norm of several arrays is the sum of theirs.
///
/// ```
/// use lenet_layers::squared_norm;
/// assert_eq!(squared_norm(&[&[1.0_f32, 5.0], &[2.0, -1.0]]), 25.0);
/// ```
///
/// # Panics
/// If the slices have different lengths.
#[must_use]
pub fn squared_norm<E: Element>(gradients: &[&[E]]) -> f64 {
    /// The numbers that are added in `E`: few enough that rounding does not matter.
    const PART: usize = 4096;
    let n = gradients.first().map_or(0, |g| g.len());
    assert!(gradients.iter().all(|g| g.len() == n), "slices of one length");
    let mut sum = 0.0;
    let mut parts = [&[][..]; 16];
    for first in (0..n).step_by(PART) {
        let here = first..n.min(first + PART);
        let squares = if gradients.len() <= parts.len() {
            for (part, gradient) in parts.iter_mut().zip(gradients) {
                *part = &gradient[here.clone()];
            }
            squares(&parts[..gradients.len()]).to_f64()
        } else {
            f64::INFINITY
        };
        sum += if squares.is_finite() { squares } else { plainly(gradients, here) };
    }
    sum
}

/// The same for a part, in `f64`: for more gradients than fit the stack, and for squares too large for an `f32`.
fn plainly<E: Element>(gradients: &[&[E]], part: core::ops::Range<usize>) -> f64 {
    part.map(|i| {
        let g: f64 = gradients.iter().map(|g| g[i].to_f64()).sum();
        g * g
    })
    .sum()
}

/// `rule` with its gradients clipped in the same pass: for a step against the sum of several gradients, which is not
/// stored anywhere.
///
/// ```
/// use lenet_layers::{Clipped, Descent, Rule, squared_norm};
/// let gradients: [&[f64]; 2] = [&[1.0, 5.0], &[2.0, -1.0]];
/// let descent = Descent { rate: 1.0, momentum: 0.0, weight_decay: 0.0 };
/// let clipped = Clipped::new(descent, squared_norm(&gradients), 0.5);
/// let mut p = [0.0, 0.0];
/// clipped.step(&mut p, [&mut [0.0, 0.0]], &gradients);
/// assert!((p[0] + 0.3).abs() < 1e-6 && (p[1] + 0.4).abs() < 1e-6);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Clipped<R> {
    rule: R,
    factor: f64,
}

impl<R> Clipped<R> {
    /// Clips the gradient to a norm of `most`, given the square of its norm over all arrays.
    #[must_use]
    pub fn new(rule: R, squared_norm: f64, most: f64) -> Self {
        Clipped { rule, factor: clipping(root(squared_norm), most) }
    }
}

impl<E: Element, R: Rule<E, STATES>, const STATES: usize> Rule<E, STATES> for Clipped<R> {
    #[inline(always)]
    fn one<S: Simd>(self, simd: S, g: E::Row<S>, p: &mut [E], state: [&mut [E]; STATES]) {
        self.rule.one(simd, g * E::Row::splat(simd, E::from_f64(self.factor)), p, state);
    }
}

/// The factor that shortens a gradient of this norm. NaN stays NaN.
fn clipping(norm: f64, most: f64) -> f64 {
    let factor = most / (norm + 1e-6);
    if factor > 1.0 { 1.0 } else { factor }
}

/// core has no square root.
fn root(x: f64) -> f64 {
    One::<Scalar, f64>::splat(Scalar, x).sqrt().sum()
}

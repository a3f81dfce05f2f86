//! Stochastic gradient descent.

use crate::kernels::tile::{load, store};
use crate::{Grad, Params, Rule, Statistic};
use lenet_tensor::Element;
use lenet_tensor::simd::{Simd, Vector};
use zerocopy::FromZeros;

/// Stochastic gradient descent with momentum and weight decay. The struct holds the velocity, which has the same form
/// as the parameters.
///
/// For every number: d = g + decay p; v = momentum v + d; p = p - rate v. With Nesterov's momentum the last step is p =
/// p - rate (d + momentum v): the gradient counts as if it had been measured one step of the velocity ahead (Sutskever
/// et al. 2013, in the form of PyTorch). The decay applies to every parameter, including biases.
///
/// ```
/// use lenet_layers::{Grad, Params, Sgd, Weights};
/// let mut p = Weights::<1, 1> { weight: [[1.0]], bias: [0.0] };
/// let grad = Grad(Weights { weight: [[2.0]], bias: [1.0] });
/// let mut sgd = Sgd::boxed(0.5, 0.0);
/// sgd.step(&mut p, &grad, 0.1); // v = 2
/// sgd.step(&mut p, &grad, 0.1); // v = 0.5 * 2 + 2
/// assert!((p.weight[0][0] - (1.0 - 0.2 - 0.3)).abs() < 1e-6);
/// ```
#[derive(Clone, Debug, PartialEq, FromZeros)]
#[repr(C)]
pub struct Sgd<P: Params> {
    /// The velocity v, zero at the start. Without momentum nothing depends on it, and it is not updated.
    pub velocity: P,
    /// The fraction of the velocity that is kept at each step; 0 is plain gradient descent.
    pub momentum: P::Element,
    /// Weight decay: pulls every parameter towards zero.
    pub weight_decay: P::Element,
    /// Whether the momentum is Nesterov's. It changes nothing without momentum.
    pub nesterov: bool,
}

impl<P: Params> Sgd<P> {
    /// Returns an optimizer with a velocity of zero and ordinary momentum, on the heap.
    ///
    /// # Panics
    /// If memory cannot be allocated, as for `Box::new`.
    #[cfg(feature = "alloc")]
    pub fn boxed(momentum: P::Element, weight_decay: P::Element) -> alloc::boxed::Box<Self> {
        let mut sgd: alloc::boxed::Box<Self> = zerocopy::FromZeros::new_box_zeroed().expect("memory for the velocity");
        sgd.momentum = momentum;
        sgd.weight_decay = weight_decay;
        sgd
    }

    /// Takes one step against the gradient.
    pub fn step(&mut self, params: &mut P, grad: &Grad<P>, rate: P::Element) {
        let descent = self.descent(rate);
        for i in 0..P::TENSORS {
            let (p, state, gradients) = (params.tensor_mut(i), [self.velocity.tensor_mut(i)], &[grad.tensor(i)]);
            if P::is_statistic(i) {
                Statistic.step(p, [], gradients);
            } else if self.nesterov {
                Nesterov(descent).step(p, state, gradients);
            } else {
                descent.step(p, state, gradients);
            }
        }
    }

    /// Returns the update of a step with this rate and ordinary momentum, for slices of parameters. Use it to sum several
    /// gradients or to divide a step among threads. [`Nesterov`] of it is the other kind.
    pub fn descent(&self, rate: P::Element) -> Descent<P::Element> {
        Descent { rate, momentum: self.momentum, weight_decay: self.weight_decay }
    }
}

/// The update that a step of [`Sgd`] applies to each number.
///
/// ```
/// use lenet_layers::{Descent, Rule};
/// let descent = Descent { rate: 0.5, momentum: 0.5, weight_decay: 0.0 };
/// let (mut p, mut v) = ([1.0, 2.0], [0.0, 4.0]);
/// descent.step(&mut p, [&mut v], &[&[1.0, 0.0], &[1.0, 2.0]]);
/// assert_eq!((p, v), ([0.0, 0.0], [2.0, 4.0]));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Descent<E> {
    /// The learning rate.
    pub rate: E,
    /// The fraction of the velocity that is kept.
    pub momentum: E,
    /// The weight decay.
    pub weight_decay: E,
}

/// The update of [`Descent`] with Nesterov's momentum, which a step of [`Sgd`] applies if
/// [`nesterov`](Sgd::nesterov) is set.
///
/// ```
/// use lenet_layers::{Descent, Nesterov, Rule};
/// let descent = Descent { rate: 0.5, momentum: 0.5, weight_decay: 0.0 };
/// let (mut p, mut v) = ([1.0], [2.0]);
/// Nesterov(descent).step(&mut p, [&mut v], &[&[1.0]]);
/// assert_eq!((p, v), ([1.0 - 0.5 * (1.0 + 0.5 * 2.0)], [0.5 * 2.0 + 1.0]));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Nesterov<E>(pub Descent<E>);

impl<E: Element> Descent<E> {
    /// Makes the step of either kind of momentum: a choice at run time, within the loop, would cost a twentieth.
    #[inline(always)]
    fn descend<S: Simd, const NESTEROV: bool>(self, simd: S, g: E::Row<S>, p: &mut [E], v: &mut [E]) {
        let at = load::<E::Row<S>>(simd, p);
        let mut step = at.mul_add(Vector::splat(simd, self.weight_decay), g);
        // Without momentum, writing the velocity to memory would be wasted.
        if self.momentum != E::default() {
            let momentum = Vector::splat(simd, self.momentum);
            let velocity = load::<E::Row<S>>(simd, v).mul_add(momentum, step);
            store(velocity, v);
            step = if NESTEROV { velocity.mul_add(momentum, step) } else { velocity };
        }
        store(step.neg_mul_add(Vector::splat(simd, self.rate), at), p);
    }
}

impl<E: Element> Rule<E> for Descent<E> {
    #[inline(always)]
    fn one<S: Simd>(self, simd: S, g: E::Row<S>, p: &mut [E], [v]: [&mut [E]; 1]) {
        self.descend::<S, false>(simd, g, p, v);
    }
}

impl<E: Element> Rule<E> for Nesterov<E> {
    #[inline(always)]
    fn one<S: Simd>(self, simd: S, g: E::Row<S>, p: &mut [E], [v]: [&mut [E]; 1]) {
        self.0.descend::<S, true>(simd, g, p, v);
    }
}

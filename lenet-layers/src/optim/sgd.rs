//! Stochastic gradient descent.

use crate::kernels::tile::{load, store, width};
use crate::{Grad, Params};
use lenet_tensor::Element;
use lenet_tensor::simd::{Isa, Kernel, Simd, Vector};
use zerocopy::{FromBytes, Immutable, KnownLayout};

/// Stochastic gradient descent with momentum and weight decay. The struct holds the velocity, which has the same form
/// as the parameters.
///
/// For every number: v = momentum v + g + decay p; p = p - rate v. The decay applies to every parameter, including
/// biases.
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
#[derive(Clone, Debug, PartialEq, FromBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Sgd<P: Params> {
    /// The velocity v, zero at the start. Without momentum nothing depends on it, and it is not updated.
    pub velocity: P,
    /// The fraction of the velocity that is kept at each step; 0 is plain gradient descent.
    pub momentum: P::Element,
    /// Weight decay: pulls every parameter towards zero.
    pub weight_decay: P::Element,
}

impl<P: Params> Sgd<P> {
    /// Returns an optimizer with a velocity of zero, on the heap.
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
            descent.step(params.tensor_mut(i), self.velocity.tensor_mut(i), &[grad.tensor(i)]);
        }
    }

    /// Returns the update of a step with this rate, for slices of parameters. Use it to sum several gradients or to
    /// divide a step among threads.
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
/// descent.step(&mut p, &mut v, &[&[1.0, 0.0], &[1.0, 2.0]]);
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

/// The update of one number, given its gradient and one number of state that belongs to it.
pub trait Rule<E: Element>: Copy + Send + Sync {
    /// Applies a step against the gradient `g` to one register of numbers, or to fewer at the end.
    #[doc(hidden)]
    fn one<S: Simd>(self, simd: S, g: E::Row<S>, p: &mut [E], state: &mut [E]);

    /// Updates the parameters `p` and their state with one step against the sum of `gradients`, added in order.
    ///
    /// # Panics
    /// If the slices have different lengths.
    fn step(self, p: &mut [E], state: &mut [E], gradients: &[&[E]]) {
        let n = p.len();
        assert!(state.len() == n && gradients.iter().all(|g| g.len() == n), "slices of one length");
        Isa::current().dispatch(Step { rule: self, p, state, gradients });
    }
}

impl<E: Element> Rule<E> for Descent<E> {
    #[inline(always)]
    fn one<S: Simd>(self, simd: S, g: E::Row<S>, p: &mut [E], v: &mut [E]) {
        let at = load::<E::Row<S>>(simd, p);
        let mut velocity = at.mul_add(Vector::splat(simd, self.weight_decay), g);
        // Without momentum, writing the velocity to memory would be wasted.
        if self.momentum != E::default() {
            velocity = load::<E::Row<S>>(simd, v).mul_add(Vector::splat(simd, self.momentum), velocity);
            store(velocity, v);
        }
        store(velocity.neg_mul_add(Vector::splat(simd, self.rate), at), p);
    }
}

struct Step<'a, R, E> {
    rule: R,
    p: &'a mut [E],
    state: &'a mut [E],
    gradients: &'a [&'a [E]],
}

/// The number of registers per iteration of a step, so that the loads of one do not wait for the sums of another.
const ROWS: usize = 4;

impl<R: Rule<E>, E: Element> Kernel for Step<'_, R, E> {
    type Output = ();
    fn run<S: Simd>(self, simd: S) {
        let Step { rule, p, state, gradients } = self;
        simd.vectorize(
            #[inline(always)]
            || {
                let width = const { width::<S, E>() };
                let whole = p.len() / (ROWS * width) * (ROWS * width);
                for first in (0..whole).step_by(ROWS * width) {
                    let here = first..first + ROWS * width;
                    let mut g = [E::Row::splat(simd, E::default()); ROWS];
                    for gradient in gradients {
                        let gradient = &gradient[here.clone()];
                        for t in 0..ROWS {
                            g[t] = g[t] + Vector::load(simd, &gradient[t * width..]);
                        }
                    }
                    let (p, state) = (&mut p[here.clone()], &mut state[here]);
                    for t in 0..ROWS {
                        let here = t * width..(t + 1) * width;
                        rule.one(simd, g[t], &mut p[here.clone()], &mut state[here]);
                    }
                }
                for first in (whole..p.len()).step_by(width) {
                    let here = first..p.len().min(first + width);
                    let mut g = E::Row::splat(simd, E::default());
                    for gradient in gradients {
                        g = g + load::<E::Row<S>>(simd, &gradient[here.clone()]);
                    }
                    rule.one(simd, g, &mut p[here.clone()], &mut state[here]);
                }
            },
        );
    }
}

//! The stochastic diagonal Levenberg-Marquardt method: a separate learning rate for every parameter.

use crate::kernels::tile::{load, store};
use crate::{Curvature, Grad, Params, Rule};
use lenet_tensor::Element;
use lenet_tensor::simd::{Simd, Vector};
use zerocopy::{FromBytes, Immutable, KnownLayout};

/// Stochastic diagonal Levenberg-Marquardt (LeCun et al. 1998, appendix C): gradient descent in which every parameter
/// has its own learning rate, eps_k = eta / (mu + h_kk), where h_kk is the mean second derivative of the loss with
/// respect to the parameter. The larger the curvature, the smaller the steps; mu limits the rate where the curvature is
/// small.
///
/// ```
/// use lenet_layers::{Curvature, Grad, Params, Sdlm, Weights};
/// let (mut p, mut g, mut h) = (Weights::<1, 1>::zeroed(), Weights::<1, 1>::zeroed(), Weights::<1, 1>::zeroed());
/// (g.weight, g.bias) = ([[1.0]], [1.0]);
/// (h.weight, h.bias) = ([[30.0]], [0.0]); // summed over ten patterns
/// let mut sdlm = Sdlm::boxed_zeroed();
/// sdlm.set_rates(&Curvature(h), 10, 0.5, 1.0);
/// sdlm.step(&mut p, &Grad(g));
/// assert_eq!((p.weight, p.bias), ([[-0.125]], [-0.5]));
/// assert_eq!(sdlm.range(), (0.125, 0.5));
/// ```
#[derive(Clone, Debug, PartialEq, FromBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Sdlm<P: Params> {
    /// The learning rate eps_k of every parameter; zero until the rates are set.
    pub rates: P,
}

impl<P: Params> Sdlm<P> {
    /// Returns an optimizer with rates of zero, on the heap.
    ///
    /// # Panics
    /// If memory cannot be allocated, as for `Box::new`.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn boxed_zeroed() -> alloc::boxed::Box<Self> {
        zerocopy::FromZeros::new_box_zeroed().expect("memory for the rates")
    }

    /// Sets every rate to `eta / (mu + h_kk)`; `h` holds the second derivatives summed over `patterns` patterns (eq.
    /// 21).
    pub fn set_rates(&mut self, h: &Curvature<P>, patterns: usize, eta: P::Element, mu: P::Element) {
        for i in 0..P::TENSORS {
            Diagonal::set_rates(self.rates.tensor_mut(i), h.tensor(i), patterns, eta, mu);
        }
    }

    /// Returns the smallest and the largest rate.
    pub fn range(&self) -> (P::Element, P::Element) {
        let mut rates = self.rates.tensors().flatten().copied();
        let first = rates.next().unwrap_or_default();
        rates.fold((first, first), |(least, most), rate| {
            (if rate < least { rate } else { least }, if rate > most { rate } else { most })
        })
    }

    /// Takes one step against the gradient.
    pub fn step(&mut self, params: &mut P, grad: &Grad<P>) {
        for i in 0..P::TENSORS {
            Diagonal.step(params.tensor_mut(i), [self.rates.tensor_mut(i)], &[grad.tensor(i)]);
        }
    }
}

/// The update that a step of [`Sdlm`] applies to each number, with its rate as the state: p = p - rate g.
#[derive(Clone, Copy, Debug, Default)]
pub struct Diagonal;

impl Diagonal {
    /// Sets each of `rates` to `eta / (mu + h)`; `h` holds the second derivatives summed over `patterns` patterns
    /// (LeCun et al. 1998, eq. 21).
    pub fn set_rates<E: Element>(rates: &mut [E], h: &[E], patterns: usize, eta: E, mu: E) {
        let share = E::from_f64(1.0 / patterns.max(1) as f64);
        for (rate, h) in rates.iter_mut().zip(h) {
            *rate = eta / (mu + share * *h);
        }
    }
}

impl<E: Element> Rule<E> for Diagonal {
    #[inline(always)]
    fn one<S: Simd>(self, simd: S, g: E::Row<S>, p: &mut [E], [rates]: [&mut [E]; 1]) {
        let at = load::<E::Row<S>>(simd, p);
        store(load::<E::Row<S>>(simd, rates).neg_mul_add(g, at), p);
    }
}

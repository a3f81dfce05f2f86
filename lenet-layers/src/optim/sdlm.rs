//! The stochastic diagonal Levenberg-Marquardt method: a learning rate of its own for every parameter.

use crate::kernels::tile::{load, store};
use crate::{Curvature, Grad, Params, Rule};
use lenet_tensor::Element;
use lenet_tensor::simd::{Simd, Vector};
use zerocopy::{FromBytes, Immutable, KnownLayout};

/// Stochastic diagonal Levenberg-Marquardt (LeCun et al. 1998, appendix C): gradient descent in which every parameter has a
/// rate of its own, eps_k = eta / (mu + h_kk), h_kk the mean second derivative of the loss by it. A weight that the
/// loss bends sharply along is moved with care; mu keeps the rate of one that it hardly bends along in bounds.
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
    /// The rate eps_k of every parameter; zero until they are set.
    pub rates: P,
}

impl<P: Params> Sdlm<P> {
    /// With rates of zero, on the heap.
    ///
    /// # Panics
    /// If the allocator has no memory left, as `Box::new` does.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn boxed_zeroed() -> alloc::boxed::Box<Self> {
        zerocopy::FromZeros::new_box_zeroed().expect("memory for the rates")
    }

    /// Sets every rate to `eta / (mu + h_kk)`, with `h` the second derivatives summed over so many patterns
    /// (eq. 21).
    pub fn set_rates(&mut self, h: &Curvature<P>, patterns: usize, eta: P::Element, mu: P::Element) {
        for i in 0..P::TENSORS {
            Diagonal::set_rates(self.rates.tensor_mut(i), h.tensor(i), patterns, eta, mu);
        }
    }

    /// The least and the greatest rate.
    pub fn range(&self) -> (P::Element, P::Element) {
        let mut rates = self.rates.tensors().flatten().copied();
        let first = rates.next().unwrap_or_default();
        rates.fold((first, first), |(least, most), rate| {
            (if rate < least { rate } else { least }, if rate > most { rate } else { most })
        })
    }

    /// One step against the gradient.
    pub fn step(&mut self, params: &mut P, grad: &Grad<P>) {
        for i in 0..P::TENSORS {
            Diagonal.step(params.tensor_mut(i), self.rates.tensor_mut(i), &[grad.tensor(i)]);
        }
    }
}

/// What a step of [`Sdlm`] does to each number, its rate the state: p = p - rate g.
#[derive(Clone, Copy, Debug, Default)]
pub struct Diagonal;

impl Diagonal {
    /// Sets each of `rates` to `eta / (mu + h)`, with `h` the second derivatives summed over so many patterns
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
    fn one<S: Simd>(self, simd: S, g: E::Row<S>, p: &mut [E], rates: &mut [E]) {
        let at = load::<E::Row<S>>(simd, p);
        store(load::<E::Row<S>>(simd, rates).neg_mul_add(g, at), p);
    }
}

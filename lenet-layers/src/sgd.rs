//! Stochastic gradient descent.

use crate::{Grad, Params};
use zerocopy::{FromBytes, Immutable, KnownLayout};

/// Stochastic gradient descent with momentum and weight decay. It holds the velocity, which has the form of the
/// parameters.
///
/// For every number: v = momentum v + g + decay p; p = p - rate v. The decay falls on every parameter, biases too.
#[derive(FromBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Sgd<P: Params> {
    /// The velocity v, zero at the start.
    pub velocity: P,
    /// How much of the velocity is kept at each step; 0 is plain gradient descent.
    pub momentum: P::Element,
    /// Pulls every parameter towards zero.
    pub weight_decay: P::Element,
}

impl<P: Params> Sgd<P> {
    /// At rest, on the heap.
    ///
    /// # Panics
    /// If the allocator has no memory left, as `Box::new` does.
    #[cfg(feature = "alloc")]
    pub fn boxed(momentum: P::Element, weight_decay: P::Element) -> alloc::boxed::Box<Self> {
        let mut sgd: alloc::boxed::Box<Self> = zerocopy::FromZeros::new_box_zeroed().expect("memory for the velocity");
        sgd.momentum = momentum;
        sgd.weight_decay = weight_decay;
        sgd
    }

    /// One step against the gradient.
    pub fn step(&mut self, params: &mut P, grad: &Grad<P>, rate: P::Element) {
        let (momentum, decay) = (self.momentum, self.weight_decay);
        for i in 0..P::TENSORS {
            let numbers = params.tensor_mut(i).iter_mut().zip(self.velocity.tensor_mut(i)).zip(grad.tensor(i));
            for ((p, v), g) in numbers {
                *v = momentum * *v + *g + decay * *p;
                *p -= rate * *v;
            }
        }
    }
}

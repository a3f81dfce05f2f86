//! Second derivatives during a run, for the second-order method.

use super::{Shown, random, stream};
use crate::{Arrays, LANES};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// Parameters of stochastic diagonal Levenberg-Marquardt (LeCun et al. 1998, appendix C).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SecondOrder {
    /// Bounds the rate of a parameter along which the loss has almost no curvature.
    pub mu: f64,
    /// The number of training patterns, drawn at random, for an estimate of the second derivatives.
    pub patterns: usize,
    /// The number of epochs from one estimate to the next.
    pub every: u32,
    /// A factor on the loss's second derivative with respect to the outputs: 1 for the loss as it is written, which for
    /// the losses of penalties gives 2 for every input of the RBF units. A larger factor gives smaller steps. The paper
    /// does not say what its authors used; lenet-model's recipe of 1998 uses 2.
    pub output: f64,
}

impl SecondOrder {
    /// The paper's: mu 0.02, 500 patterns before each pass.
    pub const PAPER: Self = SecondOrder { mu: 0.02, patterns: 500, every: 1, output: 1.0 };
}

/// The third pass through a network, with the buffers that it needs.
pub trait Curve: Send {
    /// Adds the second derivatives of the losses of a block of up to sixteen examples to `h`; those with respect to the
    /// outputs are multiplied by `scale`. `squares` has the square of each parameter of `network`.
    fn add(&mut self, network: &dyn Arrays, block: Shown<'_>, scale: f32, squares: &dyn Arrays, h: &mut dyn Arrays);
}

/// The state for computing second derivatives.
pub struct SecondDerivatives<'t> {
    settings: SecondOrder,
    squares: Box<dyn Arrays>,
    pub(super) h: Box<dyn Arrays>,
    worker: Box<dyn Curve + 't>,
    random: ChaCha8Rng,
    /// The number of times that they have been estimated.
    pub(super) estimates: u32,
}

impl<'t> SecondDerivatives<'t> {
    /// Second derivatives of zero: `squares` and `h` have the form of the network.
    pub fn new(
        (settings, seed): (SecondOrder, u64),
        squares: Box<dyn Arrays>,
        h: Box<dyn Arrays>,
        worker: Box<dyn Curve + 't>,
    ) -> Self {
        SecondDerivatives { settings, squares, h, worker, random: random(seed, stream::CURVATURE), estimates: 0 }
    }

    /// The settings.
    pub(super) fn settings(&self) -> SecondOrder {
        self.settings
    }

    /// The patterns of the next estimate, of `examples`.
    pub(super) fn draw(&mut self, examples: &[u32]) -> Vec<u32> {
        self.estimates += 1;
        (0..self.settings.patterns).map(|_| examples[self.random.random_range(0..examples.len())]).collect()
    }

    /// Makes a new estimate of the second derivatives.
    pub(super) fn estimate(&mut self, network: &dyn Arrays, examples: &[u32]) {
        for i in 0..network.arrays() {
            for (square, number) in self.squares.array_mut(i).iter_mut().zip(network.array(i)) {
                *square = number * number;
            }
        }
        self.h.fill(0.0);
        let (drawn, scale) = (self.draw(examples), self.settings.output as f32);
        for block in drawn.chunks(LANES) {
            let block = Shown { indexes: block, presentation: 0 };
            self.worker.add(network, block, scale, &*self.squares, &mut *self.h);
        }
    }
}

impl std::fmt::Debug for SecondDerivatives<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "second derivatives, estimated {} times", self.estimates)
    }
}

//! The steps of training: batches in blocks over all threads, the order of the examples, and what a step changes.

mod batch;
mod course;
mod optimizer;
mod order;
pub mod schedule;
mod second;

pub use batch::{Batch, Block, Shown, Slot, Tally};
pub use course::{Course, Halt, Made, Parts, Plan, Position, SoFar, Work};
pub use optimizer::OptimizerState;
pub use second::{Curve, SecondDerivatives, SecondOrder};

/// The ChaCha8 streams into which a seed is split, so that no stream depends on how much another one is used.
pub(crate) mod stream {
    pub(crate) const WEIGHTS: u64 = 1;
    pub(crate) const ORDER: u64 = 2;
    pub(crate) const CURVATURE: u64 = 3;
    pub(crate) const PASSES: u64 = 4;
    pub(crate) const SPLIT: u64 = 5;
}

/// Returns the generator of random numbers for one purpose.
pub(crate) fn random(seed: u64, stream: u64) -> rand_chacha::ChaCha8Rng {
    let mut random = <rand_chacha::ChaCha8Rng as rand::SeedableRng>::seed_from_u64(seed);
    random.set_stream(stream);
    random
}

/// The generator of a run's initial weights.
#[must_use]
pub fn initial_weights(seed: u64) -> rand_chacha::ChaCha8Rng {
    random(seed, stream::WEIGHTS)
}

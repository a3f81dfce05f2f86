//! Training data for the tests.

use lenet_model::{AnyNetwork, Examples, Image, Outcome, Training, TrainingEvent};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::ops::ControlFlow;

/// Images that are easy to tell apart: a bar for each digit, five columns apart above or below the middle, in noise.
pub(crate) struct Bars {
    pub(crate) images: Vec<Image>,
    pub(crate) labels: Vec<u8>,
}

impl Bars {
    pub(crate) fn new(count: usize) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(5);
        let mut bars = Bars { images: Vec::new(), labels: Vec::new() };
        for i in 0..count {
            let digit = i % 10;
            let (top, left) = (2 + 13 * (digit / 5), 1 + 5 * (digit % 5) + random.random_range(0..3));
            let inside =
                |row: usize, column: usize| (top..top + 10).contains(&row) && (left..left + 3).contains(&column);
            bars.images.push(std::array::from_fn(|row| {
                std::array::from_fn(|column| {
                    if inside(row, column) { random.random_range(180..=255) } else { random.random_range(0..40) }
                })
            }));
            bars.labels.push(digit as u8);
        }
        bars
    }

    pub(crate) fn examples(&self) -> Examples<'_> {
        Examples::new(&self.images, &self.labels).unwrap()
    }
}

/// Never stops the training.
pub(crate) fn unwatched<N: AnyNetwork + ?Sized>(_: TrainingEvent<'_, N>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// The indexes of some examples.
pub(crate) fn indexes(range: std::ops::Range<u32>) -> Vec<u32> {
    range.collect()
}

/// Every parameter, to the bit.
pub(crate) fn bits(network: &dyn AnyNetwork) -> Vec<u32> {
    (0..network.info().tensors().len()).flat_map(|index| network.tensor(index)).map(|p| p.to_bits()).collect()
}

/// Trains the network that the recipe names. `Training::run` would compile it again, in this program.
pub(crate) fn run_named(training: &Training<'_>) -> Outcome {
    let mut run = training.begin_named().unwrap();
    run.go_on(unwatched).unwrap();
    run.into_outcome()
}

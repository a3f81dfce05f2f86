//! The order of the examples.

use super::training::{Training, stream};
use crate::Order;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// The training examples in order.
pub(super) struct Walk {
    indexes: Vec<u32>,
    /// The number of times that the end of the list was passed.
    laps: u64,
    /// The number of examples taken since the start of the list.
    taken: usize,
    shuffler: ChaCha8Rng,
    fixed: bool,
    /// What is added to each index when the list starts again.
    next_variant: u32,
}

impl Walk {
    pub(super) fn new(training: &Training<'_>) -> Self {
        let (mut indexes, mut shuffler) = (training.train.to_vec(), training.random(stream::ORDER));
        indexes.shuffle(&mut shuffler);
        Walk {
            indexes,
            laps: 0,
            taken: 0,
            shuffler,
            fixed: training.recipe.order == Order::Fixed,
            next_variant: training.examples.next_variant(),
        }
    }

    /// Returns the next examples, at most `most` and at least one; fewer if the list ends before. At its end the list
    /// starts again.
    pub(super) fn next(&mut self, most: usize) -> &[u32] {
        if self.taken == self.indexes.len() {
            self.start_again();
        }
        let first = self.taken;
        self.taken = self.indexes.len().min(first + most);
        &self.indexes[first..self.taken]
    }

    fn start_again(&mut self) {
        (self.laps, self.taken) = (self.laps + 1, 0);
        let next = self.next_variant;
        self.indexes.iter_mut().for_each(|index| *index = index.wrapping_add(next));
        if !self.fixed {
            self.indexes.shuffle(&mut self.shuffler);
        }
    }

    /// The number of times that the end of the list was passed, and the number of examples taken since.
    pub(super) fn place(&self) -> (u64, usize) {
        (self.laps, self.taken)
    }

    /// Goes from the start to such a position; `None` if the position does not exist.
    pub(super) fn go_to(&mut self, (laps, taken): (u64, usize)) -> Option<()> {
        (0..laps).for_each(|_| self.start_again());
        self.taken = taken;
        (taken <= self.indexes.len()).then_some(())
    }
}

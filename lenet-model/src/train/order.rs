//! In which order the examples come.

use super::training::{Training, stream};
use crate::Order;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// The training examples in the order in which they come.
pub(super) struct Walk {
    indexes: Vec<u32>,
    /// How often the list has come to its end.
    laps: u64,
    /// How many of them have been taken since the start of the list.
    taken: usize,
    shuffler: ChaCha8Rng,
    fixed: bool,
}

impl Walk {
    pub(super) fn new(training: &Training<'_>) -> Self {
        let (mut indexes, mut shuffler) = (training.train.to_vec(), training.random(stream::ORDER));
        indexes.shuffle(&mut shuffler);
        Walk { indexes, laps: 0, taken: 0, shuffler, fixed: training.recipe.order == Order::Fixed }
    }

    /// Up to so many examples, as many as the list still has: never none. At its end it starts again.
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
        if !self.fixed {
            self.indexes.shuffle(&mut self.shuffler);
        }
    }

    /// How often the list has come to its end, and how much of it has been taken since.
    pub(super) fn place(&self) -> (u64, usize) {
        (self.laps, self.taken)
    }

    /// Goes from the start to such a place; `None` if there is none.
    pub(super) fn go_to(&mut self, (laps, taken): (u64, usize)) -> Option<()> {
        (0..laps).for_each(|_| self.start_again());
        self.taken = taken;
        (taken <= self.indexes.len()).then_some(())
    }
}

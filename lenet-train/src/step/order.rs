//! The order of the examples.

use super::batch::Shown;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// A list of examples in a random order, again and again.
pub(crate) struct Walk {
    indexes: Vec<u32>,
    /// The number of times that the end of the list was passed.
    laps: u64,
    /// The number of examples taken since the start of the list.
    taken: usize,
    shuffler: ChaCha8Rng,
    fixed: bool,
}

impl Walk {
    /// `fixed`: the first order is that of every pass.
    pub(crate) fn new(mut indexes: Vec<u32>, mut shuffler: ChaCha8Rng, fixed: bool) -> Self {
        indexes.shuffle(&mut shuffler);
        Walk { indexes, laps: 0, taken: 0, shuffler, fixed }
    }

    /// Returns the next examples, at most `most` and at least one; fewer if the list ends before. At its end the list
    /// starts again.
    pub(crate) fn next(&mut self, most: usize) -> Shown<'_> {
        if self.taken == self.indexes.len() {
            self.start_again();
        }
        let first = self.taken;
        self.taken = self.indexes.len().min(first + most);
        Shown { indexes: &self.indexes[first..self.taken], presentation: self.laps }
    }

    /// Takes back the latest `count` examples, which [`next`](Self::next) has returned together.
    pub(crate) fn put_back(&mut self, count: usize) {
        self.taken -= count;
    }

    fn start_again(&mut self) {
        (self.laps, self.taken) = (self.laps + 1, 0);
        if !self.fixed {
            self.indexes.shuffle(&mut self.shuffler);
        }
    }

    /// The number of examples in the list.
    pub(crate) fn len(&self) -> usize {
        self.indexes.len()
    }

    /// The number of times that the end of the list was passed, and the number of examples taken since.
    pub(crate) fn place(&self) -> (u64, usize) {
        (self.laps, self.taken)
    }

    /// Goes from the start to such a position; `None` if the position does not exist.
    pub(crate) fn go_to(&mut self, (laps, taken): (u64, usize)) -> Option<()> {
        (0..laps).for_each(|_| self.start_again());
        self.taken = taken;
        (taken <= self.indexes.len()).then_some(())
    }
}

//! Some of a set of examples.

use super::Examples;
use crate::step::{random, stream};
use rand::seq::SliceRandom;
use std::borrow::Cow;

/// Some examples of a set, or all of them.
///
/// ```
/// use lenet_layers::Units;
/// use lenet_train::{Floats, Part};
/// let (numbers, targets) = ([0.0; 100], [(); 100]);
/// let examples = Floats::<Units<1>, _>::new(&numbers, &targets)?;
/// assert_eq!(Part::all(&examples).indexes().len(), 100);
/// // A fifth is held out; the same seed holds out the same.
/// let (learn, held_out) = Part::split(&examples, 0.2, 1);
/// assert_eq!((learn.indexes().len(), held_out.indexes().len()), (80, 20));
/// assert!(learn.indexes().iter().all(|index| !held_out.indexes().contains(index)));
/// # Ok::<(), lenet_train::ExamplesError>(())
/// ```
#[derive(Debug)]
pub struct Part<'t, E> {
    examples: &'t E,
    indexes: Cow<'t, [u32]>,
}

impl<'t, E: Examples> Part<'t, E> {
    /// All examples; the first 2^32 - 1 if there are more, because indexes are `u32`.
    #[must_use]
    pub fn all(examples: &'t E) -> Self {
        let most = u32::try_from(examples.len()).unwrap_or(u32::MAX);
        Part { examples, indexes: (0..most).collect() }
    }

    /// The examples `indexes`; one that does not exist is an error of [`Training`](crate::Training).
    #[must_use]
    pub fn of(examples: &'t E, indexes: &'t [u32]) -> Self {
        Part { examples, indexes: indexes.into() }
    }

    /// All examples in two parts: those to learn from, and a fraction `held_out` of all, rounded down, drawn by `seed`.
    /// Either may be empty.
    #[must_use]
    pub fn split(examples: &'t E, held_out: f64, seed: u64) -> (Self, Self) {
        let mut indexes = Self::all(examples).indexes.into_owned();
        indexes.shuffle(&mut random(seed, stream::SPLIT));
        let held = ((indexes.len() as f64 * held_out.clamp(0.0, 1.0)) as usize).min(indexes.len());
        let mut learn = indexes.split_off(held);
        learn.sort_unstable();
        indexes.sort_unstable();
        (Part { examples, indexes: learn.into() }, Part { examples, indexes: indexes.into() })
    }

    /// The set.
    #[must_use]
    pub fn examples(&self) -> &'t E {
        self.examples
    }

    /// The indexes of the examples.
    #[must_use]
    pub fn indexes(&self) -> &[u32] {
        &self.indexes
    }

    /// The first index that does not exist.
    pub(crate) fn missing(&self) -> Option<u32> {
        self.indexes.iter().copied().find(|index| *index as usize >= self.examples.len())
    }
}

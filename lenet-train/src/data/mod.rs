//! Examples to learn from: how they reach the input of a network, and what the loss compares its output with.

mod memory;
mod part;

pub use memory::{Bytes, ExamplesError, Floats, Layout};
pub use part::Part;

use crate::{LANES, Shown};
use lenet_layers::{Lanes, Shape, Tensor};

/// Examples that a network learns from, or is measured on. They are shown on several threads at once, and every thread
/// must get the same: a variant is drawn from the example's index and the number of its presentation alone.
///
/// [`Floats`] and [`Bytes`] are examples in memory. Examples of your own, made when they are shown:
///
/// ```
/// use lenet_layers::{Class, Maps};
/// use lenet_train::Examples;
///
/// /// A bright row of 8x8 pixels; the class is whether it is in the upper half.
/// struct RowsOfLight;
/// impl Examples for RowsOfLight {
///     type Input = Maps<1, 8, 8>;
///     type Target = Class<2>;
///     fn len(&self) -> usize {
///         800
///     }
///     fn show(&self, index: usize, presentation: u64, input: &mut [f32]) -> Class<2> {
///         let (row, brightness) = (index % 8, 1.0 + presentation as f32);
///         input.fill(0.0);
///         input[8 * row..][..8].fill(brightness);
///         Class::new(usize::from(row < 4)).unwrap()
///     }
/// }
/// let mut input = [9.0; 64];
/// assert_eq!(RowsOfLight.show(3, 1, &mut input).index(), 1);
/// assert_eq!((input[23], input[24], input[31], input[32]), (0.0, 2.0, 2.0, 0.0));
/// ```
pub trait Examples: Sync {
    /// The shape of an example: that of the network's input.
    type Input: Shape;
    /// What the loss compares the output with: a [`Class`](lenet_layers::Class), a tensor, a string.
    type Target: Send;

    /// The number of examples.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes example number `index` to `input`, flat and in the order of the shape (the last axis varies fastest), and
    /// returns its target. `presentation` is the number of times that all examples were shown before: 0 is the example
    /// itself, which is what a network is measured on; the others may be variants of it. All of `input` must be
    /// written: it holds another example.
    ///
    /// # Panics
    /// May panic if there is no example with this index.
    fn show(&self, index: usize, presentation: u64, input: &mut [f32]) -> Self::Target;

    /// Lays a block of up to sixteen examples side by side, and appends their targets. Lanes without an example are
    /// zero and stay so. `room` has space for sixteen examples, one after the other. Examples that can be laid faster
    /// than by writing each first may replace this; they must write the same numbers as [`show`](Self::show).
    fn lay(
        &self,
        shown: Shown<'_>,
        input: &mut Tensor<Self::Input, Lanes<LANES>>,
        room: &mut [f32],
        targets: &mut Vec<Self::Target>,
    ) {
        let len = Self::Input::LEN;
        for (index, room) in shown.indexes.iter().zip(room.chunks_exact_mut(len)) {
            targets.push(self.show(*index as usize, shown.presentation, room));
        }
        side_by_side(&room[..shown.indexes.len() * len], input.cells_mut());
    }

    /// The same examples, of which every presentation after the first is altered: `alter` gets the example's index, the
    /// number of the presentation, from 1, and its numbers.
    ///
    /// ```
    /// use lenet_layers::Units;
    /// use lenet_train::{Examples, Floats};
    /// let examples = Floats::<Units<2>, _>::new(&[1.0, 2.0], &['a'])?;
    /// let moved = examples.altered(|_, presentation, numbers| numbers[0] += presentation as f32);
    /// let mut shown = [0.0; 2];
    /// assert_eq!((moved.show(0, 5, &mut shown), shown), ('a', [6.0, 2.0]));
    /// # Ok::<(), lenet_train::ExamplesError>(())
    /// ```
    fn altered<F: Fn(usize, u64, &mut [f32]) + Sync>(self, alter: F) -> Altered<Self, F>
    where
        Self: Sized,
    {
        Altered { examples: self, alter }
    }
}

/// Writes examples, which lie one after the other, to the lanes of `cells`.
fn side_by_side(examples: &[f32], cells: &mut [Lanes<LANES>]) {
    let len = cells.len();
    for (i, cell) in cells.iter_mut().enumerate() {
        for (lane, example) in cell.0.iter_mut().zip(examples.chunks_exact(len)) {
            *lane = example[i];
        }
    }
}

/// Examples of which every presentation after the first is altered: see [`Examples::altered`].
#[derive(Clone, Copy, Debug)]
pub struct Altered<E, F> {
    examples: E,
    alter: F,
}

impl<E: Examples, F: Fn(usize, u64, &mut [f32]) + Sync> Examples for Altered<E, F> {
    type Input = E::Input;
    type Target = E::Target;
    fn len(&self) -> usize {
        self.examples.len()
    }
    fn show(&self, index: usize, presentation: u64, input: &mut [f32]) -> E::Target {
        let target = self.examples.show(index, 0, input);
        if presentation > 0 {
            (self.alter)(index, presentation, input);
        }
        target
    }
}

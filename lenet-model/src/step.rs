//! One step of training: a batch in blocks of sixteen, the blocks over the threads, the gradients in a fixed order.

use crate::reading::{Image, most_likely};
use crate::{DigitNetwork, Examples};
use lenet_layers::{Class, Grad, Lanes, Loss, Normalization, Params, Tensor, Trace, Units};

/// Examples side by side in one block.
pub(crate) const LANES: usize = 16;
/// The most blocks of a batch that are worked on at once. Which slot a block falls to depends on the batch alone, never
/// on the threads, and so does the order in which the slots are added.
const SLOTS: usize = 16;

/// What a part of a batch came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    /// The losses added up.
    pub(crate) loss: f64,
    /// How many were read rightly.
    pub(crate) correct: u32,
}

/// Room for one block: its activations, its errors, and the gradient that the blocks of a slot add to.
pub(crate) struct Slot<N: DigitNetwork> {
    trace: Box<N::Trace<Lanes<LANES>>>,
    errors: Box<N::Trace<Lanes<LANES>>>,
    grad: Box<Grad<N>>,
    tally: Tally,
}

impl<N: DigitNetwork> Slot<N> {
    pub(crate) fn new() -> Self {
        Slot { trace: Trace::boxed(), errors: Trace::boxed(), grad: Params::boxed(), tally: Tally::default() }
    }

    /// Lays the block into the lanes and runs it forward: the outputs, and the class of each lane in use.
    pub(crate) fn forward(
        &mut self,
        network: &N,
        examples: &Examples<'_>,
        block: &[u32],
        normalization: Normalization,
    ) -> (&Tensor<Units<10>, Lanes<LANES>>, [Class<10>; LANES]) {
        let last = block.len() - 1;
        let at = |lane: usize| block[lane.min(last)] as usize;
        let images: [&Image; LANES] = core::array::from_fn(|lane| &examples.images()[at(lane)]);
        self.trace.input_mut().lay(&images[..block.len()], normalization);
        (network.forward(&mut self.trace), core::array::from_fn(|lane| examples.labels()[at(lane)]))
    }

    /// The gradient of the block's losses times `scale`, added to the slot's.
    fn learn(&mut self, task: &Task<'_, N, impl Loss<Units<10>, Class<10>>>, block: &[u32]) {
        let (_, targets) = self.forward(task.network, task.examples, block, task.normalization);
        let targets = &targets[..block.len()];
        let loss = task.loss.evaluate(self.trace.output(), targets, task.scale, self.errors.output_mut());
        self.tally.loss += f64::from(loss);
        self.tally.correct +=
            read_block(self.trace.output()).iter().zip(targets).filter(|(r, t)| **r == t.index()).count() as u32;
        task.network.backward(&self.trace, &mut self.errors, &mut self.grad);
    }
}

/// Which digit each lane is read as.
pub(crate) fn read_block(outputs: &Tensor<Units<10>, Lanes<LANES>>) -> [usize; LANES] {
    core::array::from_fn(|lane| most_likely(&core::array::from_fn(|i| outputs.data[i].0[lane])))
}

/// What every block of a batch is told.
struct Task<'a, N, L> {
    network: &'a N,
    loss: &'a L,
    examples: &'a Examples<'a>,
    normalization: Normalization,
    scale: f32,
}

/// Room for a batch.
pub(crate) struct Batch<N: DigitNetwork> {
    slots: Vec<Slot<N>>,
}

impl<N: DigitNetwork> Batch<N> {
    /// Room for batches of up to `size` examples.
    pub(crate) fn new(size: usize) -> Self {
        Batch { slots: (0..size.div_ceil(LANES).clamp(1, SLOTS)).map(|_| Slot::new()).collect() }
    }

    /// The gradient of the mean loss over the examples `indexes`, and what they came to. Runs on the rayon pool it is
    /// called in.
    pub(crate) fn gradient(
        &mut self,
        network: &N,
        loss: &(impl Loss<Units<10>, Class<10>> + Sync),
        examples: &Examples<'_>,
        indexes: &[u32],
        normalization: Normalization,
    ) -> (&Grad<N>, Tally) {
        let task = Task { network, loss, examples, normalization, scale: 1.0 / indexes.len() as f32 };
        let slots = self.slots.len();
        fork(&mut self.slots, 0, &|number, slot: &mut Slot<N>| {
            slot.grad.fill(0.0);
            slot.tally = Tally::default();
            for block in indexes.chunks(LANES).skip(number).step_by(slots) {
                slot.learn(&task, block);
            }
        });
        let (first, rest) = self.slots.split_first_mut().expect("there is at least one slot");
        let mut tally = first.tally;
        for slot in rest {
            first.grad.add(&slot.grad);
            tally.loss += slot.tally.loss;
            tally.correct += slot.tally.correct;
        }
        (&first.grad, tally)
    }
}

/// Calls `f` with every item and its number, halving the work between threads. `join` allocates nothing.
pub(crate) fn fork<T: Send>(items: &mut [T], first: usize, f: &(impl Fn(usize, &mut T) + Sync)) {
    match items {
        [] => {}
        [item] => f(first, item),
        _ => {
            let half = items.len() / 2;
            let (left, right) = items.split_at_mut(half);
            rayon::join(|| fork(left, first, f), || fork(right, first + half, f));
        }
    }
}

//! One step of training: a batch in blocks of sixteen, the blocks over the threads, the gradients added in a fixed
//! order.

use crate::any_network::Arrays;
use crate::parallel::LANES;
use lenet_layers::{Descent, Diagonal, Rule};
use std::ops::Range;

/// The largest number of separate gradients of a batch, and so the largest number of threads that work on it.
const SLOTS: usize = 16;

/// The number of gradients in which a batch of `blocks` blocks is summed. Each is a quarter of a megabyte to be
/// cleared, filled and added; too many do not fit in the cache together with the data they are computed from.
const fn slots(blocks: usize) -> usize {
    match blocks {
        0 | 1 => 1,
        2..=4 => 2,
        5..=6 => 3,
        7..=64 => 4,
        _ => {
            if blocks / 16 < SLOTS {
                blocks / 16
            } else {
                SLOTS
            }
        }
    }
}

/// The result of a part of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    /// The sum of the losses.
    pub(crate) loss: f64,
    /// The number of images that were read correctly.
    pub(crate) correct: u32,
}

/// The gradient of a part of a batch.
pub(crate) struct Slot {
    pub(crate) grad: Box<dyn Arrays>,
    pub(crate) tally: Tally,
}

/// The buffers of a batch. Which examples a slot takes, and the order in which the slots are added, depend on the batch
/// alone, never on the threads.
pub(crate) struct Batch<W> {
    workers: Vec<W>,
    slots: Vec<Slot>,
    /// Whether the gradients are already zero.
    clear: bool,
}

impl<W: Send> Batch<W> {
    /// Allocates buffers for batches of up to `size` examples on the rayon pool in which it is called: a worker for each
    /// thread, and gradients of zero.
    pub(crate) fn new(size: usize, worker: impl Fn() -> W, gradient: impl Fn() -> Box<dyn Arrays>) -> Self {
        let slots = slots(size.div_ceil(LANES));
        let slot = || Slot { grad: gradient(), tally: Tally::default() };
        Batch {
            workers: (0..slots.min(rayon::current_num_threads())).map(|_| worker()).collect(),
            slots: (0..slots).map(|_| slot()).collect(),
            clear: true,
        }
    }

    /// Computes the gradient of the mean loss over the examples `indexes`, and returns the results. `learn` adds the
    /// gradient of a block of up to sixteen of them, times a scale, to a slot. The gradient stays in the slots until
    /// [`Batch::step`].
    pub(crate) fn gradient(
        &mut self,
        indexes: &[u32],
        learn: &(impl Fn(&mut W, &[u32], f32, &mut Slot) + Sync),
    ) -> Tally {
        let scale = 1.0 / indexes.len() as f32;
        let (slots, clear) = (self.slots.len(), std::mem::take(&mut self.clear));
        share(&mut self.workers, &mut self.slots, 0, &|worker, slot: &mut Slot, number| {
            if !clear {
                slot.grad.fill(0.0);
            }
            slot.tally = Tally::default();
            for block in indexes.chunks(LANES).skip(number).step_by(slots) {
                learn(worker, block, scale, slot);
            }
        });
        let mut tally = Tally::default();
        for slot in &self.slots {
            tally.loss += slot.tally.loss;
            tally.correct += slot.tally.correct;
        }
        tally
    }

    /// Makes a step against the gradient.
    pub(crate) fn step(&mut self, optimizer: &mut Optimizer, params: &mut dyn Arrays, rate: f32) {
        match optimizer {
            Optimizer::Sgd { velocity, momentum, weight_decay } => {
                let descent = Descent { rate, momentum: *momentum, weight_decay: *weight_decay };
                self.step_by(descent, &mut **velocity, params);
            }
            Optimizer::Sdlm { rates } => self.step_by(Diagonal, &mut **rates, params),
        }
    }

    fn step_by(&mut self, rule: impl Rule<f32>, state: &mut dyn Arrays, params: &mut dyn Arrays) {
        for i in 0..params.arrays() {
            let (p, state) = (params.array_mut(i), state.array_mut(i));
            if self.workers.len() == 1 {
                step_and_clear(rule, p, state, &mut self.slots, i);
                continue;
            }
            let whole = 0..p.len();
            halve(p, state, whole, self.workers.len(), &|p: &mut [f32], state: &mut [f32], range: Range<usize>| {
                step(rule, p, state, &self.slots, i, range);
            });
        }
        self.clear = self.workers.len() == 1;
    }
}

/// Turns a gradient into a step. Its state has a number for each parameter.
pub(crate) enum Optimizer {
    /// Gradient descent; the rate comes with the step.
    Sgd { velocity: Box<dyn Arrays>, momentum: f32, weight_decay: f32 },
    /// A rate for every parameter, set beforehand.
    Sdlm { rates: Box<dyn Arrays> },
}

/// Makes a step of a part of parameter array `i`.
fn step(rule: impl Rule<f32>, p: &mut [f32], state: &mut [f32], slots: &[Slot], i: usize, range: Range<usize>) {
    let mut gradients = [&[][..]; SLOTS];
    for (gradient, slot) in gradients.iter_mut().zip(slots) {
        *gradient = &slot.grad.array(i)[range.clone()];
    }
    rule.step(p, [state], &gradients[..slots.len()]);
}

/// Makes a step of parameter array `i` and clears the gradients. A single thread clears them while they are in its
/// first-level cache; with several threads it is better if each slot is cleared by the thread that fills it next.
fn step_and_clear(rule: impl Rule<f32>, p: &mut [f32], state: &mut [f32], slots: &mut [Slot], i: usize) {
    /// The number of parameters at a time: a few thousand bytes of each array.
    const PART: usize = 1024;
    for (n, (p, state)) in p.chunks_mut(PART).zip(state.chunks_mut(PART)).enumerate() {
        let range = n * PART..n * PART + p.len();
        step(rule, p, state, slots, i, range.clone());
        for slot in &mut *slots {
            slot.grad.array_mut(i)[range.clone()].fill(0.0);
        }
    }
}

/// Calls `f` with every slot, its number and a worker, with the workers in parallel on the threads. `join` allocates
/// nothing.
fn share<W: Send, T: Send>(
    workers: &mut [W],
    slots: &mut [T],
    first: usize,
    f: &(impl Fn(&mut W, &mut T, usize) + Sync),
) {
    match workers {
        [] => {}
        [worker] => slots.iter_mut().enumerate().for_each(|(i, slot)| f(worker, slot, first + i)),
        _ => {
            let (here, half) = (workers.len() / 2, slots.len() * (workers.len() / 2) / workers.len());
            let ((w1, w2), (s1, s2)) = (workers.split_at_mut(here), slots.split_at_mut(half));
            rayon::join(|| share(w1, s1, first, f), || share(w2, s2, first + half, f));
        }
    }
}

/// Calls `f` with parts of two slices of the same length and their position, on up to `threads` threads. Short slices
/// are not divided: it would not pay.
fn halve(
    p: &mut [f32],
    v: &mut [f32],
    range: Range<usize>,
    threads: usize,
    f: &(impl Fn(&mut [f32], &mut [f32], Range<usize>) + Sync),
) {
    const WORTH_IT: usize = 8192;
    if threads < 2 || p.len() < WORTH_IT {
        return f(p, v, range);
    }
    // A multiple of a register, so that both halves consist of whole registers.
    let half = p.len() / 2 / LANES * LANES;
    let middle = range.start + half;
    let ((p1, p2), (v1, v2)) = (p.split_at_mut(half), v.split_at_mut(half));
    rayon::join(
        || halve(p1, v1, range.start..middle, threads / 2, f),
        || halve(p2, v2, middle..range.end, threads / 2, f),
    );
}

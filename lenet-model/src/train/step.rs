//! One step of training: a batch in blocks of sixteen, the blocks over the threads, the gradients added in a fixed
//! order.

use crate::Normalization;
use crate::any_network::{Arrays, LanesPass, Pass, scores_in};
use crate::image::{Image, most_likely};
use crate::parallel::{FEW, LANES};
use crate::{AnyNetwork, Examples};
use lenet_layers::{Cell, Class, Descent, Diagonal, Lanes, Loss, Rule, Tensor, Units};
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

/// A loss of ten outputs against digits, for one kind of cell.
pub(crate) trait CellLoss<T: Cell<Element = f32>>: Sync {
    fn value(&self, y: &Tensor<Units<10>, T>, targets: &[Class<10>], scale: f32, dy: &mut Tensor<Units<10>, T>) -> f32;
    fn second(&self, y: &Tensor<Units<10>, T>, targets: &[Class<10>], d2y: &mut Tensor<Units<10>, T>);
}

impl<L: Loss<Units<10>, Class<10>> + Sync, T: Cell<Element = f32>> CellLoss<T> for L {
    fn value(&self, y: &Tensor<Units<10>, T>, targets: &[Class<10>], scale: f32, dy: &mut Tensor<Units<10>, T>) -> f32 {
        self.evaluate(y, targets, scale, dy)
    }
    fn second(&self, y: &Tensor<Units<10>, T>, targets: &[Class<10>], d2y: &mut Tensor<Units<10>, T>) {
        self.curvature(y, targets, d2y);
    }
}

/// A loss of ten outputs against digits, for one example and for sixteen.
pub(crate) trait DigitLoss: CellLoss<f32> + CellLoss<Lanes<LANES>> {}
impl<L: Loss<Units<10>, Class<10>> + Sync> DigitLoss for L {}

/// The inputs that all blocks of a batch share.
#[derive(Clone, Copy)]
pub(crate) struct Task<'a> {
    pub(crate) network: &'a dyn AnyNetwork,
    pub(crate) loss: &'a dyn DigitLoss,
    pub(crate) examples: &'a Examples<'a>,
    pub(crate) normalization: Normalization,
}

const BLANK: Image = [[0; 28]; 28];

impl Task<'_> {
    /// Puts the examples `block` into the lanes of `pass` and runs them forward. `room` is for images that are made
    /// when they are shown. Returns their classes; those of lanes without an example must not be used.
    fn run<T: Cell<Element = f32>>(
        &self,
        pass: &mut (impl Pass<T> + ?Sized),
        room: &mut [Image],
        block: &[u32],
    ) -> [Class<10>; LANES] {
        let mut images = [&BLANK; LANES];
        for ((image, room), index) in images.iter_mut().zip(room).zip(block) {
            *image = self.examples.picture(*index, room);
        }
        pass.lay(&images[..block.len()], self.normalization);
        pass.forward(self.network);
        let last = block.len() - 1;
        core::array::from_fn(|lane| self.examples.label(block[lane.min(last)]))
    }

    /// Runs the examples `block` forward and returns the sum of their losses. Leaves their gradient, times `scale`, at
    /// the output. `read` gets each example's digit and the scores of all ten digits, in the order of the block.
    fn forward<T: Cell<Element = f32>>(
        &self,
        pass: &mut (impl Pass<T> + ?Sized),
        room: &mut [Image],
        loss: &dyn CellLoss<T>,
        block: &[u32],
        scale: f32,
        read: &mut dyn FnMut(usize, [f32; 10]),
    ) -> f32 {
        let targets = self.run(pass, room, block);
        let penalties = self.network.info().penalties;
        let (outputs, errors) = pass.ends();
        for (lane, target) in targets[..block.len()].iter().enumerate() {
            read(target.index(), scores_in(outputs, lane, penalties));
        }
        loss.value(outputs, &targets[..block.len()], scale, errors)
    }
}

/// The buffers of one thread.
pub(crate) struct Worker {
    lanes: Box<dyn LanesPass>,
    single: Box<dyn Pass<f32>>,
    /// For images that are made when they are shown.
    room: Vec<Image>,
}

impl Worker {
    pub(crate) fn new(network: &dyn AnyNetwork) -> Self {
        Worker { lanes: network.lanes_pass(), single: network.single_pass(), room: vec![BLANK; LANES] }
    }

    /// Reads a block of up to sixteen examples and returns the sum of their losses. `read` gets each example's digit
    /// and the scores of all ten digits.
    pub(crate) fn read(&mut self, task: &Task<'_>, block: &[u32], read: &mut dyn FnMut(usize, [f32; 10])) -> f32 {
        task.forward(&mut *self.lanes, &mut self.room, task.loss, block, 1.0, read)
    }

    /// Adds the second derivatives of the losses of a block of up to sixteen examples; those with respect to the
    /// outputs are multiplied by `scale`.
    pub(crate) fn add_curvature(
        &mut self,
        task: &Task<'_>,
        block: &[u32],
        scale: f32,
        squares: &dyn Arrays,
        h: &mut dyn Arrays,
    ) {
        let targets = task.run(&mut *self.lanes, &mut self.room, block);
        let (outputs, second) = self.lanes.ends();
        task.loss.second(outputs, &targets[..block.len()], second);
        for cell in second.cells_mut() {
            *cell = cell.times(Lanes::splat(scale));
        }
        self.lanes.curvature(squares, h);
    }

    /// Adds the gradient of the losses of a block of up to sixteen examples, times `scale`.
    fn learn(&mut self, task: &Task<'_>, block: &[u32], scale: f32, slot: &mut Slot) {
        if block.len() > FEW {
            slot.learn(&mut *self.lanes, &mut self.room, task, task.loss, block, scale);
        } else {
            for one in block.chunks(1) {
                slot.learn(&mut *self.single, &mut self.room, task, task.loss, one, scale);
            }
        }
    }
}

/// The gradient of a part of a batch.
struct Slot {
    grad: Box<dyn Arrays>,
    tally: Tally,
}

impl Slot {
    fn learn<T: Cell<Element = f32>>(
        &mut self,
        pass: &mut (impl Pass<T> + ?Sized),
        room: &mut [Image],
        task: &Task<'_>,
        loss: &dyn CellLoss<T>,
        block: &[u32],
        scale: f32,
    ) {
        let tally = &mut self.tally;
        let loss = task.forward(pass, room, loss, block, scale, &mut |is, scores| {
            tally.correct += u32::from(is == most_likely(&scores));
        });
        tally.loss += f64::from(loss);
        pass.backward(task.network, &mut *self.grad);
    }
}

/// The buffers of a batch. Which examples a slot takes, and the order in which the slots are added, depend on the batch
/// alone, never on the threads.
pub(crate) struct Batch {
    workers: Vec<Worker>,
    slots: Vec<Slot>,
    /// Whether the gradients are already zero.
    clear: bool,
}

impl Batch {
    /// Allocates buffers for batches of up to `size` examples on the rayon pool in which it is called.
    pub(crate) fn new(network: &dyn AnyNetwork, size: usize) -> Self {
        let slots = slots(size.div_ceil(LANES));
        let slot = || Slot { grad: network.gradient(), tally: Tally::default() };
        Batch {
            workers: (0..slots.min(rayon::current_num_threads())).map(|_| Worker::new(network)).collect(),
            slots: (0..slots).map(|_| slot()).collect(),
            clear: true,
        }
    }

    /// Computes the gradient of the mean loss over the examples `indexes`, and returns the results. The gradient stays
    /// in the slots until [`Batch::step`].
    pub(crate) fn gradient(&mut self, task: &Task<'_>, indexes: &[u32]) -> Tally {
        let scale = 1.0 / indexes.len() as f32;
        let (slots, clear) = (self.slots.len(), std::mem::take(&mut self.clear));
        share(&mut self.workers, &mut self.slots, 0, &|worker, slot: &mut Slot, number| {
            if !clear {
                slot.grad.fill(0.0);
            }
            slot.tally = Tally::default();
            for block in indexes.chunks(LANES).skip(number).step_by(slots) {
                worker.learn(task, block, scale, slot);
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
    pub(crate) fn step(&mut self, optimizer: &mut Optimizer, network: &mut dyn AnyNetwork, rate: f32) {
        match optimizer {
            Optimizer::Sgd { velocity, momentum, weight_decay } => {
                let descent = Descent { rate, momentum: *momentum, weight_decay: *weight_decay };
                self.step_by(descent, &mut **velocity, network);
            }
            Optimizer::Sdlm { rates } => self.step_by(Diagonal, &mut **rates, network),
        }
    }

    fn step_by(&mut self, rule: impl Rule<f32>, state: &mut dyn AnyNetwork, network: &mut dyn AnyNetwork) {
        for i in 0..network.arrays() {
            let (p, state) = (network.array_mut(i), state.array_mut(i));
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
    Sgd { velocity: Box<dyn AnyNetwork>, momentum: f32, weight_decay: f32 },
    /// A rate for every parameter, set beforehand.
    Sdlm { rates: Box<dyn AnyNetwork> },
}

/// Makes a step of a part of parameter array `i`.
fn step(rule: impl Rule<f32>, p: &mut [f32], state: &mut [f32], slots: &[Slot], i: usize, range: Range<usize>) {
    let mut gradients = [&[][..]; SLOTS];
    for (gradient, slot) in gradients.iter_mut().zip(slots) {
        *gradient = &slot.grad.array(i)[range.clone()];
    }
    rule.step(p, state, &gradients[..slots.len()]);
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

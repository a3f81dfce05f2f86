//! One step of training: a batch in blocks of sixteen, the blocks over the threads, the gradients in a fixed order.

use crate::networks::{Retina, scores};
use crate::reading::{Image, most_likely};
use crate::{DigitNetwork, Examples};
use lenet_layers::{
    Cell, Class, Curvature, Diagonal, Grad, Lanes, Loss, Normalization, Params, Rule, Sdlm, Sgd, Squared, Trace, Units,
};
use std::ops::Range;

/// Examples side by side in one block.
pub(crate) const LANES: usize = 16;
/// Up to so many examples are faster one by one than as a block with most of its lanes idle.
pub(crate) const FEW: usize = 5;
/// The most gradients of a batch that are kept apart, and so the most threads that work on it.
const SLOTS: usize = 16;

/// In how many gradients a batch of so many blocks is summed. Each is a quarter of a megabyte to be cleared, filled and
/// added: too many of them, and they do not fit in the cache beside what they are computed from.
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

/// What a part of a batch came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    /// The losses added up.
    pub(crate) loss: f64,
    /// How many were read rightly.
    pub(crate) correct: u32,
}

/// What every block of a batch is told.
pub(crate) struct Task<'a, N, L> {
    pub(crate) network: &'a N,
    pub(crate) loss: &'a L,
    pub(crate) examples: &'a Examples<'a>,
    pub(crate) normalization: Normalization,
}

/// The activations and the errors of as many examples as a cell has lanes.
struct Pass<N: DigitNetwork, T: Cell<Element = f32>> {
    trace: Box<N::Trace<T>>,
    errors: Box<N::Trace<T>>,
    /// For pictures that are made when they are shown.
    room: Vec<Image>,
}

const BLANK: Image = [[0; 28]; 28];

impl<N: DigitNetwork, T: Cell<Element = f32>> Pass<N, T> {
    fn new() -> Self {
        Pass { trace: Trace::boxed(), errors: Trace::boxed(), room: vec![BLANK; T::LANES] }
    }

    /// Lays the examples `block` into the lanes and runs them forward. Gives their classes; those of lanes without an example
    /// are not to be used.
    fn run<L>(&mut self, task: &Task<'_, N, L>, block: &[u32]) -> [Class<10>; LANES] {
        let mut images = [&BLANK; LANES];
        for ((image, room), index) in images.iter_mut().zip(&mut self.room).zip(block) {
            *image = task.examples.picture(*index, room);
        }
        N::Input::lay(self.trace.input_mut(), &images[..block.len()], task.normalization);
        task.network.forward(&mut self.trace);
        let last = block.len() - 1;
        core::array::from_fn(|lane| task.examples.label(block[lane.min(last)]))
    }

    /// Runs the examples `block` forward: their losses, times `scale` in the gradient that is left at the output. `read` sees
    /// the digit that each is and the scores of all ten, in the order of the block.
    fn forward<L: Loss<Units<10>, Class<10>>>(
        &mut self,
        task: &Task<'_, N, L>,
        block: &[u32],
        scale: f32,
        mut read: impl FnMut(usize, [f32; 10]),
    ) -> f32 {
        let targets = self.run(task, block);
        let outputs = self.trace.output();
        for (lane, target) in targets[..block.len()].iter().enumerate() {
            read(target.index(), scores::<N>(core::array::from_fn(|i| outputs.data[i].lanes()[lane])));
        }
        task.loss.evaluate(outputs, &targets[..block.len()], scale, self.errors.output_mut())
    }
}

/// Room for what one thread works on.
pub(crate) struct Worker<N: DigitNetwork> {
    lanes: Pass<N, Lanes<LANES>>,
    single: Pass<N, f32>,
}

impl<N: DigitNetwork> Worker<N> {
    pub(crate) fn new() -> Self {
        Worker { lanes: Pass::new(), single: Pass::new() }
    }

    /// Reads a block of up to sixteen examples: the sum of their losses. `read` sees the digit that each is and the scores of
    /// all ten.
    pub(crate) fn read<L: Loss<Units<10>, Class<10>>>(
        &mut self,
        task: &Task<'_, N, L>,
        block: &[u32],
        read: impl FnMut(usize, [f32; 10]),
    ) -> f32 {
        self.lanes.forward(task, block, 1.0, read)
    }

    /// Adds the second derivatives of the losses of a block of up to sixteen examples, those by the outputs times `scale`.
    pub(crate) fn bend<L: Loss<Units<10>, Class<10>>>(
        &mut self,
        task: &Task<'_, N, L>,
        block: &[u32],
        scale: f32,
        squared: &Squared<N>,
        h: &mut Curvature<N>,
    ) {
        let pass = &mut self.lanes;
        let targets = pass.run(task, block);
        let second = &mut pass.errors;
        task.loss.curvature(pass.trace.output(), &targets[..block.len()], second.output_mut());
        for cell in second.output_mut().cells_mut() {
            *cell = cell.times(Lanes::splat(scale));
        }
        squared.curvature(&pass.trace, second, h);
    }

    /// Adds the gradient of the losses of a block of up to sixteen examples, times `scale`.
    fn learn<L: Loss<Units<10>, Class<10>>>(
        &mut self,
        task: &Task<'_, N, L>,
        block: &[u32],
        scale: f32,
        slot: &mut Slot<N>,
    ) {
        if block.len() > FEW {
            slot.learn(&mut self.lanes, task, block, scale);
        } else {
            for one in block.chunks(1) {
                slot.learn(&mut self.single, task, one, scale);
            }
        }
    }
}

/// The gradient of a part of a batch.
struct Slot<N: DigitNetwork> {
    grad: Box<Grad<N>>,
    tally: Tally,
}

impl<N: DigitNetwork> Slot<N> {
    fn learn<L: Loss<Units<10>, Class<10>>, T: Cell<Element = f32>>(
        &mut self,
        pass: &mut Pass<N, T>,
        task: &Task<'_, N, L>,
        block: &[u32],
        scale: f32,
    ) {
        let tally = &mut self.tally;
        let loss = pass.forward(task, block, scale, |is, scores| {
            tally.correct += u32::from(is == most_likely(&scores));
        });
        tally.loss += f64::from(loss);
        task.network.backward(&pass.trace, &mut pass.errors, &mut self.grad);
    }
}

/// Room for a batch. Which examples a slot takes depends on the batch alone, never on the threads, and so does the order in
/// which the slots are added.
pub(crate) struct Batch<N: DigitNetwork> {
    workers: Vec<Worker<N>>,
    slots: Vec<Slot<N>>,
    /// The gradients are zero already.
    clear: bool,
}

impl<N: DigitNetwork> Batch<N> {
    /// Room for batches of up to `size` examples on the rayon pool it is called in.
    pub(crate) fn new(size: usize) -> Self {
        let slots = slots(size.div_ceil(LANES));
        let slot = || Slot { grad: Params::boxed(), tally: Tally::default() };
        Batch {
            workers: (0..slots.min(rayon::current_num_threads())).map(|_| Worker::new()).collect(),
            slots: (0..slots).map(|_| slot()).collect(),
            clear: true,
        }
    }

    /// Works out the gradient of the mean loss over the examples `indexes`, and what they came to. The gradient stays in the
    /// slots until [`Batch::step`].
    pub(crate) fn gradient<L: Loss<Units<10>, Class<10>> + Sync>(
        &mut self,
        task: &Task<'_, N, L>,
        indexes: &[u32],
    ) -> Tally {
        let scale = 1.0 / indexes.len() as f32;
        let (slots, clear) = (self.slots.len(), std::mem::take(&mut self.clear));
        share(&mut self.workers, &mut self.slots, 0, &|worker, slot: &mut Slot<N>, number| {
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

    /// A step against the gradient.
    pub(crate) fn step(&mut self, optimizer: &mut Optimizer<N>, network: &mut N, rate: f32) {
        match optimizer {
            Optimizer::Sgd(sgd) => self.step_by(sgd.descent(rate), &mut sgd.velocity, network),
            Optimizer::Sdlm(sdlm) => self.step_by(Diagonal, &mut sdlm.rates, network),
        }
    }

    fn step_by(&mut self, rule: impl Rule<f32>, state: &mut N, network: &mut N) {
        for i in 0..N::TENSORS {
            let (p, state) = (network.tensor_mut(i), state.tensor_mut(i));
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

/// What turns a gradient into a step.
pub(crate) enum Optimizer<N: DigitNetwork> {
    /// Gradient descent; the rate comes with the step.
    Sgd(Box<Sgd<N>>),
    /// A rate for every parameter, set before.
    Sdlm(Box<Sdlm<N>>),
}

/// A step of a part of parameter array `i`.
fn step<N: DigitNetwork>(
    rule: impl Rule<f32>,
    p: &mut [f32],
    state: &mut [f32],
    slots: &[Slot<N>],
    i: usize,
    range: Range<usize>,
) {
    let mut gradients = [&[][..]; SLOTS];
    for (gradient, slot) in gradients.iter_mut().zip(slots) {
        *gradient = &slot.grad.tensor(i)[range.clone()];
    }
    rule.step(p, state, &gradients[..slots.len()]);
}

/// A step of parameter array `i`, after which the gradients are zero. One thread clears them while they are in its first
/// cache; several had better leave each to the thread that will fill it again.
fn step_and_clear<N: DigitNetwork>(
    rule: impl Rule<f32>,
    p: &mut [f32],
    state: &mut [f32],
    slots: &mut [Slot<N>],
    i: usize,
) {
    /// Numbers at a time: a few thousand bytes of each array.
    const PART: usize = 1024;
    for (n, (p, state)) in p.chunks_mut(PART).zip(state.chunks_mut(PART)).enumerate() {
        let range = n * PART..n * PART + p.len();
        step(rule, p, state, slots, i, range.clone());
        for slot in &mut *slots {
            slot.grad.tensor_mut(i)[range.clone()].fill(0.0);
        }
    }
}

/// Calls `f` with every slot, its number and a worker, the workers side by side on the threads. `join` allocates nothing.
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

/// Calls `f` with parts of two slices of one length and where they lie, on up to `threads` threads. Short slices are not
/// worth it.
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
    // At a multiple of a register: both halves then consist of whole ones.
    let half = p.len() / 2 / LANES * LANES;
    let middle = range.start + half;
    let ((p1, p2), (v1, v2)) = (p.split_at_mut(half), v.split_at_mut(half));
    rayon::join(
        || halve(p1, v1, range.start..middle, threads / 2, f),
        || halve(p2, v2, middle..range.end, threads / 2, f),
    );
}

/// Calls `f` with every item, halving the work between threads.
pub(crate) fn fork<T: Send>(items: &mut [T], f: &(impl Fn(&mut T) + Sync)) {
    match items {
        [] => {}
        [item] => f(item),
        _ => {
            let (left, right) = items.split_at_mut(items.len() / 2);
            rayon::join(|| fork(left, f), || fork(right, f));
        }
    }
}

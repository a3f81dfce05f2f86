//! One step of training: a batch in blocks of sixteen, the blocks over the threads, the gradients added in a fixed
//! order.

use super::optimizer::OptimizerState;
use crate::{Arrays, LANES, NetworkInfo};
use lenet_layers::{
    AdamSettings, AdamUpdate, Clipped, Descent, Diagonal, Nesterov, Rule, Statistic, TrainingPass, squared_norm,
};
use std::ops::Range;

/// The largest number of separate gradients of a batch, and so the largest number of threads that work on it.
const SLOTS: usize = 16;

/// The number of gradients in which a batch of `blocks` blocks is summed. Each has the size of the network, a quarter of
/// a megabyte for LeNet-5, and is cleared, filled and added; too many do not fit in the cache together with the data they
/// are computed from.
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

/// Examples that are shown together, such as a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown<'a> {
    /// Their indexes.
    pub indexes: &'a [u32],
    /// How often the list of examples was gone through before: data can show another variant each time. At 0 they show
    /// the examples themselves, as held-out ones are shown.
    pub presentation: u64,
}

/// A block of up to sixteen examples of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block<'a> {
    /// The examples of the block.
    pub shown: Shown<'a>,
    /// The number of examples of the whole batch.
    pub batch: usize,
    /// Everything random in the pass of the block's first example, or of all of them together, follows from it. The
    /// next numbers are those of the other examples, if they are computed one by one.
    pub seed: u64,
}

impl Block<'_> {
    /// What the layers need to know of a pass with all examples of the block.
    #[must_use]
    pub fn pass(&self) -> TrainingPass {
        TrainingPass { examples: self.shown.indexes.len(), batch: self.batch, seed: self.seed }
    }

    /// What the layers need to know of a pass with the block's example number `number` alone.
    #[must_use]
    pub fn single_pass(&self, number: usize) -> TrainingPass {
        TrainingPass { examples: 1, batch: self.batch, seed: self.seed.wrapping_add(number as u64) }
    }

    /// The factor that makes the sum over a batch its mean.
    #[must_use]
    pub fn scale(&self) -> f32 {
        1.0 / self.batch as f32
    }
}

/// The result of a part of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// The sum of the losses.
    pub loss: f64,
    /// The sum of the metric, such as the number of examples that were read correctly.
    pub metric: f64,
}

/// The gradient of a part of a batch.
pub struct Slot {
    /// The gradient, to be added to: the form of the network's parameters.
    pub grad: Box<dyn Arrays>,
    /// The part's result, to be added to.
    pub tally: Tally,
}

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slot").field("tally", &self.tally).finish_non_exhaustive()
    }
}

/// The buffers of a batch: a worker for each thread, and gradients. Which examples a slot takes, and the order in which
/// the slots are added, depend on the batch alone, never on the threads. So a step gives the same bits on any number of
/// threads, and it allocates nothing.
///
/// At most one thread works on each gradient: one on a batch of up to 16 examples, two up to 64, three up to 96, four up
/// to 1,024, and one per 256 examples beyond, up to sixteen. More gradients would cost more to clear and to add than they
/// save.
///
/// [`Training`](crate::Training) uses it. For a training loop of one's own:
///
/// ```
/// use lenet_layers::{Class, Dense, Grad, Init, Lanes, Loss, Network, Params, SoftmaxCrossEntropy, Tanh, Trace, Units};
/// use lenet_layers::{initialize, sequential};
/// use lenet_train::{Batch, OptimizerState, Shown};
/// use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
///
/// sequential! {
///     pub struct Net, trace NetTrace {
///         input:                Units<2>;
///         f1: Dense<2, 8, Tanh> => Units<8>;
///         f2: Dense<8, 2>       => Units<2>;
///     }
/// }
/// // Whether both numbers have the same sign.
/// let numbers = |i: u32| [((i * 7) % 64) as f32 / 32.0 - 1.0, ((i * 11) % 64) as f32 / 32.0 - 0.99];
/// let class = |[a, b]: [f32; 2]| Class::<2>::new(usize::from(a * b > 0.0)).unwrap();
///
/// let mut net = Net::<f32>::boxed_zeroed();
/// initialize(&mut *net, Init::SqrtFanIn, &mut ChaCha8Rng::seed_from_u64(1));
/// let trace = NetTrace::<Lanes<16>>::boxed_zeroed;
/// let mut batch = Batch::new(64, || (trace(), trace()), || Grad::<Net>::boxed_zeroed());
/// let mut optimizer = OptimizerState::sgd(0.9, 0.0, || Net::<f32>::boxed_zeroed());
/// let mut losses = Vec::new();
/// for step in 0..200 {
///     let indexes: Vec<u32> = (step * 64..(step + 1) * 64).collect();
///     let seed = 64 * u64::from(step);
///     let tally = batch.gradient(Shown { indexes: &indexes, presentation: 0 }, seed, &|(trace, errors), block, slot| {
///         let examples = block.shown.indexes;
///         for (lane, index) in examples.iter().enumerate() {
///             (trace.input.data[0].0[lane], trace.input.data[1].0[lane]) = numbers(*index).into();
///         }
///         net.forward_training(trace, block.pass());
///         let mut targets = [class([0.0; 2]); 16];
///         examples.iter().zip(&mut targets).for_each(|(index, target)| *target = class(numbers(*index)));
///         let targets = &targets[..examples.len()];
///         let loss = SoftmaxCrossEntropy.evaluate(&trace.f2, targets, block.scale(), &mut errors.f2);
///         slot.tally.loss += f64::from(loss);
///         net.backward_training(trace, errors, slot.grad.cast_mut(), block.pass());
///     });
///     losses.push(tally.loss / 64.0);
///     batch.step(&mut optimizer, &mut *net, 0.1, None);
/// }
/// assert!(losses[199] < losses[0] / 2.0, "{} {}", losses[0], losses[199]);
/// ```
pub struct Batch<W> {
    workers: Vec<W>,
    gradients: Gradients,
}

/// What a step needs of a batch. It does not depend on the workers' type, so that steps are compiled once.
struct Gradients {
    slots: Vec<Slot>,
    /// The number of threads that work on the batch.
    threads: usize,
    /// Whether the gradients are already zero.
    clear: bool,
}

impl<W> std::fmt::Debug for Batch<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a batch of {} slots for {} workers", self.gradients.slots.len(), self.workers.len())
    }
}

impl<W: Send> Batch<W> {
    /// Allocates buffers for batches of up to `size` examples on the rayon pool in which it is called: a worker for each
    /// thread, and gradients of zero.
    pub fn new(size: usize, worker: impl Fn() -> W, gradient: impl Fn() -> Box<dyn Arrays>) -> Self {
        let slots = slots(size.div_ceil(LANES));
        let threads = slots.min(rayon::current_num_threads());
        let slot = || Slot { grad: gradient(), tally: Tally::default() };
        Batch {
            workers: (0..threads).map(|_| worker()).collect(),
            gradients: Gradients { slots: (0..slots).map(|_| slot()).collect(), threads, clear: true },
        }
    }

    /// Computes the gradient of the mean loss over the examples `shown`, and returns the sums of the results. `learn`
    /// adds the gradient of a block of up to sixteen of them, times [`Block::scale`], to a slot. The gradient stays in
    /// the slots until [`Batch::step`]. The seeds of the blocks count up from `seed`, one for each example: give each step a
    /// seed that is larger by the size of a batch, or dropout drops the same numbers in every step.
    pub fn gradient(
        &mut self,
        shown: Shown<'_>,
        seed: u64,
        learn: &(impl Fn(&mut W, Block<'_>, &mut Slot) + Sync),
    ) -> Tally {
        let Gradients { slots, clear, .. } = &mut self.gradients;
        let (every, clear) = (slots.len(), std::mem::take(clear));
        let Shown { indexes, presentation } = shown;
        share(&mut self.workers, slots, 0, &|worker, slot: &mut Slot, number| {
            if !clear {
                slot.grad.fill(0.0);
            }
            slot.tally = Tally::default();
            for (n, part) in indexes.chunks(LANES).enumerate().skip(number).step_by(every) {
                let shown = Shown { indexes: part, presentation };
                learn(worker, Block { shown, batch: indexes.len(), seed: seed.wrapping_add((n * LANES) as u64) }, slot);
            }
        });
        let mut tally = Tally::default();
        for slot in slots {
            tally.loss += slot.tally.loss;
            tally.metric += slot.tally.metric;
        }
        tally
    }

    /// Makes a step against the gradient; if `clip` is given, one whose norm is larger is shortened to this norm.
    pub fn step(&mut self, optimizer: &mut OptimizerState, params: &mut dyn Arrays, rate: f32, clip: Option<f64>) {
        self.gradients.step(optimizer, params, rate, clip);
    }
}

impl Gradients {
    fn step(&mut self, optimizer: &mut OptimizerState, params: &mut dyn Arrays, rate: f32, clip: Option<f64>) {
        let clip = clip.map(|most| (self.squared_norm(params), most));
        match optimizer {
            OptimizerState::Sgd { velocity, momentum, weight_decay, nesterov, weights_of } => {
                let descent = |weight_decay| Descent { rate, momentum: *momentum, weight_decay };
                let (rules, state) = ([*weight_decay, 0.0].map(descent), [&mut **velocity]);
                if *nesterov {
                    self.step_by(rules.map(Nesterov), *weights_of, state, params, clip);
                } else {
                    self.step_by(rules, *weights_of, state, params, clip);
                }
            }
            OptimizerState::Adam { mean, square, settings, decoupled, steps, weights_of } => {
                *steps += 1;
                let update = if *decoupled { AdamUpdate::decoupled } else { AdamUpdate::coupled };
                let bare = AdamSettings { weight_decay: 0.0, ..*settings };
                let rules = [*settings, bare].map(|settings| update(settings, rate, *steps));
                self.step_by(rules, *weights_of, [&mut **mean, &mut **square], params, clip);
            }
            OptimizerState::Sdlm { rates } => self.step_by([Diagonal; 2], None, [&mut **rates], params, clip),
        }
    }

    /// The square of the gradient's norm over all parameters of a network.
    fn squared_norm(&self, params: &dyn Arrays) -> f64 {
        let trained = (0..params.arrays()).filter(|i| !params.holds_statistics(*i));
        trained.map(|i| squared_norm(&of_slots(&self.slots, i, 0..params.array(i).len())[..self.slots.len()])).sum()
    }

    /// `rules` are the one of most arrays, and the one of biases and scales if only the weights of the network
    /// `weights_of` decay.
    fn step_by<const STATES: usize>(
        &mut self,
        rules: [impl Rule<f32, STATES>; 2],
        weights_of: Option<NetworkInfo>,
        state: [&mut dyn Arrays; STATES],
        params: &mut dyn Arrays,
        clip: Option<(f64, f64)>,
    ) {
        match clip {
            None => self.step_all(rules, weights_of, state, params),
            Some((squared_norm, most)) => {
                let clipped = rules.map(|rule| Clipped::new(rule, squared_norm, most));
                self.step_all(clipped, weights_of, state, params);
            }
        }
    }

    fn step_all<const STATES: usize>(
        &mut self,
        [rule, bare]: [impl Rule<f32, STATES>; 2],
        weights_of: Option<NetworkInfo>,
        mut state: [&mut dyn Arrays; STATES],
        params: &mut dyn Arrays,
    ) {
        for i in 0..params.arrays() {
            if params.holds_statistics(i) {
                self.step_array(Statistic, params.array_mut(i), [], i);
            } else {
                let rule = if weights_of.is_none_or(|form| form.is_weight(i)) { rule } else { bare };
                self.step_array(rule, params.array_mut(i), state.each_mut().map(|state| state.array_mut(i)), i);
            }
        }
        self.clear = self.threads == 1;
    }

    /// Makes a step of parameter array `i`.
    fn step_array<const STATES: usize>(
        &mut self,
        rule: impl Rule<f32, STATES>,
        p: &mut [f32],
        state: [&mut [f32]; STATES],
        i: usize,
    ) {
        if self.threads == 1 {
            return step_and_clear(rule, p, state, &mut self.slots, i);
        }
        let (whole, slots) = (0..p.len(), &self.slots);
        halve(p, state, whole, self.threads, &|p: &mut [f32], state: [&mut [f32]; STATES], range| {
            step(rule, p, state, slots, i, range);
        });
    }
}

/// A part of array `i` of the gradient of each slot; the rest of the slices are empty.
fn of_slots(slots: &[Slot], i: usize, range: Range<usize>) -> [&[f32]; SLOTS] {
    let mut gradients = [&[][..]; SLOTS];
    for (gradient, slot) in gradients.iter_mut().zip(slots) {
        *gradient = &slot.grad.array(i)[range.clone()];
    }
    gradients
}

/// Makes a step of a part of parameter array `i`.
fn step<const STATES: usize>(
    rule: impl Rule<f32, STATES>,
    p: &mut [f32],
    state: [&mut [f32]; STATES],
    slots: &[Slot],
    i: usize,
    range: Range<usize>,
) {
    rule.step(p, state, &of_slots(slots, i, range)[..slots.len()]);
}

/// Makes a step of parameter array `i` and clears the gradients. A single thread clears them while they are in its
/// first-level cache; with several threads it is better if each slot is cleared by the thread that fills it next.
fn step_and_clear<const STATES: usize>(
    rule: impl Rule<f32, STATES>,
    p: &mut [f32],
    mut state: [&mut [f32]; STATES],
    slots: &mut [Slot],
    i: usize,
) {
    /// The number of parameters at a time: a few thousand bytes of each array.
    const PART: usize = 1024;
    for first in (0..p.len()).step_by(PART) {
        let range = first..p.len().min(first + PART);
        let state = state.each_mut().map(|state| &mut state[range.clone()]);
        step(rule, &mut p[range.clone()], state, slots, i, range.clone());
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

/// Calls `f` with parts of slices of the same length and their position, on up to `threads` threads. Short slices are
/// not divided: it would not pay.
fn halve<const STATES: usize>(
    p: &mut [f32],
    state: [&mut [f32]; STATES],
    range: Range<usize>,
    threads: usize,
    f: &(impl Fn(&mut [f32], [&mut [f32]; STATES], Range<usize>) + Sync),
) {
    const WORTH_IT: usize = 8192;
    if threads < 2 || p.len() < WORTH_IT {
        return f(p, state, range);
    }
    // A multiple of a register, so that both halves consist of whole registers.
    let half = p.len() / 2 / LANES * LANES;
    let middle = range.start + half;
    let (p1, p2) = p.split_at_mut(half);
    let mut s2: [&mut [f32]; STATES] = std::array::from_fn(|_| Default::default());
    let mut rest = s2.iter_mut();
    let s1 = state.map(|state| {
        let (first, second) = state.split_at_mut(half);
        *rest.next().expect("as many as states") = second;
        first
    });
    rayon::join(
        || halve(p1, s1, range.start..middle, threads / 2, f),
        || halve(p2, s2, middle..range.end, threads / 2, f),
    );
}

//! The course of a run: step after step, and everything that a step changes besides the network. Nothing here depends
//! on the network's type, so that it is compiled once.

use super::order::Walk;
use super::{Batch, Block, OptimizerState, SecondDerivatives, Slot, Tally, random, stream};
use crate::{Arrays, NetworkInfo, Tensors, take};
use lenet_layers::Diagonal;
use rand::Rng;
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// The passes of training through a network, with the buffers that they need: one for each thread.
pub trait Work: Send {
    /// Adds the gradient of the losses of a block, times [`Block::scale`], to a slot.
    fn learn(&mut self, network: &dyn Arrays, block: Block<'_>, slot: &mut Slot);
}

/// What a run needs that depends on the network's type.
pub struct Parts<'p, 't> {
    /// Makes arrays of the form of the network, all zeros.
    pub zeroed: &'p dyn Fn() -> Box<dyn Arrays>,
    /// Makes a gradient of zero.
    pub gradient: &'p dyn Fn() -> Box<dyn Arrays>,
    /// Makes the passes of one thread.
    pub work: &'p dyn Fn() -> Box<dyn Work + 't>,
    /// The optimizer.
    pub optimizer: OptimizerState,
    /// The second derivatives, if the optimizer needs them.
    pub second: Option<SecondDerivatives<'t>>,
}

impl std::fmt::Debug for Parts<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts")
            .field("optimizer", &self.optimizer)
            .field("second", &self.second)
            .finish_non_exhaustive()
    }
}

/// The numbers that determine the steps of a run.
pub struct Plan<'t> {
    /// The number of epochs.
    pub epochs: u32,
    /// The number of examples in an epoch. The next epoch continues where the epoch ends; at the end of the list of
    /// examples it starts again.
    pub presentations: usize,
    /// The number of examples in a step.
    pub batch: usize,
    /// The highest learning rate.
    pub rate: f64,
    /// The fraction of the rate to use at a step of a number of steps.
    pub factor: Box<dyn Fn(u64, u64) -> f64 + Send + Sync + 't>,
    /// If given, a gradient whose norm over all parameters is larger is shortened to this norm.
    pub clip: Option<f64>,
    /// Whether the first random order of the examples is that of every pass.
    pub fixed_order: bool,
    /// If above 0, the network of the run is the exponential moving average of the one that learns.
    pub average: f64,
    /// The seed of all random numbers.
    pub seed: u64,
}

impl std::fmt::Debug for Plan<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} epochs of {} examples in batches of {}", self.epochs, self.presentations, self.batch)
    }
}

impl Plan<'_> {
    /// The number of steps of the first `epochs` epochs and of `seen` examples of the next one. A list of `examples` may
    /// end within a batch, which is then shorter.
    fn steps_after(&self, epochs: u32, seen: usize, examples: usize) -> u64 {
        let (batch, list, each) = (self.batch as u64, examples as u64, self.presentations as u64);
        // The steps of an epoch that begins after `taken` examples of the list: the rest of the list, whole lists, and the
        // start of one.
        let steps = |taken: u64, of: u64| {
            let rest = of.min(list - taken);
            let (lists, start) = ((of - rest) / list, (of - rest) % list);
            rest.div_ceil(batch) + lists * list.div_ceil(batch) + start.div_ceil(batch)
        };
        let begin = |epoch: u64| (epoch % list) * (each % list) % list;
        // After so many epochs an epoch begins at the start of the list again.
        let round = list / greatest_common_divisor(each, list);
        let (rounds, epochs) = (u64::from(epochs) / round, u64::from(epochs) % round);
        let sum = |epochs: u64| (0..epochs).map(|epoch| steps(begin(epoch), each)).sum::<u64>();
        let whole = if rounds == 0 { 0 } else { rounds * sum(round) };
        whole + sum(epochs) + steps(begin(epochs), seen as u64)
    }
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// A step that was made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Made {
    /// The epoch, from 1.
    pub epoch: u32,
    /// The number of steps made so far.
    pub step: u64,
    /// The number of steps of the whole run.
    pub steps: u64,
    /// The mean loss of the epoch so far.
    pub loss: f64,
    /// The mean metric of the epoch so far.
    pub metric: f64,
    /// The learning rate of the step.
    pub rate: f64,
    /// The number of examples in the step.
    pub examples: usize,
}

/// Why an epoch ended before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// The loss or a parameter became infinite or NaN.
    NotFinite {
        /// The epoch, from 1.
        epoch: u32,
        /// The step, from 1.
        step: u64,
    },
    /// The metric became infinite or NaN.
    MetricNotFinite {
        /// The epoch, from 1.
        epoch: u32,
        /// The step, from 1.
        step: u64,
    },
    /// The caller asked to stop.
    Stopped {
        /// The epoch, from 1.
        epoch: u32,
        /// The step, from 1.
        step: u64,
    },
}

/// The result of the current epoch so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct SoFar {
    /// The sums of its results.
    pub tally: Tally,
    /// The number of examples seen.
    pub seen: usize,
    /// The time it took.
    pub time: Duration,
}

/// A position in a run, as it is saved beside its tensors. A random stream is saved as the number of times that it was
/// used; repeating the same draws restores it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// The number of steps made.
    pub step: u64,
    /// The current epoch: the sums of its losses and of its metric so far, examples seen, seconds.
    pub loss: f64,
    /// The sum of the metric in the current epoch.
    pub metric: f64,
    /// The number of examples seen in the current epoch.
    pub seen: usize,
    /// The seconds that the current epoch took so far.
    pub seconds: f64,
    /// The position in the list of examples: how often its end was passed, and examples taken since.
    pub place: (u64, usize),
    /// The number of times that the second derivatives have been estimated.
    pub estimates: u32,
}

/// The state of a run besides its network.
pub struct Course<'t> {
    plan: Plan<'t>,
    /// The examples, in the caller's order.
    examples: Vec<u32>,
    optimizer: OptimizerState,
    /// The network that learns, if that of the run is an average of its parameters.
    learner: Option<Box<dyn Arrays>>,
    second: Option<SecondDerivatives<'t>>,
    batch: Batch<Box<dyn Work + 't>>,
    order: Walk,
    /// The seed of the first step's passes.
    passes: u64,
    step: u64,
    /// The number of steps of the whole run.
    steps: u64,
    so_far: SoFar,
}

impl std::fmt::Debug for Course<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a run after step {} of {}", self.step, self.steps)
    }
}

impl<'t> Course<'t> {
    /// A run that has not made a step, of a network with its initial weights, with buffers for the rayon pool in which
    /// this is called.
    ///
    /// # Panics
    /// If there are no examples, an epoch has none, or a batch has none.
    pub fn new(plan: Plan<'t>, parts: Parts<'_, 't>, examples: &[u32], network: &dyn Arrays) -> Self {
        let copy = || {
            let mut learner = (parts.zeroed)();
            learner.copy_from(network);
            learner
        };
        Course {
            learner: (plan.average > 0.0).then(copy),
            batch: Batch::new(plan.batch.min(examples.len()), parts.work, parts.gradient),
            order: Walk::new(examples.to_vec(), random(plan.seed, stream::ORDER), plan.fixed_order),
            passes: random(plan.seed, stream::PASSES).next_u64(),
            optimizer: parts.optimizer,
            second: parts.second,
            examples: examples.to_vec(),
            step: 0,
            steps: plan.steps_after(plan.epochs, 0, examples.len()),
            so_far: SoFar::default(),
            plan,
        }
    }

    /// The number of steps made so far.
    #[must_use]
    pub fn step(&self) -> u64 {
        self.step
    }

    /// The number of steps of the whole run.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The result of the current epoch so far.
    #[must_use]
    pub fn so_far(&self) -> SoFar {
        self.so_far
    }

    /// Ends the current epoch; returns its result.
    pub fn end_epoch(&mut self) -> SoFar {
        std::mem::take(&mut self.so_far)
    }

    /// The smallest and the largest rate of a parameter, if each has its own.
    #[must_use]
    pub fn rates(&self) -> Option<(f32, f32)> {
        let OptimizerState::Sdlm { rates } = &self.optimizer else { return None };
        let all = (0..rates.arrays()).flat_map(|i| rates.array(i));
        Some(all.fold((f32::INFINITY, f32::NEG_INFINITY), |(least, most), rate| (least.min(*rate), most.max(*rate))))
    }

    /// Makes the remaining steps of epoch number `epoch`, from 1, on the rayon pool in which it is called.
    ///
    /// # Errors
    /// If the loss, the metric or a parameter stops being finite, or `watch` stops the run. A step whose loss or metric
    /// is not finite changes nothing: the run is still after the step before, and the same pass gives the same error.
    pub fn pass(
        &mut self,
        network: &mut dyn Arrays,
        epoch: u32,
        watch: &mut dyn FnMut(Made) -> ControlFlow<()>,
    ) -> Result<(), Halt> {
        let Some(mut learner) = self.learner.take() else { return self.learn(network, None, epoch, watch) };
        let result = self.learn(&mut *learner, Some(network), epoch, watch);
        self.learner = Some(learner);
        result
    }

    /// Makes the remaining steps of an epoch; `average` follows the parameters of the network.
    fn learn(
        &mut self,
        network: &mut dyn Arrays,
        mut average: Option<&mut dyn Arrays>,
        epoch: u32,
        watch: &mut dyn FnMut(Made) -> ControlFlow<()>,
    ) -> Result<(), Halt> {
        let (presentations, steps) = (self.plan.presentations, self.steps);
        if self.so_far.seen == 0 {
            self.set_rates(network, epoch);
        }
        let mut resumed = Instant::now();
        while self.so_far.seen < presentations {
            let rate = self.rate(epoch);
            let (examples, tally) = self.gradient(network);
            let (step, so_far) = (self.step + 1, self.so_far);
            let sum = Tally { loss: so_far.tally.loss + tally.loss, metric: so_far.tally.metric + tally.metric };
            if !sum.loss.is_finite() || !sum.metric.is_finite() {
                self.order.put_back(examples);
                let in_loss = !sum.loss.is_finite();
                return Err(if in_loss {
                    Halt::NotFinite { epoch, step }
                } else {
                    Halt::MetricNotFinite { epoch, step }
                });
            }
            self.step = step;
            self.batch.step(&mut self.optimizer, network, rate as f32, self.plan.clip);
            if let Some(average) = &mut average {
                follow(*average, network, self.plan.average, step);
            }
            self.so_far = SoFar { tally: sum, seen: so_far.seen + examples, ..so_far };
            let seen = self.so_far.seen as f64;
            let (loss, metric) = (sum.loss / seen, sum.metric / seen);
            if watch(Made { epoch, step, steps, loss, metric, rate, examples }).is_break() {
                self.so_far.time += resumed.elapsed();
                resumed = Instant::now();
                // A step that ends the run counts as completed.
                if self.so_far.seen < presentations || epoch < self.plan.epochs {
                    return Err(Halt::Stopped { epoch, step });
                }
            }
        }
        self.so_far.time += resumed.elapsed();
        // The last step may have made parameters infinite or NaN although its loss was still finite.
        if network.is_finite() { Ok(()) } else { Err(Halt::NotFinite { epoch, step: self.step }) }
    }

    /// Computes the gradient of the next examples; returns their number and their results.
    fn gradient(&mut self, network: &dyn Arrays) -> (usize, Tally) {
        /// More examples than a batch has: each example of each step has a seed of its own.
        const APART: u64 = 1 << 32;
        let shown = self.order.next(self.plan.batch.min(self.plan.presentations - self.so_far.seen));
        let seed = self.passes.wrapping_add(self.step.wrapping_mul(APART));
        let learn = |work: &mut Box<dyn Work + 't>, block: Block<'_>, slot: &mut Slot| work.learn(network, block, slot);
        (shown.indexes.len(), self.batch.gradient(shown, seed, &learn))
    }

    /// The global rate of the next step: by steps, or by epochs if every parameter has its own rate.
    fn rate(&self, epoch: u32) -> f64 {
        let (at, of) = match self.second {
            None => (self.step, self.steps),
            Some(_) => (u64::from(epoch - 1), u64::from(self.plan.epochs)),
        };
        self.plan.rate * (self.plan.factor)(at, of)
    }

    /// If every parameter has its own rate, sets the rates for the epoch; makes a new estimate of the second
    /// derivatives when it is due.
    fn set_rates(&mut self, network: &dyn Arrays, epoch: u32) {
        let eta = self.rate(epoch);
        let (Some(second), OptimizerState::Sdlm { rates }) = (&mut self.second, &mut self.optimizer) else { return };
        let settings = second.settings();
        // Not again if the epoch's first step failed before.
        if second.estimates == (epoch - 1).div_ceil(settings.every) && (epoch - 1).is_multiple_of(settings.every) {
            second.estimate(network, &self.examples);
        }
        let (patterns, mu) = (settings.patterns, settings.mu as f32);
        for i in 0..rates.arrays() {
            Diagonal::set_rates(rates.array_mut(i), second.h.array(i), patterns, eta as f32, mu);
        }
    }
}

/// Moves the average a little towards the network, after `step` steps. The average of the first steps is that of about
/// the latest tenth of them.
fn follow(average: &mut dyn Arrays, network: &dyn Arrays, kept: f64, step: u64) {
    let moved = 1.0 - kept.min(step as f64 / (step as f64 + 10.0));
    for i in 0..network.arrays() {
        let pairs = average.array_mut(i).iter_mut().zip(network.array(i));
        pairs.for_each(|(mean, number)| *mean += moved as f32 * (*number - *mean));
    }
}

impl Course<'_> {
    /// The position, to be saved.
    #[must_use]
    pub fn position(&self) -> Position {
        let SoFar { tally: Tally { loss, metric }, seen, time } = self.so_far;
        Position {
            step: self.step,
            loss,
            metric,
            seen,
            seconds: time.as_secs_f64(),
            place: self.order.place(),
            estimates: self.second.as_ref().map_or(0, |second| second.estimates),
        }
    }

    /// Brings a run that has not made a step to a saved position, after `epochs` completed epochs. The tensors come
    /// with [`Course::take_from`]. `None` if the numbers contradict each other; the run can then not be used.
    #[must_use]
    pub fn go_to(&mut self, position: Position, epochs: usize) -> Option<()> {
        let Position { step, loss, metric, seen, seconds, place, estimates } = position;
        let epochs = u32::try_from(epochs).ok().filter(|epochs| *epochs <= self.plan.epochs)?;
        if seen > self.plan.presentations {
            return None;
        }
        let examples = u64::from(epochs).checked_mul(self.plan.presentations as u64)?.checked_add(seen as u64)?;
        let (laps, taken) = place;
        let shown = laps.checked_mul(self.order.len() as u64).and_then(|shown| shown.checked_add(taken as u64));
        let time = Duration::try_from_secs_f64(seconds).ok()?;
        let sound = shown == Some(examples)
            && step == self.plan.steps_after(epochs, seen, self.examples.len())
            && estimates <= epochs.saturating_add(1)
            && loss.is_finite()
            && metric.is_finite();
        if !sound {
            return None;
        }
        self.order.go_to(place)?;
        if let Some(second) = &mut self.second {
            (0..estimates).for_each(|_| drop(second.draw(&self.examples)));
        }
        self.so_far = SoFar { tally: Tally { loss, metric }, seen, time };
        self.optimizer.go_to(step);
        self.step = step;
        Some(())
    }

    /// Adds all numbers that a step changes to a file, except those of the run's network, for networks of the form
    /// `form`.
    pub fn add_to(&self, tensors: &mut Tensors, form: NetworkInfo) {
        self.optimizer.add_to(tensors, form);
        if let Some(learner) = &self.learner {
            tensors.add(form, "learner.", &**learner);
        }
        if let Some(second) = &self.second {
            tensors.add(form, "curvature.", &*second.h);
        }
    }

    /// Takes the numbers from a file.
    ///
    /// # Errors
    /// The name of a tensor and what is wrong with it.
    pub fn take_from(&mut self, file: &SafeTensors<'_>, form: NetworkInfo) -> Result<(), (String, String)> {
        self.optimizer.take_from(file, form)?;
        if let Some(learner) = &mut self.learner {
            take(file, form, "learner.", &mut **learner)?;
        }
        match &mut self.second {
            Some(second) => take(file, form, "curvature.", &mut *second.h),
            None => Ok(()),
        }
    }
}

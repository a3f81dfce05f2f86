//! A run in progress, step after step, epoch after epoch.

use super::error::TrainError;
use super::evaluation::Evaluation;
use crate::{Arrays, Course, Made, NetworkInfo, SoFar};
use lenet_layers::{Network, Params};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::time::Instant;

/// The result of one epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Its number, from 1.
    pub epoch: u32,
    /// The mean loss of its examples, each at the time it was seen.
    pub loss: f64,
    /// The mean of the metric, likewise.
    pub metric: f64,
    /// The result on the held-out examples, if there are any.
    pub held_out: Option<Evaluation>,
    /// Whether it is the best epoch so far; the latest one is, if nothing is held out.
    pub best: bool,
    /// The smallest and the largest rate of a parameter, if each has its own.
    pub rates: Option<(f32, f32)>,
    /// The number of seconds it took, including the held-out examples.
    pub seconds: f64,
}

/// An event during training. The run passes each one to its caller's function, which decides whether to continue.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a, N: Params> {
    /// A step was made.
    Step(Made),
    /// An epoch is over.
    Epoch {
        /// Its result.
        record: &'a Epoch,
        /// The current run, to be saved or examined.
        run: &'a Run<'a, N>,
    },
}

/// The result of training.
#[derive(Debug)]
pub struct Outcome<N> {
    /// The network after the last step.
    pub last: Box<N>,
    /// The network of the best epoch; the last one if nothing was held out.
    pub best: Box<N>,
    /// The number of the best epoch.
    pub best_epoch: u32,
    /// All epochs.
    pub epochs: Vec<Epoch>,
}

/// A training run in progress, from [`Training::begin`](crate::Training::begin). It can stop after any step, be
/// [saved](Run::save), and continue elsewhere to the same result, to the bit.
#[must_use = "a run makes no step until `go_on` is called"]
pub struct Run<'t, N: Params> {
    pub(super) network: Box<N>,
    pub(super) best: Box<N>,
    pub(super) core: Core<'t>,
}

impl<N: Params> std::fmt::Debug for Run<'_, N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.core.course.fmt(f)
    }
}

impl<N: Network<Element = f32>> Run<'_, N> {
    /// The current network.
    #[must_use]
    pub fn network(&self) -> &N {
        &self.network
    }

    /// The network of the best epoch so far; before the end of the first, the one that the run began with.
    #[must_use]
    pub fn best(&self) -> &N {
        &self.best
    }

    /// The number of steps made so far.
    #[must_use]
    pub fn step(&self) -> u64 {
        self.core.course.step()
    }

    /// The completed epochs.
    #[must_use]
    pub fn epochs(&self) -> &[Epoch] {
        &self.core.epochs
    }

    /// Makes the remaining steps, on the rayon pool in which it is called. `watch` sees every event and can stop the
    /// training; the run can then be continued from there.
    ///
    /// # Errors
    /// If the loss or the metric stops being finite, or `watch` stops the training.
    pub fn go_on(&mut self, mut watch: impl FnMut(Event<'_, N>) -> ControlFlow<()>) -> Result<(), TrainError> {
        while self.core.has_more() {
            self.core.pass(&mut *self.network, &mut |made| watch(Event::Step(made)))?;
            self.core.end_epoch(&*self.network, &mut *self.best)?;
            let record = &self.core.epochs[self.core.epochs.len() - 1];
            if watch(Event::Epoch { record, run: self }).is_break() && self.core.has_more() {
                return Err(TrainError::Stopped { epoch: self.core.epochs.len() as u32, step: self.step() });
            }
        }
        Ok(())
    }

    /// The result of the run.
    #[must_use]
    pub fn into_outcome(self) -> Outcome<N> {
        let Core { best_epoch, epochs, .. } = self.core;
        Outcome { last: self.network, best: self.best, best_epoch, epochs }
    }
}

/// Measures a network.
type Evaluate<'t> = dyn Fn(&dyn Arrays) -> Evaluation + Send + Sync + 't;

/// What measures a network on the held-out examples.
pub(super) struct Judge<'t> {
    pub(super) evaluate: Box<Evaluate<'t>>,
    pub(super) larger_is_better: bool,
}

/// Everything that a run changes, except the networks. It does not depend on their type, so it is compiled once.
pub(super) struct Core<'t> {
    pub(super) course: Course<'t>,
    pub(super) form: NetworkInfo,
    judge: Option<Judge<'t>>,
    all_epochs: u32,
    /// The settings, the optimizer, the numbers of examples and the direction of the metric, as they are saved.
    pub(super) what: serde_json::Value,
    pub(super) best_epoch: u32,
    /// The completed epochs.
    pub(super) epochs: Vec<Epoch>,
}

impl<'t> Core<'t> {
    pub(super) fn new(
        course: Course<'t>,
        form: NetworkInfo,
        judge: Option<Judge<'t>>,
        all_epochs: u32,
        what: serde_json::Value,
    ) -> Self {
        Core { course, form, judge, all_epochs, what, best_epoch: 0, epochs: Vec::new() }
    }

    fn has_more(&self) -> bool {
        (self.epochs.len() as u32) < self.all_epochs
    }

    /// The current epoch, or the next one.
    fn epoch(&self) -> u32 {
        self.epochs.len() as u32 + 1
    }

    /// Makes the remaining steps of an epoch.
    fn pass(
        &mut self,
        network: &mut dyn Arrays,
        watch: &mut dyn FnMut(Made) -> ControlFlow<()>,
    ) -> Result<(), TrainError> {
        let epoch = self.epoch();
        Ok(self.course.pass(network, epoch, watch)?)
    }

    /// Ends an epoch after its steps: reads the held-out examples and records the result.
    fn end_epoch(&mut self, network: &dyn Arrays, best_so_far: &mut dyn Arrays) -> Result<(), TrainError> {
        let (epoch, start) = (self.epoch(), Instant::now());
        let held_out = self.judge.as_ref().map(|judge| (judge.evaluate)(network));
        // Finite weights can be so large that their sums are not finite.
        if held_out.is_some_and(|result| !result.loss.is_finite()) {
            return Err(TrainError::NotFinite { epoch, step: self.course.step() });
        }
        if held_out.is_some_and(|result| !result.metric.is_finite() || !result.standard_error.is_finite()) {
            return Err(TrainError::MetricNotFinite { epoch, step: self.course.step() });
        }
        let best = self.is_best(held_out);
        if best {
            best_so_far.copy_from(network);
            self.best_epoch = epoch;
        }
        let SoFar { tally, seen, time } = self.course.end_epoch();
        self.epochs.push(Epoch {
            epoch,
            loss: tally.loss / seen as f64,
            metric: tally.metric / seen as f64,
            held_out,
            best,
            rates: self.course.rates(),
            seconds: (time + start.elapsed()).as_secs_f64(),
        });
        Ok(())
    }

    /// Whether an epoch is better than all before it: by the metric, or with the same metric at a lower loss. With
    /// nothing held out the latest is the best.
    fn is_best(&self, held_out: Option<Evaluation>) -> bool {
        let (Some(now), Some(judge)) = (held_out, &self.judge) else { return true };
        let sign = if judge.larger_is_better { 1.0 } else { -1.0 };
        let rank = |result: Evaluation| (sign * result.metric, -result.loss);
        self.epochs.iter().filter_map(|epoch| epoch.held_out).all(|then| rank(now) > rank(then))
    }
}

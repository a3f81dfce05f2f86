//! A run on its way: everything that a step changes, step after step, epoch after epoch.

use super::order::Walk;
use super::{Epoch, Event, Outcome, TrainError, Training, stream};
use crate::evaluation::{Evaluation, evaluate};
use crate::step::{Batch, LANES, Optimizer, Tally, Worker};
use crate::{DigitNetwork, SecondOrder};
use lenet_layers::{Curvature, Params, Sdlm, Sgd, Squared, initialize};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// A training run on its way: what [`Training::begin`] and [`Training::resume`] give. It can stop after any step, be
/// [saved](Run::save), and go on elsewhere to the same end, to the bit.
pub struct Run<'t, N: DigitNetwork> {
    pub(super) training: &'t Training<'t>,
    pub(super) network: Box<N>,
    pub(super) best: Box<N>,
    pub(super) best_epoch: u32,
    /// The epochs that are over.
    pub(super) epochs: Vec<Epoch>,
    pub(super) optimizer: Optimizer<N>,
    pub(super) second_order: Option<Bend<N>>,
    batch: Batch<N>,
    pub(super) order: Walk,
    /// Steps made in all.
    pub(super) step: u64,
    pub(super) so_far: SoFar,
}

/// What the epoch that is not over yet came to so far.
#[derive(Clone, Copy, Default)]
pub(super) struct SoFar {
    pub(super) tally: Tally,
    /// Images seen.
    pub(super) seen: usize,
    pub(super) time: Duration,
}

/// What second derivatives are worked out in.
pub(super) struct Bend<N: DigitNetwork> {
    squared: Box<Squared<N>>,
    pub(super) h: Box<Curvature<N>>,
    worker: Worker<N>,
    random: ChaCha8Rng,
    /// How often they have been estimated.
    pub(super) estimates: u32,
}

impl<N: DigitNetwork> Bend<N> {
    fn new(training: &Training<'_>) -> Self {
        Bend {
            squared: Params::boxed(),
            h: Params::boxed(),
            worker: Worker::new(),
            random: training.random(stream::CURVATURE),
            estimates: 0,
        }
    }

    /// The patterns of the next estimate.
    pub(super) fn draw(&mut self, training: &Training<'_>, patterns: usize) -> Vec<u32> {
        self.estimates += 1;
        let examples = training.train;
        (0..patterns).map(|_| examples[self.random.random_range(0..examples.len())]).collect()
    }

    /// Estimates the second derivatives anew.
    fn estimate(&mut self, training: &Training<'_>, network: &N, second: SecondOrder) {
        self.squared.set(network);
        self.h.fill(0.0);
        let drawn = self.draw(training, second.patterns);
        let loss = training.recipe.named_loss();
        let task = training.task(network, &loss);
        for block in drawn.chunks(LANES) {
            self.worker.bend(&task, block, second.output as f32, &self.squared, &mut self.h);
        }
    }
}

impl<'t, N: DigitNetwork> Run<'t, N> {
    pub(super) fn new(training: &'t Training<'t>) -> Self {
        let recipe = training.recipe;
        let mut network = N::boxed();
        initialize(&mut *network, recipe.init.into(), &mut training.random(stream::WEIGHTS));
        Run {
            training,
            network,
            best: N::boxed(),
            best_epoch: 0,
            epochs: Vec::new(),
            optimizer: match recipe.second_order {
                None => Optimizer::Sgd(Sgd::boxed(recipe.momentum as f32, recipe.weight_decay as f32)),
                Some(_) => Optimizer::Sdlm(Sdlm::boxed()),
            },
            second_order: recipe.second_order.map(|_| Bend::new(training)),
            batch: Batch::new(recipe.batch.min(training.train.len())),
            order: Walk::new(training),
            step: 0,
            so_far: SoFar::default(),
        }
    }

    /// The network as it is now.
    pub fn network(&self) -> &N {
        &self.network
    }

    /// Steps made in all.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Seconds that it took so far.
    pub fn seconds(&self) -> f64 {
        self.epochs.iter().map(|epoch| epoch.seconds).sum::<f64>() + self.so_far.time.as_secs_f64()
    }

    /// The epochs that are over.
    pub fn epochs(&self) -> &[Epoch] {
        &self.epochs
    }

    /// Makes the steps that are left, on the rayon pool it is called in. `watch` sees every event and may stop the training: the
    /// run then stands where it was stopped, and may go on.
    ///
    /// # Errors
    /// If the loss stops being finite, or `watch` breaks off.
    pub fn go_on(&mut self, mut watch: impl FnMut(Event<'_, N>) -> ControlFlow<()>) -> Result<(), TrainError> {
        let epochs = self.training.recipe.epochs;
        while (self.epochs.len() as u32) < epochs {
            self.pass(&mut watch)?;
            self.end_epoch()?;
            let stopped = watch(Event::Epoch { record: &self.epochs[self.epochs.len() - 1], run: self }).is_break();
            if stopped && (self.epochs.len() as u32) < epochs {
                return Err(TrainError::Stopped { epoch: self.epochs.len() as u32, step: self.step });
            }
        }
        Ok(())
    }

    /// What it came to.
    pub fn into_outcome(self) -> Outcome<N> {
        Outcome { last: self.network, best: self.best, best_epoch: self.best_epoch, epochs: self.epochs }
    }

    /// The epoch that it is in, or the one to come.
    fn epoch(&self) -> u32 {
        self.epochs.len() as u32 + 1
    }

    /// The steps that are left of an epoch.
    fn pass(&mut self, watch: &mut impl FnMut(Event<'_, N>) -> ControlFlow<()>) -> Result<(), TrainError> {
        let (training, epoch) = (self.training, self.epoch());
        let (recipe, presentations, steps) = (training.recipe, training.presentations(), training.steps());
        let loss = recipe.named_loss();
        if self.so_far.seen == 0 {
            self.set_rates();
        }
        let mut resumed = Instant::now();
        while self.so_far.seen < presentations {
            let rate = self.rate(steps);
            let indexes = self.order.next(recipe.batch.min(presentations - self.so_far.seen));
            let tally = self.batch.gradient(&training.task(&*self.network, &loss), indexes);
            let images = indexes.len();
            self.step += 1;
            let step = self.step;
            if !tally.loss.is_finite() {
                return Err(TrainError::NotFinite { epoch, step });
            }
            self.batch.step(&mut self.optimizer, &mut self.network, rate as f32);
            let so_far = &mut self.so_far;
            so_far.tally.loss += tally.loss;
            so_far.tally.correct += tally.correct;
            so_far.seen += images;
            let seen = so_far.seen as f64;
            let (loss, accuracy) = (so_far.tally.loss / seen, f64::from(so_far.tally.correct) / seen);
            let event = Event::Step { epoch, step, steps, loss, accuracy, rate, images };
            if watch(event).is_break() {
                self.so_far.time += resumed.elapsed();
                resumed = Instant::now();
                // A step that ends the run is not left undone.
                if self.so_far.seen < presentations || epoch < recipe.epochs {
                    return Err(TrainError::Stopped { epoch, step });
                }
            }
        }
        self.so_far.time += resumed.elapsed();
        // The last step may have spoilt the numbers after its loss was still finite.
        if self.network.is_finite() { Ok(()) } else { Err(TrainError::NotFinite { epoch, step: self.step }) }
    }

    /// The global rate of the next step: by steps, or where every parameter has a rate of its own by epochs.
    fn rate(&self, steps: u64) -> f64 {
        let recipe = self.training.recipe;
        let factor = match recipe.second_order {
            None => recipe.schedule.factor(self.step, steps),
            Some(_) => recipe.schedule.factor(u64::from(self.epoch() - 1), u64::from(recipe.epochs)),
        };
        recipe.rate * factor
    }

    /// Sets the rate of every parameter for the epoch, where each has its own; estimates the second derivatives anew if it is time.
    fn set_rates(&mut self) {
        let (epoch, eta) = (self.epoch(), self.rate(0));
        let (Some(bend), Optimizer::Sdlm(sdlm)) = (&mut self.second_order, &mut self.optimizer) else { return };
        let Some(second) = self.training.recipe.second_order else { return };
        if (epoch - 1).is_multiple_of(second.every) {
            bend.estimate(self.training, &self.network, second);
        }
        sdlm.set_rates(&bend.h, second.patterns, eta as f32, second.mu as f32);
    }

    /// The steps of an epoch are made: looks at the held-out images and writes down what it came to.
    fn end_epoch(&mut self) -> Result<(), TrainError> {
        let (training, epoch, start) = (self.training, self.epoch(), Instant::now());
        let validation = (!training.validation.is_empty()).then(|| {
            let (loss, input) = (training.recipe.named_loss(), training.recipe.input.into());
            evaluate(&*self.network, &loss, &training.examples, training.validation, input)
        });
        // Finite weights may be large enough to make sums that are not.
        if validation.as_ref().is_some_and(|v| !v.loss().is_finite()) {
            return Err(TrainError::NotFinite { epoch, step: self.step });
        }
        let best = is_best(validation.as_ref(), &self.epochs);
        if best {
            self.best.copy_from(&self.network);
            self.best_epoch = epoch;
        }
        let SoFar { tally, seen, time } = std::mem::take(&mut self.so_far);
        self.epochs.push(Epoch {
            epoch,
            train_loss: tally.loss / seen as f64,
            train_accuracy: f64::from(tally.correct) / seen as f64,
            validation,
            best,
            rates: match &self.optimizer {
                Optimizer::Sgd(_) => None,
                Optimizer::Sdlm(sdlm) => Some(sdlm.range()),
            },
            seconds: (time + start.elapsed()).as_secs_f64(),
        });
        Ok(())
    }
}

/// Whether an epoch beats all before it: more held-out images read rightly, or as many at a lower loss. With nothing
/// held out the latest is the best.
fn is_best(validation: Option<&Evaluation>, before: &[Epoch]) -> bool {
    let Some(now) = validation else { return true };
    before
        .iter()
        .filter_map(|e| e.validation.as_ref())
        .all(|then| (now.correct(), -now.loss_sum) > (then.correct(), -then.loss_sum))
}

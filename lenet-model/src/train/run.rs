//! A run in progress: everything that a step changes, step after step, epoch after epoch.

use super::batch::{Batch, Optimizer, Tally};
use super::evaluation::{Evaluation, evaluate};
use super::order::Walk;
use super::step::Worker;
use super::training::{Epoch, Outcome, TrainError, Training, stream};
use crate::any_network::Arrays;
use crate::parallel::LANES;
use crate::{AnyNetwork, Classifier, DigitNetwork, SecondOrder};
use lenet_layers::{Diagonal, Params};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// An event during training. The run passes each one to its caller's function, which decides whether to continue.
#[derive(Debug)]
#[non_exhaustive]
pub enum TrainingEvent<'a, N: AnyNetwork + ?Sized = dyn AnyNetwork> {
    /// A step was made.
    Step {
        /// The epoch, from 1.
        epoch: u32,
        /// The number of steps made so far.
        step: u64,
        /// The number of steps of the whole training.
        steps: u64,
        /// The mean loss of the epoch so far.
        loss: f64,
        /// The fraction of images read correctly in the epoch so far.
        accuracy: f64,
        /// The learning rate of the step.
        rate: f64,
        /// The number of images in the step.
        images: usize,
    },
    /// An epoch is over.
    Epoch {
        /// Its result.
        record: &'a Epoch,
        /// The current run, to be saved or examined.
        run: &'a TrainingRun<'a, N>,
    },
}

// These methods are here and not in the module of `Training`, so that modules depend on each other in one direction
// only.
impl Training<'_> {
    /// Trains on the rayon pool in which it is called. The result is the same to the bit for any number of threads.
    /// `watch` sees every event and can stop the training.
    ///
    /// # Errors
    /// If the recipe can't be followed, an example does not exist, the loss stops being finite, or `watch` stops the
    /// training.
    pub fn run<N: DigitNetwork>(
        &self,
        watch: impl FnMut(TrainingEvent<'_, N>) -> ControlFlow<()>,
    ) -> Result<Outcome<N>, TrainError> {
        let mut run = self.begin()?;
        run.go_on(watch)?;
        Ok(run.into_outcome())
    }

    /// A run that has not made a step yet, which can be saved at any time ([`TrainingRun::save`]).
    ///
    /// # Errors
    /// If the recipe can't be followed, or an example does not exist.
    pub fn begin<N: DigitNetwork>(&self) -> Result<TrainingRun<'_, N>, TrainError> {
        self.check(N::PENALTIES)?;
        Ok(TrainingRun::new(self, <N as Params>::boxed_zeroed(), <N as Params>::boxed_zeroed()))
    }

    /// [`Training::begin`] for the network named in the recipe.
    ///
    /// # Errors
    /// If the recipe can't be followed, or an example does not exist.
    pub fn begin_named(&self) -> Result<TrainingRun<'_>, TrainError> {
        self.recipe.check_named()?;
        let zeroed = || self.recipe.network.zeroed(self.recipe.activation);
        let network = zeroed();
        self.check(network.info().penalties)?;
        Ok(TrainingRun::new(self, network, zeroed()))
    }
}

/// A training run in progress, from [`Training::begin`] or [`Training::resume`]. It can stop after any step, be
/// [saved](TrainingRun::save), and continue elsewhere to the same result, to the bit.
///
/// ```
/// use lenet_model::{Examples, LeNet1, LossName, Recipe, Training, TrainError, TrainingEvent};
/// use std::ops::ControlFlow;
///
/// // 32 images: a bright row each; the rows of the upper half are labelled 0, the others 1.
/// let mut images = [[[0; 28]; 28]; 32];
/// (0..32).for_each(|i| images[i][i * 7 / 8] = [255; 28]);
/// let labels: Vec<u8> = (0..32).map(|i| i / 16).collect();
/// let examples = Examples::new(&images, &labels)?;
/// let recipe = Recipe { loss: LossName::Targets, rate: 0.005, epochs: 2, batch: 8, ..Recipe::default() };
/// let training = Training { recipe: &recipe, examples, train: &examples.all(), validation: &[] };
///
/// // One run without a stop.
/// let mut whole = training.begin::<LeNet1>()?;
/// whole.go_on(|_| ControlFlow::Continue(()))?;
/// assert_eq!(whole.step(), 8);
///
/// // Another one stops after step 3, is saved, and continues from the file.
/// # let folder = tempfile::tempdir()?;
/// # let path = &folder.path().join("state.safetensors");
/// let mut first = training.begin::<LeNet1>()?;
/// let stopped = first.go_on(|event| match event {
///     TrainingEvent::Step { step: 3, .. } => ControlFlow::Break(()),
///     _ => ControlFlow::Continue(()),
/// });
/// assert!(matches!(stopped, Err(TrainError::Stopped { epoch: 1, step: 3 })));
/// first.save(path)?;
/// let mut second = training.resume::<LeNet1>(path)?;
/// assert_eq!(second.step(), 3);
/// second.go_on(|_| ControlFlow::Continue(()))?;
///
/// // Both end with the same parameters.
/// assert!(second.network().output.weight == whole.network().output.weight);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a run makes no step until `go_on` is called"]
pub struct TrainingRun<'t, N: AnyNetwork + ?Sized = dyn AnyNetwork> {
    pub(super) network: Box<N>,
    pub(super) best: Box<N>,
    pub(super) state: State<'t>,
}

/// Everything that a step changes, except the networks.
pub(super) struct State<'t> {
    pub(super) training: &'t Training<'t>,
    pub(super) best_epoch: u32,
    /// The completed epochs.
    pub(super) epochs: Vec<Epoch>,
    pub(super) optimizer: Optimizer,
    /// The network that learns, if that of the run is an average of its parameters.
    pub(super) learner: Option<Box<dyn AnyNetwork>>,
    pub(super) second_order: Option<SecondDerivatives>,
    batch: Batch<Worker>,
    pub(super) order: Walk,
    /// The number of steps made so far.
    pub(super) step: u64,
    pub(super) so_far: SoFar,
}

/// A step that was made: the fields of [`TrainingEvent::Step`].
struct Made {
    epoch: u32,
    step: u64,
    steps: u64,
    loss: f64,
    accuracy: f64,
    rate: f64,
    images: usize,
}

impl<N: AnyNetwork + ?Sized> std::fmt::Debug for TrainingRun<'_, N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a run after step {} of {}", self.state.step, self.state.training.steps())
    }
}

/// The result of the current epoch so far.
#[derive(Clone, Copy, Default)]
pub(super) struct SoFar {
    pub(super) tally: Tally,
    /// The number of images seen.
    pub(super) seen: usize,
    pub(super) time: Duration,
}

/// The state for computing second derivatives.
pub(super) struct SecondDerivatives {
    squares: Box<dyn Arrays>,
    pub(super) h: Box<dyn Arrays>,
    worker: Worker,
    random: ChaCha8Rng,
    /// The number of times that they have been estimated.
    pub(super) estimates: u32,
}

impl SecondDerivatives {
    fn new(training: &Training<'_>, network: &dyn AnyNetwork) -> Self {
        SecondDerivatives {
            squares: network.squares(),
            h: network.second_derivatives(),
            worker: Worker::new(network),
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

    /// Makes a new estimate of the second derivatives.
    fn estimate(&mut self, training: &Training<'_>, network: &dyn AnyNetwork, second: SecondOrder) {
        for i in 0..network.arrays() {
            for (square, number) in self.squares.array_mut(i).iter_mut().zip(network.array(i)) {
                *square = number * number;
            }
        }
        self.h.fill(0.0);
        let drawn = self.draw(training, second.patterns);
        let loss = training.recipe.named_loss();
        let task = training.task(network, &loss);
        for block in drawn.chunks(LANES) {
            self.worker.add_curvature(&task, &loss, block, second.output as f32, &*self.squares, &mut *self.h);
        }
    }
}

impl<'t, N: AnyNetwork + ?Sized> TrainingRun<'t, N> {
    /// A run with two networks that are all zeros.
    pub(super) fn new(training: &'t Training<'t>, mut network: Box<N>, best: Box<N>) -> Self {
        let state = State::new(training, network.as_dyn_mut());
        TrainingRun { network, best, state }
    }

    /// The current network.
    #[must_use]
    pub fn network(&self) -> &N {
        &self.network
    }

    /// The number of steps made so far.
    #[must_use]
    pub fn step(&self) -> u64 {
        self.state.step
    }

    /// The number of seconds that the run has taken so far.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        let epochs: f64 = self.state.epochs.iter().map(|epoch| epoch.seconds).sum();
        epochs + self.state.so_far.time.as_secs_f64()
    }

    /// The completed epochs.
    #[must_use]
    pub fn epochs(&self) -> &[Epoch] {
        &self.state.epochs
    }

    /// Makes the remaining steps, on the rayon pool in which it is called. `watch` sees every event and can stop the
    /// training; the run can then be continued from there.
    ///
    /// # Errors
    /// If the loss stops being finite, or `watch` stops the training.
    pub fn go_on(&mut self, mut watch: impl FnMut(TrainingEvent<'_, N>) -> ControlFlow<()>) -> Result<(), TrainError> {
        let epochs = self.state.training.recipe.epochs;
        while (self.state.epochs.len() as u32) < epochs {
            self.state.pass(self.network.as_dyn_mut(), &mut |made| {
                let Made { epoch, step, steps, loss, accuracy, rate, images } = made;
                watch(TrainingEvent::Step { epoch, step, steps, loss, accuracy, rate, images })
            })?;
            self.state.end_epoch(self.network.as_dyn(), self.best.as_dyn_mut())?;
            let record = &self.state.epochs[self.state.epochs.len() - 1];
            let stopped = watch(TrainingEvent::Epoch { record, run: self }).is_break();
            if stopped && (self.state.epochs.len() as u32) < epochs {
                return Err(TrainError::Stopped { epoch: self.state.epochs.len() as u32, step: self.state.step });
            }
        }
        Ok(())
    }

    /// The result of the run.
    #[must_use]
    pub fn into_outcome(self) -> Outcome<N> {
        let State { training, best_epoch, epochs, .. } = self.state;
        let with_normalization = |network| Classifier { network, normalization: training.recipe.input.into() };
        Outcome { last: with_normalization(self.network), best: with_normalization(self.best), best_epoch, epochs }
    }
}

impl<'t> State<'t> {
    /// The state before the first step; `network` gets its initial weights.
    fn new(training: &'t Training<'t>, network: &mut dyn AnyNetwork) -> Self {
        let recipe = training.recipe;
        network.set_initial(recipe.init.into(), &mut training.random(stream::WEIGHTS));
        let copy = || {
            let mut learner = network.zeroed_like();
            copy_parameters(&mut *learner, network);
            learner
        };
        State {
            training,
            best_epoch: 0,
            epochs: Vec::new(),
            optimizer: match recipe.second_order {
                None => Optimizer::Sgd {
                    velocity: network.zeroed_like(),
                    momentum: recipe.momentum as f32,
                    weight_decay: recipe.weight_decay as f32,
                },
                Some(_) => Optimizer::Sdlm { rates: network.zeroed_like() },
            },
            learner: (recipe.average > 0.0).then(copy),
            second_order: recipe.second_order.map(|_| SecondDerivatives::new(training, network)),
            batch: Batch::new(recipe.batch.min(training.train.len()), || Worker::new(network), || network.gradient()),
            order: Walk::new(training),
            step: 0,
            so_far: SoFar::default(),
        }
    }

    /// The current epoch, or the next one.
    fn epoch(&self) -> u32 {
        self.epochs.len() as u32 + 1
    }

    /// Makes the remaining steps of an epoch.
    fn pass(
        &mut self,
        network: &mut dyn AnyNetwork,
        watch: &mut dyn FnMut(Made) -> ControlFlow<()>,
    ) -> Result<(), TrainError> {
        let Some(mut learner) = self.learner.take() else { return self.learn(network, None, watch) };
        let result = self.learn(&mut *learner, Some(network), watch);
        self.learner = Some(learner);
        result
    }

    /// Makes the remaining steps of an epoch; `average` follows the parameters of the network.
    fn learn(
        &mut self,
        network: &mut dyn AnyNetwork,
        mut average: Option<&mut dyn AnyNetwork>,
        watch: &mut dyn FnMut(Made) -> ControlFlow<()>,
    ) -> Result<(), TrainError> {
        let (training, epoch) = (self.training, self.epoch());
        let (recipe, presentations, steps) = (training.recipe, training.presentations(), training.steps());
        let loss = recipe.named_loss();
        if self.so_far.seen == 0 {
            self.set_rates(network);
        }
        let mut resumed = Instant::now();
        while self.so_far.seen < presentations {
            let rate = self.rate(steps);
            let indexes = self.order.next(recipe.batch.min(presentations - self.so_far.seen));
            let task = training.task(network, &loss);
            let tally = self
                .batch
                .gradient(indexes, &|worker: &mut Worker, block, scale, slot| worker.learn(&task, block, scale, slot));
            let images = indexes.len();
            self.step += 1;
            let step = self.step;
            if !tally.loss.is_finite() {
                return Err(TrainError::NotFinite { epoch, step });
            }
            self.batch.step(&mut self.optimizer, network, rate as f32);
            if let Some(average) = &mut average {
                follow(*average, network, recipe.average, step);
            }
            let so_far = &mut self.so_far;
            so_far.tally.loss += tally.loss;
            so_far.tally.correct += tally.correct;
            so_far.seen += images;
            let seen = so_far.seen as f64;
            let (loss, accuracy) = (so_far.tally.loss / seen, f64::from(so_far.tally.correct) / seen);
            if watch(Made { epoch, step, steps, loss, accuracy, rate, images }).is_break() {
                self.so_far.time += resumed.elapsed();
                resumed = Instant::now();
                // A step that ends the run counts as completed.
                if self.so_far.seen < presentations || epoch < recipe.epochs {
                    return Err(TrainError::Stopped { epoch, step });
                }
            }
        }
        self.so_far.time += resumed.elapsed();
        // The last step may have made parameters infinite or NaN although its loss was still finite.
        let finite = (0..network.arrays()).all(|i| network.array(i).iter().all(|number| number.is_finite()));
        if finite { Ok(()) } else { Err(TrainError::NotFinite { epoch, step: self.step }) }
    }

    /// The global rate of the next step: by steps, or by epochs if every parameter has its own rate.
    fn rate(&self, steps: u64) -> f64 {
        let recipe = self.training.recipe;
        let factor = match recipe.second_order {
            None => recipe.schedule.factor(self.step, steps),
            Some(_) => recipe.schedule.factor(u64::from(self.epoch() - 1), u64::from(recipe.epochs)),
        };
        recipe.rate * factor
    }

    /// If every parameter has its own rate, sets the rates for the epoch; makes a new estimate of the second
    /// derivatives when it is due.
    fn set_rates(&mut self, network: &dyn AnyNetwork) {
        let (epoch, eta) = (self.epoch(), self.rate(0));
        let (Some(derivatives), Optimizer::Sdlm { rates }) = (&mut self.second_order, &mut self.optimizer) else {
            return;
        };
        let Some(second) = self.training.recipe.second_order else { return };
        if (epoch - 1).is_multiple_of(second.every) {
            derivatives.estimate(self.training, network, second);
        }
        for i in 0..rates.arrays() {
            Diagonal::set_rates(
                rates.array_mut(i),
                derivatives.h.array(i),
                second.patterns,
                eta as f32,
                second.mu as f32,
            );
        }
    }

    /// Ends an epoch after its steps: reads the held-out images and records the result.
    fn end_epoch(&mut self, network: &dyn AnyNetwork, best_so_far: &mut dyn AnyNetwork) -> Result<(), TrainError> {
        let (training, epoch, start) = (self.training, self.epoch(), Instant::now());
        let validation = (!training.validation.is_empty()).then(|| {
            let (loss, input) = (training.recipe.named_loss(), training.recipe.input.into());
            evaluate(network, &loss, &training.examples, training.validation, input)
        });
        // Finite weights can be so large that their sums are not finite.
        if validation.as_ref().is_some_and(|v| !v.loss().is_finite()) {
            return Err(TrainError::NotFinite { epoch, step: self.step });
        }
        let best = is_best(validation.as_ref(), &self.epochs);
        if best {
            copy_parameters(best_so_far, network);
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
                Optimizer::Sgd { .. } => None,
                Optimizer::Sdlm { rates } => Some(range(&**rates)),
            },
            seconds: (time + start.elapsed()).as_secs_f64(),
        });
        Ok(())
    }
}

fn copy_parameters(to: &mut dyn AnyNetwork, from: &dyn AnyNetwork) {
    (0..from.arrays()).for_each(|i| to.array_mut(i).copy_from_slice(from.array(i)));
}

/// Moves the average a little towards the network, after `step` steps. The average of the first steps is that of about
/// the latest tenth of them.
fn follow(average: &mut dyn AnyNetwork, network: &dyn AnyNetwork, kept: f64, step: u64) {
    let moved = 1.0 - kept.min(step as f64 / (step as f64 + 10.0));
    for i in 0..network.arrays() {
        let pairs = average.array_mut(i).iter_mut().zip(network.array(i));
        pairs.for_each(|(mean, number)| *mean += moved as f32 * (*number - *mean));
    }
}

/// The smallest and the largest of the numbers.
fn range(rates: &dyn Arrays) -> (f32, f32) {
    let all = (0..rates.arrays()).flat_map(|i| rates.array(i));
    all.fold((f32::INFINITY, f32::NEG_INFINITY), |(least, most), rate| (least.min(*rate), most.max(*rate)))
}

/// Whether an epoch is better than all before it: more held-out images read correctly, or the same number at a lower
/// loss. With nothing held out the latest is the best.
fn is_best(validation: Option<&Evaluation>, before: &[Epoch]) -> bool {
    let Some(now) = validation else { return true };
    before
        .iter()
        .filter_map(|e| e.validation.as_ref())
        .all(|then| (now.correct(), -now.loss_sum) > (then.correct(), -then.loss_sum))
}

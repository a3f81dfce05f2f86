//! A run in progress: everything that a step changes, step after step, epoch after epoch.

use super::evaluation::{Evaluation, evaluate};
use super::outcome::{Epoch, Outcome};
use super::step::Steps;
use super::training::{TrainError, Training};
use crate::{AnyNetwork, Classifier, DigitNetwork};
use lenet_layers::Params;
use lenet_train::{Arrays, Course, Made, OptimizerState, Parts, SecondDerivatives, SoFar, initial_weights};
use std::ops::ControlFlow;
use std::time::Instant;

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

/// Everything that a run changes, except the networks.
pub(super) struct State<'t> {
    pub(super) training: &'t Training<'t>,
    pub(super) best_epoch: u32,
    /// The completed epochs.
    pub(super) epochs: Vec<Epoch>,
    /// What the steps change.
    pub(super) course: Course<'t>,
}

impl<N: AnyNetwork + ?Sized> std::fmt::Debug for TrainingRun<'_, N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.state.course.fmt(f)
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
        self.state.course.step()
    }

    /// The number of seconds that the run has taken so far.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        let epochs: f64 = self.state.epochs.iter().map(|epoch| epoch.seconds).sum();
        epochs + self.state.course.so_far().time.as_secs_f64()
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
                let Made { epoch, step, steps, loss, metric: accuracy, rate, examples: images } = made;
                watch(TrainingEvent::Step { epoch, step, steps, loss, accuracy, rate, images })
            })?;
            self.state.end_epoch(self.network.as_dyn(), self.best.as_dyn_mut())?;
            let record = &self.state.epochs[self.state.epochs.len() - 1];
            let stopped = watch(TrainingEvent::Epoch { record, run: self }).is_break();
            if stopped && (self.state.epochs.len() as u32) < epochs {
                return Err(TrainError::Stopped { epoch: self.state.epochs.len() as u32, step: self.step() });
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
        network.set_initial(recipe.init.into(), &mut initial_weights(recipe.seed));
        let network = &*network;
        let optimizer = match recipe.second_order {
            None => OptimizerState::Sgd {
                velocity: network.zeroed_like(),
                momentum: recipe.momentum as f32,
                weight_decay: recipe.weight_decay as f32,
                nesterov: false,
                weights_of: None,
            },
            Some(_) => OptimizerState::Sdlm { rates: network.zeroed_like() },
        };
        let second = |settings| {
            let (squares, h) = (network.squares(), network.second_derivatives());
            SecondDerivatives::new((settings, recipe.seed), squares, h, Box::new(Steps::new(training, network)))
        };
        let parts = Parts {
            zeroed: &|| network.zeroed_like(),
            gradient: &|| network.gradient(),
            work: &|| Box::new(Steps::new(training, network)),
            optimizer,
            second: recipe.second_order.map(second),
        };
        let course = Course::new(training.plan(), parts, training.train, network);
        State { training, best_epoch: 0, epochs: Vec::new(), course }
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
        let epoch = self.epoch();
        Ok(self.course.pass(network, epoch, watch)?)
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
            return Err(TrainError::NotFinite { epoch, step: self.course.step() });
        }
        let best = is_best(validation.as_ref(), &self.epochs);
        if best {
            (best_so_far as &mut dyn Arrays).copy_from(network);
            self.best_epoch = epoch;
        }
        let SoFar { tally, seen, time } = self.course.end_epoch();
        self.epochs.push(Epoch {
            epoch,
            train_loss: tally.loss / seen as f64,
            train_accuracy: tally.metric / seen as f64,
            validation,
            best,
            rates: self.course.rates(),
            seconds: (time + start.elapsed()).as_secs_f64(),
        });
        Ok(())
    }
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

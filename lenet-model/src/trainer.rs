//! Training: epochs of steps, held-out images after each, the best kept.

use crate::evaluation::{Evaluation, evaluate};
use crate::reading::Image;
use crate::step::{Batch, Tally, Task};
use crate::{DigitNetwork, Recipe, RecipeError};
use lenet_layers::{Class, Normalization, Sgd, initialize};
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::time::Instant;

/// The streams of ChaCha8 that a seed is split into, so that none depends on how much another draws.
mod stream {
    pub(super) const WEIGHTS: u64 = 1;
    pub(super) const ORDER: u64 = 2;
}

/// Pictures and what is on them. The pictures stay bytes; they are normalised and padded as a block is laid out.
#[derive(Clone, Copy, Debug)]
pub struct Examples<'a> {
    images: &'a [Image],
    labels: &'a [Class<10>],
}

impl<'a> Examples<'a> {
    /// Pictures and labels that belong together; `None` if there are not as many of the one as of the other.
    pub fn new(images: &'a [Image], labels: &'a [Class<10>]) -> Option<Self> {
        (images.len() == labels.len()).then_some(Examples { images, labels })
    }
    /// The pictures.
    pub fn images(&self) -> &'a [Image] {
        self.images
    }
    /// The labels.
    pub fn labels(&self) -> &'a [Class<10>] {
        self.labels
    }
}

/// What one epoch came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Its number, from 1.
    pub epoch: u32,
    /// The mean loss of the training images, each as it was seen.
    pub train_loss: f64,
    /// The part of them read rightly, each as it was seen.
    pub train_accuracy: f64,
    /// What the network makes of the held-out images, if there are any.
    pub validation: Option<Evaluation>,
    /// Whether it is the best epoch so far.
    pub best: bool,
    /// Seconds it took, the held-out images included.
    pub seconds: f64,
}

/// What happens while a network is trained.
pub enum Event<'a, N> {
    /// A step was made.
    Step {
        /// The epoch, from 1.
        epoch: u32,
        /// Steps made in all.
        step: u64,
        /// Steps to be made in all.
        steps: u64,
        /// The mean loss of the epoch so far.
        loss: f64,
        /// The part read rightly in the epoch so far.
        accuracy: f64,
        /// The learning rate of the step.
        rate: f64,
        /// Images in the step.
        images: usize,
    },
    /// An epoch is over.
    Epoch {
        /// What it came to.
        record: &'a Epoch,
        /// The network as it is now.
        network: &'a N,
    },
}

/// What training ends with.
pub struct Outcome<N> {
    /// The network after the last step.
    pub last: Box<N>,
    /// The network of the best epoch; the last one if nothing was held out.
    pub best: Box<N>,
    /// Which epoch was the best.
    pub best_epoch: u32,
    /// Every epoch.
    pub epochs: Vec<Epoch>,
}

/// Why training stopped.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The recipe cannot be followed.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// There is nothing to learn from.
    #[error("there are no training images: hold out fewer, or give more")]
    NoExamples,
    /// An example was asked for that does not exist.
    #[error("example {index} of {len}: the list of examples to use does not belong to these data")]
    NoSuchExample {
        /// Its index.
        index: u32,
        /// How many there are.
        len: usize,
    },
    /// The loss became infinite or NaN.
    #[error("the loss stopped being finite in epoch {epoch}, step {step}: try a smaller --rate")]
    NotFinite {
        /// The epoch, from 1.
        epoch: u32,
        /// The step, from 1.
        step: u64,
    },
    /// The caller asked to stop.
    #[error("stopped in epoch {epoch}, step {step}")]
    Stopped {
        /// The epoch, from 1.
        epoch: u32,
        /// The step, from 1.
        step: u64,
    },
}

/// A training run.
pub struct Training<'a> {
    /// How to train.
    pub recipe: &'a Recipe,
    /// What to learn from.
    pub examples: Examples<'a>,
    /// Which of the examples to learn from.
    pub train: &'a [u32],
    /// Which of the examples are held out.
    pub validation: &'a [u32],
    /// What the pixels become.
    pub normalization: Normalization,
}

impl Training<'_> {
    /// Trains on the rayon pool it is called in. The result is the same to the bit for any number of threads.
    /// `watch` sees every event and may stop the training.
    ///
    /// # Errors
    /// If the recipe or the indexes make no sense, the loss stops being finite, or `watch` breaks off.
    pub fn run<N: DigitNetwork>(
        &self,
        mut watch: impl FnMut(Event<'_, N>) -> ControlFlow<()>,
    ) -> Result<Outcome<N>, TrainError> {
        self.check()?;
        let mut state = State::<N>::new(self);
        let mut best = N::boxed();
        let (mut best_epoch, mut epochs) = (0, Vec::<Epoch>::new());
        for epoch in 1..=self.recipe.epochs {
            let start = Instant::now();
            let (sum, seen) = state.pass(self, epoch, &mut watch)?;
            let validation = (!self.validation.is_empty()).then(|| {
                evaluate(&*state.network, &self.recipe.loss, &self.examples, self.validation, self.normalization)
            });
            // Finite weights may be large enough to make sums that are not.
            if validation.as_ref().is_some_and(|v| !v.loss().is_finite()) {
                return Err(TrainError::NotFinite { epoch, step: state.step });
            }
            let is_best = is_best(validation.as_ref(), &epochs);
            if is_best {
                best.copy_from(&state.network);
                best_epoch = epoch;
            }
            epochs.push(Epoch {
                epoch,
                train_loss: sum.loss / seen as f64,
                train_accuracy: f64::from(sum.correct) / seen as f64,
                validation,
                best: is_best,
                seconds: start.elapsed().as_secs_f64(),
            });
            let event = Event::Epoch { record: &epochs[epochs.len() - 1], network: &*state.network };
            if watch(event).is_break() && epoch < self.recipe.epochs {
                return Err(TrainError::Stopped { epoch, step: state.step });
            }
        }
        Ok(Outcome { last: state.network, best, best_epoch, epochs })
    }

    /// A generator of its own for each purpose.
    fn random(&self, stream: u64) -> ChaCha8Rng {
        let mut random = ChaCha8Rng::seed_from_u64(self.recipe.seed);
        random.set_stream(stream);
        random
    }

    fn check(&self) -> Result<(), TrainError> {
        self.recipe.check()?;
        if self.train.is_empty() {
            return Err(TrainError::NoExamples);
        }
        let len = self.examples.images.len();
        match self.train.iter().chain(self.validation).find(|i| **i as usize >= len) {
            Some(&index) => Err(TrainError::NoSuchExample { index, len }),
            None => Ok(()),
        }
    }
}

/// Everything that a step changes.
struct State<N: DigitNetwork> {
    network: Box<N>,
    sgd: Box<Sgd<N>>,
    batch: Batch<N>,
    /// The training examples in the order of this epoch; each epoch shuffles the order of the one before.
    order: Vec<u32>,
    shuffler: ChaCha8Rng,
    /// Steps made in all.
    step: u64,
}

impl<N: DigitNetwork> State<N> {
    fn new(training: &Training<'_>) -> Self {
        let recipe = training.recipe;
        let mut network = N::boxed();
        initialize(&mut *network, recipe.init.into(), &mut training.random(stream::WEIGHTS));
        State {
            network,
            sgd: Sgd::boxed(recipe.momentum as f32, recipe.weight_decay as f32),
            batch: Batch::new(recipe.batch.min(training.train.len())),
            order: training.train.to_vec(),
            shuffler: training.random(stream::ORDER),
            step: 0,
        }
    }

    /// One epoch of steps: what its images came to, and how many there were.
    fn pass(
        &mut self,
        training: &Training<'_>,
        epoch: u32,
        watch: &mut impl FnMut(Event<'_, N>) -> ControlFlow<()>,
    ) -> Result<(Tally, usize), TrainError> {
        let recipe = training.recipe;
        let steps = u64::from(recipe.epochs) * training.train.len().div_ceil(recipe.batch) as u64;
        let (mut sum, mut seen) = (Tally::default(), 0);
        self.order.shuffle(&mut self.shuffler);
        for indexes in self.order.chunks(recipe.batch) {
            let rate = recipe.rate * recipe.schedule.factor(self.step, steps);
            let task = Task {
                network: &*self.network,
                loss: &recipe.loss,
                examples: &training.examples,
                normalization: training.normalization,
            };
            let tally = self.batch.gradient(&task, indexes);
            self.step += 1;
            let step = self.step;
            if !tally.loss.is_finite() {
                return Err(TrainError::NotFinite { epoch, step });
            }
            self.batch.step(&mut self.sgd, &mut self.network, rate as f32);
            sum.loss += tally.loss;
            sum.correct += tally.correct;
            seen += indexes.len();
            let (loss, accuracy) = (sum.loss / seen as f64, f64::from(sum.correct) / seen as f64);
            let event = Event::Step { epoch, step, steps, loss, accuracy, rate, images: indexes.len() };
            if watch(event).is_break() {
                return Err(TrainError::Stopped { epoch, step });
            }
        }
        // The last step may have spoilt the numbers after its loss was still finite.
        if self.network.is_finite() { Ok((sum, seen)) } else { Err(TrainError::NotFinite { epoch, step: self.step }) }
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

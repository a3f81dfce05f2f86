//! Training: epochs of steps, held-out images after each, the best kept.

use crate::evaluation::{Evaluation, evaluate};
use crate::step::{Batch, LANES, Optimizer, Tally, Task, Worker};
use crate::{DigitNetwork, Examples, Order, Recipe, RecipeError, SecondOrder};
use lenet_layers::{Curvature, Params, Sdlm, Sgd, Squared, initialize};
use rand::{RngExt, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::time::Instant;

/// The streams of ChaCha8 that a seed is split into, so that none depends on how much another draws.
mod stream {
    pub(super) const WEIGHTS: u64 = 1;
    pub(super) const ORDER: u64 = 2;
    pub(super) const CURVATURE: u64 = 3;
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
    /// The least and the greatest rate of a parameter, where each has its own.
    pub rates: Option<(f32, f32)>,
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
        // The type counts, whatever the recipe calls it.
        if N::PENALTIES != self.recipe.loss.takes_penalties() {
            return Err(RecipeError::Output { network: self.recipe.network, loss: self.recipe.loss }.into());
        }
        let mut state = State::<N>::new(self);
        let mut best = N::boxed();
        let (mut best_epoch, mut epochs) = (0, Vec::<Epoch>::new());
        for epoch in 1..=self.recipe.epochs {
            let start = Instant::now();
            let (sum, seen) = state.pass(self, epoch, &mut watch)?;
            let validation = (!self.validation.is_empty()).then(|| {
                let (loss, input) = (self.recipe.named_loss(), self.recipe.input.into());
                evaluate(&*state.network, &loss, &self.examples, self.validation, input)
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
                rates: state.rates(),
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
        let len = self.examples.images().len();
        match self.train.iter().chain(self.validation).find(|i| !self.examples.has(**i)) {
            Some(&index) => Err(TrainError::NoSuchExample { index, len }),
            None => Ok(()),
        }
    }

    /// Images in an epoch.
    fn presentations(&self) -> usize {
        self.recipe.presentations.unwrap_or(self.train.len())
    }

    /// Steps to be made in all; a few more where the list of examples ends within a batch.
    fn steps(&self) -> u64 {
        u64::from(self.recipe.epochs) * self.presentations().div_ceil(self.recipe.batch) as u64
    }

    fn task<'t, N, L>(&'t self, network: &'t N, loss: &'t L) -> Task<'t, N, L> {
        Task { network, loss, examples: &self.examples, normalization: self.recipe.input.into() }
    }
}

/// Everything that a step changes.
struct State<N: DigitNetwork> {
    network: Box<N>,
    optimizer: Optimizer<N>,
    second_order: Option<Bend<N>>,
    batch: Batch<N>,
    order: Walk,
    /// Steps made in all.
    step: u64,
}

/// What second derivatives are worked out in.
struct Bend<N: DigitNetwork> {
    squared: Box<Squared<N>>,
    h: Box<Curvature<N>>,
    worker: Worker<N>,
    random: ChaCha8Rng,
}

/// The training examples in the order in which they come.
struct Walk {
    indexes: Vec<u32>,
    /// How many of them have been taken since the start of the list.
    taken: usize,
    shuffler: ChaCha8Rng,
    fixed: bool,
}

impl Walk {
    fn new(training: &Training<'_>) -> Self {
        let (mut indexes, mut shuffler) = (training.train.to_vec(), training.random(stream::ORDER));
        indexes.shuffle(&mut shuffler);
        Walk { indexes, taken: 0, shuffler, fixed: training.recipe.order == Order::Fixed }
    }

    /// Up to so many examples, as many as the list still has: never none. At its end it starts again.
    fn next(&mut self, most: usize) -> &[u32] {
        if self.taken == self.indexes.len() {
            self.taken = 0;
            if !self.fixed {
                self.indexes.shuffle(&mut self.shuffler);
            }
        }
        let first = self.taken;
        self.taken = self.indexes.len().min(first + most);
        &self.indexes[first..self.taken]
    }
}

impl<N: DigitNetwork> State<N> {
    fn new(training: &Training<'_>) -> Self {
        let recipe = training.recipe;
        let mut network = N::boxed();
        initialize(&mut *network, recipe.init.into(), &mut training.random(stream::WEIGHTS));
        let bend = || Bend {
            squared: Params::boxed(),
            h: Params::boxed(),
            worker: Worker::new(),
            random: training.random(stream::CURVATURE),
        };
        State {
            network,
            optimizer: match recipe.second_order {
                None => Optimizer::Sgd(Sgd::boxed(recipe.momentum as f32, recipe.weight_decay as f32)),
                Some(_) => Optimizer::Sdlm(Sdlm::boxed()),
            },
            second_order: recipe.second_order.map(|_| bend()),
            batch: Batch::new(recipe.batch.min(training.train.len())),
            order: Walk::new(training),
            step: 0,
        }
    }

    /// The least and the greatest rate of a parameter.
    fn rates(&self) -> Option<(f32, f32)> {
        match &self.optimizer {
            Optimizer::Sgd(_) => None,
            Optimizer::Sdlm(sdlm) => Some(sdlm.range()),
        }
    }

    /// Sets the rate of every parameter for an epoch in which the global rate is `eta`; estimates the second derivatives anew
    /// if it is time.
    fn set_rates(&mut self, training: &Training<'_>, second: SecondOrder, epoch: u32, eta: f64) {
        let (Some(bend), Optimizer::Sdlm(sdlm)) = (&mut self.second_order, &mut self.optimizer) else { return };
        if (epoch - 1).is_multiple_of(second.every) {
            bend.squared.set(&self.network);
            bend.h.fill(0.0);
            let loss = training.recipe.named_loss();
            let task = training.task(&*self.network, &loss);
            let drawn: Vec<u32> = (0..second.patterns)
                .map(|_| training.train[bend.random.random_range(0..training.train.len())])
                .collect();
            for block in drawn.chunks(LANES) {
                bend.worker.bend(&task, block, second.output as f32, &bend.squared, &mut bend.h);
            }
        }
        sdlm.set_rates(&bend.h, second.patterns, eta as f32, second.mu as f32);
    }

    /// One epoch of steps: what its images came to, and how many there were.
    fn pass(
        &mut self,
        training: &Training<'_>,
        epoch: u32,
        watch: &mut impl FnMut(Event<'_, N>) -> ControlFlow<()>,
    ) -> Result<(Tally, usize), TrainError> {
        let (recipe, presentations) = (training.recipe, training.presentations());
        let steps = training.steps();
        let loss = recipe.named_loss();
        if let Some(second) = recipe.second_order {
            let eta = recipe.rate * recipe.schedule.factor(u64::from(epoch - 1), u64::from(recipe.epochs));
            self.set_rates(training, second, epoch, eta);
        }
        let (mut sum, mut seen) = (Tally::default(), 0);
        while seen < presentations {
            let indexes = self.order.next(recipe.batch.min(presentations - seen));
            let rate = match recipe.second_order {
                None => recipe.rate * recipe.schedule.factor(self.step, steps),
                Some(_) => recipe.rate * recipe.schedule.factor(u64::from(epoch - 1), u64::from(recipe.epochs)),
            };
            let tally = self.batch.gradient(&training.task(&*self.network, &loss), indexes);
            let images = indexes.len();
            self.step += 1;
            let step = self.step;
            if !tally.loss.is_finite() {
                return Err(TrainError::NotFinite { epoch, step });
            }
            self.batch.step(&mut self.optimizer, &mut self.network, rate as f32);
            sum.loss += tally.loss;
            sum.correct += tally.correct;
            seen += images;
            let (loss, accuracy) = (sum.loss / seen as f64, f64::from(sum.correct) / seen as f64);
            let event = Event::Step { epoch, step, steps, loss, accuracy, rate, images };
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

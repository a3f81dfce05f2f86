//! What to train, and on what.

use crate::{Examples, Order, Recipe, RecipeError};
use lenet_train::{Halt, Plan};

/// Why training stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The recipe cannot be followed.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// There are no training images.
    #[error("there are no training images: hold out fewer, or give more")]
    NoExamples,
    /// An index of an example that does not exist.
    #[error("example {index} of {len}: the list of examples to use does not belong to these data")]
    NoSuchExample {
        /// Its index.
        index: u32,
        /// The number of examples.
        len: usize,
    },
    /// The loss became infinite or NaN.
    #[error("the loss stopped being finite in epoch {epoch}, step {step}: try a smaller rate")]
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

impl From<Halt> for TrainError {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::NotFinite { epoch, step } | Halt::MetricNotFinite { epoch, step } => {
                TrainError::NotFinite { epoch, step }
            }
            Halt::Stopped { epoch, step } => TrainError::Stopped { epoch, step },
        }
    }
}

/// What to train, and on what.
///
/// ```
/// use lenet_model::{Examples, Image, LeNet5, LossName, Recipe, Training};
/// use std::ops::ControlFlow;
///
/// // 32 images: a vertical bar is labelled 1, a horizontal one 7.
/// let bar = |i: usize| -> Image {
///     std::array::from_fn(|y| std::array::from_fn(|x| if [x, y][i % 2].abs_diff(6 + i / 2) < 2 { 255 } else { 0 }))
/// };
/// let images: Vec<Image> = (0..32).map(bar).collect();
/// let labels: Vec<u8> = (0..32).map(|i| [1, 7][i % 2]).collect();
/// let examples = Examples::new(&images, &labels)?;
///
/// let recipe = Recipe { loss: LossName::CrossEntropy, epochs: 8, batch: 8, rate: 0.02, ..Recipe::default() };
/// // One pair in four is held out.
/// let (validation, train): (Vec<u32>, Vec<u32>) = examples.all().into_iter().partition(|i| i / 2 % 4 == 1);
/// let training = Training { recipe: &recipe, examples, train: &train, validation: &validation };
/// let outcome = training.run::<LeNet5>(|_| ControlFlow::Continue(()))?;
///
/// assert_eq!(outcome.epochs.len(), 8);
/// assert!(outcome.epochs[7].train_loss < outcome.epochs[0].train_loss);
/// let best = &outcome.epochs[outcome.best_epoch as usize - 1];
/// assert!(best.validation.as_ref().is_some_and(|result| result.correct() >= 7));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "nothing is trained until `run` is called"]
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
    /// Checks that the recipe suits a network whose outputs are, or are not, penalties, and that the examples exist.
    pub(super) fn check(&self, penalties: bool) -> Result<(), TrainError> {
        self.recipe.check()?;
        // The network's type counts, not its name in the recipe.
        if penalties != self.recipe.loss.takes_penalties() {
            return Err(RecipeError::Output { penalties, loss: self.recipe.loss }.into());
        }
        if self.train.is_empty() {
            return Err(TrainError::NoExamples);
        }
        let len = self.examples.images().len();
        // Variants are numbered through, and a number has 32 bits.
        let passes = (u64::from(self.recipe.epochs) * self.presentations() as u64).div_ceil(self.train.len() as u64);
        if passes.saturating_mul(u64::from(self.examples.next_variant())) > u64::from(u32::MAX) {
            let want = "fewer: there are not as many variants of each image";
            let value = f64::from(self.recipe.epochs);
            return Err(RecipeError::OutOfRange { name: "the number of epochs", value, want }.into());
        }
        match self.train.iter().chain(self.validation).find(|i| !self.examples.has(**i)) {
            Some(&index) => Err(TrainError::NoSuchExample { index, len }),
            None => Ok(()),
        }
    }

    /// The number of images in an epoch.
    pub(super) fn presentations(&self) -> usize {
        self.recipe.presentations.unwrap_or(self.train.len())
    }

    /// What determines the steps of a run.
    pub(super) fn plan(&self) -> Plan<'static> {
        let Recipe { epochs, batch, rate, schedule, order, average, seed, .. } = *self.recipe;
        Plan {
            epochs,
            presentations: self.presentations(),
            batch,
            rate,
            factor: Box::new(move |step, steps| schedule.factor(step, steps)),
            clip: None,
            fixed_order: order == Order::Fixed,
            average,
            seed,
        }
    }
}

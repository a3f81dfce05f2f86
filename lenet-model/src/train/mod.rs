//! Training: recipes, examples, steps, runs, and the evaluation of trained networks.

pub(crate) mod batch;
mod boosting;
mod evaluation;
mod examples;
mod loss;
mod order;
pub(crate) mod recipe;
mod run;
mod saved;
pub(crate) mod schedule;
mod step;
mod training;

pub use boosting::{PatternStream, add_scores};
pub use evaluation::{Evaluation, evaluate, score};
pub use examples::{Examples, ExamplesError, Variants};
pub use loss::{LossName, NamedLoss};
pub use recipe::{InitName, InputName, Order, Recipe, RecipeError, RecipeName, SecondOrder};
pub use run::{TrainingEvent, TrainingRun};
pub use saved::ResumeError;
pub use training::{Epoch, Outcome, TrainError, Training};

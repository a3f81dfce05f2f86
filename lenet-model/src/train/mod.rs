//! Training: recipes, examples, steps, runs, and the evaluation of trained networks.

mod boosting;
mod evaluation;
mod examples;
mod loss;
mod outcome;
pub(crate) mod recipe;
mod run;
mod saved;
mod schedule;
mod step;
mod training;

pub use boosting::{PatternStream, add_scores};
pub use evaluation::{Evaluation, evaluate, score};
pub use examples::{Examples, ExamplesError, Variants};
pub use lenet_train::SecondOrder;
pub use loss::{LossName, NamedLoss};
pub use outcome::{Epoch, Outcome};
pub use recipe::{InitName, InputName, Order, Recipe, RecipeError, RecipeName};
pub use run::{TrainingEvent, TrainingRun};
pub use saved::ResumeError;
pub use training::{TrainError, Training};

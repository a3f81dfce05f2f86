//! Training: recipes, examples, steps, runs, and the evaluation of trained networks.

mod boosting;
mod evaluation;
mod examples;
mod order;
mod recipe;
mod run;
mod saved;
mod step;
mod training;

pub use boosting::{PatternStream, add_scores};
pub use evaluation::{Evaluation, evaluate, score};
pub use examples::{Examples, ExamplesError, Variants};
pub use recipe::{
    InitName, InputName, LossName, NamedLoss, Order, Recipe, RecipeError, RecipeName, Schedule, SecondOrder,
};
pub use run::{TrainingEvent, TrainingRun};
pub use saved::ResumeError;
pub use training::{Epoch, Outcome, TrainError, Training};

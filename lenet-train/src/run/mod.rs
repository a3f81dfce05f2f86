//! Runs: settings, metrics, epochs of steps, an evaluation on held-out examples after each, and the best network kept.

mod error;
mod evaluation;
mod method;
mod metric;
mod outputs;
mod passes;
mod progress;
mod saved;
mod settings;
mod training;

pub use error::{ResumeError, TrainError};
pub use evaluation::{Evaluation, evaluate};
pub use method::{Method, Optimizer};
pub use metric::{Accuracy, Larger, Metric, Smaller};
pub use outputs::outputs;
pub use progress::{Epoch, Event, Outcome, Run};
pub use settings::{Decay, Settings, SettingsError};
pub use training::Training;

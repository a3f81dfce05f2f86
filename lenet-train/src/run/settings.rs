//! The numbers of a run.

use lenet_layers::Schedule;
use serde::{Deserialize, Serialize};

/// The numbers of a run. Together with the optimizer, the network's initial weights and the examples they determine the
/// result to the last bit.
///
/// ```
/// use lenet_layers::Schedule;
/// use lenet_train::{Settings, SettingsError};
/// let settings = Settings { epochs: 5, rate: 0.1, schedule: Schedule::Cosine, ..Settings::default() };
/// assert_eq!(settings.check(), Ok(()));
/// let error = Settings { batch: 0, ..settings }.check().unwrap_err();
/// assert_eq!(error.to_string(), "the batch size is 0: give at least 1");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Passes over the examples.
    pub epochs: u32,
    /// The number of examples in an epoch, if it is not all of them. The next epoch continues where the epoch ends; at
    /// the end of the list it starts again.
    pub presentations: Option<usize>,
    /// The number of examples in a step.
    pub batch: usize,
    /// The highest learning rate.
    pub rate: f64,
    /// The learning rate over the course of training, by steps; by epochs in the second-order method.
    #[serde(with = "crate::step::schedule")]
    pub schedule: Schedule,
    /// If given, a gradient whose norm over all parameters is larger is shortened to this norm.
    pub clip: Option<f64>,
    /// If above 0, the network of the run is not the one that learns, but the exponential moving average of its
    /// parameters: at each step the average keeps this fraction of itself, and less in the first steps.
    pub average: f64,
    /// Which parameters the optimizer's weight decay applies to.
    pub decay: Decay,
    /// Whether every pass shows the examples in the same random order.
    pub fixed_order: bool,
    /// The seed of all random numbers.
    pub seed: u64,
}

/// Which parameters the weight decay of an [`Optimizer`](crate::Optimizer) applies to. The statistics of batch
/// normalization never decay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Decay {
    /// All of them, as in PyTorch.
    #[default]
    All,
    /// The weights and the coefficients of subsampling; neither the biases, nor the scales of batch normalization.
    Weights,
}

impl Default for Settings {
    /// 10 epochs in batches of 32 at a one-cycle rate of at most 0.02, seed 1.
    fn default() -> Self {
        Settings {
            epochs: 10,
            presentations: None,
            batch: 32,
            rate: 0.02,
            schedule: Schedule::OneCycle,
            clip: None,
            average: 0.0,
            decay: Decay::All,
            fixed_order: false,
            seed: 1,
        }
    }
}

/// Settings that make no sense.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A count that is 0.
    #[error("{0} is 0: give at least 1")]
    Zero(&'static str),
    /// A number that is out of range.
    #[error("{name} is {value}: give {want}")]
    OutOfRange {
        /// The name of the number.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it should be.
        want: &'static str,
    },
}

// Steps compute in f32, so the numbers are checked as an f32 holds them.

/// Checks one number.
pub(super) fn within(name: &'static str, value: f64, ok: bool, want: &'static str) -> Result<(), SettingsError> {
    if ok { Ok(()) } else { Err(SettingsError::OutOfRange { name, value, want }) }
}

/// Checks a number that is a fraction of something that is kept.
pub(super) fn fraction(name: &'static str, value: f64) -> Result<(), SettingsError> {
    within(name, value, (0.0..1.0).contains(&(value as f32)), "a number from 0 to 0.9999999")
}

/// Checks a number that must not be 0.
pub(super) fn positive(name: &'static str, value: f64) -> Result<(), SettingsError> {
    within(name, value, value > 0.0 && (value as f32).is_normal(), "a number from 1e-37 to 1e38")
}

/// Checks a number that may be 0.
pub(super) fn not_negative(name: &'static str, value: f64) -> Result<(), SettingsError> {
    within(name, value, value >= 0.0 && (value as f32).is_finite(), "a number from 0 to 1e38")
}

/// More than any run shows; numbers of examples and steps stay far from the largest integer.
const MOST_SHOWN: f64 = 1e15;

impl Settings {
    /// Checks that every number makes sense.
    ///
    /// # Errors
    /// If a count is 0 or a number is out of range.
    pub fn check(&self) -> Result<(), SettingsError> {
        let counts = [
            (self.epochs as usize, "the number of epochs"),
            (self.batch, "the batch size"),
            (self.presentations.unwrap_or(1), "the number of examples in an epoch"),
        ];
        if let Some((_, name)) = counts.into_iter().find(|(count, _)| *count == 0) {
            return Err(SettingsError::Zero(name));
        }
        positive("the rate", self.rate)?;
        if let Some(most) = self.clip {
            positive("the norm to clip at", most)?;
        }
        if let Some(presentations) = self.presentations {
            let all = f64::from(self.epochs) * presentations as f64;
            within(
                "the number of examples in all epochs",
                all,
                all <= MOST_SHOWN,
                "epochs of at most 1e15 examples in all",
            )?;
        }
        fraction("the average", self.average)
    }
}

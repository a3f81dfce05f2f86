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
    /// Whether every pass shows the examples in the same random order.
    pub fixed_order: bool,
    /// The seed of all random numbers.
    pub seed: u64,
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

/// Checks one number.
pub(super) fn within(name: &'static str, value: f64, ok: bool, want: &'static str) -> Result<(), SettingsError> {
    if ok && value.is_finite() { Ok(()) } else { Err(SettingsError::OutOfRange { name, value, want }) }
}

/// Checks a number that is a fraction of something that is kept.
pub(super) fn fraction(name: &'static str, value: f64) -> Result<(), SettingsError> {
    within(name, value, (0.0..1.0).contains(&value), "a number from 0 to below 1")
}

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
        within("the rate", self.rate, self.rate > 0.0, "a number above 0")?;
        if let Some(most) = self.clip {
            within("the norm to clip at", most, most > 0.0, "a number above 0")?;
        }
        fraction("the average", self.average)
    }
}

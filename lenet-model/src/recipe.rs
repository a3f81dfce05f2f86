//! How a network is trained: everything that, with the data, decides the result to the last bit.

use crate::catalogue::names;
use crate::{ActivationName, NetworkName};
use lenet_layers::simd::Simd;
use lenet_layers::{Cell, Class, Init, Loss, MeanSquared, SoftmaxCrossEntropy, SoftmaxMeanSquared, Tensor, Units};
use serde::{Deserialize, Serialize};

names! {
    /// A loss, by name.
    pub enum LossName, "loss" {
        /// Mean squared error on the softmax of the outputs, summed over the ten.
        MeanSquared = "mse",
        /// Cross-entropy on the softmax of the outputs.
        CrossEntropy = "cross-entropy",
        /// Half the squared error of the outputs themselves, against +1 and -1.
        Targets = "mse-targets",
    }
}

impl LossName {
    /// The learning rate that suits it, with the other defaults of [`Recipe`].
    pub fn default_rate(self) -> f64 {
        match self {
            LossName::MeanSquared => 0.04,
            LossName::CrossEntropy => 0.02,
            LossName::Targets => 0.005,
        }
    }
}

impl Loss<Units<10>, Class<10>> for LossName {
    fn evaluate_with<S: Simd, T: Cell>(
        &self,
        simd: S,
        y: &Tensor<Units<10>, T>,
        targets: &[Class<10>],
        scale: T::Element,
        dy: &mut Tensor<Units<10>, T>,
    ) -> T::Element {
        match self {
            LossName::MeanSquared => SoftmaxMeanSquared.evaluate_with(simd, y, targets, scale, dy),
            LossName::CrossEntropy => SoftmaxCrossEntropy.evaluate_with(simd, y, targets, scale, dy),
            LossName::Targets => MeanSquared.evaluate_with(simd, y, targets, scale, dy),
        }
    }
}

names! {
    /// A rule for initial weights, by name; see [`Init`].
    pub enum InitName, "initialisation" {
        /// Uniform in ±2.4/F.
        Paper = "paper",
        /// Uniform in ±2.4/sqrt(F).
        SqrtFanIn = "sqrt",
        /// Uniform in ±1/sqrt(F), coefficients 0.5 on the sum.
        Lush = "lush",
    }
}

impl From<InitName> for Init {
    fn from(name: InitName) -> Init {
        match name {
            InitName::Paper => Init::Paper,
            InitName::SqrtFanIn => Init::SqrtFanIn,
            InitName::Lush => Init::Lush,
        }
    }
}

names! {
    /// How the learning rate goes over the training.
    pub enum Schedule, "schedule" {
        /// The same all the time.
        Constant = "constant",
        /// From the rate straight down to zero.
        Linear = "linear",
        /// From the rate down to zero along half a cosine.
        Cosine = "cosine",
        /// Up from 1/25 of the rate in the first 15% of the steps, then down to zero, both along half a cosine.
        OneCycle = "one-cycle",
    }
}

impl Schedule {
    /// The part of the rate to use at `step` of `steps`.
    ///
    /// ```
    /// use lenet_model::Schedule;
    /// assert_eq!(Schedule::Linear.factor(25, 100), 0.75);
    /// assert!((Schedule::OneCycle.factor(15, 100) - 1.0).abs() < 1e-12);
    /// ```
    pub fn factor(self, step: u64, steps: u64) -> f64 {
        let cosine = |t: f64| 0.5 + 0.5 * (std::f64::consts::PI * t).cos();
        let t = step as f64 / steps.max(1) as f64;
        match self {
            Schedule::Constant => 1.0,
            Schedule::Linear => 1.0 - t,
            Schedule::Cosine => cosine(t),
            Schedule::OneCycle => {
                const WARM_UP: f64 = 0.15;
                const START: f64 = 1.0 / 25.0;
                if t < WARM_UP {
                    START + (1.0 - START) * cosine(1.0 - t / WARM_UP)
                } else {
                    cosine((t - WARM_UP) / (1.0 - WARM_UP))
                }
            }
        }
    }
}

/// How a network is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// The network, for [`visit`](crate::visit) to find; [`Training::run`](crate::Training::run) trains the type it is
    /// given, which may be one of your own.
    pub network: NetworkName,
    /// The squashing function after every stage but the output, for [`visit`](crate::visit) too.
    pub activation: ActivationName,
    /// The loss.
    pub loss: LossName,
    /// How weights start.
    pub init: InitName,
    /// Passes over the training images.
    pub epochs: u32,
    /// Images in a step.
    pub batch: usize,
    /// The learning rate at its highest.
    pub rate: f64,
    /// How the rate goes.
    pub schedule: Schedule,
    /// How much of the velocity is kept at each step.
    pub momentum: f64,
    /// How hard every parameter is pulled to zero.
    pub weight_decay: f64,
    /// What everything random follows from.
    pub seed: u64,
}

impl Default for Recipe {
    /// The article's recipe. Initial weights, rate and weight decay were chosen on 5,000 held-out training images; batch
    /// and momentum are the usual ones (ARCHITECTURE.md has the table).
    fn default() -> Self {
        Recipe {
            network: NetworkName::LeNet5,
            activation: ActivationName::ScaledTanh,
            loss: LossName::MeanSquared,
            init: InitName::SqrtFanIn,
            epochs: 30,
            batch: 32,
            rate: LossName::MeanSquared.default_rate(),
            schedule: Schedule::OneCycle,
            momentum: 0.9,
            weight_decay: 5e-4,
            seed: 1,
        }
    }
}

/// A recipe that cannot be followed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RecipeError {
    /// Nothing to do.
    #[error("{0} is 0: give at least 1")]
    Zero(&'static str),
    /// A number that makes no sense.
    #[error("{name} is {value}: give {want}")]
    OutOfRange {
        /// Which.
        name: &'static str,
        /// What it is.
        value: f64,
        /// What it should be.
        want: &'static str,
    },
}

impl Recipe {
    /// # Errors
    /// If a number of the recipe makes no sense.
    pub fn check(&self) -> Result<(), RecipeError> {
        if self.epochs == 0 {
            return Err(RecipeError::Zero("the number of epochs"));
        }
        if self.batch == 0 {
            return Err(RecipeError::Zero("the batch size"));
        }
        let within = |name, value: f64, ok: bool, want| {
            if ok && value.is_finite() { Ok(()) } else { Err(RecipeError::OutOfRange { name, value, want }) }
        };
        within("the rate", self.rate, self.rate > 0.0, "a number above 0")?;
        within("the momentum", self.momentum, (0.0..1.0).contains(&self.momentum), "a number from 0 to below 1")?;
        within("the weight decay", self.weight_decay, self.weight_decay >= 0.0, "0 or more")
    }
}

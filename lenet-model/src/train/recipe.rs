//! How a network is trained: everything that, together with the data, determines the result to the last bit.

use super::{LossName, NamedLoss};
use crate::Normalization;
use crate::catalogue::names;
use crate::{ActivationName, NetworkName};
use lenet_layers::{Init, Schedule};
use lenet_train::SecondOrder;
use serde::{Deserialize, Serialize};

names! {
    /// A rule for initial weights, by name; see [`Init`]. F is the fan-in: the number of inputs of the unit.
    pub enum InitName, "initialisation" {
        /// Uniform in ±2.4/F.
        Paper = "paper",
        /// Uniform in ±2.4/sqrt(F).
        SqrtFanIn = "sqrt",
        /// Uniform in ±1/sqrt(F); the coefficients of subsampling, which multiply the sum of 2x2 cells, are 0.5.
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
    /// The order of the patterns.
    ///
    /// ```
    /// use lenet_model::{Order, Recipe};
    /// assert_eq!(Recipe::article().order, Order::Shuffled);
    /// assert_eq!(Recipe::paper().order, Order::Fixed);
    /// let recipe = Recipe { order: "fixed".parse()?, ..Recipe::article() };
    /// assert_eq!(recipe.order, Order::Fixed);
    ///
    /// let error = "sorted".parse::<Order>().unwrap_err();
    /// assert_eq!(error.to_string(), "no order is called \"sorted\": choose shuffled, fixed");
    /// # Ok::<(), lenet_model::NameError>(())
    /// ```
    pub enum Order, "order" {
        /// A new random order in each epoch.
        Shuffled = "shuffled",
        /// One random order, the same in each epoch, as in the paper's "20 iterations through the entire training
        /// data".
        Fixed = "fixed",
    }
}

names! {
    /// The mapping of grey levels, by name.
    pub enum InputName, "input" {
        /// Background -0.1, foreground 1.175 (LeCun et al. 1998, section II.B).
        Paper = "paper",
        /// A hundredth of the grey level: background 0, foreground 2.55, as in the authors' Lush code.
        Lush = "lush",
    }
}

impl From<InputName> for Normalization {
    fn from(name: InputName) -> Normalization {
        match name {
            InputName::Paper => Normalization::PAPER,
            InputName::Lush => Normalization { ground: 0.0, ink: 2.55 },
        }
    }
}

/// How a network is trained. The recipe and the data determine the result to the last bit.
///
/// A recipe is usually one of [`Recipe::article`], [`Recipe::paper`], [`Recipe::lush`], [`Recipe::modern`] and [`Recipe::fast`] with some fields changed:
///
/// ```
/// use lenet_model::{NetworkName, Recipe, RecipeError};
/// let recipe = Recipe { network: NetworkName::LeNet5Average, epochs: 5, seed: 7, ..Recipe::default() };
/// assert_eq!(recipe.check_named(), Ok(()));
///
/// let error = Recipe { batch: 0, ..recipe.clone() }.check().unwrap_err();
/// assert_eq!(error.to_string(), "the batch size is 0: give at least 1");
/// // The RBF output of the 1998 network needs a loss for penalties.
/// let wrong = Recipe { network: NetworkName::LeNet5Rbf, ..recipe.clone() };
/// assert!(matches!(wrong.check_named(), Err(RecipeError::Output { penalties: true, .. })));
///
/// // As JSON it comes back unchanged.
/// let text = serde_json::to_string(&recipe)?;
/// assert!(text.contains(r#""network":"lenet5-average""#));
/// assert_eq!(serde_json::from_str::<Recipe>(&text)?, recipe);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// The network, for [`with_network`](crate::with_network). [`Training::run`](crate::Training::run) trains the type
    /// it is given, which can be one of your own.
    pub network: NetworkName,
    /// The activation function after every stage except the output, for [`with_network`](crate::with_network) too.
    pub activation: ActivationName,
    /// The loss.
    pub loss: LossName,
    /// The penalty of the rubbish class, above 0, for [`LossName::Map`].
    pub j: f64,
    /// How much the targets are smoothed, from 0 to below 1, for [`LossName::CrossEntropy`].
    #[serde(default, skip_serializing_if = "is_zero")]
    pub smoothing: f64,
    /// The rule for the initial weights.
    pub init: InitName,
    /// The mapping of grey levels.
    pub input: InputName,
    /// Passes over the training images.
    pub epochs: u32,
    /// The number of images in an epoch, if it is not all of them. The next epoch continues where the epoch ends; at
    /// the end of the list it starts again.
    pub presentations: Option<usize>,
    /// The order of the images.
    pub order: Order,
    /// The number of images in a step.
    pub batch: usize,
    /// The highest learning rate.
    pub rate: f64,
    /// The learning rate over the course of training.
    #[serde(with = "lenet_train::schedule")]
    pub schedule: Schedule,
    /// The fraction of the velocity that is kept at each step.
    pub momentum: f64,
    /// How strongly every parameter is pulled towards zero.
    pub weight_decay: f64,
    /// If above 0, the network of the run is not the one that learns, but the exponential moving average of its
    /// parameters: at each step the average keeps this fraction of itself, and less in the first steps.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub average: f64,
    /// A learning rate for every parameter from its second derivative: stochastic diagonal Levenberg-Marquardt instead
    /// of plain gradient descent. The schedule is then by epochs, not by steps.
    pub second_order: Option<SecondOrder>,
    /// The seed of all random numbers.
    pub seed: u64,
}

names! {
    /// A recipe, by name.
    pub enum RecipeName, "recipe" {
        /// [`Recipe::article`].
        Article = "article",
        /// [`Recipe::paper`].
        Paper = "paper",
        /// [`Recipe::lush`].
        Lush = "lush",
        /// [`Recipe::modern`].
        Modern = "modern",
        /// [`Recipe::fast`].
        Fast = "fast",
    }
}

impl RecipeName {
    /// The recipe.
    #[must_use]
    pub fn recipe(self) -> Recipe {
        match self {
            RecipeName::Article => Recipe::article(),
            RecipeName::Paper => Recipe::paper(),
            RecipeName::Lush => Recipe::lush(),
            RecipeName::Modern => Recipe::modern(),
            RecipeName::Fast => Recipe::fast(),
        }
    }
}

impl Recipe {
    /// The article's recipe: a softmax output and the mean squared error, gradient descent with momentum on small
    /// batches. Initial weights, rate and weight decay were chosen on 5,000 held-out training images; batch and
    /// momentum are the usual ones (ARCHITECTURE.md has the table).
    #[must_use]
    pub fn article() -> Self {
        Recipe {
            network: NetworkName::LeNet5,
            activation: ActivationName::ScaledTanh,
            loss: LossName::SoftmaxMeanSquared,
            j: 1.0,
            smoothing: 0.0,
            init: InitName::SqrtFanIn,
            input: InputName::Paper,
            epochs: 30,
            presentations: None,
            order: Order::Shuffled,
            batch: 32,
            rate: 0.04,
            schedule: Schedule::OneCycle,
            momentum: 0.9,
            weight_decay: 5e-4,
            average: 0.0,
            second_order: None,
            seed: 1,
        }
    }

    /// The paper's recipe of 1998: the network with its RBF output, trained pattern by pattern in one order, with a
    /// learning rate for every weight (section III.B, appendix C). What the paper leaves open was chosen on 5,000
    /// held-out training images.
    ///
    /// It differs from the paper in two places. Initial weights are uniform in ±2.4/sqrt(F), not in appendix A's
    /// ±2.4/F, with which nothing is learned for most of the training. The curvature at the output is twice that of eq.
    /// 8 as it is written. docs/paper.md has the evidence.
    #[must_use]
    pub fn paper() -> Self {
        Recipe {
            network: NetworkName::LeNet5Rbf,
            loss: LossName::Map,
            j: 10.0,
            init: InitName::SqrtFanIn,
            epochs: 20,
            order: Order::Fixed,
            batch: 1,
            rate: 0.0005,
            schedule: Schedule::Paper,
            momentum: 0.0,
            weight_decay: 0.0,
            second_order: Some(SecondOrder { output: 2.0, ..SecondOrder::PAPER }),
            ..Recipe::article()
        }
    }

    /// The recipe of the authors' Lush code, as Yadav and Bottou (2019) give it: thirty passes, ten at each of three
    /// rates, with second derivatives from 1,000 patterns before each ten.
    #[must_use]
    pub fn lush() -> Self {
        Recipe {
            network: NetworkName::LeNet5Lush,
            loss: LossName::Targets,
            init: InitName::Lush,
            input: InputName::Lush,
            epochs: 30,
            rate: 1e-4,
            schedule: Schedule::Lush,
            second_order: Some(SecondOrder { patterns: 1000, every: 10, ..SecondOrder::PAPER }),
            ..Recipe::paper()
        }
    }

    /// The most accurate recipe that we found for a network of LeNet-5's size: [`LeNet5Modern`](crate::LeNet5Modern)
    /// learns for a long time from images that are distorted anew in each epoch (lenet-cli's `--distort elastic`), against
    /// smoothed targets. docs/recipes.md has the search.
    #[must_use]
    pub fn modern() -> Self {
        Recipe {
            network: NetworkName::LeNet5Modern,
            activation: ActivationName::Relu,
            loss: LossName::CrossEntropy,
            smoothing: 0.1,
            epochs: 240,
            batch: 64,
            rate: 0.15,
            weight_decay: 2e-4,
            ..Recipe::article()
        }
    }

    /// 99% in the shortest time: 75,000 presentations, one and a quarter passes over all of MNIST's images, with
    /// nothing held out.
    /// docs/recipes.md has the search.
    #[must_use]
    pub fn fast() -> Self {
        Recipe {
            network: NetworkName::LeNet5Unpadded,
            activation: ActivationName::Relu,
            loss: LossName::CrossEntropy,
            smoothing: 0.1,
            epochs: 1,
            presentations: Some(75_000),
            rate: 0.15,
            ..Recipe::article()
        }
    }

    /// The recipe for another activation function and another loss. Plain gradient descent gets the learning rate and
    /// the weight decay that suit them. The second-order method scales every parameter itself, so it keeps its rate.
    ///
    /// A network of sigmoids starts with weights about 4.6 times as large as those of the same network of scaled tanhs
    /// ([`initialize`](lenet_layers::initialize)). For the same relative step its rate must be about 20 times as high,
    /// and for the same relative decay its weight decay 1/20 as large. Half of that rate was the best of those tried on
    /// held-out training images.
    ///
    /// ```
    /// use lenet_model::{ActivationName, LossName, Recipe};
    /// let recipe = Recipe::article().suited_to(ActivationName::Sigmoid, LossName::CrossEntropy);
    /// assert_eq!((recipe.rate, recipe.weight_decay), (0.2, 2.5e-5));
    /// let same = Recipe::article().suited_to(ActivationName::ScaledTanh, LossName::SoftmaxMeanSquared);
    /// assert_eq!(same, Recipe::article());
    /// let unsmoothed = Recipe::fast().suited_to(ActivationName::Relu, LossName::Targets);
    /// assert_eq!(unsmoothed.smoothing, 0.0);
    /// ```
    #[must_use]
    pub fn suited_to(self, activation: ActivationName, loss: LossName) -> Self {
        // Only one loss has targets to smooth.
        let smoothing = if loss == LossName::CrossEntropy { self.smoothing } else { 0.0 };
        let recipe = Recipe { activation, loss, smoothing, ..self };
        if recipe.second_order.is_some() {
            return recipe;
        }
        let rate = match loss {
            LossName::SoftmaxMeanSquared => 0.04,
            LossName::CrossEntropy => 0.02,
            LossName::Targets => 0.005,
            LossName::Penalty | LossName::Map => 0.0005,
        };
        match activation {
            // For outputs with targets the factor is 20: it was better than 10 on 5,000 held-out images.
            ActivationName::Sigmoid => {
                let times = if loss == LossName::Targets { 20.0 } else { 10.0 };
                Recipe { rate: times * rate, weight_decay: 2.5e-5, ..recipe }
            }
            _ => Recipe { rate, weight_decay: 5e-4, ..recipe },
        }
    }

    /// The recipe's loss with its parameter, as [`evaluate`](crate::evaluate) takes it.
    #[must_use]
    pub fn named_loss(&self) -> NamedLoss {
        NamedLoss { name: self.loss, j: self.j, smoothing: self.smoothing }
    }
}

impl Default for Recipe {
    /// [`Recipe::article`].
    fn default() -> Self {
        Recipe::article()
    }
}

/// A recipe that cannot be followed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RecipeError {
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
    /// A network that does not support this activation function.
    #[error("{network} supports only {}: leave out {activation}", .network.activations()[0])]
    Activation {
        /// The network.
        network: NetworkName,
        /// The activation function.
        activation: ActivationName,
    },
    /// A loss for another kind of output.
    #[error(
        "the loss {loss} is not for outputs that are {}: choose {}",
        if *.penalties { "penalties" } else { "scores" },
        if *.penalties { "penalty or map" } else { "mse, cross-entropy or mse-targets" }
    )]
    Output {
        /// Whether the outputs of the network are penalties, of which the smallest gives the class.
        penalties: bool,
        /// The loss.
        loss: LossName,
    },
    /// Smoothed targets for a loss that has none.
    #[error("smoothing is for the loss cross-entropy: choose it, or leave smoothing out")]
    Smoothing,
    /// Settings that exclude each other.
    #[error("momentum and weight decay are not part of the second-order method: set both to 0")]
    Mixed,
}

impl Recipe {
    /// Checks the numbers of the recipe, and that the network it names supports its activation function and its loss.
    ///
    /// # Errors
    /// If a number is out of range, settings exclude each other, or the network does not support the activation
    /// function or the loss.
    pub fn check_named(&self) -> Result<(), RecipeError> {
        let (network, activation) = (self.network, self.activation);
        if !network.activations().contains(&activation) {
            return Err(RecipeError::Activation { network, activation });
        }
        let penalties = network.has_penalties();
        if penalties != self.loss.takes_penalties() {
            return Err(RecipeError::Output { penalties, loss: self.loss });
        }
        self.check()
    }

    /// Checks the numbers of the recipe, for a network of any type: the names in the recipe are ignored.
    ///
    /// # Errors
    /// If a number is out of range, or settings exclude each other.
    pub fn check(&self) -> Result<(), RecipeError> {
        if self.epochs == 0 {
            return Err(RecipeError::Zero("the number of epochs"));
        }
        if self.batch == 0 {
            return Err(RecipeError::Zero("the batch size"));
        }
        if self.presentations == Some(0) {
            return Err(RecipeError::Zero("the number of images in an epoch"));
        }
        if let Some(second) = self.second_order {
            if second.patterns == 0 {
                return Err(RecipeError::Zero("the number of patterns for the second derivatives"));
            }
            if second.every == 0 {
                return Err(RecipeError::Zero("the number of epochs between second derivatives"));
            }
            within("mu", second.mu, second.mu > 0.0, "a number above 0")?;
            within("the factor of the output's curvature", second.output, second.output >= 0.0, "0 or more")?;
            if self.momentum != 0.0 || self.weight_decay != 0.0 {
                return Err(RecipeError::Mixed);
            }
        }
        within("j", self.j, self.j > 0.0, "a number above 0")?;
        within("the smoothing", self.smoothing, (0.0..1.0).contains(&self.smoothing), "a number from 0 to below 1")?;
        if self.smoothing > 0.0 && self.loss != LossName::CrossEntropy {
            return Err(RecipeError::Smoothing);
        }
        within("the average", self.average, (0.0..1.0).contains(&self.average), "a number from 0 to below 1")?;
        check_descent(self.rate, self.momentum, self.weight_decay)
    }
}

/// Files of recipes without a setting do not mention it.
fn is_zero(number: &f64) -> bool {
    *number == 0.0
}

fn within(name: &'static str, value: f64, ok: bool, want: &'static str) -> Result<(), RecipeError> {
    if ok && value.is_finite() { Ok(()) } else { Err(RecipeError::OutOfRange { name, value, want }) }
}

/// Checks the numbers of gradient descent.
pub(crate) fn check_descent(rate: f64, momentum: f64, weight_decay: f64) -> Result<(), RecipeError> {
    within("the rate", rate, rate > 0.0, "a number above 0")?;
    within("the momentum", momentum, (0.0..1.0).contains(&momentum), "a number from 0 to below 1")?;
    within("the weight decay", weight_decay, weight_decay >= 0.0, "0 or more")
}

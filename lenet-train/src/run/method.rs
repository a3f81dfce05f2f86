//! How a gradient becomes a step: optimizers for every network, and the second-order method for networks that have
//! second derivatives.

use super::metric::Metric;
use super::passes::{Passes, Task};
use super::settings::{Decay, SettingsError, fraction, not_negative, positive, within};
use crate::data::Examples;
use crate::{Arrays, NetworkInfo, OptimizerState, SecondDerivatives, SecondOrder};
use lenet_layers::{AdamSettings, Curvature, CurvedLoss, CurvedNetwork, Network, Params, Squared};
use serde::{Deserialize, Serialize};

/// An optimizer for every network, with its settings.
///
/// ```
/// use lenet_train::Optimizer;
/// let sgd = Optimizer::Sgd { momentum: 0.9, weight_decay: 0.0, nesterov: false };
/// assert_eq!((Optimizer::default(), Optimizer::SGD), (sgd, sgd));
/// let adam_w = Optimizer::AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01 };
/// assert_eq!(Optimizer::adam_w(0.01), adam_w);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Optimizer {
    /// Gradient descent.
    Sgd {
        /// The fraction of the velocity that is kept at each step.
        momentum: f64,
        /// How strongly parameters are pulled towards zero; which ones, [`Settings::decay`](crate::Settings) says.
        weight_decay: f64,
        /// Whether the momentum is Nesterov's.
        nesterov: bool,
    },
    /// Adam (Kingma & Ba 2015).
    Adam {
        /// The fraction of the mean gradient that is kept at each step.
        beta1: f64,
        /// The fraction of the mean square that is kept at each step.
        beta2: f64,
        /// Added to the root of the mean square.
        epsilon: f64,
        /// How strongly parameters are pulled towards zero; which ones, [`Settings::decay`](crate::Settings) says.
        weight_decay: f64,
    },
    /// AdamW: Adam with a weight decay apart from the gradient (Loshchilov & Hutter 2019).
    AdamW {
        /// The fraction of the mean gradient that is kept at each step.
        beta1: f64,
        /// The fraction of the mean square that is kept at each step.
        beta2: f64,
        /// Added to the root of the mean square.
        epsilon: f64,
        /// How strongly parameters are pulled towards zero; which ones, [`Settings::decay`](crate::Settings) says.
        weight_decay: f64,
    },
}

impl Optimizer {
    /// Gradient descent with a momentum of 0.9, without weight decay.
    pub const SGD: Self = Optimizer::Sgd { momentum: 0.9, weight_decay: 0.0, nesterov: false };

    /// Adam with the settings of its paper, without weight decay.
    #[must_use]
    pub fn adam() -> Self {
        let AdamSettings { beta1, beta2, epsilon, weight_decay } = AdamSettings::default();
        Optimizer::Adam { beta1, beta2, epsilon, weight_decay }
    }

    /// AdamW with the usual settings and this weight decay.
    #[must_use]
    pub fn adam_w(weight_decay: f64) -> Self {
        let AdamSettings { beta1, beta2, epsilon, .. } = AdamSettings::default();
        Optimizer::AdamW { beta1, beta2, epsilon, weight_decay }
    }
}

impl Default for Optimizer {
    /// [`Optimizer::SGD`].
    fn default() -> Self {
        Optimizer::SGD
    }
}

/// How a gradient becomes a step: an [`Optimizer`], or [`SecondOrder`] where the network and the loss have second
/// derivatives.
pub trait Method<N: Network<Element = f32>, E: Examples<Input = N::Input>, L>: Sync {
    /// Checks that every number makes sense.
    ///
    /// # Errors
    /// If a number is out of range.
    fn check(&self) -> Result<(), SettingsError>;
    /// Describes the method in the file of a run.
    fn describe(&self) -> serde_json::Value;
    /// The state before the first step.
    #[doc(hidden)]
    fn state(&self, decay: Decay, zeroed: &dyn Fn() -> Box<dyn Arrays>) -> OptimizerState;
    /// The second derivatives, if they are needed.
    #[doc(hidden)]
    fn second<'t, M: Metric<N::Output, E::Target>>(
        &self,
        task: Task<'t, E, L, M>,
        seed: u64,
    ) -> Option<SecondDerivatives<'t>>;
}

impl<N: Network<Element = f32>, E: Examples<Input = N::Input>, L> Method<N, E, L> for Optimizer {
    fn check(&self) -> Result<(), SettingsError> {
        let decay = |decay: f64| not_negative("the weight decay", decay);
        match *self {
            Optimizer::Sgd { momentum, weight_decay, .. } => {
                fraction("the momentum", momentum)?;
                decay(weight_decay)
            }
            Optimizer::Adam { beta1, beta2, epsilon, weight_decay }
            | Optimizer::AdamW { beta1, beta2, epsilon, weight_decay } => {
                fraction("beta1", beta1)?;
                fraction("beta2", beta2)?;
                positive("epsilon", epsilon)?;
                decay(weight_decay)
            }
        }
    }
    fn describe(&self) -> serde_json::Value {
        serde_json::json!(self)
    }
    fn state(&self, decay: Decay, zeroed: &dyn Fn() -> Box<dyn Arrays>) -> OptimizerState {
        let weights_of = (decay == Decay::Weights).then(NetworkInfo::of::<N>);
        let adam = |settings, decoupled| OptimizerState::Adam {
            mean: zeroed(),
            square: zeroed(),
            settings,
            decoupled,
            steps: 0,
            weights_of,
        };
        match *self {
            Optimizer::Sgd { momentum, weight_decay, nesterov } => OptimizerState::Sgd {
                velocity: zeroed(),
                momentum: momentum as f32,
                weight_decay: weight_decay as f32,
                nesterov,
                weights_of,
            },
            Optimizer::Adam { beta1, beta2, epsilon, weight_decay } => {
                adam(AdamSettings { beta1, beta2, epsilon, weight_decay }, false)
            }
            Optimizer::AdamW { beta1, beta2, epsilon, weight_decay } => {
                adam(AdamSettings { beta1, beta2, epsilon, weight_decay }, true)
            }
        }
    }
    fn second<'t, M: Metric<N::Output, E::Target>>(
        &self,
        _: Task<'t, E, L, M>,
        _: u64,
    ) -> Option<SecondDerivatives<'t>> {
        None
    }
}

impl<N, E, L> Method<N, E, L> for SecondOrder
where
    N: CurvedNetwork<Element = f32>,
    E: Examples<Input = N::Input>,
    L: CurvedLoss<N::Output, E::Target> + Sync,
{
    fn check(&self) -> Result<(), SettingsError> {
        if self.patterns == 0 {
            return Err(SettingsError::Zero("the number of patterns for the second derivatives"));
        }
        if self.every == 0 {
            return Err(SettingsError::Zero("the number of epochs between second derivatives"));
        }
        /// An estimate keeps a list of them.
        const MOST: usize = 1_000_000_000;
        let (patterns, most) = (self.patterns as f64, "at most 1e9");
        within("the number of patterns for the second derivatives", patterns, self.patterns <= MOST, most)?;
        positive("mu", self.mu)?;
        not_negative("the factor of the output's curvature", self.output)
    }
    fn describe(&self) -> serde_json::Value {
        serde_json::json!({ "SecondOrder": self })
    }
    fn state(&self, _: Decay, zeroed: &dyn Fn() -> Box<dyn Arrays>) -> OptimizerState {
        OptimizerState::Sdlm { rates: zeroed() }
    }
    fn second<'t, M: Metric<N::Output, E::Target>>(
        &self,
        task: Task<'t, E, L, M>,
        seed: u64,
    ) -> Option<SecondDerivatives<'t>> {
        let (squares, h) = (Squared::<N>::boxed_zeroed(), Curvature::<N>::boxed_zeroed());
        let passes = Box::new(Passes::<N, E, L, M>::new(task));
        Some(SecondDerivatives::new((*self, seed), squares, h, passes))
    }
}

//! Optimizers with their state, for arrays of any network.

use crate::{Arrays, NetworkInfo, Tensors, take};
use lenet_layers::AdamSettings;
use safetensors::SafeTensors;

/// Turns a gradient into a step. Its state has numbers for each parameter.
pub enum OptimizerState {
    /// Gradient descent ([`Sgd`](lenet_layers::Sgd)); the rate comes with the step.
    Sgd {
        /// The velocity of each parameter.
        velocity: Box<dyn Arrays>,
        /// The fraction of it that is kept at each step.
        momentum: f32,
        /// How strongly parameters are pulled towards zero.
        weight_decay: f32,
        /// Whether the momentum is Nesterov's.
        nesterov: bool,
        /// If given, the weight decay applies to the weights of this network alone ([`Decay::Weights`](crate::Decay)).
        weights_of: Option<NetworkInfo>,
    },
    /// [`Adam`](lenet_layers::Adam) and [`AdamW`](lenet_layers::AdamW); the rate comes with the step.
    Adam {
        /// The mean of each parameter's gradients.
        mean: Box<dyn Arrays>,
        /// The mean of their squares.
        square: Box<dyn Arrays>,
        /// The settings.
        settings: AdamSettings,
        /// Whether the weight decay is apart from the gradient, as in AdamW.
        decoupled: bool,
        /// The number of steps made.
        steps: u64,
        /// If given, the weight decay applies to the weights of this network alone ([`Decay::Weights`](crate::Decay)).
        weights_of: Option<NetworkInfo>,
    },
    /// The second-order method ([`Sdlm`](lenet_layers::Sdlm)): a rate for every parameter, set beforehand.
    Sdlm {
        /// The rate of each parameter.
        rates: Box<dyn Arrays>,
    },
}

impl OptimizerState {
    /// Gradient descent with ordinary momentum and a velocity of zero, and weight decay of every parameter; `zeroed` makes
    /// a network of zeros.
    pub fn sgd<A: Arrays>(momentum: f32, weight_decay: f32, zeroed: impl FnOnce() -> Box<A>) -> Self {
        OptimizerState::Sgd { velocity: zeroed(), momentum, weight_decay, nesterov: false, weights_of: None }
    }

    /// Sets the number of steps made; the other state comes with [`OptimizerState::take_from`].
    pub(super) fn go_to(&mut self, step: u64) {
        if let OptimizerState::Adam { steps, .. } = self {
            *steps = step;
        }
    }

    /// Adds the state to a file, for networks of the form `form`.
    pub fn add_to(&self, tensors: &mut Tensors, form: NetworkInfo) {
        match self {
            OptimizerState::Sgd { velocity, .. } => tensors.add(form, VELOCITY, &**velocity),
            OptimizerState::Adam { mean, square, .. } => {
                tensors.add(form, MEAN, &**mean);
                tensors.add(form, SQUARE, &**square);
            }
            OptimizerState::Sdlm { rates } => tensors.add(form, RATES, &**rates),
        }
    }

    /// Takes the state from a file.
    ///
    /// # Errors
    /// The name of a tensor and what is wrong with it.
    pub fn take_from(&mut self, file: &SafeTensors<'_>, form: NetworkInfo) -> Result<(), (String, String)> {
        match self {
            OptimizerState::Sgd { velocity, .. } => take(file, form, VELOCITY, &mut **velocity),
            OptimizerState::Adam { mean, square, .. } => {
                take(file, form, MEAN, &mut **mean)?;
                take(file, form, SQUARE, &mut **square)
            }
            OptimizerState::Sdlm { rates } => take(file, form, RATES, &mut **rates),
        }
    }
}

// The names of the state's arrays in a file begin with these.
const VELOCITY: &str = "velocity.";
const MEAN: &str = "mean.";
const SQUARE: &str = "square.";
const RATES: &str = "rates.";

impl std::fmt::Debug for OptimizerState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            OptimizerState::Sgd { momentum, weight_decay, nesterov, .. } => f
                .debug_struct("Sgd")
                .field("momentum", momentum)
                .field("weight_decay", weight_decay)
                .field("nesterov", nesterov)
                .finish_non_exhaustive(),
            OptimizerState::Adam { settings, decoupled, steps, .. } => f
                .debug_struct("Adam")
                .field("settings", settings)
                .field("decoupled", decoupled)
                .field("steps", steps)
                .finish_non_exhaustive(),
            OptimizerState::Sdlm { .. } => f.write_str("Sdlm"),
        }
    }
}

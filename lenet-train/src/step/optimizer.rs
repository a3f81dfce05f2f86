//! Optimizers with their state, for arrays of any network.

use crate::NetworkInfo;
use crate::{Arrays, Tensors, take};
use safetensors::SafeTensors;

/// Turns a gradient into a step. Its state has numbers for each parameter.
pub enum OptimizerState {
    /// Gradient descent; the rate comes with the step.
    Sgd {
        /// The velocity of each parameter.
        velocity: Box<dyn Arrays>,
        /// The fraction of it that is kept at each step.
        momentum: f32,
        /// How strongly every parameter is pulled towards zero.
        weight_decay: f32,
    },
    /// The second-order method: a rate for every parameter, set beforehand.
    Sdlm {
        /// The rate of each parameter.
        rates: Box<dyn Arrays>,
    },
}

impl OptimizerState {
    /// Gradient descent with a velocity of zero; `zeroed` makes a network of zeros.
    pub fn sgd<A: Arrays>(momentum: f32, weight_decay: f32, zeroed: impl FnOnce() -> Box<A>) -> Self {
        OptimizerState::Sgd { velocity: zeroed(), momentum, weight_decay }
    }

    /// The state: a name for the files of runs, and the numbers.
    fn state(&self) -> (&'static str, &dyn Arrays) {
        match self {
            OptimizerState::Sgd { velocity, .. } => ("velocity.", &**velocity),
            OptimizerState::Sdlm { rates } => ("rates.", &**rates),
        }
    }

    /// Adds the state to a file, for networks of the form `form`.
    pub fn add_to(&self, tensors: &mut Tensors, form: NetworkInfo) {
        let (name, state) = self.state();
        tensors.add(form, name, state);
    }

    /// Takes the state from a file.
    ///
    /// # Errors
    /// The name of a tensor and what is wrong with it.
    pub fn take_from(&mut self, file: &SafeTensors<'_>, form: NetworkInfo) -> Result<(), (String, String)> {
        let (name, _) = self.state();
        match self {
            OptimizerState::Sgd { velocity: state, .. } | OptimizerState::Sdlm { rates: state } => {
                take(file, form, name, &mut **state)
            }
        }
    }
}

impl std::fmt::Debug for OptimizerState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            OptimizerState::Sgd { momentum, weight_decay, .. } => {
                write!(f, "gradient descent, momentum {momentum}, weight decay {weight_decay}")
            }
            OptimizerState::Sdlm { .. } => f.write_str("a rate for every parameter"),
        }
    }
}

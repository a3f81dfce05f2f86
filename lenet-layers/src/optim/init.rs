//! Initial weights, drawn by the rules of the paper and its rivals.

use crate::{ActivationKind, Network, Operation, Role, ScaledTanh};
use lenet_tensor::Element;
use rand::Rng;
use rand_distr::{Distribution, Uniform};

/// A rule for initial weights. Biases start at zero; F is the fan-in of the unit a weight feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Init {
    /// Uniform in ±2.4/F (LeCun et al. 1998, appendix A); coefficients 1/window, a mean.
    Paper,
    /// Uniform in ±2.4/sqrt(F); coefficients 1/window.
    SqrtFanIn,
    /// Uniform in ±1/sqrt(F), and coefficients 2/window (0.5 on the sum of 2x2), as the authors' Lush code does.
    Lush,
}

impl Init {
    /// The bound of a weight that feeds a unit of this fan-in.
    fn bound(self, fan_in: usize) -> f64 {
        let f = fan_in as f64;
        match self {
            Init::Paper => 2.4 / f,
            Init::SqrtFanIn => 2.4 / f.sqrt(),
            Init::Lush => 1.0 / f.sqrt(),
        }
    }

    /// What the coefficient of a subsampling window of so many cells starts as.
    fn coefficient(self, window: usize) -> f64 {
        match self {
            Init::Paper | Init::SqrtFanIn => 1.0 / window as f64,
            Init::Lush => 2.0 / window as f64,
        }
    }
}

/// Sets every parameter of `network` by the rule, drawing from `rng` in the order of the parameters.
///
/// The rules are made for activations around zero. Behind a [`Sigmoid`](crate::Sigmoid), whose outputs lie around 1/2, the
/// drawn numbers are changed so that the network starts as the same network with a scaled tanh would: sigma(a) is
/// (1 + tanh(a/2))/2. A stage that ends in a sigmoid takes its weights times 2 S, a stage that reads the output of one takes
/// them times 2 A (A and S of [`ScaledTanh`]), and its biases start at minus half the sum of the weights of their unit.
/// Without that, seven sigmoids in a row learn nothing.
pub fn initialize<N: Network>(network: &mut N, rule: Init, rng: &mut impl Rng) {
    let unit = Uniform::new(-1.0, 1.0).expect("-1 is below 1");
    for index in 0..N::TENSORS {
        let info = N::info(index);
        for (position, number) in network.tensor_mut(index).iter_mut().enumerate() {
            *number = Element::from_f64(match info.role {
                Role::Bias => 0.0,
                Role::Coefficient { window } => rule.coefficient(window),
                Role::Weight => rule.bound((info.fan_in)(position)) * unit.sample(rng),
            });
        }
    }
    let mut input_is_sigmoid = false;
    for stage in N::STAGES {
        let output_is_sigmoid = ends_in_sigmoid(stage.operation, input_is_sigmoid);
        let learns = matches!(
            stage.operation,
            Operation::Convolution { .. } | Operation::Subsampling { .. } | Operation::FullConnection { .. }
        );
        if learns && (input_is_sigmoid || output_is_sigmoid) {
            follow_the_sigmoid(network, stage.name, input_is_sigmoid, output_is_sigmoid);
        }
        input_is_sigmoid = output_is_sigmoid;
    }
}

/// Whether the outputs of a stage are those of a sigmoid.
fn ends_in_sigmoid(operation: Operation, input_is_sigmoid: bool) -> bool {
    match operation {
        Operation::Convolution { activation, .. }
        | Operation::Subsampling { activation, .. }
        | Operation::FullConnection { activation } => activation == ActivationKind::Sigmoid,
        // These hand on what they get.
        Operation::AveragePool { .. } | Operation::MaxPool { .. } | Operation::Repeat { .. } | Operation::Flatten => {
            input_is_sigmoid
        }
        Operation::Rbf { .. } | Operation::Custom => false,
    }
}

/// Changes the numbers of one stage from those of a network with scaled tanh to those of one with sigmoids.
fn follow_the_sigmoid<N: Network>(network: &mut N, stage: &str, input_is_sigmoid: bool, output_is_sigmoid: bool) {
    let factor = if input_is_sigmoid { 2.0 * ScaledTanh::A } else { 1.0 }
        * if output_is_sigmoid { 2.0 * ScaledTanh::S } else { 1.0 };
    let mut sums = Vec::new();
    for index in (0..N::TENSORS).filter(|index| N::info(*index).stage == stage) {
        let info = N::info(index);
        if info.role == Role::Bias {
            for (bias, sum) in network.tensor_mut(index).iter_mut().zip(&sums) {
                *bias = Element::from_f64(if input_is_sigmoid { -0.5 * sum } else { 0.0 });
            }
            continue;
        }
        // The cells of a window share their coefficient.
        let times = if let Role::Coefficient { window } = info.role { window as f64 } else { 1.0 };
        let of_a_unit: usize = info.dims[1..].iter().product();
        sums = vec![0.0; info.dims[0]];
        for (number, position) in network.tensor_mut(index).iter_mut().zip(info.positions()) {
            let scaled = factor * number.to_f64();
            sums[position / of_a_unit] += times * scaled;
            *number = Element::from_f64(scaled);
        }
    }
}

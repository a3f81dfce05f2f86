//! Initial weights, drawn by the rules of the paper and by alternative rules.

use crate::{ActivationKind, Network, Operation, ParamInfo, Role, ScaledTanh, StageInfo};
use lenet_tensor::Element;
use rand::Rng;
use rand_distr::{Distribution, Uniform};

/// A rule for initial weights. Biases start at zero. F is the fan-in of the unit that a weight feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Init {
    /// Uniform in ±2.4/F (LeCun et al. 1998, appendix A); coefficients are 1/window, which makes a mean.
    Paper,
    /// Uniform in ±2.4/sqrt(F); coefficients are 1/window.
    SqrtFanIn,
    /// Uniform in ±1/sqrt(F); coefficients are 2/window (0.5 on the sum of 2x2), as in the authors' Lush code.
    Lush,
}

impl Init {
    /// Returns the bound of a weight that feeds a unit with this fan-in.
    fn bound(self, fan_in: usize) -> f64 {
        let f = fan_in as f64;
        match self {
            Init::Paper => 2.4 / f,
            Init::SqrtFanIn => 2.4 / f.sqrt(),
            Init::Lush => 1.0 / f.sqrt(),
        }
    }

    /// Returns the initial coefficient of a subsampling window with this many cells.
    fn coefficient(self, window: usize) -> f64 {
        match self {
            Init::Paper | Init::SqrtFanIn => 1.0 / window as f64,
            Init::Lush => 2.0 / window as f64,
        }
    }
}

/// Sets every parameter of `network` by the rule. The numbers are drawn from `rng` in the order of the parameters.
///
/// The rules are designed for activations around zero. The outputs of a [`Sigmoid`](crate::Sigmoid) lie around 1/2, so
/// the drawn numbers of a network with sigmoids are changed: it starts as the same network with a scaled tanh would,
/// since sigma(a) is (1 + tanh(a/2))/2. The weights of a stage that ends in a sigmoid are multiplied by 2 S. The
/// weights of a stage that reads the output of a sigmoid are multiplied by 2 A (A and S of [`ScaledTanh`]), and its
/// biases start at minus half the sum of the weights of their unit. Without this change, seven sigmoids in a row learn
/// nothing. Stages within the branches of a `Residual` or a `Concat` are not changed.
pub fn initialize<N: Network>(network: &mut N, rule: Init, rng: &mut impl Rng) {
    let unit = Uniform::new(-1.0, 1.0).expect("-1 is below 1");
    let arrays: Vec<ParamInfo> = (0..N::TENSORS).map(N::info).collect();
    let rounded = |number: f64| <N::Element as Element>::from_f64(number).to_f64();
    let mut numbers: Vec<Vec<f64>> = network.tensors().map(|array| vec![0.0; array.len()]).collect();
    draw(&arrays, &mut numbers, N::STAGES, rule, &mut || unit.sample(rng), rounded);
    for (index, drawn) in numbers.iter().enumerate() {
        for (number, drawn) in network.tensor_mut(index).iter_mut().zip(drawn) {
            *number = Element::from_f64(*drawn);
        }
    }
}

/// Draws the `numbers` of every array, `rounded` to the element type of the network. This function does not depend on
/// that type or on the network's, so it is compiled once.
fn draw(
    arrays: &[ParamInfo],
    numbers: &mut [Vec<f64>],
    stages: &[StageInfo],
    rule: Init,
    unit: &mut dyn FnMut() -> f64,
    rounded: fn(f64) -> f64,
) {
    for (info, numbers) in arrays.iter().zip(&mut *numbers) {
        for (position, number) in numbers.iter_mut().enumerate() {
            *number = rounded(match info.role {
                Role::Bias | Role::Mean => 0.0,
                Role::Scale | Role::Variance => 1.0,
                Role::Coefficient { window } => rule.coefficient(window),
                Role::Weight => rule.bound((info.fan_in)(position)) * unit(),
            });
        }
    }
    let mut input_is_sigmoid = false;
    for (i, stage) in stages.iter().enumerate() {
        let output_is_sigmoid = ends_in_sigmoid(stage.operation, input_is_sigmoid);
        // The sigmoid may be a stage of its own.
        let applied = Operation::Function { activation: ActivationKind::Sigmoid };
        let leads_to_sigmoid = output_is_sigmoid || stages.get(i + 1).is_some_and(|next| next.operation == applied);
        let learns = matches!(
            stage.operation,
            Operation::Convolution { .. } | Operation::Subsampling { .. } | Operation::FullConnection { .. }
        );
        if learns && (input_is_sigmoid || leads_to_sigmoid) {
            let of_stage = arrays.iter().zip(&mut *numbers).filter(|(info, _)| info.stage == stage.name);
            follow_the_sigmoid(of_stage, input_is_sigmoid, leads_to_sigmoid, rounded);
        }
        input_is_sigmoid = output_is_sigmoid;
    }
}

/// Returns `true` if the outputs of a stage are outputs of a sigmoid.
fn ends_in_sigmoid(operation: Operation, input_is_sigmoid: bool) -> bool {
    match operation {
        Operation::Convolution { activation, .. }
        | Operation::Subsampling { activation, .. }
        | Operation::FullConnection { activation }
        | Operation::BatchNorm { activation, .. }
        | Operation::Residual { activation, .. }
        | Operation::Function { activation } => activation == ActivationKind::Sigmoid,
        // These pass on their input's range.
        Operation::AveragePool { .. }
        | Operation::GlobalAveragePool
        | Operation::Dropout { .. }
        | Operation::MaxPool { .. }
        | Operation::Repeat { .. }
        | Operation::Flatten => input_is_sigmoid,
        Operation::Rbf { .. } | Operation::Concat { .. } | Operation::Custom => false,
    }
}

/// Converts the numbers of one stage from a network with scaled tanh to a network with sigmoids.
fn follow_the_sigmoid<'a>(
    arrays: impl Iterator<Item = (&'a ParamInfo, &'a mut Vec<f64>)>,
    input_is_sigmoid: bool,
    output_is_sigmoid: bool,
    rounded: fn(f64) -> f64,
) {
    let factor = if input_is_sigmoid { 2.0 * ScaledTanh::A } else { 1.0 }
        * if output_is_sigmoid { 2.0 * ScaledTanh::S } else { 1.0 };
    let mut sums = Vec::new();
    for (info, numbers) in arrays {
        if info.role == Role::Bias {
            for (bias, sum) in numbers.iter_mut().zip(&sums) {
                *bias = rounded(if input_is_sigmoid { -0.5 * sum } else { 0.0 });
            }
            continue;
        }
        // All cells of a window share a coefficient.
        let times = if let Role::Coefficient { window } = info.role { window as f64 } else { 1.0 };
        let of_a_unit: usize = info.dims[1..].iter().product();
        sums = vec![0.0; info.dims[0]];
        for (number, position) in numbers.iter_mut().zip(info.positions()) {
            let scaled = factor * *number;
            sums[position / of_a_unit] += times * scaled;
            *number = rounded(scaled);
        }
    }
}

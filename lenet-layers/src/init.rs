//! Initial weights, drawn by the rules of the paper and its rivals.

use crate::{Network, Role};
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
}

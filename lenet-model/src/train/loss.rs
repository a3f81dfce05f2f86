//! The losses, by name.

use crate::catalogue::names;
use lenet_layers::simd::Simd;
use lenet_layers::{
    Cell, Class, CorrectPenalty, CurvedLoss, Loss, MaximumAPosteriori, MeanSquared, SmoothedCrossEntropy,
    SoftmaxMeanSquared, Tensor, Units,
};
use serde::{Deserialize, Serialize};

names! {
    /// A loss, by name.
    pub enum LossName, "loss" {
        /// [`SoftmaxMeanSquared`]: mean squared error on the softmax of the outputs, summed over the ten.
        SoftmaxMeanSquared = "mse",
        /// [`SmoothedCrossEntropy`]: cross-entropy on the softmax of the outputs.
        CrossEntropy = "cross-entropy",
        /// [`MeanSquared`]: half the squared error of the outputs themselves, against +1 and -1.
        Targets = "mse-targets",
        /// [`CorrectPenalty`]: the penalty of the right class (LeCun et al. 1998, eq. 8).
        Penalty = "penalty",
        /// [`MaximumAPosteriori`]: the discriminative loss on penalties (LeCun et al. 1998, eq. 9).
        Map = "map",
    }
}

impl LossName {
    /// Whether it is for outputs that are penalties.
    #[must_use]
    pub fn takes_penalties(self) -> bool {
        matches!(self, LossName::Penalty | LossName::Map)
    }
}

/// A loss by name, with the parameters that two of them have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NamedLoss {
    /// The loss.
    pub name: LossName,
    /// The penalty of the rubbish class, for [`LossName::Map`].
    pub j: f64,
    /// The smoothing of the targets, for [`LossName::CrossEntropy`].
    pub smoothing: f64,
}

impl Loss<Units<10>, Class<10>> for NamedLoss {
    fn evaluate_with<S: Simd, T: Cell>(
        &self,
        simd: S,
        y: &Tensor<Units<10>, T>,
        targets: &[Class<10>],
        scale: T::Element,
        dy: &mut Tensor<Units<10>, T>,
    ) -> T::Element {
        match self.name {
            LossName::SoftmaxMeanSquared => SoftmaxMeanSquared.evaluate_with(simd, y, targets, scale, dy),
            LossName::CrossEntropy => {
                SmoothedCrossEntropy { smoothing: self.smoothing }.evaluate_with(simd, y, targets, scale, dy)
            }
            LossName::Targets => MeanSquared.evaluate_with(simd, y, targets, scale, dy),
            LossName::Penalty => CorrectPenalty.evaluate_with(simd, y, targets, scale, dy),
            LossName::Map => MaximumAPosteriori { j: self.j }.evaluate_with(simd, y, targets, scale, dy),
        }
    }
}

impl CurvedLoss<Units<10>, Class<10>> for NamedLoss {
    fn curvature<T: Cell>(&self, y: &Tensor<Units<10>, T>, targets: &[Class<10>], d2y: &mut Tensor<Units<10>, T>) {
        match self.name {
            LossName::SoftmaxMeanSquared => SoftmaxMeanSquared.curvature(y, targets, d2y),
            LossName::CrossEntropy => SmoothedCrossEntropy { smoothing: self.smoothing }.curvature(y, targets, d2y),
            LossName::Targets => MeanSquared.curvature(y, targets, d2y),
            LossName::Penalty => CorrectPenalty.curvature(y, targets, d2y),
            LossName::Map => MaximumAPosteriori { j: self.j }.curvature(y, targets, d2y),
        }
    }
}

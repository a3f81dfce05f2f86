//! The rows of the table: what the paper trained, and its results.

use clap::ValueEnum;
use lenet_model::{LossName, NetworkName, Recipe, SecondOrder};
use serde::{Deserialize, Serialize};

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Row {
    /// LeNet-5 of 1998
    #[value(name = "lenet5")]
    #[serde(rename = "lenet5")]
    LeNet5,
    /// LeNet-5 with distorted digits
    #[value(name = "lenet5-dist")]
    #[serde(rename = "lenet5-dist")]
    LeNet5Dist,
    /// The authors' Lush network
    #[value(name = "lush")]
    Lush,
    /// LeNet-4
    #[value(name = "lenet4")]
    #[serde(rename = "lenet4")]
    LeNet4,
    /// LeNet-1
    #[value(name = "lenet1")]
    #[serde(rename = "lenet1")]
    LeNet1,
    /// LeNet-1 on digits that are shrunk to 16x16
    #[value(name = "lenet1-16x16")]
    #[serde(rename = "lenet1-16x16")]
    LeNet1Small,
    /// Three LeNet-4 that boost each other, with distorted digits
    #[value(name = "boosted")]
    Boosted,
    /// LeNet-5 on 15,000 training images
    #[value(name = "lenet5-15000")]
    #[serde(rename = "lenet5-15000")]
    Fifteen,
    /// LeNet-5 on 30,000 training images
    #[value(name = "lenet5-30000")]
    #[serde(rename = "lenet5-30000")]
    Thirty,
}

/// How a row is trained.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) recipe: Recipe,
    /// How many training images are used, at most.
    pub(crate) images: usize,
    /// Whether distorted digits are among the patterns.
    pub(crate) distorted: bool,
    /// The factor by which the digits are shrunk before training and reading.
    pub(crate) shrink: Option<f32>,
    /// Whether three networks boost each other.
    pub(crate) boosted: bool,
}

/// The digits of MNIST fill 20x20 pixels. Those of LeNet-1 filled 16x16 and were made from originals that MNIST does not have.
pub(crate) const LENET1_SHRINK: f32 = 16.0 / 20.0;

/// How much is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// Everything, as in the paper.
    Full,
    /// A sixth of the images and half of the passes: shows that it works; the figures can't be compared.
    Quick,
}

impl Row {
    /// All rows, in the order of the table.
    pub(crate) const ALL: [Row; 9] = [
        Row::LeNet5,
        Row::LeNet5Dist,
        Row::Lush,
        Row::LeNet4,
        Row::LeNet1,
        Row::LeNet1Small,
        Row::Boosted,
        Row::Fifteen,
        Row::Thirty,
    ];

    /// Its name in the table.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Row::LeNet5 => "LeNet-5",
            Row::LeNet5Dist => "LeNet-5 [dist]",
            Row::Lush => "Lush LeNet-5",
            Row::LeNet4 => "LeNet-4",
            Row::LeNet1 => "LeNet-1",
            Row::LeNet1Small => "LeNet-1, digits of 16x16",
            Row::Boosted => "boosted LeNet-4 [dist]",
            Row::Fifteen => "LeNet-5, 15,000 images",
            Row::Thirty => "LeNet-5, 30,000 images",
        }
    }

    /// Its name in `--only` and in files.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().expect("every row has a name").get_name().to_owned()
    }

    /// How it is trained with this seed.
    pub(crate) fn plan(self, seed: u64, scale: Scale) -> Plan {
        let paper = Recipe { seed, ..Recipe::paper() };
        // The paper does not give the output layer and the loss of LeNet-1 and LeNet-4; docs/paper.md explains the choice.
        let smaller = |network, loss, output| Recipe {
            network,
            loss,
            second_order: Some(SecondOrder { output, ..SecondOrder::PAPER }),
            ..paper.clone()
        };
        let lenet1 = smaller(NetworkName::LeNet1, LossName::CrossEntropy, 4.0);
        let lenet4 = smaller(NetworkName::LeNet4, LossName::Targets, 1.0);
        let plain = |recipe| Plan { recipe, images: 60_000, distorted: false, shrink: None, boosted: false };
        let mut plan = match self {
            Row::LeNet5 => plain(paper),
            Row::LeNet5Dist => Plan { distorted: true, ..plain(paper) },
            Row::Lush => plain(Recipe { seed, ..Recipe::lush() }),
            Row::LeNet4 => plain(lenet4),
            Row::LeNet1 => plain(lenet1),
            Row::LeNet1Small => Plan { shrink: Some(LENET1_SHRINK), ..plain(lenet1) },
            Row::Boosted => Plan { distorted: true, boosted: true, ..plain(lenet4) },
            Row::Fifteen => Plan { images: 15_000, ..plain(paper) },
            Row::Thirty => Plan { images: 30_000, ..plain(paper) },
        };
        if scale == Scale::Quick {
            plan.images /= 6;
            plan.recipe.epochs /= 2;
        }
        plan
    }

    /// The default number of seeds.
    pub(crate) fn seeds(self, scale: Scale) -> u64 {
        match (scale, self) {
            (Scale::Quick, _) => 1,
            // More where our figure and the paper's are close, and for the row that readers look for first.
            (Scale::Full, Row::LeNet5 | Row::LeNet5Dist | Row::LeNet1) => 10,
            (Scale::Full, _) => 5,
        }
    }

    /// The published test error in percent. That of the Lush network is from Yadav and Bottou (2019), +-0.2.
    pub(crate) fn published(self) -> f64 {
        match self {
            Row::LeNet5 => 0.95,
            Row::LeNet5Dist => 0.8,
            Row::Lush => 0.82,
            Row::LeNet4 => 1.1,
            Row::LeNet1 | Row::LeNet1Small => 1.7,
            Row::Boosted => 0.7,
            Row::Fifteen => 1.68,
            Row::Thirty => 1.14,
        }
    }

    /// The published percentage of rejected images for an error of 0.5% on the rest (fig. 10), if there is one.
    pub(crate) fn published_rejection(self) -> Option<f64> {
        match self {
            Row::LeNet4 => Some(1.8),
            Row::LeNet1 | Row::LeNet1Small => Some(3.7),
            Row::Boosted => Some(0.5),
            Row::LeNet5 | Row::LeNet5Dist | Row::Lush | Row::Fifteen | Row::Thirty => None,
        }
    }
}

/// The test error of the paper's LeNet-5 by pass (fig. 5), in percent; constant from the thirteenth pass on.
pub(crate) const FIG_5_TEST: [f64; 13] = [2.65, 2.23, 1.48, 1.43, 1.43, 1.09, 1.04, 1.06, 0.99, 0.96, 0.96, 0.99, 0.96];
/// The training error of the paper's LeNet-5 by pass (fig. 5), in percent, each pattern read just before the step that used it. The figure
/// has 21 points for 20 passes.
pub(crate) const FIG_5_TRAIN: [f64; 21] = [
    4.88, 3.04, 1.77, 1.48, 1.22, 0.91, 0.78, 0.70, 0.57, 0.49, 0.47, 0.44, 0.42, 0.39, 0.39, 0.39, 0.39, 0.36, 0.36,
    0.36, 0.36,
];
/// The smallest and the largest learning rate of a weight in the first pass (appendix C).
pub(crate) const PAPER_RATES: (f64, f64) = (7e-5, 0.016);
/// The paper's LeNet-5 by the number of training images (fig. 6): images, test error, training error in percent.
pub(crate) const FIG_6: [(usize, f64, f64); 3] = [(15_000, 1.68, 0.05), (30_000, 1.14, 0.31), (60_000, 0.95, 0.35)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_what_the_table_says() {
        for row in Row::ALL {
            let (full, quick) = (row.plan(7, Scale::Full), row.plan(7, Scale::Quick));
            assert_eq!(full.recipe.check_named(), Ok(()), "{row:?}");
            assert_eq!((full.recipe.seed, full.recipe.batch), (7, 1));
            assert_eq!(full.recipe.epochs, if row == Row::Lush { 30 } else { 20 });
            assert_eq!((quick.images, quick.recipe.epochs), (full.images / 6, full.recipe.epochs / 2));
            let images = match row {
                Row::Fifteen => 15_000,
                Row::Thirty => 30_000,
                _ => 60_000,
            };
            assert_eq!(full.images, images);
            assert_eq!(full.distorted, [Row::LeNet5Dist, Row::Boosted].contains(&row));
            assert_eq!((full.boosted, full.shrink.is_some()), (row == Row::Boosted, row == Row::LeNet1Small));
            let network = match row {
                Row::Lush => NetworkName::LeNet5Lush,
                Row::LeNet4 | Row::Boosted => NetworkName::LeNet4,
                Row::LeNet1 | Row::LeNet1Small => NetworkName::LeNet1,
                _ => NetworkName::LeNet5Rbf,
            };
            assert_eq!(full.recipe.network, network);
            assert!(row.seeds(Scale::Full) >= 5 && row.seeds(Scale::Quick) == 1);
        }
    }
}

//! One run: a network, or three that boost each other, from initial weights to the test result.

use super::record::{Pass, RunRecord};
use super::rows::{Plan, Row};
use crate::run::distorted::{Distorted, VARIANTS, with_variants};
use crate::run::readings::misread;
use lenet_data::{Dataset, Distortion, Image, shrink};
use lenet_model::{
    AnyNetwork, Examples, Normalization, PatternStream, Recipe, TrainError, Training, TrainingEvent, add_scores,
    reject, score,
};
use std::ops::ControlFlow;
use std::time::Instant;

/// The images that all runs of one kind are trained and tested on.
pub(crate) struct Digits {
    train: Vec<Image>,
    train_labels: Vec<u8>,
    test: Vec<Image>,
    test_labels: Vec<u8>,
}

impl Digits {
    /// The images of a set, shrunk by `factor` if there is one.
    pub(crate) fn new(data: &Dataset, factor: Option<f32>) -> anyhow::Result<Self> {
        let images = |images: &[Image]| match factor {
            Some(factor) => images.iter().map(|image| shrink(image, factor)).collect(),
            None => images.to_vec(),
        };
        Ok(Digits {
            train: images(data.train.images()),
            train_labels: data.train.labels().to_vec(),
            test: images(data.test.images()),
            test_labels: data.test.labels().to_vec(),
        })
    }
}

/// The error to be left on the images that are not rejected.
const ERROR_LEFT: f64 = 0.005;

/// A run to be made.
pub(crate) struct RowTask<'a> {
    pub(crate) row: Row,
    pub(crate) plan: Plan,
    pub(crate) digits: &'a Digits,
    pub(crate) settings: serde_json::Value,
}

impl RowTask<'_> {
    /// How many patterns are presented in total.
    pub(crate) fn presentations(&self) -> u64 {
        let networks = if self.plan.boosted { 3 } else { 1 };
        networks * u64::from(self.plan.recipe.epochs) * self.images() as u64
    }

    fn images(&self) -> usize {
        self.plan.images.min(self.digits.train.len())
    }

    /// Makes the run on the rayon pool in which it is called. Calls `learned` with the number of patterns presented
    /// since the last call.
    pub(crate) fn perform(&self, learned: &dyn Fn(u64)) -> Result<RunRecord, TrainError> {
        Performance { task: self, learned }.carry_out()
    }
}

struct Performance<'a> {
    task: &'a RowTask<'a>,
    learned: &'a dyn Fn(u64),
}

impl Performance<'_> {
    fn carry_out(self) -> Result<RunRecord, TrainError> {
        let (start, task) = (Instant::now(), self.task);
        let distorted =
            Distorted { seed: task.plan.recipe.seed, ranges: Distortion::PAPER, european: None, fresh: false };
        let examples =
            Examples::new(&task.digits.train, &task.digits.train_labels).expect("a set has a digit for each image");
        let examples = if task.plan.distorted { examples.with_variants(&distorted) } else { examples };
        let first = self.learn(examples, &self.patterns(), &task.plan.recipe)?;
        let mut scores = vec![self.test(&*first.network)];
        if task.plan.boosted {
            scores.extend(self.boost(examples, &*first.network)?);
        }
        let labels = &task.digits.test_labels;
        let together = add_scores(&scores);
        let alone = if scores.len() > 1 { scores.iter().map(|s| percent_wrong(s, labels)).collect() } else { vec![] };
        Ok(RunRecord {
            row: task.row,
            seed: task.plan.recipe.seed,
            settings: task.settings.clone(),
            // A boosted row has no curve: none of its three networks' curves is that of the row.
            passes: if task.plan.boosted { vec![] } else { first.passes },
            misread: misread(&together, labels),
            test_images: labels.len(),
            rejected: reject(&together, labels, ERROR_LEFT).rejected,
            rates: first.rates,
            alone,
            seconds: start.elapsed().as_secs_f64(),
        })
    }
}

/// A trained network, and its errors after each pass.
struct Learned {
    network: Box<dyn AnyNetwork>,
    passes: Vec<Pass>,
    rates: Option<(f32, f32)>,
}

impl Performance<'_> {
    fn normalization(&self) -> Normalization {
        self.task.plan.recipe.input.into()
    }

    /// The indexes of the images and of their variants.
    fn patterns(&self) -> Vec<u32> {
        let pictures: Vec<u32> = (0..self.task.images() as u32).collect();
        if self.task.plan.distorted { with_variants(&pictures, self.task.digits.train.len()) } else { pictures }
    }

    /// Trains on the patterns. An epoch has as many patterns as there are images.
    fn learn(&self, examples: Examples<'_>, patterns: &[u32], recipe: &Recipe) -> Result<Learned, TrainError> {
        let recipe = Recipe { presentations: Some(self.task.images()), ..recipe.clone() };
        let training = Training { recipe: &recipe, examples, train: patterns, validation: &[] };
        let (mut passes, mut rates) = (Vec::new(), None);
        let labels = &self.task.digits.test_labels;
        let mut run = training.begin_named()?;
        run.go_on(|event| {
            match event {
                TrainingEvent::Step { step, images, .. } => {
                    // The bar does not need every pattern.
                    const EVERY: u64 = 1000;
                    if step.is_multiple_of(EVERY) {
                        (self.learned)(EVERY * images as u64);
                    }
                }
                TrainingEvent::Epoch { record, run } => {
                    let test_error =
                        misread(&self.test(run.network()), labels).len() as f64 / labels.len().max(1) as f64;
                    passes.push(Pass { train_error: 1.0 - record.train_accuracy, test_error });
                    rates = rates.or(record.rates);
                }
                _ => {}
            }
            ControlFlow::Continue(())
        })?;
        Ok(Learned { network: run.into_outcome().last.network, passes, rates })
    }

    /// Trains the second network on patterns that are hard for the first, and the third on patterns about which the two
    /// disagree. Returns their scores.
    fn boost(&self, examples: Examples<'_>, first: &dyn AnyNetwork) -> Result<[Vec<[f32; 10]>; 2], TrainError> {
        let recipe =
            |number: u64| Recipe { seed: self.task.plan.recipe.seed + number * 1000, ..self.task.plan.recipe.clone() };
        let pictures: Vec<u32> = (0..self.task.images() as u32).collect();
        // New variants for each network: the patterns that a network was trained on do not show what is hard for it.
        let stream = |first, last| PatternStream {
            examples,
            pictures: &pictures,
            first,
            last,
            normalization: self.normalization(),
        };
        let hard = stream(VARIANTS, 9_999).half_wrong(first, self.task.images());
        let second = self.learn(examples, &hard, &recipe(1))?;
        let disputed = stream(10_000, 19_999).disagreements(first, &*second.network, self.task.images());
        let third = self.learn(examples, &disputed, &recipe(2))?;
        Ok([self.test(&*second.network), self.test(&*third.network)])
    }

    /// The scores of the test images.
    fn test(&self, network: &dyn AnyNetwork) -> Vec<[f32; 10]> {
        let digits = self.task.digits;
        let examples = Examples::new(&digits.test, &digits.test_labels).expect("a set has a digit for each image");
        score(network, &examples, &examples.all(), self.normalization())
    }
}

fn percent_wrong(scores: &[[f32; 10]], labels: &[u8]) -> f64 {
    100.0 * misread(scores, labels).len() as f64 / labels.len().max(1) as f64
}

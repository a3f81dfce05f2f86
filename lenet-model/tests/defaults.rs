//! Every network learns from its defaults, with every activation function and every loss that it supports.

use lenet_data::Dataset;
use lenet_model::{ActivationName, Examples, LossName, NetworkName, Recipe, Training, evaluate};
use std::ops::ControlFlow;

/// After two epochs on a few thousand images of MNIST, a network must read at least this fraction of `HELD_OUT` others
/// correctly. The worst reads 79.7% (the network of 1998); guessing gives 10%.
const FLOOR: f64 = 0.7;
const HELD_OUT: u32 = 1_000;

/// The number of images to learn from. Networks of sigmoids read only a tenth correctly during the first few hundred
/// steps.
fn images(activation: ActivationName) -> u32 {
    if activation == ActivationName::Sigmoid { 16_000 } else { 4_000 }
}

#[test]
fn every_pair_learns_from_its_defaults() {
    let data = Dataset::mnist().unwrap();
    let examples = Examples::new(data.train.images(), data.train.labels()).unwrap();
    let held_out: Vec<u32> = (16_000..16_000 + HELD_OUT).collect();
    let mut pairs = 0;
    for &network in NetworkName::ALL {
        for &activation in network.activations() {
            for &loss in LossName::ALL.iter().filter(|loss| loss.takes_penalties() == network.has_penalties()) {
                let train: Vec<u32> = (0..images(activation)).collect();
                let recipe = Recipe { network, epochs: 2, ..Recipe::article() }.suited_to(activation, loss);
                let training = Training { recipe: &recipe, examples, train: &train, validation: &[] };
                let mut run = training.begin_named().unwrap();
                run.go_on(|_| ControlFlow::Continue(())).unwrap();
                let found = evaluate(run.network(), &recipe.named_loss(), &examples, &held_out, recipe.input.into());
                println!("{network} {activation} {loss}: {:.4}", found.accuracy());
                assert!(
                    found.accuracy() >= FLOOR,
                    "{network}, {activation}, {loss}: {:.1}% of {HELD_OUT} are read correctly",
                    100.0 * found.accuracy(),
                );
                pairs += 1;
            }
        }
    }
    assert_eq!(pairs, 3 * 4 * 3 + 5 * 3 + 2, "pairs of activation function and loss, over all networks");
    assert_eq!(ActivationName::ALL.len(), 4);
}

//! The number of threads changes no bit.

use crate::common::*;
use lenet_layers::{Init, Params, Schedule, SoftmaxCrossEntropy};
use lenet_train::{Optimizer, Outcome, Part, SecondOrder, Settings, Training};

fn same_bits(settings: &Settings) -> Outcome<Net> {
    let marks = Marks(450);
    let training = training(&marks, settings.clone());
    let train = |threads| pool(threads).install(|| training.run::<Net>(Init::SqrtFanIn, go).unwrap());
    let one = train(1);
    for threads in [2, 5] {
        let more = train(threads);
        assert!(more.last == one.last && more.best == one.best, "{threads} threads, {settings:?}");
        assert_eq!(untimed(&more.epochs), untimed(&one.epochs), "{threads} threads, {settings:?}");
    }
    one
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    // One by one, a short block, several blocks for each sum, more sums than threads.
    for batch in [1, 7, 64, 300] {
        same_bits(&Settings { batch, epochs: 2, ..settings() });
    }
    same_bits(&Settings { average: 0.95, clip: Some(0.5), ..settings() });
}

#[test]
fn every_optimizer_gives_the_same_bits_and_learns() {
    let marks = Marks(450);
    let nesterov = Optimizer::Sgd { momentum: 0.9, weight_decay: 1e-4, nesterov: true };
    for (optimizer, rate) in [(nesterov, 0.05), (Optimizer::adam(), 0.02), (Optimizer::adam_w(0.01), 0.02)] {
        let settings = Settings { rate, clip: Some(2.0), epochs: 4, ..settings() };
        let training = training(&marks, settings).with_optimizer(optimizer);
        let train = |threads| pool(threads).install(|| training.run::<Net>(Init::SqrtFanIn, go).unwrap());
        let (one, two) = (train(1), train(2));
        assert!(one.last == two.last, "{optimizer:?}");
        assert!(one.epochs[3].held_out.unwrap().metric > 0.9, "{optimizer:?}: {:?}", one.epochs);
    }
}

#[test]
fn a_clipped_gradient_makes_a_short_step() {
    let marks = Marks(32);
    // One step of plain descent moves the parameters by the rate times the norm of the gradient.
    let plain = Optimizer::Sgd { momentum: 0.0, weight_decay: 0.0, nesterov: false };
    let moved = |clip| {
        let settings = Settings { batch: 32, epochs: 1, rate: 1.0, schedule: Schedule::Constant, clip, ..settings() };
        let training = Training::new(settings, Part::all(&marks), SoftmaxCrossEntropy, ()).with_optimizer(plain);
        let mut run = training.begin::<Net>(Init::SqrtFanIn).unwrap();
        let before = run.network().clone();
        run.go_on(go).unwrap();
        let pairs = before.tensors().flatten().zip(run.network().tensors().flatten());
        pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt()
    };
    let free = moved(None);
    assert!(free > 0.1);
    assert!((moved(Some(free / 4.0)) - free / 4.0).abs() < 1e-4 * free);
    assert_eq!(moved(Some(free * 2.0)), free);
}

#[test]
fn another_seed_gives_other_bits_and_the_network_learns() {
    let marks = Marks(450);
    let one = same_bits(&settings());
    assert!(one.epochs[2].held_out.unwrap().metric > 0.9, "{:?}", one.epochs);
    let other = training(&marks, Settings { seed: 2, ..settings() }).run::<Net>(Init::SqrtFanIn, go).unwrap();
    assert!(other.last != one.last);
}

#[test]
fn the_second_order_method_gives_the_same_bits() {
    let marks = Marks(120);
    let settings = Settings { batch: 1, rate: 0.005, epochs: 3, ..settings() };
    let second = SecondOrder { patterns: 50, ..SecondOrder::PAPER };
    let training = training(&marks, settings).with_optimizer(second);
    let train = |threads| pool(threads).install(|| training.run::<Net>(Init::SqrtFanIn, go).unwrap());
    let (one, two) = (train(1), train(2));
    assert!(one.last == two.last);
    let (least, most) = one.epochs[2].rates.unwrap();
    assert!(0.0 < least && least < most);
    assert!(one.epochs[2].loss < one.epochs[0].loss / 1.5, "{:?}", one.epochs);
}

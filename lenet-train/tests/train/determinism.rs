//! The number of threads changes no bit.

use crate::common::*;
use lenet_layers::Init;
use lenet_train::{Outcome, SecondOrder, Settings};

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

//! What the benches have in common: MNIST, as the networks take it.

#![forbid(unsafe_code)]

use lenet_data::Dataset;
use lenet_model::{Class, Image};

/// The training images of MNIST and their classes.
///
/// # Panics
/// If the built-in data are damaged.
pub fn mnist() -> (Vec<Image>, Vec<Class<10>>) {
    let train = Dataset::mnist().expect("the built-in MNIST").train;
    let labels = train.labels().iter().map(|l| Class::new(usize::from(*l)).expect("a digit")).collect();
    (train.images().to_vec(), labels)
}

//! The files that every program starts from and is checked against.

use crate::{LeNet, outputs, parameters, recipe, training};
use anyhow::{Context, Result, ensure};
use harness::{PARAMETERS, RATE, SHAPES};
use lenet_data::Dataset;
use lenet_layers::{Network, Params};
use lenet_model::Examples;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

/// The number of MNIST images in the comparison: a multiple of the largest batch.
const IMAGES: usize = 4_096;
/// The number of images in the step that is compared.
const STEP: usize = 64;

/// Writes the files into a folder.
pub(crate) fn write(folder: &Path) -> Result<()> {
    let mut mnist = Dataset::mnist()?.train;
    mnist.truncate(IMAGES);
    let examples = Examples::new(mnist.images(), mnist.labels())?;
    let indexes: Vec<u32> = (0..STEP as u32).collect();
    let step = |rate| {
        let recipe = recipe(STEP, rate);
        let outcome = training(&recipe, examples, &indexes).run::<LeNet>(|_| ControlFlow::Continue(()))?;
        anyhow::Ok(outcome.last.network)
    };
    // The rate is 0 in `f32`, so the step changes nothing: these are the weights that training starts from.
    let first = step(1e-300)?;

    ensure!(LeNet::TENSORS == SHAPES.len() && LeNet::LEN == PARAMETERS);
    for (index, (name, _)) in SHAPES.iter().enumerate() {
        ensure!(LeNet::info(index).to_string() == *name, "{} is not {name}", LeNet::info(index));
    }
    let outputs: Vec<f32> = mnist.images()[..STEP].iter().flat_map(|image| outputs(&first, image)).collect();

    fs::create_dir_all(folder)?;
    let file = |name, bytes: &[u8]| fs::write(folder.join(name), bytes).with_context(|| format!("writing {name}"));
    file("images.u8", mnist.images().as_flattened().as_flattened())?;
    file("labels.u8", mnist.labels())?;
    file("weights.f32", &bytes(&parameters(&first)))?;
    file("outputs.f32", &bytes(&outputs))?;
    file("stepped.f32", &bytes(&parameters(&*step(RATE)?)))
}

fn bytes(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
}

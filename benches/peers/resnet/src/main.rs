//! The residual network of `examples/networks` in the comparison with PyTorch, trained as a user would train it.
//!
//! `resnet --reference FOLDER` writes images, labels and the initial parameters. `resnet IMAGES BATCH` trains on the
//! first images: an epoch for each line that it reads, for which it prints the seconds and the mean loss.

#[path = "../../../../examples/networks/src/bin/residual/network.rs"]
mod network;
#[path = "../../../../examples/networks/src/lib.rs"]
#[allow(unreachable_pub, dead_code, reason = "there it is a library, and has other pictures too")]
mod pictures;

use anyhow::{Context, Result, bail};
use lenet_layers::simd::Isa;
use lenet_layers::{Init, Maps, Network, Params, Schedule, SoftmaxCrossEntropy};
use lenet_train::{Bytes, Event, Examples, Layout, Part, Settings, TrainError, Training};
use network::ResNet8;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

type Input = Maps<3, 32, 32>;

/// The number of images that PyTorch gets.
const IMAGES: usize = 1024;

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--reference", folder] => write(Path::new(folder)),
        [images, batch] => train(images.parse()?, batch.parse()?),
        _ => bail!("give --reference and a folder, or the numbers of images and of a batch"),
    }
}

/// Gradient descent with momentum at a constant rate.
fn settings(batch: usize) -> Settings {
    Settings { epochs: 10_000, batch, rate: 0.02, schedule: Schedule::Constant, ..Settings::default() }
}

/// Waits for a line, or for the end of the input.
fn wait() -> ControlFlow<()> {
    match std::io::stdin().read_line(&mut String::new()) {
        Ok(1..) => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    }
}

fn train(images: usize, batch: usize) -> Result<()> {
    let (pixels, classes) = pictures::shapes(images, 1);
    let examples = Bytes::<Input, _>::new(&pixels, &classes, Layout::Planar, &pictures::CHANNELS)?;
    let training = Training::new(settings(batch), Part::all(&examples), SoftmaxCrossEntropy, ());
    println!("{} {}", ResNet8::<f32>::LEN, Isa::current());
    if wait().is_break() {
        return Ok(());
    }
    let stopped = training.run::<ResNet8>(Init::SqrtFanIn, |event| {
        let Event::Epoch { record, .. } = event else { return ControlFlow::Continue(()) };
        println!("{} {}", record.seconds, record.loss);
        wait()
    });
    match stopped {
        Ok(_) | Err(TrainError::Stopped { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Writes images, labels, and each array of the initial parameters under its name.
fn write(folder: &Path) -> Result<()> {
    let (pixels, classes) = pictures::shapes(IMAGES, 1);
    let examples = Bytes::<Input, _>::new(&pixels, &classes, Layout::Planar, &pictures::CHANNELS)?;
    let training = Training::new(settings(IMAGES), Part::all(&examples), SoftmaxCrossEntropy, ());
    let run = training.begin::<ResNet8>(Init::SqrtFanIn)?;
    let mut images = vec![0.0; pixels.len()];
    let each = images.chunks_mut(pixels.len() / IMAGES).enumerate();
    let labels: Vec<_> = each.map(|(i, image)| examples.show(i, 0, image).index() as u8).collect();
    let file =
        |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).with_context(|| format!("writing {name}"));
    let bytes = |numbers: &[f32]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<_>>();
    file("images.f32", &bytes(&images))?;
    file("labels.u8", &labels)?;
    for index in 0..ResNet8::<f32>::TENSORS {
        file(&format!("{}.array", ResNet8::<f32>::info(index)), &bytes(run.network().tensor(index)))?;
    }
    Ok(())
}

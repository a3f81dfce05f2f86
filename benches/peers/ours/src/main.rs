//! This project in the comparison, through its public API as a user would call it; also writes the reference files for
//! all programs.

mod reference;

use anyhow::{Context, Result};
use harness::{Data, Peer, RATE, Work};
use lenet_layers::simd::Isa;
use lenet_layers::{Network, Params, SoftmaxCrossEntropy, Tanh, Trace};
use lenet_model::{
    Examples, Image, InitName, LeNet5Average, LossName, Normalization, Recipe, Schedule, Training, evaluate,
    lay_images, read,
};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::hint::black_box;
use std::ops::ControlFlow;

/// The network of the comparison.
type LeNet = LeNet5Average<Tanh>;

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    match arguments.next() {
        Some(first) if first == "--reference" => {
            reference::write(arguments.next().context("--reference wants a folder")?.as_ref())
        }
        _ => harness::run::<Ours>(),
    }
}

struct Ours {
    pool: ThreadPool,
    work: Work,
    images: Vec<Image>,
    labels: Vec<u8>,
    indexes: Vec<u32>,
    network: Box<LeNet>,
}

impl Peer for Ours {
    const WHO: &'static str = "ours";
    const PACKAGE: &'static str = "lenet-model";

    fn settings() -> String {
        format!("a release build without flags, which chose {} when it ran", Isa::current())
    }

    fn new(data: &Data, work: Work) -> Result<Self> {
        let images: Vec<_> = data.pixels.as_chunks().0.iter().map(image).collect();
        let mut network = LeNet::boxed_zeroed();
        let mut weights = &data.weights[..];
        for index in 0..LeNet::TENSORS {
            let tensor = network.tensor_mut(index);
            let own = weights.split_off(..tensor.len()).context("weights for every tensor")?;
            tensor.iter_mut().zip(LeNet::info(index).positions()).for_each(|(w, position)| *w = own[position]);
        }
        Ok(Ours {
            pool: ThreadPoolBuilder::new().num_threads(work.threads).build()?,
            work,
            indexes: (0..images.len() as u32).collect(),
            images,
            labels: data.labels.clone(),
            network,
        })
    }

    /// A whole training run: starts from the initial weights, shuffles, and passes over the images as often as needed.
    fn train(&mut self, steps: usize) -> Result<usize> {
        let images = steps * self.work.batch;
        let train = &self.indexes[..images.min(self.indexes.len())];
        let recipe = Recipe { epochs: images.div_ceil(train.len()).try_into()?, ..recipe(self.work.batch, RATE) };
        let training = training(&recipe, self.examples(), train);
        self.network = self.pool.install(|| training.run(|_| ControlFlow::Continue(())))?.last.network;
        Ok(train.len() * recipe.epochs as usize)
    }

    fn infer(&mut self, batches: usize) -> Result<usize> {
        if self.work.batch == 1 {
            for image in self.images.iter().cycle().take(batches) {
                black_box(read(&*self.network, black_box(image), Normalization::PAPER));
            }
            return Ok(batches);
        }
        let passes = (batches * self.work.batch).div_ceil(self.images.len());
        self.pool.install(|| {
            for _ in 0..passes {
                let loss = &SoftmaxCrossEntropy;
                let (examples, indexes) = (self.examples(), &self.indexes);
                black_box(evaluate(&*self.network, loss, &examples, indexes, Normalization::PAPER));
            }
        });
        Ok(passes * self.images.len())
    }

    fn outputs(&self, images: usize) -> Result<Vec<f32>> {
        Ok(self.images[..images].iter().flat_map(|image| outputs(&self.network, image)).collect())
    }

    fn parameters(&self) -> Result<Vec<f32>> {
        Ok(parameters(&self.network))
    }
}

impl Ours {
    fn examples(&self) -> Examples<'_> {
        Examples::new(&self.images, &self.labels).expect("as many labels as images")
    }
}

/// Plain SGD at a constant rate, as in every program of the comparison.
fn recipe(batch: usize, rate: f64) -> Recipe {
    Recipe {
        loss: LossName::CrossEntropy,
        init: InitName::Lush,
        epochs: 1,
        batch,
        rate,
        schedule: Schedule::Constant,
        momentum: 0.0,
        weight_decay: 0.0,
        ..Recipe::default()
    }
}

fn training<'a>(recipe: &'a Recipe, examples: Examples<'a>, train: &'a [u32]) -> Training<'a> {
    Training { recipe, examples, train, validation: &[] }
}

fn outputs(network: &LeNet, image: &Image) -> [f32; 10] {
    let mut trace = <LeNet as Network>::Trace::<f32>::boxed_zeroed();
    lay_images(trace.input_mut(), &[image], Normalization::PAPER);
    network.forward(&mut *trace).data
}

/// The parameters in PyTorch's layout.
fn parameters(network: &LeNet) -> Vec<f32> {
    let mut all = Vec::new();
    for index in 0..LeNet::TENSORS {
        let start = all.len();
        all.resize(start + network.tensor(index).len(), 0.0);
        let own = network.tensor(index).iter().zip(LeNet::info(index).positions());
        own.for_each(|(w, position)| all[start + position] = *w);
    }
    all
}

fn image(pixels: &[u8; 28 * 28]) -> Image {
    let mut image = [[0; 28]; 28];
    image.as_flattened_mut().copy_from_slice(pixels);
    image
}

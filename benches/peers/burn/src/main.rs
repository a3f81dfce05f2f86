//! burn in the comparison.

use anyhow::{Result, anyhow};
use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::loss::{CrossEntropyLoss, CrossEntropyLossConfig};
use burn::nn::pool::{AvgPool2d, AvgPool2dConfig};
use burn::nn::{Linear, LinearConfig};
use burn::optim::{GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::{Device, Int, Tensor, TensorData};
use harness::{Data, IMAGE, Kind, Peer, RATE, Work};
use std::hint::black_box;

fn main() -> Result<()> {
    harness::run::<Burn>()
}

/// LeNet-5.
#[derive(Module, Debug)]
struct LeNet {
    c1: Conv2d,
    c3: Conv2d,
    pool: AvgPool2d,
    /// A kernel that covers its whole input gives one number, so the convolution is a full connection.
    c5: Linear,
    f6: Linear,
    output: Linear,
}

impl LeNet {
    fn new(data: &Data, device: &Device) -> Self {
        let tensors: Vec<_> = data.tensors().collect();
        let bias = |i: usize| Some(Param::from_data(TensorData::new(tensors[i].1.to_vec(), tensors[i].0), device));
        let convolution = |i: usize, channels| {
            let (shape, numbers) = tensors[i];
            let mut layer = Conv2dConfig::new(channels, [5, 5]).init(device);
            layer.weight = Param::from_data(TensorData::new(numbers.to_vec(), shape), device);
            layer.bias = bias(i + 1);
            layer
        };
        let connection = |i: usize, [inputs, units]: [usize; 2]| {
            let mut layer = LinearConfig::new(inputs, units).init(device);
            // burn stores the transpose: a row for each input.
            let numbers: Vec<_> = (0..inputs * units).map(|k| tensors[i].1[k % units * inputs + k / units]).collect();
            layer.weight = Param::from_data(TensorData::new(numbers, [inputs, units]), device);
            layer.bias = bias(i + 1);
            layer
        };
        LeNet {
            c1: convolution(0, [1, 6]),
            c3: convolution(2, [6, 16]),
            pool: AvgPool2dConfig::new([2, 2]).init(),
            c5: connection(4, [400, 120]),
            f6: connection(6, [120, 84]),
            output: connection(8, [84, 10]),
        }
    }

    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let x = self.pool.forward(self.c1.forward(images).tanh());
        let x = self.pool.forward(self.c3.forward(x).tanh());
        let x = self.c5.forward(x.flatten(1, 3)).tanh();
        let x = self.f6.forward(x).tanh();
        self.output.forward(x)
    }
}

struct Burn {
    network: LeNet,
    optimizer: ModuleOptimizer,
    loss: CrossEntropyLoss,
    images: Tensor<4>,
    batches: Vec<(Tensor<4>, Tensor<1, Int>)>,
    next: usize,
    work: Work,
}

impl Peer for Burn {
    const WHO: &'static str = "burn";
    const PACKAGE: &'static str = "burn";

    fn settings() -> String {
        "flex with simd, rayon and x86-v4, target-cpu=native, fat LTO; C5 as a matrix product".to_owned()
    }

    fn new(data: &Data, work: Work) -> Result<Self> {
        let plain = Device::flex();
        let device = if work.kind == Kind::Train { plain.clone().autodiff() } else { plain.clone() };
        let batches = data.batches(work.batch).map(|(images, labels)| {
            let labels: Vec<_> = labels.iter().map(|l| i32::from(*l)).collect();
            (images_of(images, &device), Tensor::from_data(TensorData::new(labels, [work.batch]), &device))
        });
        Ok(Burn {
            network: LeNet::new(data, &device),
            optimizer: SgdConfig::new().init(),
            loss: CrossEntropyLossConfig::new().init(&device),
            images: images_of(&data.images, &plain),
            batches: batches.collect(),
            next: 0,
            work,
        })
    }

    fn train(&mut self, steps: usize) -> Result<usize> {
        for _ in 0..steps {
            let (images, labels) = self.turn();
            let loss = self.loss.forward(self.network.forward(images), labels);
            let gradients = GradientsParams::from_grads(loss.backward(), &self.network);
            self.network = self.optimizer.step(RATE, self.network.clone(), gradients);
        }
        Ok(steps * self.work.batch)
    }

    fn infer(&mut self, batches: usize) -> Result<usize> {
        for _ in 0..batches {
            let (images, _) = self.turn();
            black_box(self.network.forward(images));
        }
        Ok(batches * self.work.batch)
    }

    fn outputs(&self, images: usize) -> Result<Vec<f32>> {
        let images = self.images.clone().narrow(0, 0, images);
        numbers(self.network.valid().forward(images))
    }

    fn parameters(&self) -> Result<Vec<f32>> {
        let LeNet { c1, c3, pool: _, c5, f6, output } = self.network.valid();
        let mut all = Vec::new();
        for Conv2d { weight, bias, .. } in [c1, c3] {
            all.extend(numbers(weight.val())?);
            all.extend(bias.map_or(Ok(Vec::new()), |bias| numbers(bias.val()))?);
        }
        for Linear { weight, bias, .. } in [c5, f6, output] {
            all.extend(numbers(weight.val().transpose())?);
            all.extend(bias.map_or(Ok(Vec::new()), |bias| numbers(bias.val()))?);
        }
        Ok(all)
    }
}

impl Burn {
    /// Returns the next batch, in turn.
    fn turn(&mut self) -> (Tensor<4>, Tensor<1, Int>) {
        let batch = self.batches[self.next].clone();
        self.next = (self.next + 1) % self.batches.len();
        batch
    }
}

fn images_of(numbers: &[f32], device: &Device) -> Tensor<4> {
    Tensor::from_data(TensorData::new(numbers.to_vec(), [numbers.len() / IMAGE, 1, 32, 32]), device)
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    tensor.into_data().try_to_vec().map_err(|e| anyhow!("{e:?}"))
}

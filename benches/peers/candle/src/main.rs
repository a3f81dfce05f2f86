//! candle in the comparison.

use anyhow::Result;
use candle_core::{Device, Tensor, Var};
use candle_nn::{Optimizer, SGD, loss::cross_entropy};
use harness::{Data, IMAGE, Peer, RATE, SHAPES, Work};

fn main() -> Result<()> {
    harness::run::<Candle>()
}

struct Candle {
    variables: Vec<Var>,
    /// The same parameters outside the graph, for passes without training.
    frozen: Vec<Tensor>,
    sgd: SGD,
    /// All images, for checking the outputs.
    images: Tensor,
    batches: Vec<(Tensor, Tensor)>,
    next: usize,
    /// Images in a batch.
    batch: usize,
}

impl Peer for Candle {
    const WHO: &'static str = "candle";
    const PACKAGE: &'static str = "candle-core";

    fn settings() -> String {
        "the gemm crate with its AVX-512 kernels, target-cpu=native, fat LTO; C5 as a matrix product".to_owned()
    }

    fn new(data: &Data, work: Work) -> Result<Self> {
        let device = &Device::Cpu;
        let variables: Vec<_> = data
            .tensors()
            .map(|(shape, numbers)| Var::from_slice(numbers, shape, device))
            .collect::<candle_core::Result<_>>()?;
        let batches = data.batches(work.batch).map(|(images, labels)| {
            let labels: Vec<_> = labels.iter().map(|l| u32::from(*l)).collect();
            Ok((images_of(images)?, Tensor::new(labels, device)?))
        });
        Ok(Candle {
            frozen: variables.iter().map(|v| v.as_detached_tensor()).collect(),
            sgd: SGD::new(variables.clone(), RATE)?,
            variables,
            images: images_of(&data.images)?,
            batches: batches.collect::<Result<_>>()?,
            next: 0,
            batch: work.batch,
        })
    }

    fn train(&mut self, steps: usize) -> Result<usize> {
        let network: Vec<_> = self.variables.iter().map(|v| v.as_tensor().clone()).collect();
        for _ in 0..steps {
            let (images, labels) = self.turn();
            let loss = cross_entropy(&forward(&network, &images)?, &labels)?;
            self.sgd.backward_step(&loss)?;
        }
        Ok(steps * self.batch)
    }

    fn infer(&mut self, batches: usize) -> Result<usize> {
        for _ in 0..batches {
            let (images, _) = self.turn();
            std::hint::black_box(forward(&self.frozen, &images)?);
        }
        Ok(batches * self.batch)
    }

    fn outputs(&self, images: usize) -> Result<Vec<f32>> {
        let outputs = forward(&self.frozen, &self.images.narrow(0, 0, images)?)?;
        Ok(outputs.flatten_all()?.to_vec1()?)
    }

    fn parameters(&self) -> Result<Vec<f32>> {
        let tensors = self.variables.iter().map(|v| Ok(v.flatten_all()?.to_vec1::<f32>()?));
        Ok(tensors.collect::<Result<Vec<_>>>()?.concat())
    }
}

impl Candle {
    /// Returns the next batch, in turn.
    fn turn(&mut self) -> (Tensor, Tensor) {
        let batch = self.batches[self.next].clone();
        self.next = (self.next + 1) % self.batches.len();
        batch
    }
}

fn images_of(numbers: &[f32]) -> Result<Tensor> {
    Ok(Tensor::from_slice(numbers, (numbers.len() / IMAGE, 1, 32, 32), &Device::Cpu)?)
}

/// LeNet-5 over tensors in the order of [`SHAPES`].
fn forward(network: &[Tensor], images: &Tensor) -> Result<Tensor> {
    let [c1, c1_bias, c3, c3_bias, c5, c5_bias, f6, f6_bias, output, output_bias] = network else {
        anyhow::bail!("{} tensors, not {}", network.len(), SHAPES.len())
    };
    let convolve = |x: &Tensor, kernels: &Tensor, bias: &Tensor| {
        x.conv2d(kernels, 0, 1, 1, 1)?.broadcast_add(&bias.reshape((1, (), 1, 1))?)?.tanh()?.avg_pool2d(2)
    };
    let connect = |x: &Tensor, weights: &Tensor, bias: &Tensor| x.matmul(&weights.t()?)?.broadcast_add(bias);
    let x = convolve(images, c1, c1_bias)?;
    let x = convolve(&x, c3, c3_bias)?;
    // A kernel that covers its whole input gives one number, so the convolution is a full connection.
    let x = connect(&x.flatten_from(1)?, &c5.flatten_from(1)?, c5_bias)?.tanh()?;
    let x = connect(&x, f6, f6_bias)?.tanh()?;
    Ok(connect(&x, output, output_bias)?)
}

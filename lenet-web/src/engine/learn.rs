//! LeNet-5 learns from a few digits while somebody watches.

use super::digits::Digits;
use super::running::{Running, RunningOf};
use lenet_data::Distortion;
use lenet_layers::{Class, Grad, Init, Lanes, Loss, Network, Params, Sgd, SoftmaxCrossEntropy, Trace, initialize};
use lenet_model::{Image, LeNet5, LeNet5Trace, Normalization, lay_images, most_likely};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

/// Images that are learned from at a time.
const BATCH: usize = 16;
/// The largest learning rate, reached after [`WARM_UP`] images.
const RATE: f32 = 0.02;
const WARM_UP: f32 = 1500.0;
/// After so many images the rate is half as large.
const HALVING: f32 = 60_000.0;

/// After the first pass the digits are shown distorted, another way each time: twelve hundred digits alone teach less.
const DISTORTION: Distortion =
    Distortion { translation: 1.0, scale: 0.1, shear: 0.15, rotation: 0.1, ..Distortion::NONE };

type Cells = Lanes<BATCH>;

/// A network that learns, from initial weights on. Every fifth digit is held out and only read.
#[derive(Debug)]
pub struct Lesson {
    running: RunningOf<LeNet5>,
    gradient: Box<Grad<LeNet5>>,
    sgd: Box<Sgd<LeNet5>>,
    trace: Box<LeNet5Trace<Cells>>,
    errors: Box<LeNet5Trace<Cells>>,
    digits: Digits,
    held_out: Vec<usize>,
    order: Vec<usize>,
    next: usize,
    passes: u32,
    seed: u64,
    shown: u64,
    random: ChaCha8Rng,
}

/// How far a lesson has come.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Progress {
    /// Images shown so far.
    pub shown: u64,
    /// The images that it learns from.
    pub images: usize,
    /// The mean loss of the images shown since the last report.
    pub loss: f32,
    /// The held-out digits that it reads correctly.
    pub right: usize,
    /// All held-out digits.
    pub held_out: usize,
}

impl Lesson {
    /// A network with initial weights, and the digits to learn from. The seed decides the weights and the order.
    #[must_use]
    pub fn new(digits: Digits, seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut network = LeNet5::boxed_zeroed();
        initialize(&mut *network, Init::SqrtFanIn, &mut random);
        let (held_out, order): (Vec<usize>, Vec<usize>) = (0..digits.images.len()).partition(|index| index % 5 == 4);
        Self {
            running: RunningOf::new(network, Normalization::PAPER),
            gradient: Grad::boxed_zeroed(),
            sgd: Sgd::boxed(0.9, 5e-4),
            trace: LeNet5Trace::boxed_zeroed(),
            errors: LeNet5Trace::boxed_zeroed(),
            digits,
            held_out,
            order,
            next: 0,
            passes: 0,
            seed,
            shown: 0,
            random,
        }
    }

    /// The network as it is now.
    #[must_use]
    pub fn network(&mut self) -> &mut dyn Running {
        &mut self.running
    }

    /// Learns from `batches` times sixteen digits, then reads the held-out ones.
    pub fn learn(&mut self, batches: usize) -> Progress {
        let loss = (0..batches).map(|_| self.step()).sum::<f32>() / (batches * BATCH).max(1) as f32;
        Progress {
            shown: self.shown,
            images: self.order.len(),
            loss,
            right: self.right(),
            held_out: self.held_out.len(),
        }
    }

    /// Learns from sixteen digits; returns the sum of their losses.
    fn step(&mut self) -> f32 {
        if self.order.len() < BATCH {
            return 0.0;
        }
        if self.next == 0 || self.next + BATCH > self.order.len() {
            self.next = 0;
            self.passes += 1;
            self.order.shuffle(&mut self.random);
        }
        let batch: [usize; BATCH] = std::array::from_fn(|lane| self.order[self.next + lane]);
        self.next += BATCH;
        // Variant 0 is the original.
        let variant =
            |index: usize| DISTORTION.variant(self.seed, index as u32, self.passes - 1, &self.digits.images[index]);
        let images = batch.map(variant);
        let targets = batch.map(|index| Class::new(self.digits.labels[index].into()).expect("labels are below ten"));
        lay_images(&mut self.trace.input, &images.each_ref(), Normalization::PAPER);
        let network = self.running.network_mut();
        network.forward(&mut *self.trace);
        let loss =
            SoftmaxCrossEntropy.evaluate(&self.trace.output, &targets, 1.0 / BATCH as f32, &mut self.errors.output);
        self.gradient.fill(0.0);
        network.backward(&self.trace, &mut self.errors, &mut self.gradient);
        let shown = self.shown as f32;
        let rate = RATE * (shown / WARM_UP).min(1.0) / (1.0 + shown / HALVING);
        self.sgd.step(network, &self.gradient, rate);
        self.shown += BATCH as u64;
        loss
    }

    /// How many held-out digits the network reads correctly.
    fn right(&mut self) -> usize {
        let mut right = 0;
        for block in self.held_out.chunks(BATCH) {
            let images: Vec<&Image> = block.iter().map(|index| &self.digits.images[*index]).collect();
            lay_images(&mut self.trace.input, &images, Normalization::PAPER);
            let outputs = self.running.network_mut().forward(&mut *self.trace);
            right += (0..block.len())
                .filter(|&lane| {
                    let scores = std::array::from_fn(|digit| outputs.data[digit].0[lane]);
                    most_likely(&scores) == usize::from(self.digits.labels[block[lane]])
                })
                .count();
        }
        right
    }
}

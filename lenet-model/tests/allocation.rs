//! Steps allocate nothing: all heap blocks are allocated before the second step.
//!
//! This program has a single test, because it counts the allocations of the whole process.

use lenet_layers::SoftmaxCrossEntropy;
use lenet_model::{
    ActivationName, Classify, Examples, Image, LeNet5, LossName, NetworkName, Normalization, Recipe, Training,
    TrainingEvent, evaluate,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::hint::black_box;
use std::ops::ControlFlow;

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The number of heap blocks allocated so far, by all threads. One that grows counts again.
fn blocks() -> usize {
    let heap = HEAP.stats();
    heap.allocations + heap.reallocations
}

/// Trains for an epoch; returns the number of blocks allocated after the first step.
fn asked(
    pool: &rayon::ThreadPool,
    (network, batch, momentum): (NetworkName, usize, f64),
    examples: Examples<'_>,
    train: &[u32],
) -> usize {
    let loss = LossName::CrossEntropy;
    let activation = ActivationName::Tanh;
    let recipe = Recipe { network, activation, loss, epochs: 1, batch, momentum, rate: 0.01, ..Recipe::default() };
    let training = Training { recipe: &recipe, examples, train, validation: &[] };
    let (mut first, mut last) = (0, 0);
    let mut run = training.begin_named().unwrap();
    let ended = pool.install(|| {
        run.go_on(|event| {
            if let TrainingEvent::Step { step, .. } = event {
                last = blocks();
                if step == 1 {
                    first = last;
                }
            }
            ControlFlow::Continue(())
        })
    });
    ended.unwrap();
    drop(black_box(run.into_outcome()));
    last - first
}

/// Batches of several sizes: a step for each image, a short block, whole blocks, several blocks per slot. The last
/// batch is never a whole one.
fn steps(pool: &rayon::ThreadPool, network: NetworkName, examples: Examples<'_>, train: &[u32]) {
    for (batch, momentum) in [(1, 0.0), (1, 0.9), (7, 0.9), (64, 0.0), (64, 0.9), (130, 0.9)] {
        let asked = asked(pool, (network, batch, momentum), examples, train);
        let threads = pool.current_num_threads();
        assert_eq!(asked, 0, "{network}, {threads} threads, batch {batch}, momentum {momentum}: {asked} blocks");
    }
}

#[test]
fn a_step_allocates_nothing() {
    let images: Vec<Image> = (0..300u32).map(|i| [[(i * 7 % 256) as u8; 28]; 28]).collect();
    let labels: Vec<u8> = (0..300u32).map(|i| (i % 10) as u8).collect();
    let examples = Examples::new(&images, &labels).unwrap();
    let train: Vec<u32> = (0..300).collect();

    // The counter must count.
    let before = blocks();
    black_box(Box::new(1));
    assert_eq!(blocks(), before + 1);

    // Reading allocates nothing, once the instruction set is chosen.
    let network = NetworkName::LeNet5.zeroed(ActivationName::Tanh);
    let _ = network.read(&images[0], Normalization::PAPER);
    let before = blocks();
    black_box(network.read(&images[0], Normalization::PAPER));
    black_box(<LeNet5>::pretrained().classify(&images[0]));
    assert_eq!(blocks(), before, "reading a digit");

    // Threads that start, get their first work or end would be counted too. So all of them start and work before the
    // count, and stay until its end.
    let pools = [1, 2, 3].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.broadcast(|_| ());
        asked(&pool, (NetworkName::LeNet5, 64, 0.0), examples, &train);
        pool
    });
    for pool in &pools {
        steps(pool, NetworkName::LeNet5, examples, &train);
        steps(pool, NetworkName::LeNet5Average, examples, &train);
    }

    // Evaluation makes a fixed number of allocations for each thread, however many images there are.
    let asked_for = |indexes: &[u32]| {
        let before = blocks();
        let loss = &SoftmaxCrossEntropy;
        black_box(pools[0].install(|| evaluate(&*network, loss, &examples, indexes, Normalization::PAPER)));
        blocks() - before
    };
    asked_for(&train);
    assert_eq!(asked_for(&train[..40]), asked_for(&train), "evaluating");
}

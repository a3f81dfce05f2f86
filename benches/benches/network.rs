//! Whole passes: a block of sixteen images forward and back, one image, and training by batch and threads.

use benches::mnist;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use lenet_layers::simd::Isa;
use lenet_layers::{Cell, Class, Grad, Lanes, Loss, Params, SoftmaxCrossEntropy, Tanh, Trace};
use lenet_model::{
    DigitNetwork, Examples, Image, LeNet5, LeNet5Average, LossName, NetworkName, Normalization, Recipe, Training,
    evaluate, read,
};
use std::hint::black_box;
use std::ops::ControlFlow;

/// Sixteen images forward, and forward and back, on one thread. The throughput is in images.
fn block<N: DigitNetwork>(c: &mut Criterion, name: &str) {
    let (images, labels) = mnist();
    let mut network = N::boxed();
    for i in 0..N::TENSORS {
        for (k, w) in network.tensor_mut(i).iter_mut().enumerate() {
            *w = ((k * 37 % 101) as f32 / 101.0 - 0.5) * 0.2;
        }
    }
    let (mut trace, mut errors) = (<N::Trace<Lanes<16>>>::boxed(), <N::Trace<Lanes<16>>>::boxed());
    let mut grad = Grad::<N>::boxed();
    let block: [&Image; 16] = core::array::from_fn(|i| &images[i]);
    let targets: [Class<10>; 16] = core::array::from_fn(|i| labels[i]);

    let mut group = c.benchmark_group(format!("{name}, one block on one thread, {}", Isa::current()));
    group.throughput(Throughput::Elements(16));
    group.bench_function("forward", |b| {
        b.iter(|| {
            trace.input_mut().lay(&block, Normalization::PAPER);
            black_box(network.forward(&mut trace));
        });
    });
    assert!(trace.output().cells().iter().all(|o| o.sum().is_finite()));
    group.bench_function("forward and backward", |b| {
        b.iter(|| {
            trace.input_mut().lay(&block, Normalization::PAPER);
            network.forward(&mut trace);
            let loss = SoftmaxCrossEntropy.evaluate(trace.output(), &targets, 1.0 / 16.0, errors.output_mut());
            network.backward(&trace, &mut errors, &mut grad);
            black_box(loss);
        });
    });
    assert!(grad.is_finite());
    group.finish();
}

fn blocks(c: &mut Criterion) {
    block::<LeNet5Average<Tanh>>(c, "lenet5-average");
    block::<LeNet5<Tanh>>(c, "lenet5");
}

/// One image alone.
fn one_image(c: &mut Criterion) {
    let (images, _) = mnist();
    let network = LeNet5Average::<Tanh>::boxed();
    c.bench_function("lenet5-average, one image", |b| {
        b.iter(|| black_box(read(&*network, black_box(&images[0]), Normalization::PAPER)));
    });
}

/// Training and reading through the public way, by batch and threads. The throughput is in images.
fn training(c: &mut Criterion) {
    let (images, labels) = mnist();
    let examples = Examples::new(&images, &labels).expect("as many labels as images");
    let indexes: Vec<u32> = (0..4_096).collect();
    let mut group = c.benchmark_group("lenet5-average, 4,096 images");
    group.sample_size(10).throughput(Throughput::Elements(indexes.len() as u64));
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a thread pool");
        for batch in [1, 32, 64, 256] {
            if batch == 1 && threads > 1 {
                continue; // One example is for one thread.
            }
            let recipe = Recipe {
                network: NetworkName::LeNet5Average,
                loss: LossName::CrossEntropy,
                epochs: 1,
                batch,
                // Plain descent, as the frameworks beside us do it.
                rate: if batch == 1 { 0.005 } else { 0.1 },
                momentum: 0.0,
                weight_decay: 0.0,
                ..Recipe::default()
            };
            let training = Training {
                recipe: &recipe,
                examples,
                train: &indexes,
                validation: &[],
                normalization: Normalization::PAPER,
            };
            let id = BenchmarkId::new(format!("training, batch {batch}"), format!("{threads} threads"));
            group.bench_function(id, |b| {
                b.iter(|| {
                    let outcome = pool.install(|| training.run::<LeNet5Average<Tanh>>(|_| ControlFlow::Continue(())));
                    let outcome = outcome.expect("the recipe is sound");
                    // One pass in sixteen steps of 256 is little, but twice what guessing gives.
                    assert!(outcome.epochs[0].train_accuracy > 0.2, "it does not learn");
                });
            });
        }
        let network = LeNet5Average::<Tanh>::boxed();
        group.bench_function(BenchmarkId::new("reading", format!("{threads} threads")), |b| {
            b.iter(|| {
                let all = pool.install(|| {
                    evaluate(&*network, &LossName::CrossEntropy, &examples, &indexes, Normalization::PAPER)
                });
                assert_eq!(all.total() as usize, indexes.len());
            });
        });
    }
    group.finish();
}

criterion_group!(network, blocks, one_image, training);
criterion_main!(network);

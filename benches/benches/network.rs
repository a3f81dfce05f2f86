//! Whole passes: a block of sixteen images forward and backward, one image, training and inference by batch and
//! threads.

use benches::{group, images, limit, mnist};
use criterion::{Criterion, criterion_group, criterion_main};
use lenet_layers::{Cell, Class, Grad, Lanes, Loss, Params, SoftmaxCrossEntropy, Tanh, Trace};
use lenet_model::{
    DigitNetwork, Examples, Image, ImageInput, LeNet5, LeNet5Average, LossName, NetworkName, Normalization, Recipe,
    Training, evaluate, read,
};
use std::hint::black_box;
use std::ops::ControlFlow;

/// The number of MNIST images that are trained on and read.
const IMAGES: usize = 4_096;

/// The number of operations of a forward pass over one image.
fn forward_flop<N: DigitNetwork>() -> usize {
    2 * N::MULTIPLY_ADDS
}

/// The number of operations of a step per image: the forward pass, and as many again for the gradient with respect to
/// the weights and for the one with respect to the inputs, which the first stage does not compute.
fn training_flop<N: DigitNetwork>() -> usize {
    2 * (3 * N::MULTIPLY_ADDS - N::STAGES[0].multiply_adds)
}

/// Sixteen images forward, and forward and backward, on one thread.
fn block<N: DigitNetwork>(c: &mut Criterion, name: &str, limit: f64) {
    let (all, labels) = mnist();
    let mut network = N::boxed_zeroed();
    for i in 0..N::TENSORS {
        for (k, w) in network.tensor_mut(i).iter_mut().enumerate() {
            *w = ((k * 37 % 101) as f32 / 101.0 - 0.5) * 0.2;
        }
    }
    let (mut trace, mut errors) = (<N::Trace<Lanes<16>>>::boxed_zeroed(), <N::Trace<Lanes<16>>>::boxed_zeroed());
    let mut grad = Grad::<N>::boxed_zeroed();
    let block: [&Image; 16] = core::array::from_fn(|i| &all[i]);
    let targets: [Class<10>; 16] = core::array::from_fn(|i| Class::new(usize::from(labels[i])).expect("a digit"));

    let mut group = group(c, &format!("{name}, a block of sixteen images, one thread"));
    images(&mut group, "forward", (16, forward_flop::<N>()), limit, || {
        N::Input::lay(trace.input_mut(), &block, Normalization::PAPER);
        black_box(network.forward(&mut trace));
    });
    assert!(trace.output().cells().iter().all(|o| o.sum().is_finite()));
    images(&mut group, "forward and backward", (16, training_flop::<N>()), limit, || {
        N::Input::lay(trace.input_mut(), &block, Normalization::PAPER);
        network.forward(&mut trace);
        let loss = SoftmaxCrossEntropy.evaluate(trace.output(), &targets, 1.0 / 16.0, errors.output_mut());
        network.backward(&trace, &mut errors, &mut grad);
        black_box(loss);
    });
    assert!(grad.is_finite());
    group.finish();
}

/// Training and reading through the public API, by batch and threads.
fn training<N: DigitNetwork>(c: &mut Criterion, network: NetworkName, limit: f64, works: &[(usize, usize)]) {
    let (all, labels) = mnist();
    let examples = Examples::new(&all, &labels).expect("as many labels as images");
    let indexes: Vec<u32> = (0..IMAGES as u32).collect();
    let mut group = group(c, &format!("{network}, training in steps of a batch"));
    group.sample_size(10);
    for &(batch, threads) in works {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a thread pool");
        let recipe = Recipe {
            network,
            loss: LossName::CrossEntropy,
            epochs: 1,
            batch,
            // Plain gradient descent, as in the other frameworks of the comparison.
            rate: if batch == 1 { 0.005 } else { 0.1 },
            momentum: 0.0,
            weight_decay: 0.0,
            ..Recipe::default()
        };
        let training = Training { recipe: &recipe, examples, train: &indexes, validation: &[] };
        let id = format!("batch {batch}, threads {threads}");
        images(&mut group, &id, (IMAGES, training_flop::<N>()), threads as f64 * limit, || {
            let outcome = pool.install(|| training.run::<N>(|_| ControlFlow::Continue(())));
            let outcome = outcome.expect("the recipe is sound");
            // One pass in sixteen steps of 256 trains little, but the accuracy is twice that of guessing.
            assert!(outcome.epochs[0].train_accuracy > 0.2, "it does not learn");
        });
    }
    group.finish();
}

/// Reading many images, and one alone.
fn inference<N: DigitNetwork>(c: &mut Criterion, name: &str, limit: f64) {
    let (all, labels) = mnist();
    let examples = Examples::new(&all, &labels).expect("as many labels as images");
    let indexes: Vec<u32> = (0..IMAGES as u32).collect();
    let network = N::boxed_zeroed();
    let mut group = group(c, &format!("{name}, inference"));
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a thread pool");
        let id = format!("many images, threads {threads}");
        images(&mut group, &id, (IMAGES, forward_flop::<N>()), threads as f64 * limit, || {
            let loss = SoftmaxCrossEntropy;
            let read = pool.install(|| evaluate(&*network, &loss, &examples, &indexes, Normalization::PAPER));
            assert_eq!(read.total() as usize, IMAGES);
        });
    }
    images(&mut group, "one image after another", (1, forward_flop::<N>()), limit, || {
        black_box(read(&*network, black_box(&all[0]), Normalization::PAPER));
    });
    group.finish();
}

fn network(c: &mut Criterion) {
    let limit = limit(c);
    block::<LeNet5Average<Tanh>>(c, "lenet5-average", limit);
    block::<LeNet5<Tanh>>(c, "lenet5", limit);
    let works = [(1, 1), (16, 1), (32, 1), (64, 1), (256, 1), (32, 2), (64, 2), (256, 2)];
    training::<LeNet5Average<Tanh>>(c, NetworkName::LeNet5Average, limit, &works);
    training::<LeNet5<Tanh>>(c, NetworkName::LeNet5, limit, &[(1, 1), (64, 1), (64, 2)]);
    inference::<LeNet5Average<Tanh>>(c, "lenet5-average", limit);
    inference::<LeNet5<Tanh>>(c, "lenet5", limit);
}

criterion_group!(benches, network);
criterion_main!(benches);

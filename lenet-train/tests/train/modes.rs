//! Layers that compute something else in training: batch normalization and dropout.

use crate::common::*;
use lenet_layers::{
    BatchNorm, Class, Conv2d, Dense, Dropout, Flatten, Grad, Init, Lanes, Maps, Network, Params, Relu, Schedule,
    SoftmaxCrossEntropy, Subsample, Tanh, Tensor, Units, initialize, sequential,
};
use lenet_train::{
    Accuracy, Arrays, Batch, Block, Decay, Event, Examples, Floats, LANES, Optimizer, Part, Settings, Shown, Slot,
    Training, evaluate, initial_weights,
};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

sequential! {
    pub(crate) struct Modern, trace ModernTrace {
        input:                        Maps<2, 8, 8>;
        c1:   Conv2d<2, 6, 3>         => Maps<6, 6, 6>;
        n1:   BatchNorm<6, Relu>      => Maps<6, 6, 6>;
        flat: Flatten                 => Units<216>;
        drop: Dropout<25>             => Units<216>;
        out:  Dense<216, 3>           => Units<3>;
    }
}

#[test]
fn batch_statistics_are_measured_and_the_same_on_any_number_of_threads() {
    let marks = Marks(450);
    // Blocks of sixteen and of two: statistics are measured on a whole block, however few examples it has.
    let training = training(&marks, Settings { batch: 34, epochs: 6, ..settings() });
    let train = |threads| pool(threads).install(|| training.run::<Modern>(Init::SqrtFanIn, go).unwrap());
    let (one, two) = (train(1), train(2));
    assert!(one.last == two.last);
    assert_eq!(untimed(&one.epochs), untimed(&two.epochs));
    let [mean, variance] = [one.last.n1.running_mean, one.last.n1.running_var];
    assert!(mean.iter().all(|mean| *mean != 0.0) && variance.iter().all(|v| *v > 0.0 && *v != 1.0));
    // Held-out examples are read with the statistics of all: the same with and without their neighbours.
    assert!(one.epochs[5].held_out.unwrap().metric > 0.9, "{:?}", one.epochs);
    let alone: f64 = (0..30)
        .map(|i| evaluate(&*one.last, &Part::of(&marks, &[i]), &SoftmaxCrossEntropy, &Accuracy).loss)
        .sum::<f64>();
    let indexes: Vec<u32> = (0..30).collect();
    let together = evaluate(&*one.last, &Part::of(&marks, &indexes), &SoftmaxCrossEntropy, &Accuracy).loss;
    assert!((alone / 30.0 - together).abs() < 1e-5, "{alone} {together}");
}

/// Examples that have a value of their own everywhere. They remember in which blocks they were shown.
struct Levels(Mutex<Vec<Vec<u32>>>);

fn level(index: u32) -> f32 {
    noise(u64::from(index), 1, 2) + 0.03 * index as f32
}

impl Examples for Levels {
    type Input = Maps<2, 8, 8>;
    type Target = Class<3>;
    fn len(&self) -> usize {
        34
    }
    fn show(&self, index: usize, _: u64, input: &mut [f32]) -> Class<3> {
        input.fill(level(index as u32));
        Class::new(0).unwrap()
    }
    fn lay(
        &self,
        shown: Shown<'_>,
        input: &mut Tensor<Self::Input, Lanes<LANES>>,
        _: &mut [f32],
        targets: &mut Vec<Class<3>>,
    ) {
        self.0.lock().unwrap().push(shown.indexes.to_vec());
        for (lane, index) in shown.indexes.iter().enumerate() {
            input.cells_mut().iter_mut().for_each(|cell| cell.0[lane] = level(*index));
            targets.push(Class::new(0).unwrap());
        }
    }
}

#[test]
fn statistics_follow_the_batch_by_a_tenth() {
    for threads in [1, 2] {
        // Three blocks, of sixteen, sixteen and two examples, in two sums of gradients.
        let levels = Levels(Mutex::default());
        let settings = Settings { batch: 34, epochs: 1, rate: 1e-9, ..settings() };
        let training = Training::new(settings, Part::all(&levels), SoftmaxCrossEntropy, ());
        // Map k of c1 is k + 1 times the value of the example.
        let mut network = Modern::<f32>::boxed_zeroed();
        network.c1.weight.iter_mut().zip(1u8..).for_each(|(map, k)| map[0][1][1] = f32::from(k));
        (network.n1.running_mean, network.n1.running_var) = ([0.5; 6], [2.0; 6]);
        let mut run = pool(threads).install(|| training.begin_from(network)).unwrap();
        pool(threads).install(|| run.go_on(go)).unwrap();

        let blocks = levels.0.lock().unwrap();
        assert_eq!(blocks.iter().map(Vec::len).collect::<BTreeSet<_>>(), BTreeSet::from([2, 16]));
        // A tenth of the mean of the blocks' statistics, weighted by their examples.
        let of_blocks = |statistic: &dyn Fn(&[u32]) -> f64| -> f64 {
            blocks.iter().map(|block| block.len() as f64 / 34.0 * statistic(block)).sum()
        };
        let mean = |block: &[u32]| block.iter().map(|i| f64::from(level(*i))).sum::<f64>() / block.len() as f64;
        let variance = |block: &[u32]| {
            let squares = block.iter().map(|i| (f64::from(level(*i)) - mean(block)).powi(2)).sum::<f64>();
            // Each example has 36 cells; the variance is estimated from all of them.
            36.0 * squares / (36.0 * block.len() as f64 - 1.0)
        };
        let n1 = &run.network().n1;
        for (k, factor) in (1..=6).map(f64::from).enumerate() {
            let expected =
                [0.9 * 0.5 + 0.1 * factor * of_blocks(&mean), 0.9 * 2.0 + 0.1 * factor * factor * of_blocks(&variance)];
            for (measured, expected) in [n1.running_mean[k], n1.running_var[k]].into_iter().zip(expected) {
                assert!((f64::from(measured) - expected).abs() < 1e-5 * expected, "map {k}: {measured} {expected}");
            }
        }
    }
}

#[test]
fn a_few_examples_are_normalized_together() {
    // Two examples that are 1 and 3 everywhere: alone, each has a variance of 0.
    let numbers: Vec<f32> = (0..256).map(|i| if i < 128 { 1.0 } else { 3.0 }).collect();
    let classes = [0, 1].map(|class| Class::new(class).unwrap());
    let examples = Floats::new(&numbers, &classes).unwrap();
    let settings = Settings { batch: 2, epochs: 1, rate: 1e-9, ..settings() };
    let training = Training::new(settings, Part::all(&examples), SoftmaxCrossEntropy, ());
    let mut network = Modern::<f32>::boxed_zeroed();
    network.c1.weight.iter_mut().for_each(|map| map[0][1][1] = 1.0);
    let mut run = training.begin_from(network).unwrap();
    run.go_on(go).unwrap();
    // The variance of 36 ones and 36 threes, estimated from them.
    let variance = 72.0 / 71.0;
    let measured = run.network().n1.running_var;
    assert!(measured.iter().all(|v| (v - 0.1 * variance).abs() < 1e-5), "{measured:?}");
}

#[test]
fn a_run_with_dropout_continues_to_the_same_bits() {
    let (marks, folder) = (Marks(150), tempfile::tempdir().unwrap());
    let path = &folder.path().join("state.safetensors");
    let training = training(&marks, settings());
    let whole = training.run::<Modern>(Init::SqrtFanIn, go).unwrap();
    let mut run = training.begin::<Modern>(Init::SqrtFanIn).unwrap();
    let stopped = run.go_on(|event| match event {
        Event::Step(made) if made.step == 8 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    assert!(stopped.is_err());
    run.save(path).unwrap();
    let mut run = training.resume::<Modern>(path).unwrap();
    run.go_on(go).unwrap();
    assert!(*run.network() == *whole.last);
}

#[test]
fn every_example_of_a_batch_has_a_seed_of_its_own() {
    let indexes: Vec<u32> = (0..100).collect();
    let seen = Mutex::new(BTreeSet::new());
    let gradient = || -> Box<dyn Arrays> { Grad::<Modern>::boxed_zeroed() };
    let mut batch = Batch::new(100, || (), gradient);
    let note = |(): &mut (), block: Block<'_>, _: &mut Slot| {
        let seeds = (0..block.shown.indexes.len()).map(|n| block.single_pass(n).seed);
        assert_eq!(block.pass().seed, block.single_pass(0).seed);
        assert_eq!((block.pass().examples, block.pass().batch), (block.shown.indexes.len(), 100));
        assert!(seeds.into_iter().all(|seed| seen.lock().unwrap().insert(seed)));
    };
    batch.gradient(Shown { indexes: &indexes, presentation: 0 }, 1, &note);
    assert_eq!(seen.lock().unwrap().len(), 100);
}

#[test]
fn every_step_drops_other_cells() {
    // One example, the same at every presentation, and no step that moves anything: only the dropped cells change.
    struct Ones;
    impl lenet_train::Examples for Ones {
        type Input = Maps<2, 8, 8>;
        type Target = Class<3>;
        fn len(&self) -> usize {
            1
        }
        fn show(&self, _: usize, _: u64, input: &mut [f32]) -> Self::Target {
            input.fill(1.0);
            Class::new(0).unwrap()
        }
    }
    sequential! {
        pub(crate) struct Dropped, trace DroppedTrace {
            input:                Maps<2, 8, 8>;
            flat: Flatten         => Units<128>;
            drop: Dropout<50>     => Units<128>;
            out:  Dense<128, 3>   => Units<3>;
        }
    }
    let settings = Settings { epochs: 20, batch: 1, rate: 1e-12, ..settings() };
    let training = Training::new(settings, Part::all(&Ones), SoftmaxCrossEntropy, ());
    let outcome = training.run::<Dropped>(Init::SqrtFanIn, go).unwrap();
    let losses: BTreeSet<u64> = outcome.epochs.iter().map(|epoch| epoch.loss.to_bits()).collect();
    assert_eq!(losses.len(), 20);
}

#[test]
fn an_average_follows_weights_and_statistics() {
    let marks = Marks(48);
    let settings = Settings { epochs: 4, ..settings() };
    let training =
        |average| Training::new(Settings { average, ..settings.clone() }, Part::all(&marks), SoftmaxCrossEntropy, ());
    let (learns, averages) = (training(0.0), training(0.2));
    let mut learner = learns.begin::<Modern>(Init::SqrtFanIn).unwrap();
    let mut expected = learner.network().clone();
    // The learner after each of the eight steps.
    for step in 1..=8 {
        let _ = learner.go_on(|event| match event {
            Event::Step(made) if made.step == step => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        });
        let kept = (step as f32 / (step as f32 + 10.0)).min(0.2);
        for i in 0..Modern::<f32>::TENSORS {
            let numbers = expected.tensor_mut(i).iter_mut().zip(learner.network().tensor(i));
            numbers.for_each(|(mean, number)| *mean = kept * *mean + (1.0 - kept) * number);
        }
    }
    let outcome = averages.run::<Modern>(Init::SqrtFanIn, go).unwrap();
    for i in 0..Modern::<f32>::TENSORS {
        let pairs = outcome.last.tensor(i).iter().zip(expected.tensor(i));
        assert!(pairs.clone().all(|(a, b)| (a - b).abs() < 1e-5), "{}: {pairs:?}", Modern::<f32>::info(i));
    }
    assert!(outcome.last != learner.into_outcome().last);
}

sequential! {
    struct Reduced, trace ReducedTrace {
        input:                        Maps<2, 8, 8>;
        c1:   Conv2d<2, 4, 3>         => Maps<4, 6, 6>;
        n1:   BatchNorm<4, Relu>      => Maps<4, 6, 6>;
        s2:   Subsample<4, 2, Tanh>   => Maps<4, 3, 3>;
        flat: Flatten                 => Units<36>;
        out:  Dense<36, 3>            => Units<3>;
    }
}

#[test]
fn weights_alone_can_decay() {
    let marks = Marks(32);
    let mut start = Reduced::<f32>::boxed_zeroed();
    initialize(&mut *start, Init::SqrtFanIn, &mut initial_weights(1));
    (start.c1.bias, start.n1.bias, start.s2.bias, start.out.bias) = ([0.5; 4], [0.5; 4], [0.5; 4], [0.5; 3]);
    let step = |optimizer, decay, clip| {
        let settings = Settings { batch: 32, epochs: 1, decay, clip, ..settings() };
        let training = Training::new(settings, Part::all(&marks), SoftmaxCrossEntropy, ()).with_optimizer(optimizer);
        let mut run = training.begin_from(start.clone()).unwrap();
        run.go_on(go).unwrap();
        run.into_outcome().last
    };
    let sgd = |nesterov| move |weight_decay| Optimizer::Sgd { momentum: 0.9, weight_decay, nesterov };
    let coupled = |weight_decay| Optimizer::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay };
    let optimizers: [&dyn Fn(f64) -> Optimizer; 4] = [&sgd(false), &sgd(true), &coupled, &Optimizer::adam_w];
    for (optimizer, clip) in optimizers.into_iter().flat_map(|optimizer| [(optimizer, None), (optimizer, Some(0.1))]) {
        let none = step(optimizer(0.0), Decay::All, clip);
        let (all, weights) = (step(optimizer(0.3), Decay::All, clip), step(optimizer(0.3), Decay::Weights, clip));
        for i in 0..Reduced::<f32>::TENSORS {
            let (name, none, all, weights) =
                (Reduced::<f32>::info(i).to_string(), none.tensor(i), all.tensor(i), weights.tensor(i));
            match &*name {
                "c1.weight" | "s2.coefficient" | "out.weight" => assert!(weights == all && weights != none, "{name}"),
                "n1.running_mean" | "n1.running_var" => assert!(weights == none && all == none, "{name}"),
                _ => assert!(weights == none && weights != all, "{name}"),
            }
        }
    }
}

sequential! {
    struct Hidden, trace HiddenTrace {
        input:                        Units<1>;
        f1:   Dense<1, 1, Relu>       => Units<1>;
        out:  Dense<1, 2>             => Units<2>;
    }
}

/// Sixteen examples are huge, and all later ones are 0.
struct HugeAtFirst(AtomicUsize);

impl Examples for HugeAtFirst {
    type Input = Units<1>;
    type Target = Class<2>;
    fn len(&self) -> usize {
        22
    }
    fn show(&self, _: usize, _: u64, input: &mut [f32]) -> Class<2> {
        input[0] = if self.0.fetch_add(1, Ordering::Relaxed) < 16 { 1e38 } else { 0.0 };
        Class::new(0).unwrap()
    }
}

#[test]
fn lanes_without_an_example_hold_none_of_the_block_before() {
    // The first step sees the huge examples while their weight is 0, and makes the weight large. If the six examples of
    // the second step left huge ones in the other lanes, these would be infinite after f1, and infinity times their
    // gradient of 0 is NaN.
    let examples = HugeAtFirst(AtomicUsize::new(0));
    let settings = Settings { batch: 16, epochs: 1, schedule: Schedule::Constant, ..settings() };
    let training = Training::new(settings, Part::all(&examples), SoftmaxCrossEntropy, ());
    let mut network = Hidden::<f32>::boxed_zeroed();
    (network.f1.bias, network.out.weight) = ([1.0], [[1.0], [0.0]]);
    let mut run = training.begin_from(network).unwrap();
    assert_eq!(run.go_on(go), Ok(()));
    assert!(run.network().f1.weight[0][0] > 1e30, "{:?}", run.network());
}

//! Layers that compute something else in training: batch normalization and dropout.

use crate::common::*;
use lenet_layers::{
    BatchNorm, Class, Conv2d, Dense, Dropout, Flatten, Grad, Init, Maps, Params, Relu, SoftmaxCrossEntropy, Units,
    sequential,
};
use lenet_train::{Accuracy, Arrays, Batch, Block, Event, Floats, Part, Settings, Shown, Slot, Training, evaluate};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Mutex;

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

#[test]
fn statistics_follow_the_batch_by_a_tenth() {
    // Four blocks, in two sums of gradients.
    let marks = Marks(64);
    let settings = Settings { batch: 64, epochs: 1, rate: 1e-9, ..settings() };
    let training = Training::new(settings, Part::all(&marks), SoftmaxCrossEntropy, ());
    for threads in [1, 2] {
        // Outputs of c1 that are 5 everywhere.
        let mut network = Modern::<f32>::boxed_zeroed();
        network.c1.bias = [5.0; 6];
        network.n1.running_var = [1.0; 6];
        let mut run = pool(threads).install(|| training.begin_from(network)).unwrap();
        pool(threads).install(|| run.go_on(go)).unwrap();
        let n1 = &run.network().n1;
        assert!(n1.running_mean.iter().all(|mean| (mean - 0.5).abs() < 1e-6), "{:?}", n1.running_mean);
        assert!(n1.running_var.iter().all(|variance| (variance - 0.9).abs() < 1e-6), "{:?}", n1.running_var);
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

//! Events, and the network that is kept.

use crate::common::*;
use lenet_layers::{Init, Network, Params, SoftmaxCrossEntropy, Tensor, Trace, initialize};
use lenet_train::{Accuracy, Event, Examples, Part, Settings, TrainError, Training, evaluate, outputs};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use std::ops::ControlFlow;

#[test]
fn the_best_epoch_is_kept() {
    let marks = Marks(300);
    // A rate at which the result goes up and down.
    let training = training(&marks, Settings { epochs: 6, rate: 0.3, ..settings() });
    let outcome = training.run::<Net>(Init::SqrtFanIn, go).unwrap();
    let results: Vec<_> = outcome.epochs.iter().map(|epoch| epoch.held_out.unwrap()).collect();
    let best = results[outcome.best_epoch as usize - 1];
    assert!(results.iter().all(|result| (best.metric, -best.loss) >= (result.metric, -result.loss)), "{results:?}");
    let (_, held_out) = Part::split(&marks, 0.2, 3);
    assert_eq!(evaluate(&*outcome.best, &held_out, &SoftmaxCrossEntropy, &Accuracy), best);
    let p = best.metric;
    assert!((best.standard_error - (p * (1.0 - p) / 60.0).sqrt()).abs() < 1e-9);
    assert!(outcome.epochs.iter().filter(|epoch| epoch.best).all(|epoch| epoch.epoch <= outcome.best_epoch));
}

#[test]
fn an_empty_part_is_nothing_held_out() {
    let marks = Marks(50);
    // A hundredth of 50 examples, rounded down.
    let (learn, held_out) = Part::split(&marks, 0.01, 1);
    assert_eq!(held_out.indexes().len(), 0);
    let training = Training::new(settings(), learn, SoftmaxCrossEntropy, Accuracy).with_held_out(held_out);
    let outcome = training.run::<Net>(Init::SqrtFanIn, go).unwrap();
    assert!(outcome.epochs.iter().all(|epoch| epoch.held_out.is_none() && epoch.best));
    assert_eq!((outcome.best_epoch, &outcome.best), (3, &outcome.last));
}

#[test]
fn events_come_in_order_and_can_stop_the_run() {
    let marks = Marks(50);
    let training = Training::new(settings(), Part::all(&marks), SoftmaxCrossEntropy, ());
    let mut seen = Vec::new();
    let outcome = training.run::<Net>(Init::SqrtFanIn, |event| {
        match event {
            Event::Step(made) => {
                assert_eq!(made.steps, 9);
                seen.push((made.epoch, made.step, made.examples));
            }
            Event::Epoch { record, run } => {
                assert_eq!(run.epochs().last(), Some(record));
                seen.push((record.epoch, run.step(), 0));
            }
            _ => {}
        }
        ControlFlow::Continue(())
    });
    // 50 examples in batches of 24, three times.
    let epoch =
        |e: u64| [(e as u32, 3 * e - 2, 24), (e as u32, 3 * e - 1, 24), (e as u32, 3 * e, 2), (e as u32, 3 * e, 0)];
    assert_eq!(seen, [epoch(1), epoch(2), epoch(3)].concat());
    // With nothing held out the latest is the best.
    let outcome = outcome.unwrap();
    assert_eq!((outcome.best_epoch, &outcome.best), (3, &outcome.last));

    let stopped = training.run::<Net>(Init::SqrtFanIn, |event| match event {
        Event::Epoch { record, .. } if record.epoch == 2 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    assert_eq!(stopped.map(|outcome| outcome.epochs), Err(TrainError::Stopped { epoch: 2, step: 6 }));
}

/// The last block of the last part is short, so that it follows other examples in its lanes.
#[test]
fn outputs_are_those_of_every_example_alone() {
    let (marks, mut net) = (Marks(700), Net::boxed_zeroed());
    initialize(&mut *net, Init::SqrtFanIn, &mut ChaCha8Rng::seed_from_u64(5));
    let indexes: Vec<u32> = (0..600).map(|i| i * 577 % 700).collect();
    let part = Part::of(&marks, &indexes);
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| outputs(&*net, &part))
    };
    let (one, three) = (on(1), on(3));
    assert_eq!(one, three);
    assert_eq!(one.len(), 600);
    let mut trace = NetTrace::<f32>::boxed_zeroed();
    for (index, output) in indexes.iter().zip(&one) {
        marks.show(*index as usize, 0, trace.input_mut().cells_mut());
        let alone: &Tensor<_> = net.forward(&mut trace);
        let near = alone.cells().iter().zip(output.cells()).all(|(a, b)| (a - b).abs() < 1e-5);
        assert!(near, "example {index}: {output:?} among others, {alone:?} alone");
    }
}

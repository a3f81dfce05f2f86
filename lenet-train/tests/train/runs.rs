//! Events, and the network that is kept.

use crate::common::*;
use lenet_layers::{Init, SoftmaxCrossEntropy};
use lenet_train::{Accuracy, Event, Part, Settings, TrainError, Training, evaluate};
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

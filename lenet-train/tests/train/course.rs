//! The numbers of steps, and what a step that fails leaves behind.

use crate::common::*;
use lenet_layers::{Class, Init, SoftmaxCrossEntropy, Tensor, Units};
use lenet_train::{Event, Larger, Optimizer, Part, SecondOrder, Settings, TrainError, Training};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn the_number_of_steps_is_known_in_advance() {
    let (marks, folder) = (Marks(10), tempfile::tempdir().unwrap());
    let path = &folder.path().join("state.safetensors");
    for (presentations, batch, epochs, steps) in [
        (Some(1000), 100, 2, 200),
        (Some(7), 4, 10, 24),
        (Some(25), 4, 3, 24),
        (Some(3), 5, 7, 9),
        (Some(10), 4, 2, 6),
        (None, 3, 2, 8),
    ] {
        let settings = Settings { presentations, batch, epochs, rate: 1e-3, ..settings() };
        let training = Training::new(settings, Part::all(&marks), SoftmaxCrossEntropy, ());
        let mut run = training.begin::<Net>(Init::SqrtFanIn).unwrap();
        let mut made = Vec::new();
        // A run can be saved after each of the first steps.
        while run
            .go_on(|event| match event {
                Event::Step(step) => {
                    made.push(step);
                    if step.step > 20 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
                }
                _ => ControlFlow::Continue(()),
            })
            .is_err()
        {
            run.save(path).unwrap();
            run = training.resume(path).unwrap();
            assert_eq!(run.step(), made.len() as u64);
        }
        assert!(made.iter().zip(1..).all(|(made, step)| made.step == step && made.steps == steps), "{made:?}");
        assert_eq!(made.len() as u64, steps, "{presentations:?} in batches of {batch}");
    }
}

/// Breaks a metric at an event, sees the error twice, mends the metric, and compares with a run that never failed. A
/// macro, because runs with different optimizers have different types.
macro_rules! break_and_mend {
    ($optimizer:expr, $value:expr, $at:pat if $condition:expr, $epoch:literal, $step:literal, $made:literal) => {{
        let (marks, folder, broken) = (Marks(50), tempfile::tempdir().unwrap(), AtomicBool::new(false));
        let path = &folder.path().join("state.safetensors");
        let metric = Larger(|y: &Tensor<Units<3>>, _: &Class<3>| {
            if broken.load(Ordering::Relaxed) { $value } else { f64::from(y.data[0]) }
        });
        // Two steps an epoch.
        let (learn, held_out) = Part::split(&marks, 0.2, 3);
        let training = Training::new(Settings { rate: 0.002, ..settings() }, learn, SoftmaxCrossEntropy, metric);
        let training = training.with_held_out(held_out).with_optimizer($optimizer);
        let mut whole = training.begin::<Net>(Init::SqrtFanIn).unwrap();
        whole.go_on(go).unwrap();

        let mut run = training.begin::<Net>(Init::SqrtFanIn).unwrap();
        let breaks = |event: Event<'_, Net>| {
            if matches!(event, $at if $condition) {
                broken.store(true, Ordering::Relaxed);
            }
            ControlFlow::Continue(())
        };
        let error = Err(TrainError::MetricNotFinite { epoch: $epoch, step: $step });
        assert_eq!(run.go_on(breaks), error);
        assert_eq!(run.go_on(go), error);
        assert_eq!(run.step(), $made);
        run.save(path).unwrap();
        broken.store(false, Ordering::Relaxed);
        let mut resumed = training.resume::<Net>(path).unwrap();
        for run in [&mut run, &mut resumed] {
            run.go_on(go).unwrap();
            assert_eq!(untimed(run.epochs()), untimed(whole.epochs()));
            assert!(run.network() == whole.network() && run.best() == whole.best());
        }
    }};
}

#[test]
fn a_metric_that_is_not_finite_stops_the_run_and_changes_nothing() {
    for value in [f64::NAN, f64::INFINITY] {
        // While it learns, and of the held-out examples.
        break_and_mend!(Optimizer::SGD, value, Event::Step(made) if made.step == 3, 2, 4, 3);
        break_and_mend!(Optimizer::adam(), value, Event::Step(made) if made.step == 4, 2, 4, 4);
    }
}

#[test]
fn a_metric_whose_squares_are_not_finite_stops_the_run() {
    break_and_mend!(Optimizer::SGD, 1e300, Event::Step(made) if made.step == 4, 2, 4, 4);
}

#[test]
fn a_failed_first_step_makes_no_second_estimate() {
    // An epoch begins with second derivatives of patterns drawn at random.
    let second = SecondOrder { patterns: 30, ..SecondOrder::PAPER };
    break_and_mend!(second, f64::NAN, Event::Epoch { record, .. } if record.epoch == 1, 2, 3, 2);
}

#[test]
fn the_best_network_is_the_first_one_before_an_epoch_has_ended() {
    let marks = Marks(50);
    let run = training(&marks, settings());
    let run = run.begin::<Net>(Init::SqrtFanIn).unwrap();
    assert_eq!(run.best(), run.network());
}

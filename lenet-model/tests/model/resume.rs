//! A run that was stopped, saved and resumed ends on the same bits as one that was not. A file that is not its state is
//! refused.

use crate::common::{Bars, bits, indexes, run_named, unwatched};
use lenet_model::{
    AnyNetwork, LeNet5, Order, Outcome, Recipe, ResumeError, Schedule, TrainError, Training, TrainingEvent,
};
use safetensors::SafeTensors;
use std::collections::HashMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

const HELD_OUT: u32 = 20;

/// What is compared: both networks, the number of the best epoch, and every epoch except its time.
type Result = (Vec<u32>, Vec<u32>, u32, Vec<(u32, [u64; 4], bool, Option<(f32, f32)>)>);

fn result(outcome: &Outcome) -> Result {
    let epochs = outcome.epochs.iter().map(|e| {
        let validation = e.validation.as_ref().unwrap();
        let numbers = [e.train_loss, e.train_accuracy, validation.loss_sum, f64::from(validation.correct())];
        (e.epoch, numbers.map(f64::to_bits), e.best, e.rates)
    });
    (bits(&*outcome.last), bits(&*outcome.best), outcome.best_epoch, epochs.collect())
}

fn stop_after<'a, N: AnyNetwork + ?Sized>(steps: u64) -> impl FnMut(TrainingEvent<'_, N>) -> ControlFlow<()> + 'a {
    move |event| match event {
        TrainingEvent::Step { step, .. } if step == steps => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    }
}

/// Trains without a stop, then stopped after each of `stops` in turn, saved and resumed.
fn stopped_and_resumed(recipe: &Recipe, stops: &[u64]) {
    let data = Bars::new(120);
    let (train, validation) = (indexes(0..120 - HELD_OUT), indexes(120 - HELD_OUT..120));
    let training = Training { recipe, examples: data.examples(), train: &train, validation: &validation };
    let whole = run_named(&training);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.safetensors");
    training.begin_named().unwrap().save(&path).unwrap();
    for stop in stops {
        let mut run = training.resume_named(&path).unwrap();
        match run.go_on(stop_after(*stop)) {
            Err(TrainError::Stopped { step, .. }) => assert_eq!((step, run.step()), (*stop, *stop)),
            other => panic!("{other:?}"),
        }
        run.save(&path).unwrap();
    }
    let mut run = training.resume_named(&path).unwrap();
    run.go_on(unwatched).unwrap();
    assert!(result(&run.into_outcome()) == result(&whole), "{recipe:?} stopped after {stops:?}");
}

/// Four epochs of thirteen steps, with stops within epochs, at their ends, before the first step and after the last but
/// one.
#[test]
fn gradient_descent_goes_on_to_the_same_bits() {
    let recipe = Recipe { epochs: 4, batch: 8, rate: 0.02, ..Recipe::default() };
    stopped_and_resumed(&recipe, &[1, 5, 13, 14, 26, 40, 51]);
    stopped_and_resumed(&recipe, &[]);
    stopped_and_resumed(&Recipe { order: Order::Fixed, ..recipe.clone() }, &[7, 30]);
    stopped_and_resumed(&Recipe { average: 0.9, ..recipe.clone() }, &[1, 20, 26]);
    // The list ends within an epoch, or an epoch within the list.
    for presentations in [37, 150] {
        stopped_and_resumed(&Recipe { presentations: Some(presentations), ..recipe.clone() }, &[3, 12, 19]);
    }
}

/// With second derivatives estimated before each epoch, and with ones that are kept for three epochs.
#[test]
fn the_second_order_goes_on_to_the_same_bits() {
    let paper = Recipe { epochs: 3, ..Recipe::paper() };
    stopped_and_resumed(&paper, &[50, 100, 101, 230]);
    let mut lush = Recipe { epochs: 5, batch: 7, ..Recipe::lush() };
    lush.second_order.as_mut().unwrap().every = 3;
    stopped_and_resumed(&lush, &[20, 31, 61, 70]);
}

/// Stopped by the event at the end of an epoch, as by that of a step.
#[test]
fn an_epochs_end_is_a_place_to_stop() {
    let data = Bars::new(60);
    let (train, validation) = (indexes(0..40), indexes(40..60));
    let recipe = Recipe { epochs: 3, ..Recipe::default() };
    let training = Training { recipe: &recipe, examples: data.examples(), train: &train, validation: &validation };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.safetensors");
    let mut run = training.begin_named().unwrap();
    let stopped = run.go_on(|event| match event {
        TrainingEvent::Epoch { record, run } if record.epoch == 2 => {
            run.save(&path).unwrap();
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    });
    assert!(matches!(stopped, Err(TrainError::Stopped { epoch: 2, .. })));
    let mut again = training.resume_named(&path).unwrap();
    assert_eq!((again.epochs(), again.step()), (run.epochs(), run.step()));
    again.go_on(unwatched).unwrap();
    run.go_on(unwatched).unwrap();
    assert!(result(&again.into_outcome()) == result(&run.into_outcome()));
}

/// The best network can be one that no later epoch has.
#[test]
fn the_best_network_of_an_early_epoch_is_kept() {
    let data = Bars::new(120);
    let (train, validation) = (indexes(0..100), indexes(100..120));
    let training = |recipe| Training { recipe, examples: data.examples(), train: &train, validation: &validation };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.safetensors");
    // Steps that are too large make it worse sooner or later, without making the numbers infinite or NaN.
    let recipe = Recipe { epochs: 6, rate: 0.5, schedule: Schedule::Constant, weight_decay: 0.0, ..Recipe::default() };
    let training = training(&recipe);
    let whole = run_named(&training);
    assert!(whole.best_epoch < 5, "the best is epoch {}", whole.best_epoch);
    assert_ne!(bits(&*whole.best), bits(&*whole.last));
    let mut run = training.begin_named().unwrap();
    run.go_on(stop_after(22)).unwrap_err();
    run.save(&path).unwrap();
    let mut run = training.resume_named(&path).unwrap();
    run.go_on(unwatched).unwrap();
    assert!(result(&run.into_outcome()) == result(&whole));
}

#[test]
fn what_is_no_state_of_the_run_is_refused() {
    let data = Bars::new(60);
    let (train, validation) = (indexes(0..40), indexes(40..60));
    let recipe = Recipe { epochs: 2, ..Recipe::default() };
    let training = Training { recipe: &recipe, examples: data.examples(), train: &train, validation: &validation };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.safetensors");
    let mut run = training.begin_named().unwrap();
    run.go_on(stop_after(3)).unwrap_err();
    run.save(&path).unwrap();
    let sound = fs::read(&path).unwrap();

    let refused = |training: &Training<'_>, path: &Path, words: &str| {
        let error = training.resume_named(path).expect_err(words);
        let text = error.to_string();
        assert!(text.contains(words) && text.lines().count() == 1, "{words}: {text}");
        assert!(matches!(error, ResumeError::Training(_)) || text.contains("state.safetensors"), "{text}");
        assert!(text.len() < 500, "{text}");
    };
    let other = Recipe { rate: 0.01, ..recipe.clone() };
    refused(&Training { recipe: &other, ..training }, &path, "another recipe");
    refused(&Training { train: &train[1..], ..training }, &path, "other data");
    refused(&Training { validation: &validation[1..], ..training }, &path, "other data");
    let error = training.resume::<LeNet5>(&folder.path().join("state.safetensors.old")).err().unwrap();
    assert!(error.to_string().contains("can't be read"), "{error}");

    // Replaces text in the file by text of the same length, which keeps the lengths in the file right.
    let with = |from: &str, to: &str| {
        let at = sound.windows(from.len()).position(|w| w == from.as_bytes()).expect(from);
        let mut bytes = sound.clone();
        bytes[at..at + from.len()].copy_from_slice(to.as_bytes());
        fs::write(&path, bytes).unwrap();
    };
    with(r#"\"step\":3,"#, r#"\"step\":9,"#);
    refused(&training, &path, "contradict each other");
    with(r#"\"place\":[1,32]"#, r#"\"place\":[9,32]"#);
    refused(&training, &path, "contradict each other");
    with(r#"\"place\":[1,32]"#, r#"\"place\":[1,99]"#);
    refused(&training, &path, "contradict each other");
    with(r#"\"place\":[1,32]"#, r#"\"place\":[1,31]"#);
    refused(&training, &path, "contradict each other");
    with(r#"\"seen\":32"#, r#"\"seen\":99"#);
    refused(&training, &path, "contradict each other");
    with(r#"\"best_epoch\":1"#, r#"\"best_epoch\":7"#);
    refused(&training, &path, "contradict each other");
    with(r#"\"loss\":"#, r#"\"lass\":"#);
    refused(&training, &path, "not the state of a run of this version");
    with("velocity.f6.bias", "velocity.f9.bias");
    refused(&training, &path, "tensor velocity.f6.bias: is missing");
    for length in [0, 7, 100, sound.len() / 2, sound.len() - 1] {
        fs::write(&path, &sound[..length]).unwrap();
        refused(&training, &path, "not a whole safetensors file");
    }
    // Large numbers, which must not overflow in any sum.
    let (_, header) = SafeTensors::read_metadata(&sound).unwrap();
    let text = &header.metadata().as_ref().unwrap()["run"];
    for (from, to) in [
        ("\"seen\":32", "\"seen\":18446744073709551615"),
        ("\"place\":[1,32]", "\"place\":[18446744073709551615,32]"),
        ("\"step\":3", "\"step\":18446744073709551615"),
        ("\"estimates\":0", "\"estimates\":4294967295"),
    ] {
        let metadata = HashMap::from([("run".to_string(), text.replacen(from, to, 1))]);
        assert_ne!(&metadata["run"], text);
        let file = SafeTensors::deserialize(&sound).unwrap();
        fs::write(&path, safetensors::serialize(file.tensors(), Some(metadata)).unwrap()).unwrap();
        refused(&training, &path, "contradict each other");
    }
    // A model is not a state.
    fs::write(&path, LeNet5::pretrained_file()).unwrap();
    refused(&training, &path, "it is not the state of a run");
}

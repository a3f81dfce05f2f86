//! A run that stopped continues to the same bits, and only with its own settings, data and network.

use crate::common::*;
use crate::modes::Modern;
use lenet_layers::{Class, Dense, Flatten, Init, Maps, SoftmaxCrossEntropy, Tensor, Units, sequential};
use lenet_train::{
    Accuracy, Decay, Event, FileError, Optimizer, Part, ResumeError, SecondOrder, Settings, Smaller, TrainError,
    Training,
};
use std::ops::ControlFlow;
use std::path::Path;

sequential! {
    pub struct Other, trace OtherTrace {
        input:               Maps<2, 8, 8>;
        flat: Flatten        => Units<128>;
        out:  Dense<128, 3>  => Units<3>;
    }
}

/// Trains with a stop after each of the steps `stops`, and compares with a run without one. A macro, because runs with
/// different optimizers have different types.
macro_rules! stop_and_go {
    ($training:expr, $stops:expr) => {
        stop_and_go!(Net, $training, $stops)
    };
    ($Net:ty, $training:expr, $stops:expr) => {{
        let training = $training;
        let folder = tempfile::tempdir().unwrap();
        let path = &folder.path().join("state.safetensors");
        let mut whole = training.begin::<$Net>(Init::SqrtFanIn).unwrap();
        whole.go_on(go).unwrap();

        let mut run = training.begin::<$Net>(Init::SqrtFanIn).unwrap();
        for stop in $stops {
            let stopped = run.go_on(|event| match event {
                Event::Step(made) if made.step == stop => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            });
            assert!(matches!(stopped, Err(TrainError::Stopped { step, .. }) if step == stop), "{stopped:?}");
            run.save(path).unwrap();
            run = training.resume::<$Net>(path).unwrap();
            assert_eq!(run.step(), stop);
        }
        run.go_on(go).unwrap();
        assert_eq!(untimed(run.epochs()), untimed(whole.epochs()));
        assert!(run.network() == whole.network() && run.best() == whole.best());
    }};
}

#[test]
fn a_run_that_stopped_continues_to_the_same_bits() {
    let marks = Marks(150);
    // Five steps an epoch: within an epoch, at its end, and twice.
    stop_and_go!(training(&marks, settings()), [1, 5, 7, 14]);
    stop_and_go!(training(&marks, Settings { average: 0.9, presentations: Some(70), ..settings() }), [2, 6]);
    let adam = Settings { rate: 0.01, ..settings() };
    stop_and_go!(training(&marks, adam).with_optimizer(Optimizer::adam_w(0.01)), [4, 9]);
    let second = SecondOrder { patterns: 30, every: 2, ..SecondOrder::PAPER };
    let settings = Settings { rate: 0.002, ..settings() };
    stop_and_go!(training(&marks, settings).with_optimizer(second), [3, 11]);
}

#[test]
fn a_run_with_batch_normalization_continues_to_the_same_bits() {
    let marks = Marks(150);
    stop_and_go!(Modern, training(&marks, Settings { average: 0.9, ..settings() }), [2, 6]);
    let adam = Settings { rate: 0.01, decay: Decay::Weights, ..settings() };
    let coupled = Optimizer::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.1 };
    stop_and_go!(Modern, training(&marks, adam).with_optimizer(coupled), [4, 9]);
}

/// Why `path` can't be resumed with a training.
fn refused(training: &Classifying<'_>, path: &Path) -> String {
    training.resume::<Net>(path).unwrap_err().to_string()
}

#[test]
fn a_run_is_continued_with_its_own_settings_data_and_network() {
    let (marks, folder) = (Marks(150), tempfile::tempdir().unwrap());
    let path = &folder.path().join("state.safetensors");
    let own = training(&marks, settings());
    own.begin::<Net>(Init::SqrtFanIn).unwrap().save(path).unwrap();
    assert_eq!(own.resume::<Net>(path).unwrap().step(), 0);

    let other = refused(&training(&marks, Settings { rate: 0.04, ..settings() }), path);
    assert!(other.contains("it is from a run with other settings"), "{other}");
    let smaller = |y: &Tensor<Units<3>>, _: &Class<3>| f64::from(y.data[0]);
    let (learn, held_out) = Part::split(&marks, 0.2, 3);
    let other = Training::new(settings(), learn, SoftmaxCrossEntropy, Smaller(smaller)).with_held_out(held_out);
    let other = other.resume::<Net>(path).unwrap_err().to_string();
    assert!(other.contains("it is from a run with another metric"), "{other}");
    let fewer = Marks(149);
    let other = refused(&training(&fewer, settings()), path);
    assert!(other.contains("it is from a run with other data"), "{other}");
    let error = own.resume::<Other>(path).unwrap_err();
    assert!(matches!(error, ResumeError::File(FileError::Network { .. })));
    assert!(error.to_string().contains("stage 1 is called c1 in the file, but flat in the network"), "{error}");

    lenet_train::write_beside(path, b"none").unwrap();
    let none = refused(&own, path);
    assert!(none.contains("not a whole safetensors file"), "{none}");
    let none = refused(&own, &folder.path().join("nothing"));
    assert!(none.contains("can't be read"), "{none}");
}

#[test]
fn numbers_that_contradict_each_other_are_refused() {
    let (marks, folder) = (Marks(150), tempfile::tempdir().unwrap());
    let path = &folder.path().join("state.safetensors");
    let own = training(&marks, settings());
    let mut run = own.begin::<Net>(Init::SqrtFanIn).unwrap();
    let _ = run.go_on(|event| match event {
        Event::Step(made) if made.step == 7 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    run.save(path).unwrap();
    let bytes = std::fs::read(path).unwrap();
    // The same length, so that the file stays whole.
    for (from, to) in [
        (r#"\"step\":7"#, r#"\"step\":9"#),
        (r#"\"seen\":48"#, r#"\"seen\":49"#),
        (r#"\"place\":[1,48]"#, r#"\"place\":[2,48]"#),
        (r#"\"best_epoch\":1"#, r#"\"best_epoch\":2"#),
        (r#"\"estimates\":0"#, r#"\"estimates\":9"#),
    ] {
        let at = bytes.windows(from.len()).position(|part| part == from.as_bytes()).unwrap_or_else(|| panic!("{from}"));
        let mut changed = bytes.clone();
        changed[at..at + to.len()].copy_from_slice(to.as_bytes());
        std::fs::write(path, changed).unwrap();
        let reason = refused(&own, path);
        assert!(reason.contains("its numbers contradict each other"), "{to}: {reason}");
    }
}

#[test]
fn a_network_is_trained_further_from_its_weights() {
    let marks = Marks(150);
    let trained = training(&marks, Settings { epochs: 10, ..settings() }).run::<Net>(Init::SqrtFanIn, go).unwrap().last;
    let gentle = Settings { epochs: 1, rate: 0.001, ..settings() };
    let further = Training::new(gentle, Part::all(&marks), SoftmaxCrossEntropy, Accuracy);
    let mut run = further.begin_from(trained.clone()).unwrap();
    run.go_on(go).unwrap();
    let anew = further.run::<Net>(Init::SqrtFanIn, go).unwrap();
    assert!(run.epochs()[0].loss < anew.epochs[0].loss / 2.0);
    assert!(*run.network() != *trained);
}

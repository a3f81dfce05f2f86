//! What is refused, and how it is said.

use crate::common::*;
use lenet_layers::{Init, SoftmaxCrossEntropy};
use lenet_train::{Accuracy, Optimizer, Part, SecondOrder, Settings, SettingsError, TrainError, Training};

fn refused(settings: Settings) -> SettingsError {
    let marks = Marks(30);
    match training(&marks, settings).run::<Net>(Init::SqrtFanIn, go) {
        Err(TrainError::Settings(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn settings_that_make_no_sense() {
    assert_eq!(refused(Settings { epochs: 0, ..settings() }), SettingsError::Zero("the number of epochs"));
    assert_eq!(refused(Settings { batch: 0, ..settings() }), SettingsError::Zero("the batch size"));
    let zero = SettingsError::Zero("the number of examples in an epoch");
    assert_eq!(refused(Settings { presentations: Some(0), ..settings() }), zero);
    for settings in [
        Settings { rate: 0.0, ..settings() },
        Settings { rate: f64::NAN, ..settings() },
        Settings { average: 1.0, ..settings() },
        Settings { clip: Some(-1.0), ..settings() },
        // Steps compute in f32, in which these are infinite, 0 and 1.
        Settings { rate: 1e39, ..settings() },
        Settings { rate: 1e-60, ..settings() },
        Settings { clip: Some(1e39), ..settings() },
        Settings { clip: Some(1e-60), ..settings() },
        Settings { average: 1.0 - 1e-9, ..settings() },
        // More examples than a number of them can hold.
        Settings { presentations: Some(usize::MAX), ..settings() },
        Settings { presentations: Some(1 << 40), epochs: u32::MAX, ..settings() },
    ] {
        assert!(matches!(refused(settings.clone()), SettingsError::OutOfRange { .. }), "{settings:?}");
    }
    let error = refused(Settings { rate: 1e39, ..settings() }).to_string();
    assert!(error.ends_with("give a number from 1e-37 to 1e38"), "{error}");
}

#[test]
fn optimizers_that_make_no_sense() {
    let marks = Marks(30);
    let wrong = Optimizer::Sgd { momentum: 1.0, weight_decay: 0.0, nesterov: true };
    let training = Training::new(settings(), Part::all(&marks), SoftmaxCrossEntropy, Accuracy);
    let error = training.with_optimizer(wrong).begin::<Net>(Init::Paper).unwrap_err();
    assert_eq!(error.to_string(), "the momentum is 1: give a number from 0 to 0.9999999");
    let training = Training::new(settings(), Part::all(&marks), SoftmaxCrossEntropy, Accuracy);
    let wrong = SecondOrder { patterns: 0, ..SecondOrder::PAPER };
    let error = training.with_optimizer(wrong).begin::<Net>(Init::Paper).unwrap_err();
    assert_eq!(error.to_string(), "the number of patterns for the second derivatives is 0: give at least 1");
}

#[test]
fn optimizers_that_make_no_sense_in_single_precision() {
    let marks = Marks(30);
    macro_rules! refused {
        ($optimizer:expr) => {
            let training = Training::new(settings(), Part::all(&marks), SoftmaxCrossEntropy, Accuracy);
            let training = training.with_optimizer($optimizer);
            let error = training.begin::<Net>(Init::Paper).unwrap_err();
            assert!(matches!(error, TrainError::Settings(SettingsError::OutOfRange { .. })), "{error}");
        };
    }
    refused!(Optimizer::Sgd { momentum: 1.0 - 1e-9, weight_decay: 0.0, nesterov: false });
    refused!(Optimizer::adam_w(1e39));
    for (beta1, beta2, epsilon) in [(1.0 - 1e-9, 0.999, 1e-8), (0.9, 1.0 - 1e-9, 1e-8), (0.9, 0.999, 1e-60)] {
        refused!(Optimizer::Adam { beta1, beta2, epsilon, weight_decay: 0.0 });
    }
    refused!(SecondOrder { mu: 1e-60, ..SecondOrder::PAPER });
    refused!(SecondOrder { output: 1e39, ..SecondOrder::PAPER });
    refused!(SecondOrder { patterns: usize::MAX, ..SecondOrder::PAPER });
}

#[test]
fn examples_that_do_not_exist() {
    let marks = Marks(30);
    let on =
        |indexes: &'static [u32]| Training::new(settings(), Part::of(&marks, indexes), SoftmaxCrossEntropy, Accuracy);
    assert_eq!(on(&[]).begin::<Net>(Init::Paper).unwrap_err(), TrainError::NoExamples);
    let missing = TrainError::NoSuchExample { index: 30, len: 30 };
    assert_eq!(on(&[29, 30]).begin::<Net>(Init::Paper).unwrap_err(), missing);
    let held_out = on(&[1, 2]).with_held_out(Part::of(&marks, &[30]));
    assert_eq!(held_out.begin::<Net>(Init::Paper).unwrap_err(), missing);
}

#[test]
fn a_rate_that_is_much_too_high() {
    let marks = Marks(60);
    let result = training(&marks, Settings { rate: 3e38, ..settings() }).run::<Net>(Init::SqrtFanIn, go);
    let error = result.map(|outcome| outcome.epochs).unwrap_err();
    assert!(matches!(error, TrainError::NotFinite { .. }), "{error}");
}

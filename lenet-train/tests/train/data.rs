//! How examples are shown.

use crate::common::*;
use lenet_layers::{Init, Lanes, Maps, Shape, SoftmaxCrossEntropy, Tensor};
use lenet_train::{Accuracy, Bytes, Examples, ExamplesError, LANES, Layout, Part, Settings, Shown, Training};
use std::collections::BTreeSet;
use std::sync::Mutex;

#[test]
fn a_block_is_laid_as_its_examples_are_shown() {
    type In = <Marks as Examples>::Input;
    let mut room = vec![0.0; LANES * In::LEN];
    for block in [&[5u32, 0, 7][..], &[1; 16], &[9]] {
        let (mut input, mut targets) = (Tensor::<In, Lanes<LANES>>::boxed_zeroed(), Vec::new());
        Marks(20).lay(Shown { indexes: block, presentation: 3 }, &mut input, &mut room, &mut targets);
        for (lane, index) in block.iter().enumerate() {
            let mut one = vec![0.0; In::LEN];
            assert_eq!(Marks(20).show(*index as usize, 3, &mut one), targets[lane]);
            assert!(one.iter().zip(input.cells()).all(|(number, cell)| *number == cell.0[lane]));
        }
        assert!(input.cells().iter().all(|cell| cell.0[block.len()..].iter().all(|number| *number == 0.0)));
        assert_eq!(targets.len(), block.len());
    }
}

/// Remembers what was shown.
struct Watched(Marks, Mutex<BTreeSet<(usize, u64)>>);
impl Examples for Watched {
    type Input = <Marks as Examples>::Input;
    type Target = <Marks as Examples>::Target;
    fn len(&self) -> usize {
        self.0.len()
    }
    fn show(&self, index: usize, presentation: u64, input: &mut [f32]) -> Self::Target {
        self.1.lock().unwrap().insert((index, presentation));
        self.0.show(index, presentation, input)
    }
}

#[test]
fn every_example_is_shown_at_every_presentation_and_held_out_ones_as_they_are() {
    for batch in [2, 8] {
        let examples = Watched(Marks(40), Mutex::default());
        let (learn, held_out) = (Part::of(&examples, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), Part::of(&examples, &[30, 31]));
        let settings = Settings { epochs: 3, batch, ..settings() };
        let training = Training::new(settings, learn, SoftmaxCrossEntropy, Accuracy).with_held_out(held_out);
        training.run::<Net>(Init::SqrtFanIn, go).unwrap();
        let mut expected: BTreeSet<_> = (0..10).flat_map(|i| (0..3).map(move |p| (i, p))).collect();
        expected.extend([(30, 0), (31, 0)]);
        assert_eq!(*examples.1.lock().unwrap(), expected);
    }
}

#[test]
fn bytes_and_targets_must_belong_together() {
    let bytes = |count: usize, channels: usize| {
        let (bytes, normalization) = (vec![0; count], vec![(0.0, 1.0); channels]);
        Bytes::<Maps<3, 2, 2>, u8>::new(&bytes, &[1, 2], Layout::Planar, &normalization).map(|_| ())
    };
    assert_eq!(bytes(24, 3), Ok(()));
    assert_eq!(bytes(23, 3), Err(ExamplesError::Lengths { numbers: 23, targets: 2, each: 12 }));
    assert_eq!(bytes(24, 1), Err(ExamplesError::Channels { given: 1, channels: 3 }));
}

#[test]
fn a_normalization_must_give_finite_numbers() {
    for (mean, deviation) in [
        (0.5, 0.0),
        (0.5, f32::NAN),
        (f32::NAN, 1.0),
        (0.5, f32::INFINITY),
        (0.5, -1.0),
        (f32::INFINITY, 1.0),
        (0.0, 1e-45),
    ] {
        let refused = Bytes::<Maps<2, 1, 1>, u8>::new(&[1, 2], &[7], Layout::Planar, &[(0.5, 0.25), (mean, deviation)]);
        let error = refused.unwrap_err();
        assert!(matches!(error, ExamplesError::Normalization { channel: 1, .. }), "{mean} {deviation}: {error}");
    }
}

//! Splits and examples.

use lenet_data::{DataError, LabelledImages, Split};
use proptest::prelude::*;

/// A seed keeps its meaning: these change only if every recorded run is to lose its split.
#[test]
fn a_seed_keeps_its_meaning() {
    let split = |seed| Split::new(20, 5, seed).unwrap().validation;
    assert_eq!(split(1), [2, 5, 6, 7, 8]);
    assert_eq!(split(2), [2, 4, 14, 15, 16]);
}

#[test]
fn something_is_left_to_train_on() {
    assert!(matches!(Split::new(0, 0, 1), Err(DataError::NothingToTrainOn { .. })));
    assert!(matches!(Split::new(5, 5, 1), Err(DataError::NothingToTrainOn { .. })));
    assert!(matches!(Split::new(5, usize::MAX, 1), Err(DataError::NothingToTrainOn { .. })));
    assert!(matches!(Split::new(usize::MAX, 1, 1), Err(DataError::TooManyExamples { .. })));
    assert_eq!(Split::new(3, 0, 1).unwrap().train, [0, 1, 2]);
    assert_eq!(Split::new(3, 0, 1).unwrap().validation, []);
}

proptest! {
    #[test]
    fn every_example_is_on_one_side(examples in 1_usize..500, part in any::<prop::sample::Index>(), seed: u64) {
        let validation = part.index(examples);
        let split = Split::new(examples, validation, seed).unwrap();
        prop_assert_eq!(split.validation.len(), validation);
        prop_assert!(split.train.is_sorted() && split.validation.is_sorted());
        let mut all = [&split.train[..], &split.validation].concat();
        all.sort_unstable();
        prop_assert_eq!(all, (0..examples as u32).collect::<Vec<_>>());
    }

    #[test]
    fn a_larger_validation_set_contains_the_smaller(seed: u64, small in 0_usize..40, more in 0_usize..40) {
        let [small, large] = [small, small + more].map(|n| Split::new(80, n, seed).unwrap().validation);
        prop_assert!(small.iter().all(|index| large.contains(index)));
    }
}

#[test]
fn examples_belong_together() {
    let image = [[0; 28]; 28];
    let error = |images: usize, labels: &[u8]| {
        LabelledImages::new(vec![image; images], labels.to_vec()).unwrap_err().to_string()
    };
    assert_eq!(
        error(2, &[1]),
        "the labels: expected 2 labels, one for each image of the images, found 1: \
         the two are not of one set; give them as they were published together",
    );
    assert_eq!(error(2, &[1, 200]), "the labels: label 1 is 200, expected 0 to 9; give a set of ten classes");
    assert!(error(0, &[]).starts_with("the images: holds nothing"));
    assert!(error(0, &[1]).starts_with("the labels: expected 0 labels"));

    let mut examples = LabelledImages::new(vec![image; 3], vec![1, 2, 3]).unwrap();
    examples.truncate(5);
    assert_eq!(examples.len(), 3);
    examples.truncate(0);
    assert_eq!((examples.len(), examples.labels()), (1, &[1][..]));
}

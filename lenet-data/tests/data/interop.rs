//! What the `mnist` crate hands over, sound and unsound.

use lenet_data::Dataset;
use mnist::Mnist;

fn sound() -> Mnist {
    Mnist {
        trn_img: [[1; 784], [2; 784]].concat(),
        trn_lbl: vec![1, 2],
        val_img: vec![3; 784],
        val_lbl: vec![3],
        tst_img: vec![4; 784],
        tst_lbl: vec![4],
    }
}

#[test]
fn validation_follows_training() {
    let taken = Dataset::try_from(sound()).unwrap();
    assert_eq!(taken.train.images(), [[[1; 28]; 28], [[2; 28]; 28], [[3; 28]; 28]]);
    assert_eq!(taken.train.labels(), [1, 2, 3]);
    assert_eq!((taken.test.images(), taken.test.labels()), (&[[[4; 28]; 28]][..], &[4][..]));
}

#[test]
fn what_does_not_fit_is_told() {
    let error = |spoil: fn(&mut Mnist)| {
        let mut theirs = sound();
        spoil(&mut theirs);
        Dataset::try_from(theirs).unwrap_err().to_string()
    };
    assert_eq!(
        error(|m| m.tst_img.truncate(700)),
        "Mnist::tst_img: 700 bytes are not a whole number of 28x28 images; give 784 bytes for each image",
    );
    assert_eq!(
        error(|m| m.trn_img.truncate(784 + 28)),
        "Mnist::trn_img: 812 bytes are not a whole number of 28x28 images; give 784 bytes for each image",
    );
    // Two wrongs, one training label too few and one validation label too many, do not make a right.
    assert_eq!(
        error(|m| {
            m.trn_lbl.pop();
            m.val_lbl.push(0);
        }),
        "Mnist::trn_lbl: expected 2 labels, one for each image of Mnist::trn_img, found 1: \
         the two are not of one set; give them as they were published together",
    );
    assert_eq!(
        error(|m| m.trn_lbl = vec![0; 20]),
        "Mnist::trn_lbl: holds ten numbers for each image, expected one label; \
         leave label_format_one_hot() out when building it",
    );
    assert_eq!(
        error(|m| m.val_lbl[0] = 11),
        "Mnist::trn_lbl: label 2 is 11, expected 0 to 9; give a set of ten classes",
    );
    assert_eq!(
        error(|m| {
            m.tst_img.clear();
            m.tst_lbl.clear();
        }),
        "Mnist::tst_img: holds nothing, its dimensions are [0, 28, 28]; at least one value is needed, \
         fetch or write the file again",
    );
}

//! From pictures to digits with the built-in model: MNIST changed and brought back into its form, and printed and
//! handwritten fonts.

use crate::variants::VARIANTS;
use lenet_data::strings::rubbish;
use lenet_data::{Dataset, Image, Picture, Split, digits, prepare};
use lenet_model::{Checkpoint, Classify, LeNet5};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// Digits that the model was not trained on, and their labels.
fn held_out(count: usize) -> Vec<(Image, u8)> {
    let mnist = Dataset::mnist().unwrap();
    let at = |i: u32| (mnist.train.images()[i as usize], mnist.train.labels()[i as usize]);
    Split::new(60_000, 5_000, 1).unwrap().validation.into_iter().map(at).take(count).collect()
}

fn read(image: &Image) -> u8 {
    LeNet5::pretrained().classify(image).digit
}

/// For each change, the fraction of correct readings is at most half a percentage point below that of the unchanged
/// digits.
#[test]
fn digits_of_mnist_undone_are_made_again() {
    let all = held_out(2_000);
    for variant in VARIANTS {
        // The large ones take as long as all the others together.
        let digits = if variant.name.starts_with("10x") { &all[..600] } else { &all };
        let clean = digits.iter().filter(|(image, label)| read(image) == *label).count();
        assert!(digits.len() < all.len() || clean >= digits.len() * 99 / 100, "{clean} as they are");
        let right = digits.par_iter().enumerate().filter(|(i, (image, label))| {
            let made = prepare(&variant.picture(image, *i as u64));
            made.is_ok_and(|made| read(&made.image) == *label)
        });
        let right = right.count();
        let said = format!("{:40} {right} of {}, {clean} as they are", variant.name, digits.len());
        println!("{said}");
        assert!(right + digits.len() / 200 >= clean, "{said}");
    }
}

/// MNIST's digits are already in MNIST's form: QMNIST's rule, which was found for the original scans, leaves them
/// unchanged.
#[test]
fn digits_of_mnist_keep_their_form() {
    let digits = held_out(2_000);
    let (mut kept, mut in_place, mut changes) = (0, 0, 0.0);
    for (image, _) in &digits {
        let made = prepare(&Picture::from(image)).unwrap().image;
        let (before, after) = (centre(image), centre(&made));
        // The rule holds for all of them.
        assert!(before.iter().all(|at| (13.5..=14.5).contains(at)), "{before:?}");
        in_place += usize::from((0..2).all(|axis| (before[axis] - after[axis]).abs() < 0.1));
        let change = |(a, b): (&u8, &u8)| a.abs_diff(*b);
        let changed: Vec<u8> = image.as_flattened().iter().zip(made.as_flattened()).map(change).collect();
        kept += usize::from(changed.iter().all(|levels| *levels <= 16));
        changes += changed.iter().map(|levels| f64::from(*levels)).sum::<f64>() / 784.0;
    }
    let mean = changes / digits.len() as f64;
    println!("{kept} kept within 16 levels, {in_place} in their place, {mean:.2} levels changed in the mean");
    // 1,946, 1,973 and 0.36 when this was written. The others have specks, or strokes that are too faint or too thin.
    assert!(kept >= 1_930 && in_place >= 1_960 && mean < 0.4);
}

/// Row and column of the centre of mass; the middle of a pixel is at its index.
fn centre(image: &Image) -> [f64; 2] {
    let (mut mass, mut sums) = (0.0, [0.0; 2]);
    for (y, row) in image.iter().enumerate() {
        for (x, level) in row.iter().enumerate() {
            let level = f64::from(*level);
            (mass, sums) = (mass + level, [sums[0] + level * y as f64, sums[1] + level * x as f64]);
        }
    }
    sums.map(|sum| sum / mass)
}

/// The pictures of the folder `fonts`: style, digit, file.
fn fonts() -> Vec<(String, u8, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fonts");
    let mut found = Vec::new();
    for style in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        for digit in 0..10 {
            for kind in ["png", "jpg"] {
                let file = style.join(format!("{digit}.{kind}"));
                if file.exists() {
                    found.push((style.file_name().unwrap().to_string_lossy().into_owned(), digit, file));
                }
            }
        }
    }
    found.sort();
    found
}

/// Printed and handwritten, black, coloured and white, small and large, with alpha and palettes, of 1 and 16 bits,
/// photographed. Three of the 120 were misread when this was written, all of one handwriting; another instruction set may round one more to the wrong side.
#[test]
fn digits_of_fonts_are_read() {
    let fonts = fonts();
    assert_eq!(fonts.len(), 120);
    let mut wrong = Vec::new();
    for (style, digit, file) in &fonts {
        let made = prepare(&Picture::open(file).unwrap()).unwrap();
        let said = read(&made.image);
        if said != *digit {
            wrong.push(format!("{style} {digit} as {said}"));
        }
    }
    println!("{} of {} are misread: {}", wrong.len(), fonts.len(), wrong.join(", "));
    assert!(wrong.len() <= 4, "{wrong:?}");
}

/// A single digit of a font is found as one digit by `digits`, too.
#[test]
fn digits_of_fonts_are_found() {
    let alone = fonts().iter().filter(|(_, _, file)| digits(&Picture::open(file).unwrap()).unwrap().len() == 1).count();
    assert!(alone >= 110, "{alone} of 120");
}

/// Images without a digit are refused by the built-in model's margin, and few digits are.
#[test]
fn what_is_no_digit_is_refused() {
    let margin = Checkpoint::pretrained().description.margin.expect("the built-in model has a margin");
    let accepts = |image: &Image| LeNet5::pretrained().classify(image).margin() >= margin;
    let mnist = Dataset::mnist().unwrap();
    let of = |share: usize, of: usize| share as f64 / of as f64;

    // Other images without a digit than those that it has learned from.
    let validation = Split::new(60_000, 5_000, 1).unwrap().validation;
    let refused = (0..2_000).filter(|number| !accepts(&rubbish(1998, *number, &mnist.train, &validation))).count();
    assert!(of(refused, 2_000) >= 0.9, "{refused} of 2000 images without a digit are refused");

    let images = mnist.test.images().iter().zip(mnist.test.labels());
    let accepted: Vec<(&Image, &u8)> = images.filter(|(image, _)| accepts(image)).collect();
    let wrong = accepted.iter().filter(|(image, label)| read(image) != **label).count();
    let total = mnist.test.len();
    println!("{refused} of 2000 refused; of {total} digits {} refused, {wrong} misread", total - accepted.len());
    assert!(of(total - accepted.len(), total) <= 0.01, "{} digits are refused", total - accepted.len());
    assert!(of(wrong, accepted.len()) <= 0.005, "{wrong} of the others are misread");
}

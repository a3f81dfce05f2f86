//! Reading digits as a user of the library does: with the built-in model, one digit and many, on a small stack.

use lenet_layers::Params;
use lenet_model::{
    Checkpoint, Classify, DigitNetwork, Image, LeNet5, LeNet5Dense, LeNet5Modern, Normalization, Reading, read,
};
use std::path::Path;
use std::thread;

/// Images of all kinds: bars, gradients, noise, a blank one.
fn pictures(n: usize) -> Vec<Image> {
    let pixel = |i: usize, row: usize, column: usize| match i % 4 {
        0 => 255 * u8::from(column.abs_diff(10 + i % 7) < 2 && (4..24).contains(&row)),
        1 => (row * column * (i + 3) % 256) as u8,
        2 => (i.wrapping_mul(2_654_435_761).wrapping_add(row * 977 + column * 3_571) >> 3) as u8,
        _ => 0,
    };
    (0..n).map(|i| std::array::from_fn(|row| std::array::from_fn(|column| pixel(i, row, column)))).collect()
}

#[test]
fn the_models_of_the_crate_are_their_files() {
    fn is_its_file<N: DigitNetwork>(network: &N, file: &[u8], checkpoint: &Checkpoint) {
        let opened: Box<N> = checkpoint.network().unwrap();
        let bits = |network: &N| {
            (0..N::TENSORS).flat_map(|i| network.tensor(i).iter().map(|x| x.to_bits())).collect::<Vec<_>>()
        };
        assert_eq!(bits(network), bits(&opened));
        let about = &checkpoint.description;
        assert_eq!(about.normalization, Normalization::PAPER, "what `classify` of a network takes pixels to be");
        assert!(
            about.recipe.contains("\"loss\":\"cross-entropy\"") && about.program.starts_with("lenet "),
            "{about:?}"
        );
        assert!(about.margin.is_some() && file.len() < 300_000);
    }
    let modern = Checkpoint::from_bytes(Path::new("modern"), LeNet5Modern::pretrained_file().to_vec()).unwrap();
    is_its_file(LeNet5Modern::pretrained(), LeNet5Modern::pretrained_file(), &modern);
    is_its_file(LeNet5::pretrained(), LeNet5::pretrained_file(), &Checkpoint::pretrained());
}

#[test]
fn many_are_read_as_one() {
    let network = LeNet5::pretrained();
    let classifier = Checkpoint::pretrained().classifier().unwrap();
    for n in [0, 1, 5, 6, 16, 17, 70] {
        let images = pictures(n);
        let mut readings = vec![Reading::default(); n];
        network.classify_many(&images, &mut readings);
        for (i, (image, reading)) in images.iter().zip(&readings).enumerate() {
            let alone = network.classify(image);
            assert_eq!(alone.digit, reading.digit, "{i} of {n}");
            // Lanes add in another order than single numbers.
            let close = |(a, b): (f32, f32)| (a - b).abs() < 1e-5;
            assert!(alone.probabilities.into_iter().zip(reading.probabilities).all(close), "{alone:?} {reading:?}");
            assert!((reading.probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            assert_eq!(classifier.classify(image), alone);
        }
    }
    // Readings without an image, and images without a reading, are left alone.
    let (images, mut readings) = (pictures(20), [Reading { digit: 77, ..Reading::default() }; 30]);
    network.classify_many(&images, &mut readings[..10]);
    assert!(readings[10..].iter().all(|reading| reading.digit == 77));
    network.classify_many(&images, &mut readings);
    assert!(readings[..20].iter().all(|r| r.digit < 10) && readings[20..].iter().all(|r| r.digit == 77));
}

#[test]
fn a_classifier_knows_what_pixels_become() {
    let other = Normalization { ground: 0.0, ink: 2.55 };
    let mut checkpoint = Checkpoint::pretrained();
    checkpoint.description.normalization = other;
    let (classifier, image) = (checkpoint.classifier().unwrap(), pictures(2)[1]);
    let network = LeNet5::pretrained();
    assert_eq!(classifier.classify(&image), read(network, &image, other));
    assert_ne!(classifier.classify(&image), network.classify(&image));
    let mut many = [Reading::default(); 16];
    classifier.classify_many(&[image; 16], &mut many);
    assert!((many[7].probabilities[0] - classifier.classify(&image).probabilities[0]).abs() < 1e-5);
}

/// The limit includes the thread's own needs. (Without compiler optimisation, which no profile of this workspace uses for
/// this crate, reading takes two and a half times as much, or more.)
#[test]
fn a_digit_is_read_on_a_small_stack() {
    const STACK: usize = 64 * 1024;
    fn on_small_stack<N: DigitNetwork>(network: &N) -> Reading {
        // The instruction set is detected once, on any stack.
        let _ = network.classify(&[[0; 28]; 28]);
        let image = pictures(1)[0];
        thread::scope(|scope| {
            let reader = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || network.classify(&image));
            reader.unwrap().join().unwrap()
        })
    }
    on_small_stack(LeNet5::pretrained());
    on_small_stack(LeNet5Modern::pretrained());
    on_small_stack(&*LeNet5Dense::<lenet_layers::ScaledTanh>::boxed_zeroed());
}

#[test]
fn readings_go_between_threads() {
    fn between_threads<T: Send + Sync + 'static>(_: &T) {}
    between_threads(LeNet5::pretrained());
    between_threads(&Checkpoint::pretrained().classifier().unwrap());
    between_threads(&Reading::default());
}

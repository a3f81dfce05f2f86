//! Reads digits with the built-in model: no file, no heap, no set-up.

use lenet_model::{Classify, Image, LeNet5, Reading};

/// A seven: a bar, and a stroke down from its end.
fn seven() -> Image {
    let mut image = [[0; 28]; 28];
    image[6..8].iter_mut().for_each(|row| row[8..20].fill(255));
    (8..24).for_each(|row| image[row][22 - row / 2..24 - row / 2].fill(255));
    image
}

fn main() {
    let network: &'static LeNet5 = LeNet5::pretrained();
    let reading = network.classify(&seven());
    println!("{} with {:.1}%", reading.digit, 100.0 * reading.probabilities[usize::from(reading.digit)]);

    // Many images are read sixteen side by side, on every thread.
    let images = vec![seven(); 1000];
    let mut readings = vec![Reading::default(); images.len()];
    network.classify_many(&images, &mut readings);
    assert!(readings.iter().all(|reading| reading.digit == 7));
}

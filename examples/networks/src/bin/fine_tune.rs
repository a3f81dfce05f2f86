//! Training from given weights: the LeNet-5 that comes with lenet-model reads handwriting. Here it learns the digits of
//! a display with seven segments, from 50 of each, and is compared with a network that starts from random weights.

use lenet_layers::*;
use lenet_model::LeNet5;
use lenet_train::{Accuracy, Bytes, Layout, Part, Settings, Training, evaluate};
use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use std::{error::Error, ops::ControlFlow};

/// The program fails if the tuned network reads a smaller part of the displays; it reads 0.995.
const BAR: f64 = 0.97;

/// The segments of each digit: top, upper left and right, middle, lower left and right, bottom.
const SEGMENTS: [&str; 10] =
    ["xxx xxx", "  x  x ", "x xxx x", "x xx xx", " xxx x ", "xx x xx", "xx xxxx", "x x  x ", "xxxxxxx", "xxxx xx"];

/// Pictures of 32x32 and their digits; the displays differ in size, place, slant and brightness, some segments glow.
fn displays(each: usize, seed: u64) -> (Vec<u8>, Vec<Class<10>>) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (mut pixels, mut classes) = (Vec::new(), Vec::new());
    for i in 0..10 * each {
        let (w, h) = (random.random_range(4.0..6.5_f32), random.random_range(7.0..10.0_f32));
        let [x0, y0] = [0; 2].map(|_: i32| random.random_range(14.0..18.0_f32));
        let (slant, pen) = (random.random_range(0.0..0.25_f32), random.random_range(0.8..1.8_f32));
        let (lit, unlit) = (random.random_range(140.0..255.0_f32), random.random_range(0.0..60.0_f32));
        let segments = [
            (0.0, -1.0, true),
            (-1.0, -0.5, false),
            (1.0, -0.5, false),
            (0.0, 0.0, true),
            (-1.0, 0.5, false),
            (1.0, 0.5, false),
            (0.0, 1.0, true),
        ];
        for (px, py) in (0..1024).map(|i| ((i % 32) as f32, (i / 32) as f32)) {
            let y = py - y0;
            let x = px - x0 + slant * y;
            let light = segments.iter().zip(SEGMENTS[i % 10].bytes()).map(|((sx, sy, flat), on)| {
                let (dx, dy) = ((x - sx * w).abs(), (y - sy * h).abs());
                let (along, across) = if *flat { (dx - (w - 1.5), dy) } else { (dy - (h / 2.0 - 1.5), dx) };
                let ink = (pen - along.max(0.0).hypot(across)).clamp(0.0, 1.0);
                ink * if on == b'x' { lit } else { unlit }
            });
            pixels.push(light.fold(0.0, f32::max) as u8);
        }
        classes.push(Class::new(i % 10).expect("a digit"));
    }
    (pixels, classes)
}

fn main() -> Result<(), Box<dyn Error>> {
    let (few, many) = (displays(50, 1), displays(200, 2));
    // Background and ink at the values that the network was trained with, -0.1 and 1.175.
    let scale = [(0.1 / 1.275, 1.0 / 1.275)];
    let learn = Bytes::<Maps<1, 32, 32>, _>::new(&few.0, &few.1, Layout::Planar, &scale)?;
    let test = Bytes::new(&many.0, &many.1, Layout::Planar, &scale)?;
    let accuracy = |network: &LeNet5| evaluate(network, &Part::all(&test), &SoftmaxCrossEntropy, &Accuracy);
    println!("as it comes:           {}", accuracy(LeNet5::pretrained()));

    let settings = Settings { epochs: 10, batch: 16, rate: 0.005, ..Settings::default() };
    let training = Training::new(settings, Part::all(&learn), SoftmaxCrossEntropy, Accuracy);
    let mut tuned = LeNet5::boxed_zeroed();
    tuned.copy_from(LeNet5::pretrained());
    let mut run = training.begin_from(tuned)?;
    run.go_on(|_| ControlFlow::Continue(()))?;
    let tuned = accuracy(run.network());
    println!("after 10 epochs:       {tuned}");

    let random = training.run::<LeNet5>(Init::SqrtFanIn, |_| ControlFlow::Continue(()))?;
    println!("from random weights:   {}", accuracy(&random.last));
    if tuned.metric < BAR {
        return Err(format!("fewer than {BAR} of the displays").into());
    }
    Ok(())
}

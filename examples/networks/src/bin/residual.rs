//! A residual network on colour pictures of 32x32, as for CIFAR-10: the pictures are drawn here, ten kinds of shapes on
//! patterned backgrounds. `residual FOLDER` takes the real ones (`lenet data fetch cifar-10` says where they are).

use lenet_data::cifar::{Cifar10, CifarImages};
use lenet_layers::*;
use lenet_train::{Accuracy, Bytes, DataError, Event, Examples, Layout, Part, Settings, Training, evaluate};
use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use std::{error::Error, ops::ControlFlow, path::Path};

/// A convolution without an activation function, before batch normalization.
type Conv<const CI: usize, const CO: usize, const K: usize, const S: usize = 1> =
    Conv2d<CI, CO, K, Identity, SamePadding, S>;

/// A block whose output has the form of its input.
macro_rules! block {
    ($Name:ident, $Trace:ident: $c:literal x $side:literal) => {
        sequential! { pub struct $Name, trace $Trace {
            input:                     Maps<$c, $side, $side>;
            c1: Conv<$c, $c, 3>     => Maps<$c, $side, $side>;
            n1: BatchNorm<$c, Relu> => Maps<$c, $side, $side>;
            c2: Conv<$c, $c, 3>     => Maps<$c, $side, $side>;
            n2: BatchNorm<$c>       => Maps<$c, $side, $side>;
        } }
    };
}
/// A block that halves the sides, and the projection beside it.
macro_rules! halve {
    ($Name:ident, $Trace:ident, $Skip:ident, $SkipTrace:ident: $c:literal x $side:literal => $d:literal x $half:literal) => {
        sequential! { pub struct $Name, trace $Trace {
            input:                     Maps<$c, $side, $side>;
            c1: Conv<$c, $d, 3, 2>  => Maps<$d, $half, $half>;
            n1: BatchNorm<$d, Relu> => Maps<$d, $half, $half>;
            c2: Conv<$d, $d, 3>     => Maps<$d, $half, $half>;
            n2: BatchNorm<$d>       => Maps<$d, $half, $half>;
        } }
        sequential! { pub struct $Skip, trace $SkipTrace {
            input:                     Maps<$c, $side, $side>;
            c1: Conv<$c, $d, 1, 2>  => Maps<$d, $half, $half>;
            n1: BatchNorm<$d>       => Maps<$d, $half, $half>;
        } }
    };
}
block!(Block16, Block16Trace: 16 x 32);
halve!(Half32, Half32Trace, Skip32, Skip32Trace: 16 x 32 => 32 x 16);
halve!(Half64, Half64Trace, Skip64, Skip64Trace: 32 x 16 => 64 x 8);

sequential! {
    /// Eight layers with weights on the longest way, 78,000 parameters.
    pub struct ResNet8, trace ResNet8Trace {
        input:                             Maps<3, 32, 32>;
        c1:   Conv<3, 16, 3>            => Maps<16, 32, 32>;
        n1:   BatchNorm<16, Relu>       => Maps<16, 32, 32>;
        r1:   Residual<Block16, Relu>   => Maps<16, 32, 32>;
        r2:   Residual<Half32, Relu, Skip32> => Maps<32, 16, 16>;
        r3:   Residual<Half64, Relu, Skip64> => Maps<64, 8, 8>;
        mean: GlobalAvgPool             => Units<64>;
        out:  Dense<64, 10>             => Units<10>;
    }
}

/// The program fails if it reads a smaller part of the pictures that it draws; it reads 0.993.
const BAR: f64 = 0.95;

/// The mean and the deviation of the channels of CIFAR-10.
const CHANNELS: [(f32, f32); 3] = [(0.491, 0.247), (0.482, 0.243), (0.447, 0.262)];

/// Pixels, channel after channel, and classes.
type Pictures = (Vec<u8>, Vec<Class<10>>);

/// Ten classes: a disc, square, triangle, cross or ring, plain or striped.
fn drawn(count: usize, seed: u64) -> Pictures {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (mut pixels, mut classes) = (Vec::with_capacity(count * 3072), Vec::with_capacity(count));
    for i in 0..count {
        let (shape, striped) = (i % 5, i % 10 >= 5);
        let [x0, y0] = [0; 2].map(|_: i32| random.random_range(11.0..21.0_f32));
        let (size, wave, tone) =
            (random.random_range(7.0..11.0_f32), random.random_range(1.0..3.0_f32), random.random_range(0..40));
        let colours: [[i32; 3]; 2] = [(); 2].map(|()| [(); 3].map(|()| random.random_range(0..216)));
        let within = |x: f32, y: f32| match shape {
            0 => x * x + y * y < size * size,
            1 => x.abs().max(y.abs()) < 0.8 * size,
            2 => y.abs() < 0.8 * size && 2.0 * x.abs() < y + 0.8 * size,
            3 => x.abs().min(y.abs()) < 0.3 * size && x.abs().max(y.abs()) < size,
            _ => (0.3..1.0).contains(&((x * x + y * y) / (size * size))),
        };
        for channel in 0..3 {
            for (x, y) in (0..1024).map(|i| ((i % 32) as f32, (i / 32) as f32)) {
                let ink = within(x - x0, y - y0) && !(striped && (x + y) % 4.0 < 2.0);
                let pattern = tone + (20.0 * (x / wave).sin() * (y / wave).cos()) as i32;
                let light = colours[usize::from(ink)][channel] + if ink { 0 } else { pattern };
                pixels.push((light + random.random_range(-12..=12)).clamp(0, 255) as u8);
            }
        }
        classes.push(Class::new(i % 10).expect("ten classes"));
    }
    (pixels, classes)
}

fn photographed(part: &CifarImages) -> Result<Pictures, ClassError> {
    let classes = part.labels().iter().map(|label| Class::new(usize::from(*label)));
    Ok((part.images().as_flattened().as_flattened().as_flattened().to_vec(), classes.collect::<Result<_, _>>()?))
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1);
    let (learn, test) = match &folder {
        Some(folder) => {
            let Cifar10 { train, test } = Cifar10::read_dir(Path::new(folder))?;
            (photographed(&train)?, photographed(&test)?)
        }
        None => (drawn(4000, 1), drawn(1000, 2)),
    };
    let learn = examples(&learn)?.altered(mirror);
    let settings =
        Settings { epochs: if folder.is_some() { 30 } else { 8 }, batch: 32, rate: 0.05, ..Settings::default() };
    let loss = SmoothedCrossEntropy { smoothing: 0.1 };
    let training = Training::new(settings, Part::all(&learn), loss, Accuracy);
    let outcome = training.run::<ResNet8>(Init::SqrtFanIn, |event| {
        if let Event::Epoch { record, .. } = event {
            println!("epoch {}: {:.1}% of the pictures, {:.1} s", record.epoch, 100.0 * record.metric, record.seconds);
        }
        ControlFlow::Continue(())
    })?;
    let result = evaluate(&*outcome.last, &Part::all(&examples(&test)?), &loss, &Accuracy);
    println!("{} parameters; other pictures: {result}", ResNet8::<f32>::LEN);
    if folder.is_none() && result.metric < BAR {
        return Err(format!("fewer than {BAR} of the drawn pictures").into());
    }
    Ok(())
}

fn examples((pixels, classes): &Pictures) -> Result<Bytes<'_, Maps<3, 32, 32>, Class<10>>, DataError> {
    Bytes::new(pixels, classes, Layout::Planar, &CHANNELS)
}

/// Half of the presentations are mirrored.
fn mirror(index: usize, presentation: u64, numbers: &mut [f32]) {
    if (index as u64 * 31 + presentation * 17) % 2 == 0 {
        numbers.chunks_exact_mut(32).for_each(<[f32]>::reverse);
    }
}

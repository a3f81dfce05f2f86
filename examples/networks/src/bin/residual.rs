//! A residual network on colour pictures of 32x32, as for CIFAR-10: the pictures are drawn here, ten kinds of shapes on
//! patterned backgrounds. `residual FOLDER` takes the real ones (`lenet data fetch cifar-10` says where they are).

use lenet_data::cifar::{Cifar10, CifarImages};
use lenet_layers::*;
use lenet_train::{Accuracy, Bytes, Event, Examples, ExamplesError, Layout, Part, Settings, Training, evaluate};
use networks::{Pictures, shapes};
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

fn photographed(part: &CifarImages) -> Result<Pictures<10>, ClassError> {
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
        None => (shapes(4000, 1), shapes(1000, 2)),
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

fn examples((pixels, classes): &Pictures<10>) -> Result<Bytes<'_, Maps<3, 32, 32>, Class<10>>, ExamplesError> {
    Bytes::new(pixels, classes, Layout::Planar, &CHANNELS)
}

/// Half of the presentations are mirrored.
fn mirror(index: usize, presentation: u64, numbers: &mut [f32]) {
    if (index as u64 * 31 + presentation * 17) % 2 == 0 {
        numbers.chunks_exact_mut(32).for_each(<[f32]>::reverse);
    }
}

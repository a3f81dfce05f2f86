//! A residual network on colour pictures of 32x32, as for CIFAR-10: the pictures are drawn here, ten kinds of shapes on
//! patterned backgrounds. `residual FOLDER` takes the real ones (`lenet data fetch cifar-10` downloads them).

mod network;

use lenet_data::cifar::{Cifar10, CifarImages};
use lenet_layers::*;
use lenet_train::{Accuracy, Bytes, Event, Examples, ExamplesError, Layout, Part, Settings, Training, evaluate};
use network::ResNet8;
use networks::{CHANNELS, Pictures, shapes};
use std::{error::Error, ops::ControlFlow, path::Path};

/// The program fails if it reads a smaller part of the pictures that it draws; it reads 0.985.
const BAR: f64 = 0.95;

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
    println!("{} parameters; other pictures: {result}", ResNet8::<f32>::LEN - ResNet8::<f32>::STATISTICS);
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

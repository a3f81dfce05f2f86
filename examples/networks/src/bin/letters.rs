//! Letters: 26 classes. They are drawn here, with strokes; `letters FOLDER` takes EMNIST's (`lenet data fetch
//! emnist-letters`), whose labels run from 1 to 26.

use lenet_data::idx::Idx;
use lenet_layers::*;
use lenet_train::{Accuracy, Bytes, Event, Layout, Part, Settings, Training, evaluate};
use networks::{Pictures, letters};
use std::{error::Error, fs::File, ops::ControlFlow, path::Path};

sequential! {
    pub struct Letters, trace LettersTrace {
        input:                                     Maps<1, 28, 28>;
        c1:   Conv2d<1, 12, 5, Relu>            => Maps<12, 24, 24>;
        s2:   MaxPool<2>                        => Maps<12, 12, 12>;
        c3:   Conv2d<12, 32, 5, Relu>           => Maps<32, 8, 8>;
        s4:   MaxPool<2>                        => Maps<32, 4, 4>;
        flat: Flatten                           => Units<512>;
        f5:   Dense<512, 96, Relu>              => Units<96>;
        drop: Dropout<25>                       => Units<96>;
        out:  Dense<96, 26>                     => Units<26>;
    }
}

/// The program fails if it reads a smaller part of the letters that it draws; it reads 0.999.
const BAR: f64 = 0.98;

/// The files of EMNIST in a folder; its images are stored column by column.
fn emnist(folder: &Path, part: &str) -> Result<Pictures<26>, Box<dyn Error>> {
    let read = |kind: &str| -> Result<Vec<u8>, Box<dyn Error>> {
        let name = format!("emnist-letters-{part}-{kind}-ubyte");
        Ok(Idx::<u8>::read(File::open(folder.join(&name))?, &name)?.into_data())
    };
    let pixels = read("images-idx3")?;
    let upright = pixels.chunks_exact(784).flat_map(|image| (0..784).map(|i| image[i % 28 * 28 + i / 28])).collect();
    let classes = read("labels-idx1")?.into_iter().map(|label| Class::new(usize::from(label).wrapping_sub(1)));
    Ok((upright, classes.collect::<Result<_, _>>()?))
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1);
    let (learn, test) = match &folder {
        Some(folder) => (emnist(Path::new(folder), "train")?, emnist(Path::new(folder), "test")?),
        None => (letters(13_000, 1), letters(2_600, 2)),
    };
    let learn = Bytes::new(&learn.0, &learn.1, Layout::Planar, &[(0.17, 0.33)])?;
    let test = Bytes::new(&test.0, &test.1, Layout::Planar, &[(0.17, 0.33)])?;
    let settings = Settings { epochs: 8, batch: 64, rate: 0.08, ..Settings::default() };
    let training = Training::new(settings, Part::all(&learn), SoftmaxCrossEntropy, Accuracy);
    let outcome = training.run::<Letters>(Init::SqrtFanIn, |event| {
        if let Event::Epoch { record, .. } = event {
            println!("epoch {}: {:.1}% of the letters, {:.1} s", record.epoch, 100.0 * record.metric, record.seconds);
        }
        ControlFlow::Continue(())
    })?;
    let result = evaluate(&*outcome.last, &Part::all(&test), &SoftmaxCrossEntropy, &Accuracy);
    println!("{} parameters; other letters: {result}", Letters::<f32>::LEN);
    if folder.is_none() && result.metric < BAR {
        return Err(format!("fewer than {BAR} of the drawn letters").into());
    }
    Ok(())
}

//! Letters: 26 classes. They are drawn here, with strokes; `letters FOLDER` takes EMNIST's (`lenet data fetch
//! emnist-letters`), whose labels run from 1 to 26.

use lenet_data::idx::Idx;
use lenet_layers::*;
use lenet_train::{Accuracy, Bytes, Event, Layout, Part, Settings, Training, evaluate};
use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
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

/// The strokes of each letter: points, column and row on a grid of five by seven, joined within a word.
const STROKES: [&str; 26] = [
    "062046 1434",
    "0006264543320300 0333",
    "41201006264645",
    "0006364541301000",
    "40000646 0333",
    "400006 0333",
    "412010050626464424",
    "0006 4046 0343",
    "1030 2026 1636",
    "3035263605",
    "0006 400346 03",
    "000646",
    "0600234046",
    "06004640",
    "2001053645413020",
    "0600304143320302",
    "2001053645413020 2446",
    "0600304143320302 2346",
    "4110000233444626060 ",
    "0040 2026",
    "0005163645 4540",
    "002640",
    "0006234640",
    "0046 4006",
    "00234 4023 2326",
    "00400646",
];

fn points(word: &str) -> Vec<(f32, f32)> {
    let digits: Vec<f32> = word.bytes().map(|b| f32::from(b - b'0')).collect();
    digits.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
}

/// Pixels and classes: each letter leans, is stretched and moved, and is written with a thin or a thick pen.
fn drawn(count: usize, seed: u64) -> (Vec<u8>, Vec<Class<26>>) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (mut pixels, mut classes) = (Vec::with_capacity(count * 784), Vec::with_capacity(count));
    for i in 0..count {
        let [width, height] = [2.4..3.8, 2.3..3.1].map(|sizes| random.random_range::<f32, _>(sizes));
        let (slant, turn, pen) =
            (random.random_range(-0.35..0.35), random.random_range(-0.15..0.15_f32), random.random_range(0.7..1.7_f32));
        let [x0, y0] = [0; 2].map(|_: i32| random.random_range(12.5..14.5_f32));
        let mut place = |(column, row): (f32, f32)| {
            let (x, y) = (
                width * (column - 2.0 + random.random_range(-0.15..0.15)),
                height * (row - 3.0 + random.random_range(-0.15..0.15)),
            );
            let x = x - slant * y;
            (x0 + x * turn.cos() - y * turn.sin(), y0 + x * turn.sin() + y * turn.cos())
        };
        let lines: Vec<Vec<(f32, f32)>> =
            STROKES[i % 26].split_whitespace().map(|word| points(word).into_iter().map(&mut place).collect()).collect();
        for (x, y) in (0..784).map(|i| ((i % 28) as f32, (i / 28) as f32)) {
            let distance = lines.iter().flat_map(|line| line.windows(2)).map(|ends| to_line((x, y), ends[0], ends[1]));
            let ink = (pen + 0.5 - distance.fold(f32::INFINITY, f32::min)).clamp(0.0, 1.0);
            pixels.push((255.0 * ink) as u8);
        }
        classes.push(Class::new(i % 26).expect("26 letters"));
    }
    (pixels, classes)
}

/// The distance of a point from a line between two others.
fn to_line((x, y): (f32, f32), (x1, y1): (f32, f32), (x2, y2): (f32, f32)) -> f32 {
    let (dx, dy) = (x2 - x1, y2 - y1);
    let along = (((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy).max(1e-6)).clamp(0.0, 1.0);
    (x - x1 - along * dx).hypot(y - y1 - along * dy)
}

/// The files of EMNIST in a folder; its images are stored column by column.
fn emnist(folder: &Path, part: &str) -> Result<(Vec<u8>, Vec<Class<26>>), Box<dyn Error>> {
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
        None => (drawn(13_000, 1), drawn(2_600, 2)),
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

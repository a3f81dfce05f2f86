//! Pictures for the programs in `bin`, drawn so that these need no files.

use lenet_layers::Class;
use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

/// Pixels, channel after channel and picture after picture, and the class of each picture.
pub type Pictures<const N: usize> = (Vec<u8>, Vec<Class<N>>);

/// The mean and the deviation of the channels of CIFAR-10.
pub const CHANNELS: [(f32, f32); 3] = [(0.491, 0.247), (0.482, 0.243), (0.447, 0.262)];

/// Shapes in colour on patterned backgrounds, 3x32x32 pixels in ten classes: a disc, square, triangle, cross or ring, plain or striped.
pub fn shapes(count: usize, seed: u64) -> Pictures<10> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (mut pixels, mut classes) = (Vec::with_capacity(count * 3072), Vec::with_capacity(count));
    for i in 0..count {
        let (shape, striped) = (i % 5, i % 10 >= 5);
        let [x0, y0] = [0; 2].map(|_: i32| random.random_range(11.0..21.0_f32));
        let (size, wave, tone) =
            (random.random_range(7.0..11.0_f32), random.random_range(1.0..3.0_f32), random.random_range(0..40));
        let [ground, figure]: [[i32; 3]; 2] = [(); 2].map(|()| [(); 3].map(|()| random.random_range(0..216)));
        let within = |x: f32, y: f32| match shape {
            0 => x * x + y * y < size * size,
            1 => x.abs().max(y.abs()) < 0.8 * size,
            2 => y.abs() < 0.8 * size && 2.0 * x.abs() < y + 0.8 * size,
            3 => x.abs().min(y.abs()) < 0.3 * size && x.abs().max(y.abs()) < size,
            _ => (0.3..1.0).contains(&((x * x + y * y) / (size * size))),
        };
        for (ground, figure) in ground.into_iter().zip(figure) {
            for (x, y) in (0..1024).map(|i| ((i % 32) as f32, (i / 32) as f32)) {
                let ink = within(x - x0, y - y0) && !(striped && (x + y) % 4.0 < 2.0);
                let pattern = tone + (20.0 * (x / wave).sin() * (y / wave).cos()) as i32;
                let light = if ink { figure } else { ground + pattern };
                pixels.push((light + random.random_range(-12..=12)).clamp(0, 255) as u8);
            }
        }
        classes.push(Class::new(i % 10).expect("ten classes"));
    }
    (pixels, classes)
}

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
    "413010010213334445361605",
    "0040 2026",
    "0005163645 4540",
    "002640",
    "0006234640",
    "0046 4006",
    "0023 4023 2326",
    "00400646",
];

fn points(word: &str) -> Vec<(f32, f32)> {
    assert!(word.len().is_multiple_of(2), "{word}: a point has a column and a row");
    let digits: Vec<f32> = word.bytes().map(|b| f32::from(b - b'0')).collect();
    digits.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
}

/// Letters on 28x28 pixels in 26 classes: each leans, is stretched and moved, and is written with a thin or a thick pen.
pub fn letters(count: usize, seed: u64) -> Pictures<26> {
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

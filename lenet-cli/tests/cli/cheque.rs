//! Draws `docs/pictures/cheque.png`, the amount of a cheque, from MNIST's training digits: on guilloche, with a thousands point, a
//! decimal comma and a dash that fills the rest of the line.

use crate::common::run;
use lenet_data::{Dataset, Image};
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

const WIDTH: usize = 560;
const HEIGHT: usize = 120;
const INK: [f64; 3] = [30.0, 40.0, 95.0];

struct Cheque {
    pixels: Vec<[f64; 3]>,
}

impl Cheque {
    /// Paper with two families of waves, and the printed frame of the amount.
    fn blank() -> Self {
        let mut cheque = Cheque { pixels: vec![[236.0, 242.0, 236.0]; WIDTH * HEIGHT] };
        for x in 0..WIDTH {
            for wave in -1..14 {
                let (at, phase) = (x as f64 / 19.0, f64::from(wave));
                for (tall, ink) in [(7.0, [176.0, 212.0, 196.0]), (-7.0, [200.0, 206.0, 226.0])] {
                    let y = 10.0 * phase + tall * (at + phase / 3.0).sin();
                    cheque.blend(x as f64, y, ink, 0.6);
                    cheque.blend(x as f64, y + 1.0, ink, 0.3);
                }
            }
        }
        for x in 8..WIDTH - 8 {
            for y in [8, 9, HEIGHT - 10, HEIGHT - 9] {
                cheque.blend(x as f64, f64::from(y as u32), [120.0, 150.0, 140.0], 0.7);
            }
        }
        cheque
    }

    fn blend(&mut self, x: f64, y: f64, ink: [f64; 3], part: f64) {
        if (0.0..WIDTH as f64 - 0.5).contains(&x) && (0.0..HEIGHT as f64 - 0.5).contains(&y) {
            let pixel = &mut self.pixels[y.round() as usize * WIDTH + x.round() as usize];
            (0..3).for_each(|i| pixel[i] += part * (ink[i] - pixel[i]));
        }
    }

    /// Writes a digit three times as large, and returns where its ink ends.
    fn digit(&mut self, image: &Image, left: f64, top: f64) -> f64 {
        let level =
            |x: usize, y: usize| f64::from(image.get(y).and_then(|row| row.get(x)).copied().unwrap_or(0)) / 255.0;
        let columns: Vec<usize> = (0..28).filter(|x| (0..28).any(|y| image[y][*x] > 100)).collect();
        let (first, last) = (columns[0], columns[columns.len() - 1]);
        for v in 0..84 {
            for u in 0..84 {
                // Between four pixels of the image.
                let (x, y) = (f64::from(u) / 3.0, f64::from(v) / 3.0);
                let (i, j, s, t) = (x as usize, y as usize, x.fract(), y.fract());
                let above = (1.0 - s) * level(i, j) + s * level(i + 1, j);
                let below = (1.0 - s) * level(i, j + 1) + s * level(i + 1, j + 1);
                let part = ((1.0 - t) * above + t * below) * 0.9;
                self.blend(left + f64::from(u) - 3.0 * first as f64, top + f64::from(v), INK, part);
            }
        }
        left + 3.0 * (last + 1 - first) as f64
    }

    /// A stroke of the pen from one point to the other.
    fn stroke(&mut self, from: (f64, f64), to: (f64, f64)) {
        let steps = 2.0 * (to.0 - from.0).abs().max((to.1 - from.1).abs()).max(1.0);
        for step in 0..=steps as usize {
            let part = step as f64 / steps;
            let (x, y) = (from.0 + part * (to.0 - from.0), from.1 + part * (to.1 - from.1));
            for (dx, dy) in [(0.0, 0.0), (1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0), (1.0, 1.0), (2.0, 0.0)] {
                self.blend(x + dx, y + dy, INK, 0.5);
            }
        }
    }

    /// 1.234,50 and a dash. Some digits touch, and the line rises.
    fn written(mut self) -> Self {
        let train = Dataset::mnist().unwrap().train;
        let written = |digit: u8, skip: usize| {
            let mut found = train.images().iter().zip(train.labels()).filter(|(_, label)| **label == digit);
            *found.nth(skip).unwrap().0
        };
        let mut left = 34.0;
        for (i, (digit, gap)) in
            [(1, 18.0), (2, -3.0), (3, 5.0), (4, 20.0), (5, -2.0), (0, 24.0)].into_iter().enumerate()
        {
            let top = 22.0 - 1.5 * i as f64;
            let end = self.digit(&written(digit, 20 + i), left, top);
            match i {
                0 => self.stroke((end + 8.0, top + 68.0), (end + 9.0, top + 70.0)),
                3 => self.stroke((end + 9.0, top + 66.0), (end + 5.0, top + 76.0)),
                _ => {}
            }
            left = end + gap;
        }
        self.stroke((left, 60.0), (WIDTH as f64 - 30.0, 54.0));
        self
    }
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/pictures/cheque.png")
}

fn rgb(cheque: &Cheque) -> Vec<u8> {
    // Few levels: a small file.
    cheque.pixels.iter().flatten().map(|level| (level / 8.0).round() as u8 * 8).map(|level| level.min(248)).collect()
}

/// The picture is the one that is drawn here. With `LENET_DRAW=1` it is written.
#[test]
fn the_cheque_of_the_readme_is_drawn_here() {
    let drawn = rgb(&Cheque::blank().written());
    if std::env::var_os("LENET_DRAW").is_some() {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, WIDTH as u32, HEIGHT as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_compression(png::Compression::High);
        encoder.write_header().unwrap().write_image_data(&drawn).unwrap();
        fs::write(file(), bytes).unwrap();
    }
    let mut reader = png::Decoder::new(Cursor::new(fs::read(file()).unwrap())).read_info().unwrap();
    let mut kept = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut kept).unwrap();
    // Sines are rounded differently on other systems: a step more or less.
    assert!(drawn.len() == kept.len() && drawn.iter().zip(&kept).all(|(a, b)| a.abs_diff(*b) <= 8));
}

#[test]
fn the_amount_of_the_cheque_is_read() {
    let said = run(Path::new("."), &format!("read {} --amount=2", file().display())).ok();
    assert!(said.out.contains("cheque.png: 1234.50  "), "{}", said.out);
}

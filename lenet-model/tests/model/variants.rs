//! Digits of MNIST changed into pictures that somebody might have drawn, scanned or photographed.
#![allow(dead_code)] // the tests use all, the example a part, or the other way round

use lenet_data::{Image, Picture};
use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use rand_distr::{Distribution, Normal};

/// How a digit is changed, in this order.
#[derive(Clone, Copy, Default)]
pub(crate) struct Variant {
    pub(crate) name: &'static str,
    /// By which factor it is enlarged.
    scale: usize,
    /// Whether it is interpolated; otherwise every pixel becomes a square.
    smooth: bool,
    /// Whether it is at a random place of a larger canvas.
    shifted: bool,
    /// Whether it is dark on a bright background.
    dark: bool,
    /// Whether the background is between 90 and 200, and the foreground at least 80 levels away from it.
    grey: bool,
    /// Whether light comes from one side: half of it reaches the other.
    uneven: bool,
    /// The standard deviation of Gaussian noise, in grey levels.
    noise: f32,
}

const PLAIN: Variant = Variant {
    name: "as it is",
    scale: 1,
    smooth: false,
    shifted: false,
    dark: false,
    grey: false,
    uneven: false,
    noise: 0.0,
};

/// The first variant is the digit itself.
pub(crate) const VARIANTS: &[Variant] = &[
    PLAIN,
    Variant { name: "4x, squares", scale: 4, ..PLAIN },
    Variant { name: "4x, smooth", scale: 4, smooth: true, ..PLAIN },
    Variant { name: "10x, smooth", scale: 10, smooth: true, ..PLAIN },
    Variant { name: "shifted", shifted: true, ..PLAIN },
    Variant { name: "inverted", dark: true, ..PLAIN },
    Variant { name: "grey, brighter ink", grey: true, ..PLAIN },
    Variant { name: "grey, darker ink", grey: true, dark: true, ..PLAIN },
    Variant { name: "noise", noise: 10.0, ..PLAIN },
    Variant { name: "inverted, noise, shifted", dark: true, noise: 10.0, shifted: true, ..PLAIN },
    Variant { name: "grey, brighter ink, noise", grey: true, noise: 10.0, ..PLAIN },
    Variant { name: "grey, darker ink, noise", grey: true, dark: true, noise: 10.0, ..PLAIN },
    Variant { name: "4x, noise, shifted", scale: 4, smooth: true, noise: 10.0, shifted: true, ..PLAIN },
    Variant {
        name: "4x, grey, darker ink, noise, shifted",
        scale: 4,
        smooth: true,
        grey: true,
        dark: true,
        noise: 10.0,
        shifted: true,
        ..PLAIN
    },
    Variant {
        name: "10x, inverted, noise, shifted",
        scale: 10,
        smooth: true,
        dark: true,
        noise: 10.0,
        shifted: true,
        ..PLAIN
    },
    Variant {
        name: "10x, inverted, noise, uneven light",
        scale: 10,
        smooth: true,
        dark: true,
        noise: 10.0,
        uneven: true,
        ..PLAIN
    },
];

impl Variant {
    /// The digit as a picture; `seed` determines the random parts.
    pub(crate) fn picture(&self, digit: &Image, seed: u64) -> Picture {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let side = 28 * self.scale;
        let (width, height) = if self.shifted { (side * 5 / 2, side * 2) } else { (side, side) };
        let (left, top) = (rng.random_range(0..=width - side), rng.random_range(0..=height - side));
        let (ground, ink) = self.levels(&mut rng);
        let angle: f32 = rng.random_range(0.0..std::f32::consts::TAU);
        let noise = Normal::new(0.0, self.noise).unwrap();
        let mut pixels = Vec::with_capacity(width * height);
        for y in 0..height {
            for x in 0..width {
                let inside = (left..left + side).contains(&x) && (top..top + side).contains(&y);
                let part = if inside { self.ink_at(digit, x - left, y - top) } else { 0.0 };
                let mut level = ground + part * (ink - ground);
                if self.uneven {
                    let (x, y) = (x as f32 / width as f32 - 0.5, y as f32 / height as f32 - 0.5);
                    level *= 0.75 + 0.35 * (x * angle.cos() + y * angle.sin());
                }
                pixels.push((level + noise.sample(&mut rng)).round() as u8);
            }
        }
        Picture::from_grey(width, height, pixels).unwrap()
    }

    fn levels(&self, rng: &mut ChaCha8Rng) -> (f32, f32) {
        match (self.grey, self.dark) {
            (false, false) => (0.0, 255.0),
            (false, true) => (255.0, 0.0),
            (true, dark) => {
                let ground = if dark { rng.random_range(90.0..200.0) } else { rng.random_range(90.0..175.0) };
                let ink =
                    if dark { rng.random_range(0.0..=ground - 80.0) } else { rng.random_range(ground + 80.0..=255.0) };
                (ground, ink)
            }
        }
    }

    fn ink_at(&self, digit: &Image, x: usize, y: usize) -> f32 {
        if !self.smooth {
            return f32::from(digit[y / self.scale][x / self.scale]) / 255.0;
        }
        let place = |at: usize| ((at as f32 + 0.5) / self.scale as f32 - 0.5).clamp(0.0, 27.0);
        let (x, y) = (place(x), place(y));
        let level = |x: usize, y: usize| f32::from(digit[y.min(27)][x.min(27)]) / 255.0;
        let row = |y: usize| {
            let left = x as usize;
            level(left, y) + x.fract() * (level(left + 1, y) - level(left, y))
        };
        let above = y as usize;
        row(above) + y.fract() * (row(above + 1) - row(above))
    }
}

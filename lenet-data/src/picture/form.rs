//! The form of MNIST, as the authors of QMNIST found it again (Yadav & Bottou 2019): a digit fitted into 20x20 by the
//! area that its pixels cover, then pasted into 28x28 by its centre of mass.

use crate::Image;

/// The side of the square that a digit is fitted into.
const BOX: usize = 20;

/// The least side of the square around a digit, in pixels of the picture: what is smaller is not blown up so far.
const LEAST: usize = 10;

/// Ink in the smallest frame around it.
#[derive(Clone)]
pub(super) struct Shape {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Row by row, 0 = ground, 255 = ink.
    pub(super) levels: Vec<u8>,
}

impl Shape {
    /// The side of the square around the shape.
    pub(super) fn square(&self) -> usize {
        self.width.max(self.height).max(LEAST)
    }

    /// The digit in the form of MNIST.
    pub(super) fn image(&self) -> Image {
        paste(&self.fitted::<BOX>())
    }

    /// The square around the shape, the shape in its middle, as `N` by `N` pixels: each the mean of what it covers.
    ///
    /// (QMNIST's authors double the pixels of squares smaller than 20 first. A mean over areas is the same of
    /// pixels that have been doubled.)
    pub(super) fn fitted<const N: usize>(&self) -> Box<[[u8; N]; N]> {
        let side = self.square();
        let columns = covers::<N>(side, (side - self.width) / 2, self.width);
        let rows = covers::<N>(side, (side - self.height) / 2, self.height);
        let mut sums = Box::new([[0.0_f32; N]; N]);
        for (levels, rows) in self.levels.chunks_exact(self.width).zip(rows) {
            let mut across = [0.0_f32; N];
            for (&level, columns) in levels.iter().zip(&columns) {
                columns.each(|at, part| across[at] += part * f32::from(level));
            }
            rows.each(|at, part| {
                for (sum, value) in sums[at].iter_mut().zip(across) {
                    *sum += part * value;
                }
            });
        }
        let mut fitted = Box::new([[0; N]; N]);
        let area = (side as f32 / N as f32).powi(2);
        for (to, sum) in fitted.as_flattened_mut().iter_mut().zip(sums.as_flattened()) {
            *to = (sum / area + 0.5) as u8;
        }
        fitted
    }
}

/// What one pixel of a picture covers of a row of `N`: from `first` on, the rest of the first one, whole ones, a part of the last.
struct Cover {
    from: f32,
    to: f32,
    scale: f32,
    most: usize,
}

impl Cover {
    /// Calls `with` for every pixel of the row and the length in picture pixels that is covered.
    fn each(&self, mut with: impl FnMut(usize, f32)) {
        let mut at = (self.from / self.scale) as usize;
        while at < self.most && (at as f32 * self.scale) < self.to {
            let (start, end) = (at as f32 * self.scale, (at + 1) as f32 * self.scale);
            let part = self.to.min(end) - self.from.max(start);
            if part > 0.0 {
                with(at, part);
            }
            at += 1;
        }
    }
}

/// For each of `count` pixels after a margin, what it covers of `N` that are `side` pixels long.
fn covers<const N: usize>(side: usize, margin: usize, count: usize) -> Vec<Cover> {
    let scale = side as f32 / N as f32;
    let cover = |at: usize| Cover { from: (margin + at) as f32, to: (margin + at + 1) as f32, scale, most: N };
    (0..count).map(cover).collect()
}

/// A 20x20 digit in 28x28, so that its centre of mass is within half a pixel of (14, 14), counted from 0.
fn paste(digit: &[[u8; BOX]; BOX]) -> Image {
    let (mut mass, mut x_mass, mut y_mass) = (0, 0, 0);
    for (y, row) in digit.iter().enumerate() {
        for (x, &level) in row.iter().enumerate() {
            let level = usize::from(level);
            mass += level;
            // Twice the middle of a pixel, which is at a half.
            x_mass += (2 * x + 1) * level;
            y_mass += (2 * y + 1) * level;
        }
    }
    // trunc(15 - centre of mass), in whole numbers; both sides may be clipped.
    let corner = |moment: usize| ((30 * mass) as isize - moment as isize) / (2 * mass).max(1) as isize;
    let (left, top) = (corner(x_mass), corner(y_mass));
    let mut image = [[0; 28]; 28];
    for (y, row) in digit.iter().enumerate() {
        for (x, &level) in row.iter().enumerate() {
            let (x, y) = (left + x as isize, top + y as isize);
            if let (0..28, 0..28) = (x, y) {
                image[y as usize][x as usize] = level;
            }
        }
    }
    image
}

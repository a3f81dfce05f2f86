//! Grey pictures of digits, maps and kernels, and PNG files.

use anyhow::Context;

/// The grey levels of a rectangle, row by row; 0 is black.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Raster {
    pub(crate) width: usize,
    pub(crate) grey: Vec<u8>,
}

impl Raster {
    /// A raster of one grey level.
    pub(crate) fn new(width: usize, height: usize, grey: u8) -> Self {
        Raster { width, grey: vec![grey; width * height] }
    }

    /// The grey levels of rows of `width` numbers.
    pub(crate) fn of(width: usize, numbers: &[f32], range: Range) -> Self {
        Raster { width, grey: numbers.iter().map(|x| range.grey(*x)).collect() }
    }

    pub(crate) fn height(&self) -> usize {
        self.grey.len().checked_div(self.width).unwrap_or(0)
    }

    /// Repeats every pixel horizontally and vertically.
    pub(crate) fn enlarged(&self, across: usize, down: usize) -> Self {
        let width = self.width * across;
        let mut grey = Vec::with_capacity(self.grey.len() * across * down);
        // Filled in blocks, because this crate is not optimised.
        for row in self.grey.chunks(self.width.max(1)) {
            let start = grey.len();
            for pixel in row {
                grey.resize(grey.len() + across, *pixel);
            }
            for _ in 1..down {
                grey.extend_from_within(start..start + width);
            }
        }
        Raster { width, grey }
    }

    /// Copies another raster into this one. It must fit.
    pub(crate) fn put(&mut self, x: usize, y: usize, other: &Raster) {
        for (row, cells) in other.grey.chunks(other.width).enumerate() {
            self.grey[(y + row) * self.width + x..][..other.width].copy_from_slice(cells);
        }
    }

    pub(crate) fn set(&mut self, x: usize, y: usize, grey: u8) {
        self.grey[y * self.width + x] = grey;
    }

    /// Encodes a PNG with one pixel per grey level.
    pub(crate) fn png(&self) -> anyhow::Result<Vec<u8>> {
        encode(self.width, self.height(), png::ColorType::Grayscale, &self.grey)
    }
}

/// Encodes a PNG of eight bits per channel.
pub(crate) fn encode(width: usize, height: usize, colours: png::ColorType, data: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, u32::try_from(width)?, u32::try_from(height)?);
    encoder.set_color(colours);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().context("can't write a PNG")?;
    writer.write_image_data(data).context("can't write a PNG")?;
    writer.finish().context("can't write a PNG")?;
    Ok(bytes)
}

/// The numbers that are drawn white and black. The greys between them are linear.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Range {
    pub(crate) white: f32,
    pub(crate) black: f32,
}

impl Range {
    /// From the smallest of the numbers to the largest.
    pub(crate) fn of(numbers: &[f32]) -> Self {
        let finite = || numbers.iter().copied().filter(|x| x.is_finite());
        let (white, black) = (finite().fold(f32::INFINITY, f32::min), finite().fold(f32::NEG_INFINITY, f32::max));
        if white <= black { Range { white, black } } else { Range { white: 0.0, black: 0.0 } }
    }

    /// Symmetric about zero, which is the middle grey.
    pub(crate) fn around_zero(numbers: &[f32]) -> Self {
        let most = numbers.iter().filter(|x| x.is_finite()).fold(0.0, |most: f32, x| most.max(x.abs()));
        Range { white: -most, black: most }
    }

    /// The grey level of a number; the middle grey for NaN.
    pub(crate) fn grey(self, x: f32) -> u8 {
        (255.0 * (1.0 - self.part(x))).round() as u8
    }

    /// Where a number is between white (0) and black (1).
    pub(crate) fn part(self, x: f32) -> f32 {
        // The difference of two finite f32 is finite in f64.
        let (white, black, x) = (f64::from(self.white), f64::from(self.black), f64::from(x));
        let part = ((x - white) / (black - white)).clamp(0.0, 1.0);
        if part.is_nan() { 0.5 } else { part as f32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greys_are_even_and_dark_is_much() {
        let range = Range { white: -2.0, black: 2.0 };
        assert_eq!([-2.0, 0.0, 1.0, 2.0, 9.0, f32::NEG_INFINITY].map(|x| range.grey(x)), [255, 128, 64, 0, 0, 255]);
        assert_eq!(range.grey(f32::NAN), 128);
        assert_eq!(Range::of(&[3.0, f32::NAN, -1.0, f32::INFINITY]), Range { white: -1.0, black: 3.0 });
        assert_eq!(Range::around_zero(&[0.5, -1.5]), Range { white: -1.5, black: 1.5 });
        assert_eq!(Range::around_zero(&[-f32::MAX, f32::MAX]).grey(0.0), 128);
        for none in [Range::of(&[]), Range::of(&[f32::NAN]), Range::of(&[7.0, 7.0]), Range::around_zero(&[0.0])] {
            assert_eq!(none.grey(7.0), if none.black == 0.0 && none.white == 0.0 { 0 } else { 128 });
            assert_eq!(none.grey(none.white), 128, "{none:?}");
        }
    }

    #[test]
    fn a_raster_lies_where_it_is_put() {
        let mut raster = Raster::new(4, 3, 255);
        raster.put(1, 1, &Raster::of(2, &[0.0, 1.0, 1.0, 0.0], Range { white: 0.0, black: 1.0 }));
        assert_eq!(raster.grey, [255, 255, 255, 255, 255, 255, 0, 255, 255, 0, 255, 255]);
        let enlarged = Raster { width: 2, grey: vec![1, 2, 3, 4] }.enlarged(3, 2);
        assert_eq!((enlarged.width, enlarged.height()), (6, 4));
        assert_eq!(enlarged.grey, [1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 3, 3, 3, 4, 4, 4]);
    }
}

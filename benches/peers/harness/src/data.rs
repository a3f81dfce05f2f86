//! The files that `ours --reference` writes: images, labels, initial weights, and the expected results.

use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::Path;

/// The number of pixels of an image: 32 rows of 32 columns.
pub const IMAGE: usize = 32 * 32;

/// The parameters' shapes, in the order in which every program has them. Names and layout are PyTorch's.
pub const SHAPES: [(&str, &[usize]); 10] = [
    ("c1.weight", &[6, 1, 5, 5]),
    ("c1.bias", &[6]),
    ("c3.weight", &[16, 6, 5, 5]),
    ("c3.bias", &[16]),
    ("c5.weight", &[120, 16, 5, 5]),
    ("c5.bias", &[120]),
    ("f6.weight", &[84, 120]),
    ("f6.bias", &[84]),
    ("output.weight", &[10, 84]),
    ("output.bias", &[10]),
];

/// The number of parameters.
pub const PARAMETERS: usize = 61_706;

/// The values to which pixels are mapped: the paper's for background and foreground. The frame around an image is
/// background.
const GROUND: f32 = -0.1;
const INK: f32 = 1.175;

/// The initial state of every program, and the results that it must reach.
pub struct Data {
    /// The images, 32x32 each, as the networks take them.
    pub images: Vec<f32>,
    /// The original images, 28x28 each.
    pub pixels: Vec<u8>,
    /// The labels of the images.
    pub labels: Vec<u8>,
    /// The initial weights.
    pub weights: Vec<f32>,
    /// Their outputs for the first images, ten numbers each.
    pub outputs: Vec<f32>,
    /// The weights after one step on the first 64 images.
    pub stepped: Vec<f32>,
}

impl Data {
    /// Reads the files.
    ///
    /// # Errors
    /// If a file is missing or has the wrong length.
    pub fn open(folder: &Path) -> Result<Self> {
        let bytes = |name: &str| {
            let path = folder.join(name);
            fs::read(&path).with_context(|| format!("{}: write it with `ours --reference`", path.display()))
        };
        let floats = |name: &str| -> Result<Vec<f32>> {
            Ok(bytes(name)?.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect())
        };
        let pixels = bytes("images.u8")?;
        let data = Data {
            images: pixels.as_chunks().0.iter().flat_map(framed).collect(),
            pixels,
            labels: bytes("labels.u8")?,
            weights: floats("weights.f32")?,
            outputs: floats("outputs.f32")?,
            stepped: floats("stepped.f32")?,
        };
        ensure!(data.images.len() == data.labels.len() * IMAGE, "as many labels as images");
        ensure!(data.weights.len() == PARAMETERS, "{} weights, not {PARAMETERS}", data.weights.len());
        ensure!(data.stepped.len() == PARAMETERS, "{} weights after a step", data.stepped.len());
        Ok(data)
    }

    /// The initial weights, tensor by tensor, each with its shape.
    pub fn tensors(&self) -> impl Iterator<Item = (&'static [usize], &[f32])> {
        let mut rest = &self.weights[..];
        SHAPES.iter().map(move |(_, shape)| {
            let (tensor, others) = rest.split_at(shape.iter().product());
            rest = others;
            (*shape, tensor)
        })
    }

    /// The images in batches, each with its labels. Images that do not fill a batch are left out.
    pub fn batches(&self, size: usize) -> impl Iterator<Item = (&[f32], &[u8])> {
        self.images.chunks_exact(size * IMAGE).zip(self.labels.chunks_exact(size))
    }
}

/// An image in the middle of 32 rows and columns.
fn framed(pixels: &[u8; 28 * 28]) -> [f32; IMAGE] {
    let mut framed = [GROUND; IMAGE];
    for (row, pixels) in pixels.chunks(28).enumerate() {
        for (column, pixel) in pixels.iter().enumerate() {
            framed[(row + 2) * 32 + column + 2] = GROUND + f32::from(*pixel) / 255.0 * (INK - GROUND);
        }
    }
    framed
}

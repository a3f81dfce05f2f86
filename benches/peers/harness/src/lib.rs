//! What the Rust programs of the comparison share: the works, the data, the clock and the checks.
//!
//! A program gives a [`Peer`] and calls [`run`]; the rest of it is the network, in the words of its framework.

mod check;
mod data;
mod measure;
mod work;

pub use data::{Data, IMAGE, PARAMETERS, SHAPES};
pub use measure::run;
pub use work::{Kind, Work};

use anyhow::Result;

/// The learning rate of every program: small enough for batches of one without momentum.
pub const RATE: f64 = 0.01;

/// A framework that trains and runs the network of the comparison.
pub trait Peer: Sized {
    /// Its name in the table.
    const WHO: &'static str;
    /// The package whose version in the lock file is the framework's.
    const PACKAGE: &'static str;
    /// How it was told to be fast, for whoever reads the result.
    fn settings() -> String;
    /// Gets ready for a work, with the weights of `data`.
    fn new(data: &Data, work: Work) -> Result<Self>;
    /// Makes at least `steps` steps of SGD, from where the last call stopped; returns how many images it learned from.
    fn train(&mut self, steps: usize) -> Result<usize>;
    /// Runs the network at least `batches` times; returns on how many images.
    fn infer(&mut self, batches: usize) -> Result<usize>;
    /// The ten outputs for each of the first `images` images.
    fn outputs(&self, images: usize) -> Result<Vec<f32>>;
    /// The parameters, in the order of [`SHAPES`].
    fn parameters(&self) -> Result<Vec<f32>>;
}

/// The version of a package in the lock file of this workspace.
fn version_of(package: &str) -> &'static str {
    let lock = include_str!("../../Cargo.lock");
    let entry = format!("name = \"{package}\"\nversion = \"");
    lock.split_once(&entry).and_then(|(_, rest)| rest.split_once('"')).map_or("unknown", |(version, _)| version)
}

//! The code that the Rust programs of the comparison share: the works, the data, the clock and the checks.
//!
//! A program implements [`Peer`] and calls [`run`]; the rest of it is the network, written for its framework.

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
    /// The settings that make it fast, for the reader of the result.
    fn settings() -> String;
    /// Prepares for a work, with the weights of `data`.
    fn new(data: &Data, work: Work) -> Result<Self>;
    /// Makes at least `steps` steps of SGD, continuing from the last call; returns the number of images it was trained
    /// on.
    fn train(&mut self, steps: usize) -> Result<usize>;
    /// Runs the network on at least `batches` batches; returns the number of images.
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

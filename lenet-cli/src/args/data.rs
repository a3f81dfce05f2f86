//! `--data` and `--transpose`: which data a command uses.

use super::place::Place;
use clap::Args;
use lenet_data::Dataset;
use std::path::PathBuf;

/// The data that a command uses.
#[derive(Args)]
pub(crate) struct DataArguments {
    /// The data to use instead of the built-in MNIST: fashion-mnist, kmnist or emnist-digits after `lenet data fetch`, or a
    /// folder of IDX files, raw or .gz (write ./kmnist for a folder with the name of a set)
    #[arg(long, value_name = "SET|DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The images of --data are stored transposed (EMNIST's are recognised by their names)
    #[arg(long, requires = "data")]
    pub(crate) transpose: bool,
}

impl DataArguments {
    /// The arguments that a run was started with: its folder, if it did not use the built-in set.
    pub(crate) fn of_run(folder: Option<&str>, transpose: bool) -> Self {
        DataArguments { data: folder.map(Into::into), transpose }
    }

    /// Reads the data.
    pub(crate) fn load(&self) -> anyhow::Result<Dataset> {
        self.place()?.load(self.transpose)
    }

    /// Whether `--data` was given.
    pub(crate) fn is_given(&self) -> bool {
        self.data.is_some()
    }

    /// The folder of the data, unless they are built in.
    pub(crate) fn folder(&self) -> anyhow::Result<Option<PathBuf>> {
        Ok(self.place()?.folder().map(Into::into))
    }

    fn place(&self) -> anyhow::Result<Place> {
        self.data.as_deref().map_or(Ok(Place::BuiltIn), Place::of)
    }
}

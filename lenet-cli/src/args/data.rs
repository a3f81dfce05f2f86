//! From the command line's words to examples.

use super::place::Place;
use clap::Args;
use lenet_data::Dataset;
use std::path::PathBuf;

/// Which data to use.
#[derive(Args)]
pub(crate) struct DataArguments {
    /// A set to use in place of the built-in MNIST: fashion-mnist, kmnist or emnist-digits, once `lenet data fetch` has
    /// brought it, or a folder of IDX files, raw or .gz (one that is named as a set: ./kmnist)
    #[arg(long, value_name = "SET|DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The images of --data are stored transposed (EMNIST's are recognised by their names)
    #[arg(long, requires = "data")]
    pub(crate) transpose: bool,
}

impl DataArguments {
    /// Those of a run that was made with `folder`, if it was one.
    pub(crate) fn of_run(folder: Option<&str>, transpose: bool) -> Self {
        DataArguments { data: folder.map(Into::into), transpose }
    }

    /// Reads the data.
    pub(crate) fn load(&self) -> anyhow::Result<Dataset> {
        self.place()?.load(self.transpose)
    }

    /// Whether any is named.
    pub(crate) fn is_given(&self) -> bool {
        self.data.is_some()
    }

    /// The folder it is read from, if it is not built in.
    pub(crate) fn folder(&self) -> anyhow::Result<Option<PathBuf>> {
        Ok(self.place()?.folder().map(Into::into))
    }

    fn place(&self) -> anyhow::Result<Place> {
        self.data.as_deref().map_or(Ok(Place::BuiltIn), Place::of)
    }
}

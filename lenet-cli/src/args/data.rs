//! `--data` and `--transpose`: which data a command uses.

use super::place::Place;
use clap::Args;
use lenet_data::Dataset;
use std::path::PathBuf;

/// The data that a command uses.
#[derive(Args)]
pub(crate) struct DataArguments {
    /// The data to use instead of the built-in MNIST: fashion-mnist, kmnist or emnist-digits after `lenet data fetch`; a file,
    /// mnist.npz of Keras or train.csv of Kaggle; or a folder of IDX files (raw or .gz), of KMNIST's .npz files, with train.csv,
    /// or of pictures in folders named by class, train/7/*.png (write ./kmnist for a folder with the name of a set)
    #[arg(long, value_name = "SET|FILE|DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The images of --data are stored transposed (EMNIST's are recognised by their names)
    #[arg(long, requires = "data")]
    pub(crate) transpose: bool,
}

impl DataArguments {
    /// The arguments that a run was started with: the path of its data, if it did not use the built-in set.
    pub(crate) fn of_run(path: Option<&str>, transpose: bool) -> Self {
        DataArguments { data: path.map(Into::into), transpose }
    }

    /// Reads the data.
    pub(crate) fn load(&self) -> anyhow::Result<Dataset> {
        self.place()?.load(self.transpose)
    }

    /// Whether `--data` was given.
    pub(crate) fn is_given(&self) -> bool {
        self.data.is_some()
    }

    /// The folder or the file of the data, unless they are built in.
    pub(crate) fn path(&self) -> anyhow::Result<Option<PathBuf>> {
        Ok(self.place()?.path().map(Into::into))
    }

    fn place(&self) -> anyhow::Result<Place> {
        self.data.as_deref().map_or(Ok(Place::BuiltIn), Place::of)
    }
}

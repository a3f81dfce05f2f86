//! The model that a figure is drawn from.

use crate::args::model;
use lenet_data::Picture;
use lenet_model::{AnyNetwork, Checkpoint};
use std::path::{Path, PathBuf};

/// A model whose parameters have not been read yet.
pub(crate) struct Model {
    pub(crate) checkpoint: Checkpoint,
    /// Its name in pictures.
    pub(crate) name: String,
}

impl Model {
    /// Opens a model that `lenet train` has written (the best one if `path` is a run folder), or a built-in one.
    pub(crate) fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let checkpoint = model::open(path)?;
        let about = &checkpoint.description;
        let name = match (path, about.epoch) {
            (None, _) => format!("the {} that comes with the program", about.network),
            (Some(_), 0) => about.network.to_string(),
            (Some(_), epoch) => format!("{} after epoch {epoch}", about.network),
        };
        Ok(Model { checkpoint, name })
    }

    /// Reads the network.
    pub(crate) fn network(&self) -> anyhow::Result<Box<dyn AnyNetwork>> {
        self.checkpoint.any_network().map_err(model::advise)
    }
}

/// An argument that is a model or a picture of a digit, by its file extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Model(PathBuf),
    Picture(PathBuf),
}

impl From<PathBuf> for Source {
    fn from(path: PathBuf) -> Self {
        if Picture::has_extension(&path) { Source::Picture(path) } else { Source::Model(path) }
    }
}

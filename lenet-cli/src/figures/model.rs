//! Which network a view is of.

use crate::args::model;
use lenet_model::{AnyNetwork, Checkpoint};
use std::path::{Path, PathBuf};

/// A model, read but for its numbers.
pub(crate) struct Model {
    pub(crate) checkpoint: Checkpoint,
    /// What pictures call it.
    pub(crate) name: String,
}

impl Model {
    /// Reads a model that `lenet train` has written, of a run folder the best one; or takes the one that comes with the program.
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

    /// The network itself.
    pub(crate) fn network(&self) -> anyhow::Result<Box<dyn AnyNetwork>> {
        self.checkpoint.any_network().map_err(model::advise)
    }
}

/// Words that are either a model or a picture of a digit, told by their endings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Model(PathBuf),
    Picture(PathBuf),
}

impl From<PathBuf> for Source {
    fn from(path: PathBuf) -> Self {
        let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
        match ending.as_deref() {
            Some("png" | "jpg" | "jpeg") => Source::Picture(path),
            _ => Source::Model(path),
        }
    }
}

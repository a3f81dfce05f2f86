//! Which model a command works with.

use clap::Args;
use lenet_model::Checkpoint;
use std::path::{Path, PathBuf};

use crate::run_folder::BEST;

/// The model to read with.
#[derive(Args)]
pub(crate) struct ModelArguments {
    /// A model that `lenet train` has written, or its run folder [default: the one that comes with the program]
    #[arg(long, value_name = "FILE|RUN")]
    model: Option<PathBuf>,
}

impl ModelArguments {
    /// Reads it but for its numbers.
    pub(crate) fn open(&self) -> anyhow::Result<Checkpoint> {
        match &self.model {
            Some(path) => open(path),
            None => Ok(Checkpoint::pretrained()),
        }
    }
}

/// A model that `lenet train` has written; of a run folder the best one.
pub(crate) fn open(path: &Path) -> anyhow::Result<Checkpoint> {
    let path = if path.is_dir() { path.join(BEST) } else { path.to_path_buf() };
    Ok(Checkpoint::open(&path)?)
}

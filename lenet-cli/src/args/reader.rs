//! Which reader of lines a command uses.

use super::model::{self, advise_to};
use crate::run::folder::READER;
use anyhow::bail;
use lenet_model::Checkpoint;
use lenet_model::reader::Reader;
use std::path::{Path, PathBuf};

/// Opens a reader of lines, or takes the built-in one.
pub(crate) fn open(path: Option<&Path>) -> anyhow::Result<Reader> {
    let Some(path) = path else { return Ok(Reader::pretrained()) };
    Reader::open(&file(path)).or_else(|error| {
        if Checkpoint::open(&model::file(path)).is_ok() {
            bail!(
                "{0}: this model reads single digits: `lenet predict --model {0}` uses it; give a reader of lines",
                path.display()
            );
        }
        Err(advise_to(error, "give a reader that `lenet train-reader` has written"))
    })
}

/// Whether `path` is a reader of lines, or the folder of one.
pub(crate) fn is_reader(path: &Path) -> bool {
    Reader::open(&file(path)).is_ok()
}

fn file(path: &Path) -> PathBuf {
    if path.is_dir() { path.join(READER) } else { path.into() }
}

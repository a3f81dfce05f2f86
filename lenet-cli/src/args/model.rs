//! Which model a command uses.

use anyhow::{Context, anyhow, bail};
use clap::Args;
use lenet_data::ClassNames;
use lenet_model::reader::Reader;
use lenet_model::{Checkpoint, CheckpointError, Description, LeNet5, LeNet5Modern};
use std::error::Error;
use std::path::{Path, PathBuf};

use crate::run::folder::{BEST, READER};

/// The model to use.
#[derive(Args)]
pub(crate) struct ModelArguments {
    /// A model that `lenet train` has written, its run folder, or a built-in one: lenet5 or modern [default: lenet5]
    #[arg(long, value_name = "FILE|RUN")]
    model: Option<PathBuf>,
}

impl ModelArguments {
    /// Opens it, without reading its parameters.
    pub(crate) fn open(&self) -> anyhow::Result<Checkpoint> {
        open(self.model.as_deref())
    }
}

/// The model that comes with the program under this name, if there is no file with it.
fn built_in(path: &Path) -> Option<Result<Checkpoint, CheckpointError>> {
    let name = path.to_str().filter(|_| !path.exists())?;
    let file = match name {
        "lenet5" => LeNet5::pretrained_file(),
        "modern" => LeNet5Modern::pretrained_file(),
        _ => return None,
    };
    Some(Checkpoint::from_bytes(Path::new(&format!("the built-in model {name}")), file.to_vec()))
}

/// Opens a model that `lenet train` has written, or a built-in one.
pub(crate) fn open(path: Option<&Path>) -> anyhow::Result<Checkpoint> {
    if let Some(checkpoint) = path.and_then(built_in) {
        return checkpoint.map_err(advise);
    }
    match path {
        Some(path) => Checkpoint::open(&file(path)).or_else(|error| {
            if Reader::open(&reader_file(path)).is_ok() {
                bail!(
                    "{0}: this is a reader of lines: `lenet read --model {0}` uses it; give a model that `lenet train` has written",
                    path.display()
                );
            }
            Err(advise(error))
        }),
        None => Ok(Checkpoint::pretrained()),
    }
}

/// Opens a reader of lines that `lenet train-reader` has written, or takes the built-in one.
pub(crate) fn open_reader(path: Option<&Path>) -> anyhow::Result<Reader> {
    let Some(path) = path else { return Ok(Reader::pretrained()) };
    Reader::open(&reader_file(path)).or_else(|error| {
        if Checkpoint::open(&file(path)).is_ok() {
            bail!(
                "{0}: this model reads single digits: `lenet predict --model {0}` uses it; give a reader of lines",
                path.display()
            );
        }
        Err(advise_to(error, "give a reader that `lenet train-reader` has written"))
    })
}

/// The library's error, with what to do about it in the words of this program.
pub(crate) fn advise(error: CheckpointError) -> anyhow::Error {
    advise_to(error, "give a model that `lenet train` has written")
}

/// The library's error, with other advice. The operating system's message comes before the advice.
pub(crate) fn advise_to(error: CheckpointError, advice: &str) -> anyhow::Error {
    let text = error.to_string();
    let what = text.strip_suffix(": give a file that lenet-model has written").unwrap_or(&text);
    match error.source() {
        Some(cause) => anyhow!("{what} ({cause}): {advice}"),
        None => anyhow!("{what}: {advice}"),
    }
}

/// The names of the classes that a model was trained on, if they have names. Older models know the name of their set only.
pub(crate) fn training_classes(about: &Description) -> anyhow::Result<ClassNames> {
    if about.classes.is_empty() {
        return Ok(ClassNames::of_set(about.data.split(':').next().unwrap_or_default()));
    }
    ClassNames::try_new(about.classes.clone()).context("the model")
}

/// The file of a model: `best.safetensors` if `path` is a run folder.
pub(crate) fn file(path: &Path) -> PathBuf {
    if path.is_dir() { path.join(BEST) } else { path.into() }
}

/// The file of a reader: `reader.safetensors` if `path` is a run folder.
fn reader_file(path: &Path) -> PathBuf {
    if path.is_dir() { path.join(READER) } else { path.into() }
}

//! `lenet export`: a trained model as a file that other programs run.

use crate::args::model;
use crate::term::progress::message;
use anyhow::bail;
use clap::Args;
use lenet_model::save_onnx;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(crate) struct ExportArguments {
    /// A model that `lenet train` has written, its run folder, or a built-in one: lenet5 or modern [default: lenet5]
    model: Option<PathBuf>,
    /// The ONNX file to write; an existing file is replaced
    #[arg(long, value_name = "FILE")]
    onnx: PathBuf,
}

pub(crate) fn run(arguments: &ExportArguments) -> anyhow::Result<()> {
    let file = &arguments.onnx;
    let checkpoint = model::open(arguments.model.as_deref())?;
    if let Some(model) = &arguments.model {
        check_is_another(model, file)?;
    }
    let about = &checkpoint.description;
    save_onnx(&*checkpoint.any_network().map_err(model::advise)?, about, file)?;
    message!("{}: {} with {} as ONNX, opset 13", file.display(), about.network, about.activation);
    message!("input   image          float32 [N, 1, 28, 28], grey levels: 0 is background, 255 is foreground");
    message!("output  logits         float32 [N, 10], the largest one is that of the digit");
    message!("output  probabilities  float32 [N, 10], their softmax");
    Ok(())
}

/// Checks that the file to write is not the model itself.
fn check_is_another(model: &Path, file: &Path) -> anyhow::Result<()> {
    match (fs::canonicalize(model::file(model)), fs::canonicalize(file)) {
        (Ok(from), Ok(to)) if from == to => {
            bail!("{}: is the model itself: give the ONNX file another name", file.display())
        }
        _ => Ok(()),
    }
}

//! `lenet eval`: a trained model on test data.

use crate::args::data::DataArguments;
use crate::args::model;
use crate::args::threads::{ThreadArguments, instruction_set};
use crate::report::write_confusion;
use crate::run::readings::read_set;
use clap::Args;
use serde_json::json;
use std::io::{self, Write};
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct EvalArguments {
    /// A model that `lenet train` has written, or its run folder [default: the built-in model]
    model: Option<PathBuf>,
    #[command(flatten)]
    data: DataArguments,
    #[command(flatten)]
    threads: ThreadArguments,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &EvalArguments) -> anyhow::Result<()> {
    instruction_set()?;
    let checkpoint = model::open(arguments.model.as_deref())?;
    let name = match &arguments.model {
        Some(path) => path.to_string_lossy().into_owned(),
        None => "the built-in model".into(),
    };
    let data = arguments.data.load()?;
    let about = &checkpoint.description;
    let pool = arguments.threads.pool()?;
    let network = checkpoint.any_network().map_err(model::advise)?;
    let evaluation = pool.install(|| read_set(&*network, &data.test, about.normalization))?.evaluation;
    let mut out = io::stdout().lock();
    if arguments.json {
        let object = json!({
            "model": name,
            "network": about.network,
            "activation": about.activation,
            "data": data.name,
            "held_out": data.held_out,
            "test": { "correct": evaluation.correct(), "total": evaluation.total() },
            "confusion": evaluation.confusion,
        });
        writeln!(out, "{object}")?;
    } else {
        let held_out = if data.held_out { " (every seventh image of each class)" } else { "" };
        writeln!(out, "{name} ({}, {}) on the test set of {}{held_out}", about.network, about.activation, data.name)?;
        writeln!(out, "test accuracy {evaluation}\n")?;
        write_confusion(&mut out, &evaluation, &data.classes)?;
    }
    Ok(())
}

//! `lenet page`: the network in a browser, as one file.

use crate::term::progress::message;
use anyhow::Context;
use clap::Args;
use lenet_model::write_beside;
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct PageArguments {
    /// The HTML file to write; an existing file is replaced
    #[arg(long, value_name = "FILE", default_value = "lenet5.html")]
    out: PathBuf,
}

pub(crate) fn run(arguments: &PageArguments) -> anyhow::Result<()> {
    let file = &arguments.out;
    write_beside(file, lenet_web::PAGE).with_context(|| format!("{}: can't be written", file.display()))?;
    message!("{}: open it in a browser; it needs no network", file.display());
    Ok(())
}

//! `lenet data`: data sets, fetched and shown.

mod fetch;
mod sheet;
mod show;

use clap::{Args, Subcommand};

#[derive(Args)]
pub(crate) struct DatasetsArguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Download a set of the MNIST family or CIFAR-10, check it, and keep it in the cache
    Fetch(fetch::FetchArguments),
    /// Show what is in a set: counts, class balance, grey levels and the first images of each class
    Show(show::ShowArguments),
}

pub(crate) fn run(arguments: &DatasetsArguments) -> anyhow::Result<()> {
    match &arguments.command {
        Command::Fetch(arguments) => fetch::run(arguments),
        Command::Show(arguments) => show::run(arguments),
    }
}

//! `lenet`: trains LeNet-5 on MNIST and shows what happened. Results go to stdout, messages to stderr.
//!
//! Exit codes: 0 (success), 1 (failure), 2 (wrong usage), 130 (interrupted).

#![forbid(unsafe_code)]

mod args;
mod commands;
mod draw;
mod figures;
mod help;
mod report;
mod run;
mod term;

use args::Misuse;
use clap::{Parser, Subcommand};
use commands::reading::{self, Told};
use commands::{datasets, eval, export, page, reproduce, summary, train, train_reader, view};
use lenet_model::RecipeError;
use std::process::ExitCode;
use term::interrupt::{self, Interrupted};
use term::progress::message;

/// LeNet-5 (LeCun et al. 1998) with its shapes checked by the compiler.
#[derive(Parser)]
#[command(name = "lenet", version, propagate_version = true, after_help = help::EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Train a network and write a run folder with the model and the results
    #[command(after_help = help::TRAIN)]
    Train(train::TrainArguments),
    /// Train the reader of lines, which `lenet read` uses
    #[command(after_help = help::TRAIN_READER)]
    TrainReader(train_reader::TrainReaderArguments),
    /// Measure a trained model on test data
    #[command(after_help = help::EVAL)]
    Eval(eval::EvalArguments),
    /// Write a trained model as an ONNX file, for other programs
    #[command(after_help = help::EXPORT)]
    Export(export::ExportArguments),
    /// Read one digit per picture: your own pictures, of any size and colour
    #[command(after_help = help::PREDICT)]
    Predict(reading::predict::PredictArguments),
    /// Read the numbers in a picture, a line each
    #[command(after_help = help::READ)]
    Read(reading::read::ReadArguments),
    /// Write a page that shows the network at work in a browser, offline
    #[command(after_help = help::PAGE)]
    Page(page::PageArguments),
    /// Show a network stage by stage: shapes, parameters, connections
    #[command(after_help = help::SUMMARY)]
    Summary(summary::SummaryArguments),
    /// Train the networks of the 1998 paper as their authors did, and compare its figures with ours
    #[command(after_help = help::REPRODUCE)]
    Reproduce(reproduce::ReproduceArguments),
    /// Fetch the sets of the MNIST family, and show what is in them
    Data(datasets::DatasetsArguments),
    /// Show pictures of the networks: kernels, maps, misread digits, curves
    #[command(after_help = help::VIEW)]
    View(view::ViewArguments),
    /// Print completions for a shell: `lenet completions bash`
    Completions(help::CompletionsArguments),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Train(arguments) => train::run(&arguments),
        Command::TrainReader(arguments) => train_reader::run(&arguments),
        Command::Eval(arguments) => eval::run(&arguments),
        Command::Export(arguments) => export::run(&arguments),
        Command::Page(arguments) => page::run(&arguments),
        Command::Predict(arguments) => reading::predict::run(&arguments),
        Command::Read(arguments) => reading::read::run(&arguments),
        Command::Summary(arguments) => summary::run(&arguments),
        Command::Reproduce(arguments) => reproduce::run(&arguments),
        Command::Data(arguments) => datasets::run(&arguments),
        Command::View(arguments) => view::run(&arguments),
        Command::Completions(arguments) => help::completions(&arguments).map_err(Into::into),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) if error.is::<Interrupted>() => {
            message!("{error}");
            ExitCode::from(interrupt::EXIT_CODE)
        }
        Err(error) if error.is::<Told>() => ExitCode::FAILURE,
        Err(error) => {
            message!("error: {error:#}");
            if error.is::<RecipeError>() || error.is::<Misuse>() { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

/// Whether the reader closed the pipe (`lenet ... | head`), which is not an error.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}

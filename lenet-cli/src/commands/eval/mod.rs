//! `lenet eval`: a trained model on test data.

mod strings;

use crate::args::data::DataArguments;
use crate::args::model;
use crate::args::threads::{ThreadArguments, instruction_set};
use crate::report::write_confusion;
use crate::run::readings::read_set;
use clap::{Args, ValueEnum};
use lenet_data::{Dataset, LabelledImages};
use serde_json::json;
use std::borrow::Cow;
use std::io::{self, Write};
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct EvalArguments {
    /// A model that `lenet train` has written, its run folder, or a built-in one: lenet5 or modern [default: lenet5]
    model: Option<PathBuf>,
    #[command(flatten)]
    data: DataArguments,
    #[command(flatten)]
    threads: ThreadArguments,
    /// The images to read: the test images, the training images, or all
    #[arg(long, value_enum, default_value_t)]
    part: Part,
    /// Measure a reader of lines: strings composed of the test digits, of 1 to 10 digits, spaced, touching and
    /// overlapping. MODEL is a reader that `lenet train-reader` has written [default: the built-in reader]
    #[arg(long, conflicts_with = "part")]
    strings: bool,
    /// Strings of each kind
    #[arg(long, value_name = "N", default_value_t = 1_000, requires = "strings",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    count: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Images of a set.
#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Part {
    #[default]
    Test,
    Train,
    All,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Part::Test => "test",
            Part::Train => "train",
            Part::All => "all",
        }
    }

    fn of(self, data: &Dataset) -> anyhow::Result<Cow<'_, LabelledImages>> {
        let (train, test) = (&data.train, &data.test);
        Ok(match self {
            Part::Test => Cow::Borrowed(test),
            Part::Train => Cow::Borrowed(train),
            Part::All => {
                let (images, labels) = ([train.images(), test.images()], [train.labels(), test.labels()]);
                Cow::Owned(LabelledImages::new(images.concat(), labels.concat())?)
            }
        })
    }
}

pub(crate) fn run(arguments: &EvalArguments) -> anyhow::Result<()> {
    if arguments.strings {
        return strings::run(arguments);
    }
    instruction_set()?;
    let checkpoint = model::open(arguments.model.as_deref())?;
    let name = match &arguments.model {
        Some(path) => path.to_string_lossy().into_owned(),
        None => "the built-in model".into(),
    };
    let (data, part) = (arguments.data.load()?, arguments.part);
    let about = &checkpoint.description;
    let pool = arguments.threads.pool()?;
    let network = checkpoint.any_network().map_err(model::advise)?;
    let images = part.of(&data)?;
    let evaluation = pool.install(|| read_set(&*network, &images, about.normalization))?.evaluation;
    let mut out = io::stdout().lock();
    if arguments.json {
        let object = json!({
            "model": name,
            "network": about.network,
            "activation": about.activation,
            "data": data.name,
            "held_out": data.held_out,
            part.name(): { "correct": evaluation.correct(), "total": evaluation.total() },
            "confusion": evaluation.confusion,
        });
        writeln!(out, "{object}")?;
    } else {
        let images = match part {
            Part::Test if data.held_out => "the test set (every seventh image of each class)",
            Part::Test => "the test set",
            Part::Train => "the training set",
            Part::All => "all images",
        };
        writeln!(out, "{name} ({}, {}) on {images} of {}", about.network, about.activation, data.name)?;
        writeln!(out, "{} accuracy {evaluation}\n", part.name())?;
        write_confusion(&mut out, &evaluation, &data.classes)?;
    }
    Ok(())
}

//! `lenet read`: the numbers of pictures, a line each.

mod answer;
mod labels;

use super::predict::named;
use super::source::{Content, Source};
use super::{Failures, Reject};
use crate::args::Misuse;
use crate::args::model::open_reader;
use crate::args::threads::instruction_set;
use crate::term::progress::message;
use answer::Answers;
use anyhow::{Context, bail};
use clap::Args;
use lenet_data::PictureError;
use lenet_model::reader::{Grammar, Number, Reader};
use rayon::prelude::*;
use std::ffi::OsString;
use std::io;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

#[derive(Args)]
pub(crate) struct ReadArguments {
    /// Pictures of numbers (PNG, JPEG, WebP, BMP, GIF, TIFF or PNM), folders of them, or - for standard input
    #[arg(required = true, value_name = "FILE|DIR|-")]
    pictures: Vec<OsString>,
    /// A reader that `lenet train-reader` has written, or its run folder [default: the built-in reader]
    #[arg(long, value_name = "FILE|RUN")]
    model: Option<PathBuf>,
    /// Numbers of so many digits only: 5, or 4..6 for 4 to 6
    #[arg(long, value_name = "N|N..M")]
    length: Option<Length>,
    /// Numbers of this form only: # is any digit, 7 is a 7, `[12]` is a 1 or a 2; spaces and - . , / ' are not read
    #[arg(long, conflicts_with = "length")]
    pattern: Option<String>,
    /// Amounts of money only: no 0 before other digits. The points, commas and dashes of an amount are not read; with
    /// =2 its last two digits are cents
    #[arg(long, value_name = "DECIMALS", num_args = 0..=1, require_equals = true, default_missing_value = "0",
        value_parser = clap::value_parser!(u8).range(0..=4), conflicts_with_all = ["length", "pattern"])]
    amount: Option<u8>,
    /// Answer ? for digits whose probability is below the margin, a number from 0 to 1; `auto` is the margin that
    /// leaves 0.5% errors on lines of digits that were held out when the reader was trained
    #[arg(long, value_name = "MARGIN|auto")]
    reject: Option<Reject>,
    /// Print JSON, one object per picture
    #[arg(long)]
    json: bool,
    /// Draw each line as the network saw it, and its digits under it
    #[arg(long, conflicts_with = "json")]
    show: bool,
    /// Compare with the numbers of a file, and print a table: a line has the name of a picture within the folder and
    /// its number, between them a tab, a comma or spaces
    #[arg(long, value_name = "FILE", conflicts_with_all = ["reject", "show"])]
    labels: Option<PathBuf>,
}

/// `5` or `4..6`.
#[derive(Clone, Debug)]
struct Length(RangeInclusive<usize>);

impl FromStr for Length {
    type Err = &'static str;
    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let (from, to) = word.split_once("..").unwrap_or((word, word));
        match (from.parse(), to.trim_start_matches('=').parse()) {
            (Ok(from), Ok(to)) if 1 <= from && from <= to => Ok(Length(from..=to)),
            _ => Err("give a number of digits such as 5, or two such as 4..6"),
        }
    }
}

impl ReadArguments {
    fn grammar(&self) -> anyhow::Result<Grammar> {
        Ok(match (&self.length, &self.pattern, self.amount) {
            (Some(Length(length)), ..) => Grammar::length(length.clone()),
            (_, Some(pattern), _) => Grammar::pattern(pattern).map_err(|error| Misuse(format!("--pattern {error}")))?,
            (.., Some(decimals)) => Grammar::amount(decimals.into()),
            _ => Grammar::default(),
        })
    }
}

/// A number that is less likely than this is refused: of 50 pictures of printed words it refuses 37, and none of the
/// numbers on real cheques that are read right.
const FLOOR: f64 = 0.1;

/// How many pictures are read together.
const TOGETHER: usize = 64;

pub(crate) fn run(arguments: &ReadArguments) -> anyhow::Result<()> {
    instruction_set()?;
    let (grammar, reader) = (arguments.grammar()?, open_reader(arguments.model.as_deref())?);
    if let Some(file) = &arguments.labels {
        return labels::run(arguments, file, &reader, &grammar);
    }
    let margin = match arguments.reject {
        None => 0.0,
        Some(Reject::Margin(margin)) => margin.into(),
        Some(Reject::Auto) => {
            reader.description.margin.context("--reject auto: the reader has no margin: give a number")?
        }
    };
    let answers = Answers { margin, decimals: arguments.amount, json: arguments.json, show: arguments.show };
    let mut failures = Failures::default();
    for word in &arguments.pictures {
        let sources = match Source::all(word) {
            Ok(sources) => sources,
            Err(error) => {
                failures.tell(arguments.json, &word.to_string_lossy(), &error)?;
                continue;
            }
        };
        for sources in sources.chunks(TOGETHER) {
            let read = |source| (Source::name(source), Found::read(source, &reader, &grammar));
            let found: Vec<_> = sources.par_iter().map(read).collect();
            for (name, found) in found {
                match found.and_then(|found| found.told(&name)) {
                    Ok(found) => answers.write(&mut io::stdout().lock(), &name, &found)?,
                    Err(error) => failures.tell(arguments.json, &name, &error)?,
                }
            }
        }
    }
    failures.end()
}

/// The lines of a picture.
#[derive(Default)]
struct Found {
    numbers: Vec<Number>,
    /// Those that are too unlikely to be called numbers.
    refused: Vec<Number>,
    /// Whether nothing stands out from the background.
    blank: bool,
}

impl Found {
    /// # Errors
    /// If the file can't be read, or is not a picture. A picture without a number is none.
    fn read(source: &Source, reader: &Reader, grammar: &Grammar) -> anyhow::Result<Self> {
        let name = source.name();
        let lines = match source.read()? {
            Content::Picture(picture) => reader.read_with(&picture, grammar),
            Content::Idx { .. } | Content::Csv(_) => {
                bail!("{name}: a file of images has one digit per image: `lenet predict {name}` reads them")
            }
        };
        match lines {
            Err(PictureError::NoInk) => Ok(Found { blank: true, ..Found::default() }),
            Err(error) => Err(named(&name, &error)),
            Ok(lines) => {
                let (numbers, refused) = lines.into_iter().partition(|number| number.probability >= FLOOR);
                Ok(Found { numbers, refused, blank: false })
            }
        }
    }

    /// Says which lines are refused, or that there is no number at all.
    fn told(self, name: &str) -> anyhow::Result<Self> {
        if self.blank {
            return Err(named(name, &PictureError::NoInk));
        }
        let best = self.refused.iter().max_by(|a, b| a.probability.total_cmp(&b.probability));
        let likeliest =
            best.map(|best| format!("the likeliest is {}, with {:.1}%", best.text(), 100.0 * best.probability));
        match likeliest {
            Some(likeliest) if self.numbers.is_empty() => {
                bail!("{name}: no number found: {likeliest}: give a picture of digits, or cut it closer to them")
            }
            None if self.numbers.is_empty() => {
                bail!("{name}: no digits found: give a picture of digits, or cut it closer to them")
            }
            Some(likeliest) => {
                let (count, s) = (self.refused.len(), if self.refused.len() == 1 { "" } else { "s" });
                message!("{name}: {count} line{s} of no likely number left out: {likeliest}");
                Ok(self)
            }
            None => Ok(self),
        }
    }
}

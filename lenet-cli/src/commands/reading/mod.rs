//! `lenet predict` and `lenet read`: the digits in pictures.

pub(crate) mod predict;
pub(crate) mod read;
mod source;

use crate::args::model::{ModelArguments, advise, training_classes};
use crate::args::threads::instruction_set;
use crate::draw::Range;
use crate::term::progress::message;
use crate::term::shades::{Cells, shades};
use anyhow::{Context, bail};
use clap::Args;
use lenet_data::{ClassNames, Image, Prepared};
use lenet_model::{Classifier, Classify, Reading};
use serde_json::{Value, json};
use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

/// The arguments of both commands.
#[derive(Args)]
struct ReaderArguments {
    #[command(flatten)]
    model: ModelArguments,
    /// Answer ? if the probability of the likeliest digit exceeds that of the second by less than this (0 to 1), or auto: the
    /// margin that leaves 0.5% errors on the images that were held out when the model was trained, or a larger one if the
    /// model has learned from images without a digit
    #[arg(long, value_name = "MARGIN|auto")]
    reject: Option<Reject>,
    /// Print JSON, one object per line
    #[arg(long)]
    json: bool,
    /// Draw the 28x28 pixels that the network saw
    #[arg(long, conflicts_with = "json")]
    show: bool,
}

#[derive(Clone, Copy, Debug)]
enum Reject {
    Auto,
    Margin(f32),
}

impl FromStr for Reject {
    type Err = &'static str;
    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word.parse::<f32>() {
            _ if word == "auto" => Ok(Reject::Auto),
            Ok(margin) if (0.0..=1.0).contains(&margin) => Ok(Reject::Margin(margin)),
            _ => Err("give a number from 0 to 1, or auto"),
        }
    }
}

/// A model, and the margin below which it answers `?`.
struct Reader {
    model: Classifier,
    margin: f32,
    classes: ClassNames,
}

impl Reader {
    fn new(arguments: &ReaderArguments) -> anyhow::Result<Self> {
        instruction_set()?;
        let checkpoint = arguments.model.open()?;
        let margin = match arguments.reject {
            None => 0.0,
            Some(Reject::Margin(margin)) => margin,
            Some(Reject::Auto) => checkpoint.description.margin.context(
                "--reject auto: the model has no margin: give a number, or a model that was trained with --validation",
            )?,
        };
        let classes = training_classes(&checkpoint.description)?;
        Ok(Reader { model: checkpoint.classifier().map_err(advise)?, margin, classes })
    }

    fn answers(&self, digits: &[Prepared]) -> Vec<Answer> {
        let images: Vec<Image> = digits.iter().map(|digit| digit.image).collect();
        let mut readings = vec![Reading::default(); images.len()];
        self.model.classify_many(&images, &mut readings);
        let answer = |reading: Reading| Answer {
            sure: reading.margin() >= self.margin,
            name: self.classes.name(reading.digit).map(Into::into),
            reading,
        };
        readings.into_iter().map(answer).collect()
    }
}

/// What a picture is read as, and whether the margin is large enough.
struct Answer {
    reading: Reading,
    sure: bool,
    /// The name of the class, if it has one.
    name: Option<String>,
}

impl Answer {
    fn digit(&self) -> char {
        if self.sure { char::from(b'0' + self.reading.digit) } else { '?' }
    }

    fn json(&self) -> Value {
        let next: Vec<u8> = self.reading.ranked()[1..3].into();
        json!({
            "digit": self.sure.then_some(self.reading.digit),
            "best": self.reading.digit,
            "probability": self.reading.probabilities[usize::from(self.reading.digit)],
            "next": next,
            "probabilities": self.reading.probabilities,
        })
    }
}

/// `7  99.83%  then 2 0.11%, 1 0.04%`.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, third, ..] = self.reading.ranked();
        let percent = |digit: u8| format!("{:.2}%", 100.0 * self.reading.probabilities[usize::from(digit)]);
        write!(f, "{}", self.digit())?;
        if let Some(name) = self.name.as_ref().filter(|_| self.sure) {
            write!(f, " {name}")?;
        }
        write!(f, "  {:>7}", percent(first))?;
        if !self.sure {
            write!(f, " for {first}")?;
        }
        write!(f, "  then {second} {}, {third} {}", percent(second), percent(third))
    }
}

/// How a digit was changed to bring it into MNIST's form.
fn notes(digit: &Prepared) -> Vec<&'static str> {
    let notes = [(digit.inverted, "inverted"), (digit.thickened, "thickened")];
    notes.into_iter().filter_map(|(done, note)| done.then_some(note)).collect()
}

/// `  (inverted, thickened)`, or an empty string.
fn in_brackets(notes: &[&str]) -> String {
    if notes.is_empty() { String::new() } else { format!("  ({})", notes.join(", ")) }
}

/// Draws the pixels that the network saw.
fn show(out: &mut impl Write, image: &Image) -> io::Result<()> {
    let pixels: Vec<f32> = image.as_flattened().iter().map(|pixel| f32::from(*pixel)).collect();
    let lines = shades(28, &pixels, Range { white: 0.0, black: 255.0 }, Cells::Wide);
    writeln!(out, "+{}+", "-".repeat(56))?;
    lines.iter().try_for_each(|line| writeln!(out, "|{line}|"))?;
    writeln!(out, "+{}+", "-".repeat(56))
}

/// Some pictures could not be read; a message was printed for each.
#[derive(Debug)]
pub(crate) struct Told;

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("some pictures could not be read")
    }
}

impl std::error::Error for Told {}

/// Counts pictures that could not be read. Each is reported at once, and the others are read.
#[derive(Default)]
struct Failures(usize);

impl Failures {
    fn tell(&mut self, json: bool, name: &str, error: &anyhow::Error) -> io::Result<()> {
        self.0 += 1;
        message!("error: {error:#}");
        if json {
            writeln!(io::stdout(), "{}", json!({ "file": name, "error": format!("{error:#}") }))?;
        }
        Ok(())
    }

    fn end(self) -> anyhow::Result<()> {
        if self.0 > 0 {
            bail!(Told);
        }
        Ok(())
    }
}

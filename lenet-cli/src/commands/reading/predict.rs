//! `lenet predict`: one digit per picture.

use super::source::{Content, Source};
use super::{Answer, Failures, Reader, ReaderArguments, in_brackets, notes, show};
use crate::term::progress::message;
use anyhow::anyhow;
use clap::Args;
use lenet_data::{Found, Picture, PictureError, Prepared, digits, prepare};
use std::ffi::OsString;
use std::io::{self, Write};

#[derive(Args)]
pub(crate) struct PredictArguments {
    /// Pictures of one digit each (PNG, JPEG, WebP, BMP, GIF, TIFF or PNM; IDX and CSV files of many), folders of them, or - for standard input
    #[arg(required = true, value_name = "FILE|DIR|-")]
    pictures: Vec<OsString>,
    #[command(flatten)]
    reader: ReaderArguments,
    /// Print ImageId,Label lines, as Kaggle's digit recognizer takes them; images are numbered from 1
    #[arg(long, conflicts_with_all = ["json", "show", "reject"])]
    csv: bool,
}

pub(crate) fn run(arguments: &PredictArguments) -> anyhow::Result<()> {
    let mut predict = Predict {
        reader: Reader::new(&arguments.reader)?,
        arguments: &arguments.reader,
        csv: arguments.csv,
        number: 0,
    };
    if arguments.csv {
        writeln!(io::stdout(), "ImageId,Label")?;
    }
    let mut failures = Failures::default();
    for word in &arguments.pictures {
        match Source::all(word) {
            Ok(sources) => sources.iter().try_for_each(|source| predict.source(source, &mut failures))?,
            Err(error) => failures.tell(arguments.reader.json, &word.to_string_lossy(), &error)?,
        }
    }
    failures.end()
}

struct Predict<'a> {
    reader: Reader,
    arguments: &'a ReaderArguments,
    csv: bool,
    /// The number of the last picture, read or not, from 1.
    number: u64,
}

/// A picture in MNIST's form.
struct Ready {
    number: u64,
    name: String,
    digit: Prepared,
}

/// How many pictures of a file are read together.
const TOGETHER: usize = 512;

impl Predict<'_> {
    fn source(&mut self, source: &Source, failures: &mut Failures) -> io::Result<()> {
        let name = source.name();
        match source.read() {
            Err(error) => {
                // It keeps its number, so that the numbers of the others are their places.
                self.number += 1;
                failures.tell(self.arguments.json, &name, &error)
            }
            Ok(Content::Picture(picture)) => {
                self.tell_of_several(source, &picture);
                self.pictures(vec![(name, picture)], failures)
            }
            Ok(Content::Idx { images, width, height }) => self.images(&name, images.data(), (width, height), failures),
            Ok(Content::Csv(csv)) => self.images(&name, csv.images.as_flattened().as_flattened(), (28, 28), failures),
        }
    }

    /// Reads the images of a file, which are all of one size.
    fn images(
        &mut self,
        name: &str,
        pixels: &[u8],
        (width, height): (usize, usize),
        failures: &mut Failures,
    ) -> io::Result<()> {
        let named = |(number, pixels): (usize, &[u8])| {
            let picture = Picture::from_grey(width, height, pixels.to_vec());
            (format!("{name}:{number}"), picture.expect("the file holds whole images of at least a pixel"))
        };
        let images: Vec<_> = pixels.chunks(width * height).enumerate().collect();
        images.chunks(TOGETHER).try_for_each(|part| self.pictures(part.iter().copied().map(named).collect(), failures))
    }

    /// Says so if a picture seems to show several digits, which this command reads as one.
    fn tell_of_several(&self, source: &Source, picture: &Picture) {
        /// Parts of a single digit, such as the strokes of a rough pen, are rarely read with such a probability.
        const SURE: f32 = 0.9;
        // An error about this picture is reported when it is read.
        let found = digits(picture).unwrap_or_default();
        if found.len() < 2 {
            return;
        }
        let prepared: Vec<Prepared> = found.iter().map(|digit| digit.prepared.clone()).collect();
        let answers = self.reader.answers(&prepared);
        let sure = |(found, answer): &(&Found, Answer)| {
            let reading = &answer.reading;
            !found.touching && reading.probabilities[usize::from(reading.digit)] >= SURE
        };
        let count = found.iter().zip(answers).filter(sure).count();
        if count > 1 {
            let (name, word) = (source.name(), source.word());
            message!("{name}: there seem to be {count} digits in this picture: `lenet read {word}` reads them");
        }
    }

    /// Prepares and reads pictures, and prints the answers.
    fn pictures(&mut self, pictures: Vec<(String, Picture)>, failures: &mut Failures) -> io::Result<()> {
        let mut prepared = Vec::new();
        for (name, picture) in pictures {
            self.number += 1;
            match prepare(&picture) {
                Ok(digit) => prepared.push(Ready { number: self.number, name, digit }),
                Err(error) => {
                    // The answers to the pictures before it come first.
                    self.answer(&std::mem::take(&mut prepared))?;
                    failures.tell(self.arguments.json, &name, &named(&name, &error))?;
                }
            }
        }
        self.answer(&prepared)
    }

    fn answer(&self, prepared: &[Ready]) -> io::Result<()> {
        let digits: Vec<Prepared> = prepared.iter().map(|ready| ready.digit.clone()).collect();
        let mut out = io::stdout().lock();
        for (Ready { number, name, digit }, answer) in prepared.iter().zip(self.reader.answers(&digits)) {
            if self.csv {
                writeln!(out, "{number},{}", answer.reading.digit)?;
                continue;
            }
            if self.arguments.json {
                let mut object = answer.json();
                object["file"] = name.as_str().into();
                object["inverted"] = digit.inverted.into();
                object["thickened"] = digit.thickened.into();
                writeln!(out, "{object}")?;
                continue;
            }
            writeln!(out, "{name}: {answer}{}", in_brackets(&notes(digit)))?;
            if self.arguments.show {
                show(&mut out, &digit.image)?;
            }
        }
        Ok(())
    }
}

/// Adds the name of the picture to an error that lacks it.
pub(super) fn named(name: &str, error: &PictureError) -> anyhow::Error {
    anyhow!("{name}: {error}")
}

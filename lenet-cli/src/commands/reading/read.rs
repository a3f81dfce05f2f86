//! `lenet read`: several digits in one picture, line by line.
//!
//! Digits are separated where there is background between them. A reader that needs no segmentation, such as the paper's,
//! would replace `digits` here and give the same lines.

use super::predict::named;
use super::source::{Content, Source};
use super::{Answer, Failures, Reader, ReaderArguments, in_brackets, notes, show};
use anyhow::{anyhow, bail};
use clap::Args;
use lenet_data::{Found, Prepared, digits};
use serde_json::json;
use std::ffi::OsString;
use std::io::{self, Write};

#[derive(Args)]
pub(crate) struct ReadArguments {
    /// Pictures of numbers (PNG, JPEG, WebP, BMP, GIF, TIFF or PNM), folders of them, or - for standard input
    #[arg(required = true, value_name = "FILE|DIR|-")]
    pictures: Vec<OsString>,
    #[command(flatten)]
    reader: ReaderArguments,
}

pub(crate) fn run(arguments: &ReadArguments) -> anyhow::Result<()> {
    let reader = Reader::new(&arguments.reader)?;
    let mut failures = Failures::default();
    for word in &arguments.pictures {
        let sources = match Source::all(word) {
            Ok(sources) => sources,
            Err(error) => {
                failures.tell(arguments.reader.json, &word.to_string_lossy(), &error)?;
                continue;
            }
        };
        for source in &sources {
            match found(source) {
                Ok(found) => answer(&source.name(), &found, &reader, &arguments.reader)?,
                Err(error) => failures.tell(arguments.reader.json, &source.name(), &error)?,
            }
        }
    }
    failures.end()
}

fn found(source: &Source) -> anyhow::Result<Vec<Found>> {
    let name = source.name();
    match source.read()? {
        Content::Picture(picture) => digits(&picture).map_err(|error| named(&name, &error)),
        Content::Idx { .. } | Content::Csv(_) => {
            bail!("{name}: a file of images has one digit per image: `lenet predict {name}` reads them")
        }
    }
}

/// A digit, its place, and what it is read as.
struct Placed<'a> {
    found: &'a Found,
    answer: Answer,
}

impl Placed<'_> {
    /// `?` for several digits that touch: the network reads single digits.
    fn digit(&self) -> char {
        if self.found.touching { '?' } else { self.answer.digit() }
    }
}

fn answer(name: &str, found: &[Found], reader: &Reader, arguments: &ReaderArguments) -> anyhow::Result<()> {
    let prepared: Vec<Prepared> = found.iter().map(|digit| digit.prepared.clone()).collect();
    let answers = reader.answers(&prepared);
    let placed: Vec<_> = found.iter().zip(answers).map(|(found, answer)| Placed { found, answer }).collect();
    let lines: Vec<String> = placed
        .chunk_by(|a, b| a.found.line == b.found.line)
        .map(|line| line.iter().map(Placed::digit).collect())
        .collect();
    let mut out = io::stdout().lock();
    let written = if arguments.json {
        write_json(&mut out, name, &lines, &placed)
    } else {
        write_text(&mut out, name, &lines, &placed, arguments.show)
    };
    written.map_err(|error| anyhow!(error))
}

fn write_json(out: &mut impl Write, name: &str, lines: &[String], placed: &[Placed<'_>]) -> io::Result<()> {
    let digit = |placed: &Placed<'_>| {
        let found = placed.found;
        let mut object = placed.answer.json();
        if found.touching {
            object["digit"] = serde_json::Value::Null;
        }
        let place = json!({ "left": found.left, "top": found.top, "width": found.width, "height": found.height });
        object["place"] = place;
        object["line"] = found.line.into();
        object["touching"] = found.touching.into();
        object["inverted"] = found.prepared.inverted.into();
        object["thickened"] = found.prepared.thickened.into();
        object
    };
    let digits: Vec<_> = placed.iter().map(digit).collect();
    writeln!(out, "{}", json!({ "file": name, "lines": lines, "digits": digits }))
}

fn write_text(
    out: &mut impl Write,
    name: &str,
    lines: &[String],
    placed: &[Placed<'_>],
    with_pixels: bool,
) -> io::Result<()> {
    for (line, digits) in lines.iter().zip(placed.chunk_by(|a, b| a.found.line == b.found.line)) {
        writeln!(out, "{name}: {line}")?;
        for placed in digits {
            let Found { left, top, width, height, .. } = placed.found;
            let mut remarks = notes(&placed.found.prepared);
            let read = if placed.found.touching {
                remarks.insert(0, "too wide for one digit: do several touch?");
                "?".into()
            } else {
                placed.answer.to_string()
            };
            writeln!(out, "  {read}  at {left},{top}, {width}x{height}{}", in_brackets(&remarks))?;
            if with_pixels {
                show(out, &placed.found.prepared.image)?;
            }
        }
    }
    Ok(())
}

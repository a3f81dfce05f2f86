//! A folder of pictures whose numbers are known, such as ORAND-CAR or CVL: how many are read correctly.

use super::{Found, ReadArguments};
use crate::args::Misuse;
use crate::commands::reading::Failures;
use crate::commands::reading::source::Source;
use crate::term::progress::message;
use anyhow::{Context, bail};
use lenet_model::reader::{Grammar, Reader, edit_distance};
use rayon::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// A picture and its number; no digits if there is none on it.
struct Labelled {
    name: String,
    number: Vec<u8>,
}

/// How well the pictures of a group are read.
#[derive(Clone, Copy, Default)]
struct Tally {
    pictures: usize,
    right: usize,
    digits: usize,
    wrong_digits: usize,
}

impl Tally {
    fn add(&mut self, label: &[u8], read: &[u8], right: bool) {
        self.pictures += 1;
        self.right += usize::from(right);
        self.digits += label.len();
        self.wrong_digits += edit_distance(read, label);
    }
}

pub(super) fn run(arguments: &ReadArguments, file: &Path, reader: &Reader, grammar: &Grammar) -> anyhow::Result<()> {
    let [folder] = &arguments.pictures[..] else {
        return Err(Misuse("--labels is for one folder of pictures: give one".into()).into());
    };
    let folder = Path::new(folder);
    if !folder.is_dir() {
        bail!("{}: not a folder: --labels needs the folder that its names are in", folder.display());
    }
    let labelled = read_labels(file)?;
    let read = |picture: &Labelled| {
        let found = Found::read(&Source::File(folder.join(&picture.name)), reader, grammar);
        found.map(|found| found.numbers)
    };
    let results: Vec<_> = labelled.par_iter().map(read).collect();
    let mut out = io::stdout().lock();
    let mut failures = Failures::default();
    let (mut all, mut groups) = (Tally::default(), BTreeMap::<&str, Tally>::new());
    for (picture, result) in labelled.iter().zip(results) {
        let numbers = match result {
            Ok(numbers) => numbers,
            Err(error) => {
                failures.tell(arguments.json, &picture.name, &error)?;
                continue;
            }
        };
        let texts: Vec<String> = numbers.iter().map(|number| number.text()).collect();
        let digits: Vec<u8> = texts.concat().bytes().map(|digit| digit - b'0').collect();
        let right = digits == picture.number && numbers.len() <= 1;
        let group = picture.name.split_once('/').map_or("", |(group, _)| group);
        for tally in [&mut all, groups.entry(group).or_default()] {
            tally.add(&picture.number, &digits, right);
        }
        let (label, texts) = (spell(&picture.number), texts.join(" "));
        if arguments.json {
            let probability = numbers.first().map(|number| number.probability);
            let object = json!({
                "file": picture.name, "label": label, "read": texts, "right": right, "probability": probability,
            });
            writeln!(out, "{object}")?;
        } else if !right {
            writeln!(out, "{}: {} read as {}", picture.name, or_nothing(&label), or_nothing(&texts))?;
        }
    }
    groups.retain(|group, _| !group.is_empty());
    if groups.len() > 1 {
        groups.iter().try_for_each(|(group, tally)| write_tally(&mut out, arguments.json, group, tally))?;
    }
    write_tally(&mut out, arguments.json, "all", &all)?;
    failures.end()
}

fn write_tally(out: &mut impl Write, json: bool, name: &str, tally: &Tally) -> io::Result<()> {
    let Tally { pictures, right, digits, wrong_digits } = *tally;
    if json {
        let object = json!({
            "group": name, "pictures": pictures, "right": right, "digits": digits, "wrong_digits": wrong_digits,
        });
        return writeln!(out, "{object}");
    }
    let part = right as f64 / pictures.max(1) as f64;
    let error = (part * (1.0 - part) / pictures.max(1) as f64).sqrt();
    let (part, error) = (100.0 * part, 100.0 * error);
    writeln!(out, "{name}: {part:.1}% +- {error:.1} ({right}/{pictures}), {wrong_digits} of {digits} digits wrong")
}

fn spell(digits: &[u8]) -> String {
    digits.iter().map(|digit| char::from(b'0' + digit)).collect()
}

fn or_nothing(words: &str) -> &str {
    if words.is_empty() { "nothing" } else { words }
}

/// Lines of a name and a number, with a tab, a comma or spaces between them; what follows is not used. Lines that begin
/// with `#` are comments. A label without a digit is that of a picture without a number; one with digits and other signs is left
/// out, as such pictures show more than a number.
fn read_labels(file: &Path) -> anyhow::Result<Vec<Labelled>> {
    let text = fs::read_to_string(file).with_context(|| format!("{}: can't be read", file.display()))?;
    let (mut labelled, mut left_out) = (Vec::new(), 0);
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let separator = ['\t', ',', ' '].into_iter().find(|separator| line.contains(*separator));
        let mut fields = separator
            .map(|separator| line.split(separator).map(str::trim))
            .with_context(|| format!("{}: line {}: expected a name and a number", file.display(), number + 1))?;
        let (name, label) = (fields.next().unwrap_or_default(), fields.find(|field| !field.is_empty()));
        let digits = label.unwrap_or_default();
        let is_digit = |sign: u8| sign.is_ascii_digit();
        let digits = match (digits.bytes().all(is_digit), digits.bytes().any(is_digit)) {
            (true, _) => digits,
            (false, false) => "",
            (false, true) => {
                left_out += 1;
                continue;
            }
        };
        labelled.push(Labelled { name: name.into(), number: digits.bytes().map(|digit| digit - b'0').collect() });
    }
    if left_out > 0 {
        let are = if left_out == 1 { "label is not a number" } else { "labels are not numbers" };
        message!("{}: {left_out} {are}, and left out", file.display());
    }
    if labelled.is_empty() {
        bail!("{}: has no labels: expected lines of a name and a number", file.display());
    }
    Ok(labelled)
}

//! `lenet eval --strings`: strings composed of the test digits by a recipe that others can follow (docs/strings.md).

use super::EvalArguments;
use crate::args::model::open_reader;
use crate::args::threads::instruction_set;
use lenet_data::LabelledImages;
use lenet_data::strings::{Spacing, StringRecipe};
use lenet_model::reader::{Grammar, Line, Reader, edit_distance};
use serde_json::json;
use std::io::{self, Write};

/// The distances between digits, and what they are called.
const SPACINGS: [(&str, Spacing); 3] = [
    ("spaced", Spacing::Columns([1, 6])),
    ("touching", Spacing::Ink([-1, 0])),
    ("overlapping", Spacing::Columns([-3, -1])),
];
/// The numbers of digits.
const LENGTHS: std::ops::RangeInclusive<usize> = 1..=10;
/// The seed of the strings.
const SEED: u64 = 1998;
/// The columns of a line: ten digits of any width fit.
const WIDTH: usize = 512;
/// Probabilities at which the calibration is examined.
const LEVELS: [f64; 3] = [0.99, 0.9, 0.5];

/// How strings of a kind are read.
#[derive(Clone, Copy, Default)]
struct Tally {
    strings: usize,
    right: usize,
    digits: usize,
    wrong_digits: usize,
}

/// A fraction and its standard error, in percent.
fn percent(part: usize, of: usize) -> [f64; 2] {
    let p = part as f64 / of.max(1) as f64;
    [100.0 * p, 100.0 * (p * (1.0 - p) / of.max(1) as f64).sqrt()]
}

pub(super) fn run(arguments: &EvalArguments) -> anyhow::Result<()> {
    instruction_set()?;
    let reader = open_reader(arguments.model.as_deref())?;
    let data = arguments.data.load()?;
    let count = arguments.count as u64;
    let pool = arguments.threads.pool()?;
    let mut out = io::stdout().lock();
    if !arguments.json {
        writeln!(out, "strings of the test digits of {}, {count} of each kind: docs/strings.md\n", data.name)?;
        writeln!(out, "{:>6}  {:12} {:>16} {:>22}", "digits", "", "strings right", "digits wrong")?;
    }
    let mut sure: Vec<(f64, bool)> = Vec::new();
    for length in LENGTHS {
        for (name, spacing) in SPACINGS {
            let recipe = StringRecipe::plain(length, spacing);
            let tally = pool.install(|| measure(&reader, &recipe, &data.test, count, &mut sure));
            write_tally(&mut out, arguments.json, length, name, &tally)?;
        }
    }
    write_calibration(&mut out, arguments.json, &sure)?;
    Ok(())
}

fn measure(
    reader: &Reader,
    recipe: &StringRecipe,
    examples: &LabelledImages,
    count: u64,
    sure: &mut Vec<(f64, bool)>,
) -> Tally {
    let all: Vec<u32> = (0..examples.len() as u32).collect();
    let mut tally = Tally::default();
    for first in (0..count).step_by(256) {
        let lines: Vec<_> = (first..count.min(first + 256))
            .map(|number| recipe.compose::<WIDTH>(SEED, number, examples, &all))
            .collect();
        let strips: Vec<Line> = lines
            .iter()
            .map(|line| Line::new(WIDTH, line.image.as_flattened().to_vec()).expect("a line has 32 rows"))
            .collect();
        for (line, (readings, _)) in lines.iter().zip(reader.read_strips(&strips, &Grammar::default())) {
            let (digits, probability) =
                readings.into_iter().next().map(|best| (best.digits, best.probability)).unwrap_or_default();
            let right = digits == line.digits[..];
            sure.push((probability, right));
            tally.strings += 1;
            tally.right += usize::from(right);
            tally.digits += line.digits.len();
            tally.wrong_digits += edit_distance(&digits, &line.digits);
        }
    }
    tally
}

fn write_tally(out: &mut impl Write, json: bool, length: usize, name: &str, tally: &Tally) -> io::Result<()> {
    let Tally { strings, right, digits, wrong_digits } = *tally;
    if json {
        let object = json!({
            "length": length, "spacing": name, "strings": strings, "right": right, "digits": digits,
            "wrong_digits": wrong_digits,
        });
        return writeln!(out, "{object}");
    }
    let ([right, error], [wrong, wrong_error]) = (percent(right, strings), percent(wrong_digits, digits));
    writeln!(out, "{length:>6}  {name:12} {right:>8.2}% +- {error:.2} {wrong:>13.2}% +- {wrong_error:.2}")
}

/// Of the strings that are read with a probability or more, how many are wrong.
fn write_calibration(out: &mut impl Write, json: bool, sure: &[(f64, bool)]) -> io::Result<()> {
    if !json {
        writeln!(out)?;
    }
    for level in LEVELS {
        let above: Vec<bool> = sure.iter().filter(|(p, _)| *p >= level).map(|(_, right)| *right).collect();
        let wrong = above.iter().filter(|right| !**right).count();
        if json {
            writeln!(out, "{}", json!({ "probability": level, "strings": above.len(), "wrong": wrong }))?;
        } else {
            let [part, error] = percent(wrong, above.len());
            let of = above.len();
            writeln!(out, "probability {level} or more: {part:.2}% +- {error:.2} wrong ({wrong}/{of})")?;
        }
    }
    Ok(())
}

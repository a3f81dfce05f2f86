//! What is said about a result: the confusion matrix for the terminal, and the report that a training run leaves.

use crate::draw::{Page, escape, figure};
use crate::figures::curves::Curves;
use crate::figures::maps::Seen;
use crate::figures::{confusion, filters, maps, misses};
use crate::run::folder::{REPORT, RunFolder, RunRecord};
use crate::run::misread::misread_by;
use crate::term::words::thousands;
use anyhow::Context;
use lenet_data::Examples;
use lenet_model::{AnyNetwork, Evaluation, Recipe, write_beside};
use std::io::{self, Write};

/// The confusion matrix: a row for each digit, a column for what it was read as; zeros are left blank.
pub(crate) fn write_confusion(out: &mut impl Write, evaluation: &Evaluation) -> io::Result<()> {
    write!(out, "  is \\ read as")?;
    for digit in 0..10 {
        write!(out, "{digit:>6}")?;
    }
    writeln!(out, "   error")?;
    for (digit, row) in evaluation.confusion.iter().enumerate() {
        write!(out, "{digit:>14}")?;
        for n in row {
            if *n == 0 {
                write!(out, "{:>6}", ".")?;
            } else {
                write!(out, "{n:>6}")?;
            }
        }
        let total: u32 = row.iter().sum();
        let wrong = f64::from(total - row[digit]) / f64::from(total.max(1));
        writeln!(out, "{:>7.2}%", 100.0 * wrong)?;
    }
    Ok(())
}

/// Writes `report.html`: one page with what ran, what came of it and what the network sees. It holds all it shows.
///
/// # Errors
/// If the folder's records can't be read again, or the page can't be written.
pub(crate) fn write(
    folder: &RunFolder,
    record: &RunRecord,
    network: &dyn AnyNetwork,
    test: &Evaluation,
    images: &Examples,
) -> anyhow::Result<()> {
    let normalization = record.recipe.input.into();
    let misread = misread_by(network, images, normalization)?;
    let name = format!("{} on {}", record.recipe.network, record.data.name);
    let mut body = introduction(&name, record, test);
    body += &figure("How it learned", &Curves::read(folder.path())?.drawing(), &caption(record))?;
    let drawing = confusion::drawing(&test.confusion);
    body += &figure("What was read as what", &drawing, "A row for each digit, a column for what it was read as.")?;
    let count = misses::count(misread.len(), images.len());
    body += &match misread[..] {
        [] => format!("<h2>What it misreads</h2>\n<p>Nothing: {count}.</p>\n"),
        _ => {
            let caption = format!("{count}. Below each, what it is and what it was read as.");
            figure("What it misreads", &misses::drawing(images.images(), &misread)?, &caption)?
        }
    };
    let caption = "The grey of a kernel&#39;s weights: the darker, the greater; the middle grey is 0.";
    body += &figure("What it looks for", &filters::drawing(&filters::banks(network)), caption)?;
    if let Some(image) = images.images().first() {
        let seen = Seen::of(network, image, normalization);
        let caption = format!(
            "Test image 0, {}: each stage from its least output (white) to its greatest (black).",
            seen.result()
        );
        body += &figure("What it makes of a digit", &maps::drawing(&seen), &caption)?;
    }
    let path = folder.file(REPORT);
    write_beside(&path, Page { title: &name, body: &body }.html().as_bytes())
        .with_context(|| format!("{}: can't be written", path.display()))
}

/// What ran, and the result.
fn introduction(name: &str, record: &RunRecord, test: &Evaluation) -> String {
    let (recipe, data) = (&record.recipe, &record.data);
    let epoch =
        record.best_epoch.map_or(String::new(), |epoch| format!(", the model of epoch {epoch} of {}", recipe.epochs));
    let seconds = record.seconds.map_or(String::new(), |seconds| format!(", {seconds:.1} s"));
    let rows = [
        ("network", format!("{} with {} ({} initial weights)", recipe.network, recipe.activation, recipe.init)),
        (
            "data",
            format!(
                "{}: {} to learn from{}, {} held out, {} for the test",
                data.name,
                thousands(data.train),
                if data.distortion.is_some() { " and distorted ones" } else { "" },
                thousands(data.validation),
                thousands(data.test)
            ),
        ),
        ("loss", recipe.loss.to_string()),
        ("optimiser", optimiser(recipe)),
        ("seed", recipe.seed.to_string()),
        (
            "program",
            format!(
                "{}, {} thread{}, instruction set {}{seconds}",
                record.program,
                record.threads,
                if record.threads == 1 { "" } else { "s" },
                record.instruction_set
            ),
        ),
    ];
    let rows: String =
        rows.iter().map(|(what, value)| format!("<tr><th>{what}</th><td>{}</td></tr>\n", escape(value))).collect();
    format!(
        "<h1>{}</h1>\n<p>Test accuracy <strong>{test}</strong>{epoch}.</p>\n\
         <div class=\"scroll\"><table>\n<tbody>\n{rows}</tbody>\n</table></div>\n",
        escape(name)
    )
}

fn optimiser(recipe: &Recipe) -> String {
    let (name, settings) = match recipe.second_order {
        None => ("SGD", format!("momentum {}, weight decay {}", recipe.momentum, recipe.weight_decay)),
        Some(second) => ("SDLM", format!("mu {}, second derivatives of {} patterns", second.mu, second.patterns)),
    };
    format!(
        "{name}, batch {}, rate {:?} {}, {settings}, {} epochs",
        recipe.batch, recipe.rate, recipe.schedule, recipe.epochs
    )
}

fn caption(record: &RunRecord) -> String {
    let held_out = match record.data.validation {
        0 => String::new(),
        n => format!(" The {} held-out images choose the epoch.", thousands(n)),
    };
    format!("A training image counts as it was read just before it was learned from.{held_out}")
}

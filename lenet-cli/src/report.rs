//! Results: the confusion matrix for the terminal, and the report of a training run.

use crate::args::data::DataArguments;
use crate::args::model;
use crate::draw::{Page, escape, figure};
use crate::figures::curves::Curves;
use crate::figures::maps::Seen;
use crate::figures::{confusion, filters, maps, misses};
use crate::run::describe;
use crate::run::folder::{Metric, REPORT, RunRecord, read_metrics};
use crate::run::readings::{Readings, read_set};
use crate::term::words::{plural, thousands};
use anyhow::{Context, bail};
use lenet_data::{ClassNames, LabelledImages};
use lenet_model::{AnyNetwork, Evaluation, write_beside};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Prints the confusion matrix: a row for each digit, a column for what it was read as; `.` is zero.
pub(crate) fn write_confusion(out: &mut impl Write, evaluation: &Evaluation, classes: &ClassNames) -> io::Result<()> {
    write!(out, "  is \\ read as")?;
    for digit in 0..10 {
        write!(out, "{digit:>6}")?;
    }
    writeln!(out, "   error")?;
    for (digit, row) in evaluation.confusion.iter().enumerate() {
        write!(out, "{:>14}", classes.label(digit as u8).to_string())?;
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

/// The content of `report.html`.
pub(crate) struct Report<'a> {
    pub(crate) record: &'a RunRecord,
    pub(crate) metrics: &'a [Metric],
    pub(crate) network: &'a dyn AnyNetwork,
    /// The result of reading the test set.
    pub(crate) test: &'a Readings,
    /// The test set.
    pub(crate) images: &'a LabelledImages,
    pub(crate) classes: &'a ClassNames,
}

impl Report<'_> {
    /// Writes `report.html` into the run's folder: one page that holds everything it shows.
    ///
    /// # Errors
    /// If a picture can't be made, or the page can't be written.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let path = folder.join(REPORT);
        write_beside(&path, self.page()?.as_bytes()).with_context(|| format!("{}: can't be written", path.display()))
    }

    fn page(&self) -> anyhow::Result<String> {
        let Report { record, test, images, classes, .. } = self;
        let name = format!("{} on {}", record.recipe.network, record.data.name);
        let curves = Curves::of(record, self.metrics).drawing();
        let mut body = introduction(&name, record, &test.evaluation);
        body += &figure("How it learned", &curves, &caption(record))?;
        let drawing = confusion::drawing(&test.evaluation.confusion, classes);
        body += &figure("Confusion matrix", &drawing, "A row for each digit, a column for what it was read as.")?;
        body += &self.misread()?;
        let caption = "Darker weights are larger; the middle grey is 0.";
        body += &figure("The kernels", &filters::drawing(&filters::banks(self.network)), caption)?;
        if let Some(image) = images.images().first() {
            let seen = Seen::of(self.network, image, record.recipe.input.into());
            let caption = format!(
                "Test image 0, {}: each stage from its smallest output (white) to its largest (black).",
                escape(&seen.result(classes))
            );
            body += &figure("The output of every stage", &maps::drawing(&seen), &caption)?;
        }
        Ok(Page { title: &name, body: &body }.html())
    }

    fn misread(&self) -> anyhow::Result<String> {
        let (misread, images) = (&self.test.misread, self.images.images());
        let count = misses::count(misread.len(), images.len());
        if misread.is_empty() {
            return Ok(format!("<h2>What it misreads</h2>\n<p>Nothing: {count}.</p>\n"));
        }
        let caption = format!("{count}. Below each digit are its label and what it was read as.");
        figure("What it misreads", &misses::drawing(images, misread, self.classes)?, &caption)
    }
}

/// Makes the `report.html` of a run that is over again, from the files in its folder.
///
/// # Errors
/// If the run is not over, or its record, its model or its data can't be read.
pub(crate) fn remake(folder: &Path, record: &RunRecord, moved: Option<&DataArguments>) -> anyhow::Result<PathBuf> {
    if record.test.is_none() {
        bail!("{0}: the run is not over: continue with `lenet train --resume {0}`", folder.display());
    }
    let data = record.data.load(folder, moved)?;
    let network = model::open(Some(&folder.join(record.tested_model())))?.any_network().map_err(model::advise)?;
    let test = read_set(&*network, &data.test, record.recipe.input.into())?;
    let (metrics, _) = read_metrics(folder)?;
    let (images, classes) = (&data.test, &data.classes);
    let report = Report { record, metrics: &metrics, network: &*network, test: &test, images, classes };
    report.write(folder)?;
    Ok(folder.join(REPORT))
}

/// The settings of the run, and the result.
fn introduction(name: &str, record: &RunRecord, test: &Evaluation) -> String {
    let (recipe, data) = (&record.recipe, &record.data);
    let epoch =
        record.best_epoch.map_or(String::new(), |epoch| format!(", the model of epoch {epoch} of {}", recipe.epochs));
    let seconds = record.seconds.map_or(String::new(), |seconds| format!(", {seconds:.1} s"));
    let rows = [
        ("network", describe::network(recipe)),
        ("data", describe::data(data)),
        ("loss", describe::loss(recipe)),
        ("optimiser", describe::optimiser(recipe)),
        ("seed", recipe.seed.to_string()),
        (
            "program",
            format!(
                "{}, {} thread{}, instruction set {}{seconds}",
                record.program,
                record.threads,
                plural(record.threads),
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

fn caption(record: &RunRecord) -> String {
    let held_out = match record.data.validation {
        0 => String::new(),
        n => format!(" The {} held-out images choose the epoch.", thousands(n)),
    };
    format!("The training error counts each image as it was read just before the step that used it.{held_out}")
}

//! `lenet view curves`: how a training run went, from what its folder holds.

use crate::draw::{Axis, Chart, Drawing, Line, significant};
use crate::run::folder::{METRICS, RECORD};
use crate::term::shades::sparkline;
use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::Value;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

/// The curves of a run, against epochs.
pub(crate) struct Curves {
    pub(crate) loss: Vec<(f64, f64)>,
    /// In percent, each image as it was learned from.
    pub(crate) train_error: Vec<(f64, f64)>,
    /// In percent of the held-out images; empty if there are none.
    pub(crate) validation_error: Vec<(f64, f64)>,
    pub(crate) rate: Vec<(f64, f64)>,
    /// Epochs that are over.
    epochs: usize,
    /// Lines of `metrics.jsonl` that are no records.
    pub(crate) broken: usize,
}

/// What of `run.json` is looked at.
#[derive(Deserialize)]
struct Run {
    epochs: Vec<Epoch>,
}

#[derive(Deserialize)]
struct Epoch {
    epoch: u32,
    // A number that is not finite is written as null.
    train_loss: Option<f64>,
    train_accuracy: Option<f64>,
    validation: Option<Validation>,
}

#[derive(Deserialize)]
struct Validation {
    correct: u32,
    total: u32,
}

impl Curves {
    /// Reads a run folder.
    ///
    /// # Errors
    /// If `run.json` or `metrics.jsonl` can't be read, or the run has no epoch yet.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        if !folder.is_dir() {
            bail!("{}: no folder: give the run folder that `lenet train` has left", folder.display());
        }
        let path = folder.join(RECORD);
        let run: Run = serde_json::from_str(&text(&path)?)
            .with_context(|| format!("{}: no record of a run that `lenet train` has left", path.display()))?;
        if run.epochs.is_empty() {
            bail!("{}: no epoch is done yet", path.display());
        }
        Ok(Self::of(&run, &text(&folder.join(METRICS))?))
    }

    fn of(run: &Run, metrics: &str) -> Self {
        let points = |of: fn(&Epoch) -> Option<f64>| -> Vec<(f64, f64)> {
            run.epochs.iter().filter_map(|epoch| Some((f64::from(epoch.epoch), of(epoch)?))).collect()
        };
        let wrong = |validation: &Validation| {
            let wrong = validation.total.saturating_sub(validation.correct);
            (validation.total > 0).then(|| 100.0 * f64::from(wrong) / f64::from(validation.total))
        };
        let validation = run
            .epochs
            .iter()
            .filter_map(|epoch| Some((f64::from(epoch.epoch), epoch.validation.as_ref().and_then(wrong)?)));
        let (rate, broken) = rates(metrics);
        Curves {
            loss: points(|epoch| epoch.train_loss),
            train_error: points(|epoch| Some(100.0 * (1.0 - epoch.train_accuracy?))),
            validation_error: validation.collect(),
            rate,
            epochs: run.epochs.len(),
            broken,
        }
    }

    /// Three charts, one below the other.
    pub(crate) fn drawing(&self) -> Drawing {
        let line = |name: &str, colour, points: &[(f64, f64)]| Line {
            name: name.into(),
            points: points.to_vec(),
            colour,
            ..Line::default()
        };
        let chart = |title, y, lines: &[Line], height| {
            Chart { title, x_label: "epochs", y_label: title, y, lines, height }.drawing()
        };
        let mut errors = vec![line("training, as it was learned from", 1, &self.train_error)];
        if !self.validation_error.is_empty() {
            errors.insert(0, line("validation", 0, &self.validation_error));
        }
        let error = if errors.len() > 1 { "error, %" } else { "training error, %" };
        let rate = Line { plain: true, ..line("rate", 3, &self.rate) };
        let mut charts = vec![
            chart("training loss", Axis::Log, &[line("training loss", 2, &self.loss)], 150.0),
            chart(error, Axis::Log, &errors, 190.0),
        ];
        if !self.rate.is_empty() {
            charts.push(chart("learning rate", Axis::FromZero, &[rate], 110.0));
        }
        Drawing::stack("Loss, errors and learning rate by epoch", 22.0, charts)
    }

    /// For a terminal.
    pub(crate) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let rows = [
            ("training loss", &self.loss),
            ("training error, %", &self.train_error),
            ("validation error, %", &self.validation_error),
            ("learning rate", &self.rate),
        ];
        for (name, points) in rows.into_iter().filter(|(_, points)| !points.is_empty()) {
            let numbers: Vec<f64> = points.iter().map(|point| point.1).collect();
            let (first, last) = (numbers[0], numbers[numbers.len() - 1]);
            let (least, most) = numbers.iter().fold((first, first), |(a, b), x| (a.min(*x), b.max(*x)));
            writeln!(
                out,
                "{name:<20} {:60}  {} to {}, from {} to {}",
                sparkline(&thinned(&numbers, 60)),
                significant(first),
                significant(last),
                significant(least),
                significant(most)
            )?;
        }
        writeln!(out, "\n{} epoch{}", self.epochs, if self.epochs == 1 { "" } else { "s" })
    }
}

/// At most `most` of the numbers, evenly, the last one among them.
fn thinned(numbers: &[f64], most: usize) -> Vec<f64> {
    let step = numbers.len().div_ceil(most).max(1);
    let mut kept: Vec<f64> = numbers.iter().rev().step_by(step).copied().collect();
    kept.reverse();
    kept
}

/// The rate against epochs, and how many lines are no records. A run that was broken off may end within a line.
fn rates(metrics: &str) -> (Vec<(f64, f64)>, usize) {
    let record = |line: &str| {
        let line: Value = serde_json::from_str(line).ok()?;
        let number = |key: &str| line.get(key)?.as_f64();
        Some((number("epoch")?, number("step")?, number("rate")?))
    };
    let lines: Vec<_> = metrics.lines().filter(|line| !line.trim().is_empty()).map(record).collect();
    let broken = lines.iter().filter(|line| line.is_none()).count();
    let records: Vec<(f64, f64, f64)> = lines.into_iter().flatten().collect();
    // Every epoch has as many steps; the first one is over, or there would be no record of the run.
    let first = records.first().and_then(|first| records.iter().rfind(|record| record.0 == first.0));
    let steps = first.map_or(1.0, |(epoch, step, _)| step / epoch.max(1.0)).max(1.0);
    (records.into_iter().map(|(_, step, rate)| (step / steps, rate)).collect(), broken)
}

/// A text file of a run; what is no UTF-8 in it is no record either.
fn text(path: &Path) -> anyhow::Result<String> {
    /// A run of a thousand epochs leaves 2 MB.
    const LARGEST: u64 = 64 << 20;
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes)).with_context(|| {
        format!("{}: can't be read: give the run folder that `lenet train` has left", path.display())
    })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_become_epochs_whatever_epoch_is_not_over() {
        let line = |epoch, step, rate| format!("{{\"epoch\":{epoch},\"step\":{step},\"rate\":{rate}}}\n");
        let metrics = line(1, 5, 0.5) + &line(1, 10, 0.25) + "no record\n\n" + &line(2, 15, 0.125);
        assert_eq!(rates(&metrics), (vec![(0.5, 0.5), (1.0, 0.25), (1.5, 0.125)], 1));
        // The lines of the first epochs are lost.
        assert_eq!(rates(&(line(3, 25, 1.0) + &line(3, 30, 2.0))), (vec![(2.5, 1.0), (3.0, 2.0)], 0));
        assert_eq!(rates(&line(0, 0, 1.0)), (vec![(0.0, 1.0)], 0));
        assert_eq!(rates(""), (vec![], 0));
    }

    #[test]
    fn thinned_numbers_keep_the_last() {
        let numbers: Vec<f64> = (0..600).map(f64::from).collect();
        let thin = thinned(&numbers, 60);
        assert_eq!((thin.len(), thin[59]), (60, 599.0));
        assert_eq!((thinned(&numbers[..7], 60).len(), thinned(&[], 60).len()), (7, 0));
    }
}

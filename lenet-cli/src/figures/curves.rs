//! Loss, errors and learning rate of a training run.

use crate::draw::{Axis, Chart, Drawing, Line, significant};
use crate::run::folder::{EpochRecord, Metric, RunRecord, ValidationRecord};
use crate::term::shades::sparkline;
use crate::term::words::plural;
use std::io::{self, Write};

/// The curves of a run, against epochs.
pub(crate) struct Curves {
    pub(crate) loss: Vec<(f64, f64)>,
    /// In percent; each image was read just before the step that used it.
    pub(crate) train_error: Vec<(f64, f64)>,
    /// In percent of the held-out images; empty if no image is held out.
    pub(crate) validation_error: Vec<(f64, f64)>,
    pub(crate) rate: Vec<(f64, f64)>,
    /// Complete epochs.
    epochs: usize,
}

impl Curves {
    /// The curves of a run, from its record and its measurements.
    pub(crate) fn of(record: &RunRecord, metrics: &[Metric]) -> Self {
        let points = |of: fn(&EpochRecord) -> Option<f64>| -> Vec<(f64, f64)> {
            let point = |epoch: &EpochRecord| Some((f64::from(epoch.epoch), of(epoch)?));
            record.epochs.iter().filter_map(point).filter(|(_, y)| y.is_finite()).collect()
        };
        Curves {
            loss: points(|epoch| Some(epoch.train_loss)),
            train_error: points(|epoch| Some(100.0 * (1.0 - epoch.train_accuracy))),
            validation_error: points(|epoch| {
                let ValidationRecord { correct, total, .. } = epoch.validation.as_ref()?;
                (*total > 0).then(|| 100.0 * f64::from(total.saturating_sub(*correct)) / f64::from(*total))
            }),
            rate: rates(metrics),
            epochs: record.epochs.len(),
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

    /// Prints it in characters.
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
        writeln!(out, "\n{} epoch{}", self.epochs, plural(self.epochs))
    }
}

/// At most `most` of the numbers, evenly spaced, the last one included.
fn thinned(numbers: &[f64], most: usize) -> Vec<f64> {
    let step = numbers.len().div_ceil(most).max(1);
    let mut kept: Vec<f64> = numbers.iter().rev().step_by(step).copied().collect();
    kept.reverse();
    kept
}

/// The rate against epochs.
fn rates(metrics: &[Metric]) -> Vec<(f64, f64)> {
    // Every epoch has the same number of steps, and the first one is over; otherwise the run would have no record.
    let first = metrics.first().and_then(|first| metrics.iter().rfind(|metric| metric.epoch == first.epoch));
    let steps = first.map_or(1.0, |last| last.step as f64 / f64::from(last.epoch.max(1))).max(1.0);
    metrics.iter().map(|metric| (metric.step as f64 / steps, metric.rate)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_become_epochs_even_if_the_last_one_is_not_over() {
        let metric = |epoch, step, rate| Metric { epoch, step, rate, loss: 0.0, accuracy: 0.0 };
        let metrics = [metric(1, 5, 0.5), metric(1, 10, 0.25), metric(2, 15, 0.125)];
        assert_eq!(rates(&metrics), [(0.5, 0.5), (1.0, 0.25), (1.5, 0.125)]);
        // The lines of the first epochs are lost.
        assert_eq!(rates(&[metric(3, 25, 1.0), metric(3, 30, 2.0)]), [(2.5, 1.0), (3.0, 2.0)]);
        assert_eq!(rates(&[metric(0, 0, 1.0)]), [(0.0, 1.0)]);
        assert_eq!(rates(&[]), []);
    }

    #[test]
    fn thinned_numbers_keep_the_last() {
        let numbers: Vec<f64> = (0..600).map(f64::from).collect();
        let thin = thinned(&numbers, 60);
        assert_eq!((thin.len(), thin[59]), (60, 599.0));
        assert_eq!((thinned(&numbers[..7], 60).len(), thinned(&[], 60).len()), (7, 0));
    }
}

//! Messages and progress bars on stderr: bars on a terminal only, lines everywhere.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lenet_model::Epoch;
use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

/// A message to the user: a line on stderr. Unlike `eprintln!`, it does not panic when stderr is closed
/// (`2>&1 | head -1`): the work goes on.
macro_rules! message {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($words)*);
    }};
}
pub(crate) use message;

/// A progress bar on stderr. It is hidden with `--quiet` and if stderr is not a terminal.
pub(crate) fn bar(length: Option<u64>, template: &str, quiet: bool) -> ProgressBar {
    let target = if quiet || !stderr().is_terminal() {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr_with_hz(10)
    };
    ProgressBar::with_draw_target(length, target).with_style(bar_style(template))
}

/// The style of a bar.
///
/// # Panics
/// If the template is wrong; templates are constants.
pub(crate) fn bar_style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the template is a constant")
}

/// The messages of a training run, on stderr.
pub(crate) struct Progress {
    bar: ProgressBar,
    quiet: bool,
    started: Instant,
    images: u64,
}

impl Progress {
    /// Starts a bar of `steps` steps.
    pub(crate) fn new(steps: u64, quiet: bool) -> Self {
        let bar = bar(Some(steps), "{bar:28} {percent:>3}%  {msg}  {eta} left", quiet);
        Progress { bar, quiet, started: Instant::now(), images: 0 }
    }

    /// Sets the bar of a resumed run to the steps that were made before.
    pub(crate) fn start_at(&mut self, step: u64) {
        self.bar.set_position(step);
        self.bar.reset_eta();
    }

    /// Shows a step.
    pub(crate) fn step(&mut self, step: u64, epoch: u32, loss: f64, accuracy: f64, images: usize) {
        self.images += images as u64;
        if self.bar.is_hidden() {
            return;
        }
        self.bar.set_position(step);
        let speed = self.images as f64 / self.started.elapsed().max(Duration::from_micros(1)).as_secs_f64();
        self.bar.set_message(format!(
            "epoch {epoch}  loss {loss:.4}  accuracy {:.2}%  {speed:.0} images/s",
            100.0 * accuracy
        ));
    }

    /// Prints the line of an epoch, above the bar.
    pub(crate) fn epoch(&self, record: &Epoch, epochs: u32) {
        let width = epochs.to_string().len();
        let validation = record.validation.as_ref().map_or(String::new(), |v| {
            format!("  validation {:.2}%{}", 100.0 * v.accuracy(), if record.best { " *" } else { "  " })
        });
        self.say(&format!(
            "epoch {:>width$}/{epochs}  train loss {:.5}{validation}  {:.1} s",
            record.epoch, record.train_loss, record.seconds,
        ));
    }

    /// Prints a message, unless `--quiet` was given.
    pub(crate) fn say(&self, line: &str) {
        if !self.quiet {
            self.bar.suspend(|| message!("{line}"));
        }
    }

    /// Removes the bar.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

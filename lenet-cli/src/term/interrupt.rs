//! Ctrl-C. The first one stops the work at a point where nothing is lost; the second one ends the program at once.

use anyhow::Context;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

/// The exit code that shells use for programs that were interrupted.
pub(crate) const EXIT_CODE: u8 = 130;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Handles Ctrl-C from now on: [`interrupted`] returns `true` after the first one, and the second one ends the program.
pub(crate) fn watch_for_interrupts() -> anyhow::Result<()> {
    ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(EXIT_CODE));
        }
    })
    .context("can't listen for Ctrl-C")
}

/// Whether Ctrl-C was pressed.
pub(crate) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// A training run was stopped. Its state is on disk.
#[derive(Debug)]
pub(crate) struct Interrupted {
    pub(crate) epoch: u32,
    pub(crate) step: u64,
    pub(crate) folder: PathBuf,
    /// The command that continues it.
    pub(crate) command: &'static str,
}

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Interrupted { epoch, step, folder, command } = self;
        write!(
            f,
            "stopped in epoch {epoch}, after step {step}: continue with `lenet {command} --resume {}`",
            folder.display()
        )
    }
}

impl std::error::Error for Interrupted {}

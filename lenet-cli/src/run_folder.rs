//! What a training run leaves on disk.

use crate::distorted::DistortionRecord;
use anyhow::{Context, bail};
use lenet_model::{Epoch, Recipe};
use serde::Serialize;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// The folder of one run.
pub(crate) struct RunFolder {
    path: PathBuf,
    metrics: BufWriter<File>,
}

/// What `run.json` holds.
#[derive(Serialize)]
pub(crate) struct RunRecord<'a> {
    pub(crate) program: &'static str,
    pub(crate) recipe: &'a Recipe,
    pub(crate) data: DataRecord,
    pub(crate) threads: usize,
    pub(crate) instruction_set: String,
    pub(crate) epochs: Vec<EpochRecord>,
    /// The epoch that the test figure is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) best_epoch: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) test: Option<TestRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seconds: Option<f64>,
}

#[derive(Serialize)]
pub(crate) struct DataRecord {
    pub(crate) name: String,
    /// Where it was read from; nothing for the built-in MNIST.
    pub(crate) folder: Option<String>,
    /// Whether `--transpose` was given.
    pub(crate) transposed: bool,
    pub(crate) limit: Option<u32>,
    /// What a pixel of 0 and one of 255 became.
    pub(crate) ground: f32,
    pub(crate) ink: f32,
    /// How images were distorted to learn from, if they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) distortion: Option<DistortionRecord>,
    pub(crate) train: usize,
    pub(crate) validation: usize,
    pub(crate) test: usize,
}

/// One epoch.
#[derive(Serialize)]
pub(crate) struct EpochRecord {
    pub(crate) epoch: u32,
    train_loss: f64,
    train_accuracy: f64,
    validation: Option<ValidationRecord>,
    best: bool,
    /// The least and the greatest rate of a parameter, where each has its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    rates: Option<(f32, f32)>,
    seconds: f64,
}

#[derive(Serialize)]
struct ValidationRecord {
    correct: u32,
    total: u32,
    loss: f64,
}

impl From<&Epoch> for EpochRecord {
    fn from(e: &Epoch) -> Self {
        let validation =
            e.validation.as_ref().map(|v| ValidationRecord { correct: v.correct(), total: v.total(), loss: v.loss() });
        EpochRecord {
            epoch: e.epoch,
            train_loss: e.train_loss,
            train_accuracy: e.train_accuracy,
            validation,
            best: e.best,
            rates: e.rates,
            seconds: e.seconds,
        }
    }
}

#[derive(Serialize)]
pub(crate) struct TestRecord {
    pub(crate) correct: u32,
    pub(crate) total: u32,
    pub(crate) confusion: [[u32; 10]; 10],
}

/// One line of `metrics.jsonl`.
#[derive(Serialize)]
pub(crate) struct Metric {
    pub(crate) epoch: u32,
    pub(crate) step: u64,
    pub(crate) rate: f64,
    pub(crate) loss: f64,
    pub(crate) accuracy: f64,
}

impl RunFolder {
    /// Makes the folder: `out`, or a new one under `runs`. One that is not empty is refused unless `force`, which takes
    /// the files of the run before away: a folder speaks of one run.
    pub(crate) fn create(out: Option<&Path>, recipe: &Recipe, force: bool) -> anyhow::Result<Self> {
        let path = match out {
            Some(path) => existing_or_new(path, force)?,
            None => unique(recipe).context("runs: can't make a run folder there: choose one by --out")?,
        };
        for name in ["run.json", "best.safetensors", "last.safetensors"] {
            match fs::remove_file(path.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    let file = path.join(name);
                    return Err(error).with_context(|| format!("{}: can't be replaced", file.display()));
                }
                _ => {}
            }
        }
        let metrics = path.join("metrics.jsonl");
        let metrics = File::create(&metrics).with_context(|| format!("{}: can't be written", metrics.display()))?;
        Ok(RunFolder { path, metrics: BufWriter::new(metrics) })
    }

    /// A file in the folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes `run.json` beside its place, then renames it.
    pub(crate) fn write_record(&self, record: &RunRecord<'_>) -> anyhow::Result<()> {
        let path = self.file("run.json");
        let write = || -> anyhow::Result<()> {
            let mut bytes = serde_json::to_vec_pretty(record)?;
            bytes.push(b'\n');
            lenet_model::write_beside(&path, &bytes)?;
            Ok(())
        };
        write().with_context(|| format!("{}: can't be written", path.display()))
    }

    /// Adds a line to `metrics.jsonl`.
    pub(crate) fn write_metric(&mut self, metric: &Metric) -> anyhow::Result<()> {
        let mut write = || -> anyhow::Result<()> {
            serde_json::to_writer(&mut self.metrics, metric)?;
            writeln!(self.metrics)?;
            self.metrics.flush()?;
            Ok(())
        };
        write().context("metrics.jsonl: can't be written")
    }
}

/// The folder the user has chosen.
fn existing_or_new(path: &Path, force: bool) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(path)
        .with_context(|| format!("{}: can't make the run folder: choose another --out", path.display()))?;
    let mut entries = fs::read_dir(path).with_context(|| format!("{}: can't be read", path.display()))?;
    if !force && entries.next().is_some() {
        bail!("{}: the folder is not empty: choose another --out, or --force to write into it", path.display());
    }
    Ok(path.to_path_buf())
}

/// A new folder `runs/<network>-<loss>-seed<seed>`, with a number behind it where that exists.
fn unique(recipe: &Recipe) -> io::Result<PathBuf> {
    let runs = Path::new("runs");
    fs::create_dir_all(runs)?;
    let name = format!("{}-{}-seed{}", recipe.network, recipe.loss, recipe.seed);
    let mut number = 1;
    loop {
        let path = runs.join(if number == 1 { name.clone() } else { format!("{name}-{number}") });
        match fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    }
}

//! What a training run leaves on disk.

use super::data::DataRecord;
use anyhow::{Context, bail};
use lenet_model::{Epoch, Recipe};
use serde::{Deserialize, Deserializer, Serialize};
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// The settings and results of the run.
pub(crate) const RECORD: &str = "run.json";
/// The model of the best epoch.
pub(crate) const BEST: &str = "best.safetensors";
/// The model of the last epoch.
pub(crate) const LAST: &str = "last.safetensors";
/// The reader of lines of a run of `train-reader`.
pub(crate) const READER: &str = "reader.safetensors";
/// Everything needed to resume the run. Removed when the run is over.
pub(crate) const STATE: &str = "state.safetensors";
/// What was measured during training.
pub(crate) const METRICS: &str = "metrics.jsonl";
/// The results as a page to look at.
pub(crate) const REPORT: &str = "report.html";

/// The folder of one run.
pub(crate) struct RunFolder {
    path: PathBuf,
    metrics: BufWriter<File>,
}

/// The content of `run.json`.
#[derive(Serialize, Deserialize)]
pub(crate) struct RunRecord {
    pub(crate) program: String,
    pub(crate) recipe: Recipe,
    pub(crate) data: DataRecord,
    pub(crate) threads: usize,
    pub(crate) instruction_set: String,
    pub(crate) epochs: Vec<EpochRecord>,
    /// The epoch of the model that was tested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) best_epoch: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) test: Option<TestRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seconds: Option<f64>,
}

impl RunRecord {
    /// The file of the model that was tested.
    pub(crate) fn tested_model(&self) -> &'static str {
        if self.data.validation > 0 { BEST } else { LAST }
    }
}

/// One epoch.
#[derive(Serialize, Deserialize)]
pub(crate) struct EpochRecord {
    pub(crate) epoch: u32,
    #[serde(deserialize_with = "number")]
    pub(crate) train_loss: f64,
    #[serde(deserialize_with = "number")]
    pub(crate) train_accuracy: f64,
    pub(crate) validation: Option<ValidationRecord>,
    best: bool,
    /// The smallest and the largest learning rate of a parameter, if each has its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    rates: Option<(f32, f32)>,
    seconds: f64,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct ValidationRecord {
    pub(crate) correct: u32,
    pub(crate) total: u32,
    #[serde(deserialize_with = "number")]
    loss: f64,
}

/// A number; JSON has only `null` for one that is not finite.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
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

#[derive(Serialize, Deserialize)]
pub(crate) struct TestRecord {
    pub(crate) correct: u32,
    pub(crate) total: u32,
    pub(crate) confusion: [[u32; 10]; 10],
}

/// One line of `metrics.jsonl`.
#[derive(Serialize, Deserialize)]
pub(crate) struct Metric {
    pub(crate) epoch: u32,
    pub(crate) step: u64,
    pub(crate) rate: f64,
    #[serde(deserialize_with = "number")]
    pub(crate) loss: f64,
    #[serde(deserialize_with = "number")]
    pub(crate) accuracy: f64,
}

impl RunFolder {
    /// Creates the folder: `out`, or a new one under `runs`. A folder that is not empty is refused unless `force` is set, which
    /// removes the files of the previous run: a folder describes one run.
    pub(crate) fn create(out: Option<&Path>, name: &str, force: bool) -> anyhow::Result<Self> {
        let path = match out {
            Some(path) => existing_or_new(path, force)?,
            None => unique(name).context("runs: can't create a run folder there: choose another one with --out")?,
        };
        for name in [RECORD, BEST, LAST, READER, STATE, REPORT] {
            match fs::remove_file(path.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    let file = path.join(name);
                    return Err(error).with_context(|| format!("{}: can't be replaced", file.display()));
                }
                _ => {}
            }
        }
        let metrics = path.join(METRICS);
        let metrics = File::create(&metrics).with_context(|| format!("{}: can't be written", metrics.display()))?;
        Ok(RunFolder { path, metrics: BufWriter::new(metrics) })
    }

    /// Opens the folder of a run that was stopped, to continue it.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        remove_leftovers(path);
        let metrics = path.join(METRICS);
        let metrics = File::options().append(true).create(true).open(&metrics);
        let metrics = metrics.with_context(|| format!("{}: can't be written", path.join(METRICS).display()))?;
        Ok(RunFolder { path: path.to_path_buf(), metrics: BufWriter::new(metrics) })
    }

    /// Removes what was measured after step `last`, because it will be measured again.
    pub(crate) fn rewind_metrics(&mut self, last: u64) -> anyhow::Result<()> {
        let path = self.file(METRICS);
        let mut rewind = || -> anyhow::Result<()> {
            let text = fs::read_to_string(&path)?;
            let step = |line: &str| serde_json::from_str::<serde_json::Value>(line).ok()?["step"].as_u64();
            let before = |line: &&str| step(line).is_some_and(|step| step <= last);
            let kept: String = text.lines().filter(before).flat_map(|line| [line, "\n"]).collect();
            lenet_model::write_beside(&path, kept.as_bytes())?;
            self.metrics = BufWriter::new(File::options().append(true).open(&path)?);
            Ok(())
        };
        rewind().with_context(|| format!("{}: can't be rewound", path.display()))
    }

    /// A file in the folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Removes the state, because the run is over.
    pub(crate) fn remove_state(&self) -> anyhow::Result<()> {
        remove_state(&self.path)
    }

    /// The path of the folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes `run.json`.
    pub(crate) fn write_record(&self, record: &RunRecord) -> anyhow::Result<()> {
        self.write_json(record)
    }

    /// Writes `run.json`, of whichever kind of run.
    pub(crate) fn write_json(&self, record: &impl Serialize) -> anyhow::Result<()> {
        let path = self.file(RECORD);
        let write = || -> anyhow::Result<()> {
            let mut bytes = serde_json::to_vec_pretty(record)?;
            bytes.push(b'\n');
            lenet_model::write_beside(&path, &bytes)?;
            Ok(())
        };
        write().with_context(|| format!("{}: can't be written", path.display()))
    }

    /// Adds a line to `metrics.jsonl`.
    pub(crate) fn write_metric(&mut self, metric: &impl Serialize) -> anyhow::Result<()> {
        let mut write = || -> anyhow::Result<()> {
            serde_json::to_writer(&mut self.metrics, metric)?;
            writeln!(self.metrics)?;
            self.metrics.flush()?;
            Ok(())
        };
        write().context("metrics.jsonl: can't be written")
    }
}

/// Reads the record of a run.
///
/// # Errors
/// If `folder` is not a folder, or holds no record that this version understands.
pub(crate) fn read_record(folder: &Path) -> anyhow::Result<RunRecord> {
    read_json(folder)
}

/// Reads the record of a run of whichever kind.
///
/// # Errors
/// As [`read_record`].
pub(crate) fn read_json<R: for<'a> Deserialize<'a>>(folder: &Path) -> anyhow::Result<R> {
    if !folder.is_dir() {
        bail!("{}: not a folder: give the run folder that `lenet train` has written", folder.display());
    }
    let path = folder.join(RECORD);
    serde_json::from_slice(&read(&path)?)
        .with_context(|| format!("{}: not the record of a run of this version of lenet", path.display()))
}

/// Reads what was measured during a run. Also returns the number of lines that are not records: a program that was
/// killed may have left a part of a line.
pub(crate) fn read_metrics(folder: &Path) -> anyhow::Result<(Vec<Metric>, usize)> {
    Ok(parse_metrics(&String::from_utf8_lossy(&read(&folder.join(METRICS))?)))
}

fn parse_metrics(text: &str) -> (Vec<Metric>, usize) {
    let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).map(serde_json::from_str).collect();
    let all = lines.len();
    let metrics: Vec<Metric> = lines.into_iter().flatten().collect();
    let broken = all - metrics.len();
    (metrics, broken)
}

/// Reads a file of a run.
fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    /// A run of a thousand epochs leaves 2 MB.
    const LARGEST: u64 = 64 << 20;
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes)).with_context(|| {
        format!("{}: can't be read: give the run folder that `lenet train` has written", path.display())
    })?;
    Ok(bytes)
}

/// Removes the state from the folder of a run that is over.
pub(crate) fn remove_state(folder: &Path) -> anyhow::Result<()> {
    let path = folder.join(STATE);
    fs::remove_file(&path).with_context(|| format!("{}: can't be removed", path.display()))
}

/// Removes temporary files that a killed program has left.
fn remove_leftovers(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(lenet_model::UNFINISHED) {
            // A file that can't be removed does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The folder the user has chosen.
fn existing_or_new(path: &Path, force: bool) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(path)
        .with_context(|| format!("{}: can't create the run folder: choose another --out", path.display()))?;
    let mut entries = fs::read_dir(path).with_context(|| format!("{}: can't be read", path.display()))?;
    if !force && entries.next().is_some() {
        bail!("{}: the folder is not empty: choose another --out, or --force to write into it", path.display());
    }
    Ok(path.to_path_buf())
}

/// Creates `runs/<name>`, with a number appended if that exists.
fn unique(name: &str) -> io::Result<PathBuf> {
    let runs = Path::new("runs");
    fs::create_dir_all(runs)?;
    let mut number = 1;
    loop {
        let path = runs.join(if number == 1 { name.to_owned() } else { format!("{name}-{number}") });
        match fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_hold_no_record_are_counted() {
        let line =
            |step, loss| format!("{{\"epoch\":1,\"step\":{step},\"rate\":0.5,\"loss\":{loss},\"accuracy\":0.5}}\n");
        let (metrics, broken) = parse_metrics(&(line(5, "1.5") + "no record\n\n" + &line(10, "null") + "{\"epoch\":1"));
        assert_eq!((metrics.iter().map(|metric| metric.step).collect::<Vec<_>>(), broken), (vec![5, 10], 2));
        assert!(metrics[0].loss == 1.5 && metrics[1].loss.is_nan());
    }
}

//! `lenet train-reader`: from single digits to a reader of lines.

use super::train;
use crate::args::Misuse;
use crate::args::data::DataArguments;
use crate::args::model::advise_to;
use crate::args::threads::{ThreadArguments, instruction_set, warn_of_other_set};
use crate::run::data::DataRecord;
use crate::run::folder::{READER, RunFolder, STATE, read_json, remove_state};
use crate::term::interrupt::{Interrupted, interrupted, watch_for_interrupts};
use crate::term::progress::{bar, message};
use crate::term::words::thousands;
use anyhow::{anyhow, bail};
use clap::Args;
use indicatif::ProgressBar;
use lenet_data::strings::StringRecipe;
use lenet_data::{Dataset, Split};
use lenet_layers::Params;
use lenet_model::reader::{
    ComposedLines, LINE_HEIGHT, LineEvaluation, Reader, ReaderDescription, ReaderEvent, ReaderRecipe, ReaderRun, Sweep,
    evaluate_lines,
};
use lenet_model::{Normalization, ResumeError, TrainError};
use serde::{Deserialize, Serialize};
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

#[derive(Args)]
pub(crate) struct TrainReaderArguments {
    /// Epochs
    #[arg(long)]
    epochs: Option<u32>,
    /// Lines of an epoch; each is composed anew
    #[arg(long)]
    lines: Option<u32>,
    /// Lines per step
    #[arg(long)]
    batch: Option<usize>,
    /// The highest learning rate
    #[arg(long, allow_negative_numbers = true)]
    rate: Option<f64>,
    /// Training digits to hold out: lines of them measure the reader [default: 5000, or a twelfth of a small set]
    #[arg(long, value_name = "N")]
    validation: Option<usize>,
    /// The seed of all random numbers
    #[arg(long, default_value_t = ReaderRecipe::default().seed)]
    seed: u64,
    #[command(flatten)]
    threads: ThreadArguments,
    #[command(flatten)]
    data: DataArguments,
    /// The run folder [default: a new one under runs/]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write into a run folder that is not empty
    #[arg(long)]
    force: bool,
    /// Continue a run that was stopped, from its folder; it ends on the same bits as a run that was not stopped
    #[arg(long, value_name = "RUN", conflicts_with_all = [
        "epochs", "lines", "batch", "rate", "validation", "seed", "data", "out", "force",
    ])]
    resume: Option<PathBuf>,
    /// Print the result only
    #[arg(long, short)]
    quiet: bool,
}

impl TrainReaderArguments {
    fn recipe(&self) -> ReaderRecipe {
        let base = ReaderRecipe::default();
        ReaderRecipe {
            epochs: self.epochs.unwrap_or(base.epochs),
            lines: self.lines.unwrap_or(base.lines),
            batch: self.batch.unwrap_or(base.batch),
            rate: self.rate.unwrap_or(base.rate),
            seed: self.seed,
            ..base
        }
    }
}

/// The content of `run.json`.
#[derive(Serialize, Deserialize)]
struct ReaderRecord {
    program: String,
    recipe: ReaderRecipe,
    data: DataRecord,
    threads: usize,
    instruction_set: String,
    epochs: Vec<EpochRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
}

/// An epoch: its loss, and how lines of the held-out digits are read after it.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct EpochRecord {
    epoch: u32,
    loss: f64,
    right: usize,
    lines: usize,
    wrong_digits: usize,
    digits: usize,
    seconds: f64,
}

/// A line of `metrics.jsonl`.
#[derive(Serialize)]
struct Metric {
    epoch: u32,
    step: u64,
    /// The mean loss of the epoch so far.
    loss: f64,
}

/// Lines in `metrics.jsonl` per epoch.
const METRICS: u64 = 20;

/// Lines that measure an epoch, unless it is shorter than that.
const MEASURED: u64 = 2_000;
/// The first of the lines of held-out digits that calibrate the probabilities, twice as many: none that measures.
const CALIBRATED: u64 = 10_000;

pub(crate) fn run(arguments: &TrainReaderArguments) -> anyhow::Result<()> {
    let start = Instant::now();
    let isa = instruction_set()?.to_string();
    watch_for_interrupts()?;
    let pool = arguments.threads.pool()?;
    let (data, folder, record) = match &arguments.resume {
        None => begin(arguments, &isa, pool.current_num_threads())?,
        Some(path) => {
            let record: ReaderRecord = read_json(path)?;
            if record.seconds.is_some() {
                return complete(path);
            }
            warn_of_other_set(&record.instruction_set, &isa);
            (record.data.load(path, None)?, RunFolder::open(path)?, record)
        }
    };
    let split = held_out(&data, record.data.validation, record.recipe.seed)?;
    let recipe = record.recipe.clone();
    let before = record.epochs.last().map_or(0.0, |epoch| epoch.seconds);
    let mut run = PreparedRun { data: &data, split, folder, record, quiet: arguments.quiet, start, before };
    run.announce(pool.current_num_threads(), &isa);
    pool.install(|| run.carry_out(&recipe, arguments.resume.is_some()))
}

/// Removes the state of a run that is over: it was killed before it did so.
fn complete(path: &Path) -> anyhow::Result<()> {
    if !path.join(STATE).exists() {
        bail!("{}: this run is over: there is nothing to resume", path.display());
    }
    message!("{}: this run is over; its state was still there and is removed now", path.display());
    remove_state(path)
}

fn held_out(data: &Dataset, validation: usize, seed: u64) -> anyhow::Result<Split> {
    let split = train::held_out(data, validation, seed)?;
    if split.validation.is_empty() {
        return Err(Misuse(
            "lines of held-out digits calibrate a reader: hold out at least one (--validation N)".into(),
        )
        .into());
    }
    Ok(split)
}

fn begin(
    arguments: &TrainReaderArguments,
    isa: &str,
    threads: usize,
) -> anyhow::Result<(Dataset, RunFolder, ReaderRecord)> {
    let recipe = arguments.recipe();
    recipe.check()?;
    let (data, mut about) = DataRecord::begin(&arguments.data, None, Normalization::PAPER)?;
    let validation = arguments.validation.unwrap_or((data.train.len() / 12).min(5_000));
    about.divide(&held_out(&data, validation, recipe.seed)?);
    let name = format!("reader-seed{}", recipe.seed);
    let folder = RunFolder::create(arguments.out.as_deref(), &name, arguments.force)?;
    let record = ReaderRecord {
        program: concat!("lenet ", env!("CARGO_PKG_VERSION")).into(),
        data: about,
        threads,
        instruction_set: isa.into(),
        recipe,
        epochs: Vec::new(),
        seconds: None,
    };
    Ok((data, folder, record))
}

/// A run that is ready to start.
struct PreparedRun<'a> {
    data: &'a Dataset,
    split: Split,
    folder: RunFolder,
    record: ReaderRecord,
    quiet: bool,
    start: Instant,
    /// The seconds of the epochs that were made before the run was resumed.
    before: f64,
}

impl PreparedRun<'_> {
    /// Prints what will run, before it runs.
    fn announce(&self, threads: usize, isa: &str) {
        if self.quiet {
            return;
        }
        let (r, d) = (&self.record.recipe, &self.record.data);
        let parameters = thousands(<Sweep as Params>::LEN);
        message!("network    reader, {parameters} parameters, swept over lines {LINE_HEIGHT} rows high");
        message!("data       {}: lines of {} digits, {} held out", d.name, thousands(d.train), thousands(d.validation));
        message!("loss       the sum over all alignments (connectionist temporal classification)");
        message!(
            "optimiser  SGD, {} epochs of {} lines, {} per step, rate {} ({}), momentum {}, weight decay {}",
            r.epochs,
            thousands(r.lines as usize),
            r.batch,
            r.rate,
            r.schedule,
            r.momentum,
            r.weight_decay
        );
        message!("seed {}, threads {threads}, instruction set {isa}\n", r.seed);
    }

    /// Trains, calibrates, and leaves the reader in the folder before it prints the result.
    fn carry_out(&mut self, recipe: &ReaderRecipe, resumed: bool) -> anyhow::Result<()> {
        let (train, validation) = (self.split.train.clone(), self.split.validation.clone());
        let examples = &self.data.train;
        let composed = |allowed, seed| ComposedLines { recipe: StringRecipe::WRITTEN, seed, examples, allowed };
        let (lines, held_out) = (composed(&train[..], recipe.seed), composed(&validation[..], !recipe.seed));
        let state = self.folder.file(STATE);
        let mut run = match resumed {
            true => ReaderRun::resume(recipe, &lines, &state).map_err(advise)?,
            false => ReaderRun::new(recipe, &lines)?,
        };
        self.record.epochs.truncate(run.epochs().len());
        self.folder.rewind_metrics(run.step())?;
        self.folder.write_json(&self.record)?;
        if !resumed {
            run.save(&state)?;
        }
        self.learn(&mut run, &held_out)?;
        let description = ReaderDescription {
            recipe: serde_json::to_string(recipe)?,
            data: format!("{}: lines composed of {} digits", self.record.data.name, self.record.data.train),
            program: self.record.program.clone(),
            ..ReaderDescription::default()
        };
        let mut reader = Reader::new(run.into_network(), description);
        let measured = self.measured();
        reader.calibrate(&held_out, CALIBRATED..CALIBRATED + 2 * measured);
        reader.save(&self.folder.file(READER))?;
        let seconds = self.seconds();
        self.record.seconds = Some(seconds);
        self.folder.write_json(&self.record)?;
        self.folder.remove_state()?;
        self.tell(&evaluate_lines(reader.network(), &held_out, 0..measured), seconds)
    }

    fn seconds(&self) -> f64 {
        self.before + self.start.elapsed().as_secs_f64()
    }

    /// How many lines measure an epoch: a short run is not to spend its time on being measured.
    fn measured(&self) -> u64 {
        MEASURED.min(self.record.recipe.lines.into())
    }

    /// Makes the steps that remain. The files are up to date after every epoch, and after an interrupt.
    fn learn(&mut self, run: &mut ReaderRun<'_>, held_out: &ComposedLines<'_>) -> anyhow::Result<()> {
        let state = self.folder.file(STATE);
        let bar = bar(None, "{bar:28} {percent:>3}%  {msg}  {eta} left", self.quiet);
        let mut failed = None;
        let end = run.go_on(|event| match self.note(event, held_out, &bar) {
            Ok(()) if interrupted() => ControlFlow::Break(()),
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        });
        bar.finish_and_clear();
        match (end, failed) {
            (_, Some(error)) => Err(error),
            (Ok(()), None) => Ok(()),
            (Err(TrainError::Stopped { epoch, step }), None) => {
                run.save(&state)?;
                let command = "train-reader";
                Err(Interrupted { epoch, step, folder: self.folder.path().into(), command }.into())
            }
            (Err(error @ TrainError::NotFinite { .. }), None) => {
                // A resumed run would fail in the same way.
                self.folder.remove_state()?;
                Err(anyhow!("{}: {error} (--rate)", self.folder.path().display()))
            }
            (Err(error), None) => Err(error.into()),
        }
    }

    fn note(&mut self, event: ReaderEvent<'_>, held_out: &ComposedLines<'_>, bar: &ProgressBar) -> anyhow::Result<()> {
        match event {
            ReaderEvent::Step { step: (step, steps), loss } => {
                bar.set_length(steps);
                bar.set_position(step);
                bar.set_message(format!("loss {loss:.4}"));
                let per_epoch = steps / u64::from(self.record.recipe.epochs);
                let in_epoch = (step - 1) % per_epoch + 1;
                if in_epoch.is_multiple_of(per_epoch.div_ceil(METRICS)) || in_epoch == per_epoch {
                    let epoch = ((step - 1) / per_epoch + 1) as u32;
                    self.folder.write_metric(&Metric { epoch, step, loss })?;
                }
            }
            ReaderEvent::Epoch { record, run } => {
                let LineEvaluation { lines, right, digits, wrong_digits } =
                    evaluate_lines(run.network(), held_out, 0..self.measured());
                let seconds = self.seconds();
                let (epoch, loss) = (record.epoch, record.loss);
                self.record.epochs.push(EpochRecord { epoch, loss, right, lines, wrong_digits, digits, seconds });
                self.folder.write_json(&self.record)?;
                // The state last: a run that is resumed from an older one makes this epoch again.
                run.save(&self.folder.file(STATE))?;
                if !self.quiet {
                    let of = self.record.recipe.epochs;
                    let part = 100.0 * right as f64 / lines as f64;
                    bar.suspend(|| {
                        message!("epoch {epoch:>2}/{of}  loss {loss:.4}  held-out lines {part:.2}%  {seconds:.0} s")
                    });
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Prints the result.
    fn tell(&self, held_out: &LineEvaluation, seconds: f64) -> anyhow::Result<()> {
        let LineEvaluation { lines, right, digits, wrong_digits } = *held_out;
        let part = right as f64 / lines as f64;
        let error = (part * (1.0 - part) / lines as f64).sqrt();
        let mut out = io::stdout().lock();
        writeln!(
            out,
            "held-out lines {:.2}% +- {:.2} ({right}/{lines}), {wrong_digits} of {digits} digits wrong, {seconds:.1} s",
            100.0 * part,
            100.0 * error
        )?;
        let folder = self.folder.path().display();
        writeln!(out, "{folder}: {READER}, run.json")?;
        if !self.quiet {
            message!("measure it: lenet eval --strings {folder}; read with it: lenet read --model {folder} FILE");
        }
        Ok(())
    }
}

/// The library's error, with what to do about it in the words of this program.
fn advise(error: ResumeError) -> anyhow::Error {
    match error {
        ResumeError::File(error) => advise_to(error, "start a new run: without this file it can't be resumed"),
        error => error.into(),
    }
}

//! The run itself: training, its files and its messages.

use crate::args::model;
use crate::report::{Report, write_confusion};
use crate::run::distorted::{Distorted, DistortionRecord, WithRubbish, with_variants};
use crate::run::folder::{BEST, LAST, Metric, RunFolder, RunRecord, STATE, TestRecord, read_metrics};
use crate::run::readings::read_set;
use crate::run::{chance, describe};
use crate::term::interrupt::{Interrupted, interrupted};
use crate::term::progress::{Progress, message};
use crate::term::words::{plural, thousands};
use anyhow::anyhow;
use lenet_data::{Dataset, Split};
use lenet_model::{
    Description, Epoch, Evaluation, Examples, InitName, Outcome, Recipe, ResumeError, TrainError, Training,
    TrainingEvent, TrainingRun, Variants, least_margin, save, sure_margin,
};
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::time::Instant;

/// A run that is ready to start.
pub(super) struct PreparedRun<'a> {
    pub(super) recipe: &'a Recipe,
    pub(super) data: &'a Dataset,
    pub(super) split: Split,
    pub(super) record: RunRecord,
    pub(super) folder: RunFolder,
    pub(super) resumed: bool,
    pub(super) quiet: bool,
    pub(super) start: Instant,
    /// The time it took before it was stopped.
    pub(super) seconds_before: f64,
    /// Whether the warning that nothing is learned has been printed.
    pub(super) warned: bool,
}

/// The error to be left on the held-out images that are not rejected, for `predict --reject auto`.
const SURE: f64 = 0.005;
/// A network that has learned from images without a digit refuses at least this part of the held-out digits, to refuse most
/// images without one.
const REFUSED: f64 = 0.0075;

impl PreparedRun<'_> {
    /// Prints what will run, before it runs.
    pub(super) fn announce(&self, threads: usize, isa: &str) {
        if self.quiet {
            return;
        }
        let (r, d) = (self.recipe, &self.record.data);
        message!("network    {}", describe::network(r));
        message!("data       {}", describe::data(d));
        message!("loss       {}", describe::loss(r));
        message!("optimiser  {}", describe::optimiser(r));
        message!("seed {}, threads {threads}, instruction set {isa}\n", r.seed);
        if r.init == InitName::Paper && r.weight_decay > 0.0 {
            message!(
                "warning: with so small initial weights, weight decay keeps the network from learning: add --weight-decay 0\n"
            );
        }
    }

    /// The description in the model files of this run.
    fn description(&self, epoch: u32) -> anyhow::Result<Description> {
        let (r, d) = (self.recipe, &self.record.data);
        Ok(Description {
            recipe: serde_json::to_string(r)?,
            seed: Some(r.seed),
            data: describe::training_data(d),
            classes: self.data.classes.names().to_vec(),
            epoch,
            program: self.record.program.clone(),
            ..Description::new(r.network, r.activation, r.input.into())
        })
    }

    /// Trains. The files are up to date after every epoch, and after an interrupt.
    fn learn(&mut self) -> anyhow::Result<Outcome> {
        let train = std::mem::take(&mut self.split.train);
        let validation = std::mem::take(&mut self.split.validation);
        let digits = &self.data.train;
        let per_epoch = self.recipe.presentations.unwrap_or(train.len()).div_ceil(self.recipe.batch) as u64;
        let distorted = self.record.data.distortion.as_ref().map(|distortion| Distorted {
            seed: self.recipe.seed,
            ranges: distortion.ranges(),
            fresh: distortion.is_fresh(),
            european: distortion.european.then_some(digits.labels()),
        });
        let count = self.record.data.rubbish.unwrap_or(0);
        let with_rubbish = WithRubbish { distorted, seed: self.recipe.seed, digits, allowed: &train, count };
        let (images, labels) = if count > 0 { with_rubbish.images() } else { Default::default() };
        let fresh = self.record.data.distortion.as_ref().is_some_and(DistortionRecord::is_fresh);
        let (examples, variants, originals): (_, Option<&dyn Variants>, _) = if count > 0 {
            let all: Vec<u32> = train.iter().copied().chain(digits.len() as u32..images.len() as u32).collect();
            (Examples::new(&images, &labels)?, Some(&with_rubbish), all)
        } else {
            let variants = distorted.as_ref().map(|distorted| distorted as &dyn Variants);
            (Examples::new(digits.images(), digits.labels())?, variants, train.clone())
        };
        let (examples, patterns) = match variants {
            None => (examples, originals),
            Some(variants) if fresh => (examples.with_fresh_variants(variants), originals),
            Some(variants) => (examples.with_variants(variants), with_variants(&originals, examples.images().len())),
        };
        let training = Training { recipe: self.recipe, examples, train: &patterns, validation: &validation };
        let state = self.folder.file(STATE);
        let mut progress = Progress::new(per_epoch * u64::from(self.recipe.epochs), self.quiet);
        let mut run = training.begin_named()?;
        if self.resumed {
            run = training.resume_named(&state).map_err(advise)?;
            self.take_up(&run, &mut progress)?;
        } else {
            run.save(&state)?;
        }
        let mut failed = None;
        let end = run.go_on(|event| match self.note(event, &training, per_epoch, &mut progress) {
            Ok(()) if interrupted() => ControlFlow::Break(()),
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        });
        progress.finish();
        match (end, failed) {
            (_, Some(error)) => Err(error),
            (Ok(()), None) => Ok(run.into_outcome()),
            (Err(TrainError::Stopped { epoch, step }), None) => {
                run.save(&state)?;
                Err(Interrupted { epoch, step, folder: self.folder.path().into(), command: "train" }.into())
            }
            (Err(error @ TrainError::NotFinite { .. }), None) => {
                // A resumed run would fail in the same way.
                self.folder.remove_state()?;
                Err(anyhow!("{}: {error} (--rate)", self.what_is_left()))
            }
            (Err(error), None) => Err(error.into()),
        }
    }

    /// Brings the folder to the state of the resumed run.
    fn take_up(&mut self, run: &TrainingRun<'_>, progress: &mut Progress) -> anyhow::Result<()> {
        self.record.epochs = run.epochs().iter().map(Into::into).collect();
        self.folder.rewind_metrics(run.step())?;
        self.seconds_before = run.seconds();
        progress.start_at(run.step());
        progress.say(&format!(
            "resumed after step {}, {} epoch{} done",
            thousands(run.step() as usize),
            run.epochs().len(),
            plural(run.epochs().len())
        ));
        Ok(())
    }

    /// Says where the last good model is.
    fn what_is_left(&self) -> String {
        match self.record.epochs.last() {
            Some(epoch) => format!(
                "training failed; the model of epoch {} is kept in {}",
                epoch.epoch,
                self.folder.file(LAST).display()
            ),
            None => "training failed before the end of the first epoch".into(),
        }
    }

    /// Shows an event and writes it to the folder.
    fn note(
        &mut self,
        event: TrainingEvent<'_>,
        training: &Training<'_>,
        per_epoch: u64,
        progress: &mut Progress,
    ) -> anyhow::Result<()> {
        /// Lines in `metrics.jsonl` per epoch.
        const METRICS: u64 = 20;
        match event {
            TrainingEvent::Step { epoch, step, loss, accuracy, rate, images, .. } => {
                progress.step(step, epoch, loss, accuracy, images);
                let in_epoch = (step - 1) % per_epoch + 1;
                if in_epoch.is_multiple_of(per_epoch.div_ceil(METRICS)) || in_epoch == per_epoch {
                    self.folder.write_metric(&Metric { epoch, step, rate, loss, accuracy })?;
                }
            }
            TrainingEvent::Epoch { record, run } => {
                let mut description = self.description(record.epoch)?;
                save(run.network(), &description, &self.folder.file(LAST))?;
                if record.best {
                    let (examples, input) = (&training.examples, self.recipe.input.into());
                    description.margin = sure_margin(run.network(), examples, training.validation, input, SURE);
                    if self.record.data.rubbish.is_some() {
                        let least = least_margin(run.network(), examples, training.validation, input, REFUSED);
                        description.margin = description.margin.map(|margin| margin.max(least));
                    }
                    save(run.network(), &description, &self.folder.file(BEST))?;
                }
                self.record.epochs.push(record.into());
                self.folder.write_record(&self.record)?;
                // The state last: a run that is resumed from an older one makes the files above again, with the same content.
                run.save(&self.folder.file(STATE))?;
                progress.epoch(record, self.recipe.epochs);
                self.warn_of_chance(record, progress);
            }
            _ => {}
        }
        Ok(())
    }

    /// Warns once if the network is no better than chance.
    fn warn_of_chance(&mut self, epoch: &Epoch, progress: &Progress) {
        let Some(nothing) = epoch.validation.as_ref().and_then(|v| chance::nothing_learned(&v.confusion)) else {
            return;
        };
        if !std::mem::replace(&mut self.warned, true) {
            let advice = chance::advice(self.recipe);
            progress.say(&format!(
                "warning: nothing is learned so far: of the held-out images {nothing}; if it stays so, try {advice}"
            ));
        }
    }

    /// Trains, reads the test set once, and leaves everything in the folder before it prints the result: the reader of
    /// stdout may be gone.
    pub(super) fn carry_out(mut self) -> anyhow::Result<()> {
        self.folder.write_record(&self.record)?;
        let outcome = self.learn()?;
        let test = read_set(&*outcome.best, &self.data.test, outcome.best.normalization)?;
        let evaluation = &test.evaluation;
        let seconds = self.seconds_before + self.start.elapsed().as_secs_f64();
        self.record.best_epoch = Some(outcome.best_epoch);
        self.record.test = Some(TestRecord {
            correct: evaluation.correct(),
            total: evaluation.total(),
            confusion: evaluation.confusion,
        });
        self.record.seconds = Some(seconds);
        let (metrics, _) = read_metrics(self.folder.path())?;
        // The record last: a run whose record says that it is over has its report.
        let (record, images, classes) = (&self.record, &self.data.test, &self.data.classes);
        Report { record, metrics: &metrics, network: &*outcome.best, test: &test, images, classes }
            .write(self.folder.path())?;
        self.folder.write_record(&self.record)?;
        self.folder.remove_state()?;
        self.tell(&test.evaluation, outcome.best_epoch, seconds)
    }

    /// Prints the result.
    fn tell(&self, test: &Evaluation, best_epoch: u32, seconds: f64) -> anyhow::Result<()> {
        let (file, folder) = (self.record.tested_model(), self.folder.path().display());
        let mut out = io::stdout().lock();
        writeln!(out, "test accuracy {test}, {file} of epoch {best_epoch}, {seconds:.1} s")?;
        if self.quiet {
            return Ok(());
        }
        writeln!(out)?;
        write_confusion(&mut out, test, &self.data.classes)?;
        writeln!(out, "\n{folder}: best.safetensors, last.safetensors, run.json, metrics.jsonl, report.html")?;
        message!("measure it again: lenet eval {}", self.folder.file(file).display());
        if let Some(nothing) = chance::nothing_learned(&test.confusion) {
            let advice = chance::advice(self.recipe);
            message!("warning: this run has learned nothing: of the test images {nothing}; try {advice}");
        }
        Ok(())
    }
}

/// The library's error, with what to do about it in the words of this program.
fn advise(error: ResumeError) -> anyhow::Error {
    match error {
        ResumeError::File(error) => model::advise_to(error, "start a new run: without this file it can't be resumed"),
        error => error.into(),
    }
}

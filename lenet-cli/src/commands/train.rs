//! `lenet train`: from the data to a model on disk.

use crate::args::Misuse;
use crate::args::data::DataArguments;
use crate::args::threads::{ThreadArguments, instruction_set};
use crate::report::{self, Report, write_confusion};
use crate::run::data::DataRecord;
use crate::run::distorted::{Distorted, DistortionRecord, with_variants};
use crate::run::folder::{
    BEST, LAST, Metric, REPORT, RunFolder, RunRecord, STATE, TestRecord, read_metrics, read_record, remove_state,
};
use crate::run::readings::read_set;
use crate::run::{chance, describe};
use crate::term::interrupt::{Interrupted, interrupted, watch_for_interrupts};
use crate::term::progress::{Progress, message};
use crate::term::words::{plural, thousands};
use anyhow::{anyhow, bail};
use clap::Args;
use lenet_data::{DataError, Dataset, Split};
use lenet_model::{
    ActivationName, Description, Epoch, Evaluation, Examples, InitName, InputName, LossName, NetworkName, Order,
    Outcome, Recipe, RecipeName, Schedule, TrainError, Training, TrainingEvent, TrainingRun, save, sure_margin,
};
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

#[derive(Args)]
pub(crate) struct TrainArguments {
    /// The recipe to start from: article (SGD on the softmax), paper (as in 1998: RBF output, second-order, pattern by pattern)
    /// or lush (the authors' own code). The options below change it
    #[arg(long, default_value_t = RecipeName::Article)]
    recipe: RecipeName,
    /// The network: lenet5, lenet5-dense, lenet5-average, lenet5-1998, lenet5-lush, lenet4 or lenet1
    #[arg(long)]
    network: Option<NetworkName>,
    /// The activation function: scaled-tanh, tanh, sigmoid or relu
    #[arg(long)]
    activation: Option<ActivationName>,
    /// The loss: mse (on the softmax), cross-entropy, mse-targets (outputs against +1 and -1), or for lenet5-1998 penalty (eq. 8) or
    /// map (eq. 9)
    #[arg(long)]
    loss: Option<LossName>,
    /// The penalty of the rubbish class in the loss map
    #[arg(long, value_name = "PENALTY", allow_negative_numbers = true)]
    j: Option<f64>,
    /// Initial weights: sqrt (+-2.4/sqrt(fan-in)), paper (+-2.4/fan-in) or lush (+-1/sqrt(fan-in))
    #[arg(long)]
    init: Option<InitName>,
    /// The range of the input: paper (-0.1 to 1.175) or lush (0 to 2.55)
    #[arg(long)]
    input: Option<InputName>,
    /// Passes over the training images
    #[arg(long)]
    epochs: Option<u32>,
    /// The order of the images: shuffled (in each epoch) or fixed
    #[arg(long)]
    order: Option<Order>,
    /// Train on distorted images as well: one of ten presentations is an original
    #[arg(long)]
    distort: bool,
    /// Images per step
    #[arg(long)]
    batch: Option<usize>,
    /// The highest learning rate [default: what suits the activation and the loss]
    #[arg(long, allow_negative_numbers = true)]
    rate: Option<f64>,
    /// The schedule of the learning rate: constant, linear, cosine, one-cycle, paper or lush
    #[arg(long)]
    schedule: Option<Schedule>,
    /// The momentum: how much of the velocity each step keeps
    #[arg(long, allow_negative_numbers = true)]
    momentum: Option<f64>,
    /// The weight decay: how strongly every parameter is pulled to zero [default: what suits the activation]
    #[arg(long, allow_negative_numbers = true)]
    weight_decay: Option<f64>,
    /// Training images to hold out; they choose the best epoch [default: 5000, or a twelfth of a small set]
    #[arg(long, value_name = "N")]
    validation: Option<usize>,
    /// The seed of all random numbers
    #[arg(long, default_value_t = Recipe::default().seed)]
    seed: u64,
    #[command(flatten)]
    threads: ThreadArguments,
    #[command(flatten)]
    data: DataArguments,
    /// Use the first N training images only
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// The run folder [default: a new one under runs/]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write into a run folder that is not empty
    #[arg(long)]
    force: bool,
    /// Continue a run that was stopped, from its folder; it ends on the same bits as a run that was not stopped
    #[arg(long, value_name = "RUN", conflicts_with_all = [
        "recipe", "network", "activation", "loss", "j", "init", "input", "epochs", "order", "distort", "batch", "rate",
        "schedule", "momentum", "weight_decay", "validation", "seed", "data", "limit", "out", "force",
    ])]
    resume: Option<PathBuf>,
    /// Print the result only
    #[arg(long, short)]
    quiet: bool,
}

impl TrainArguments {
    fn recipe(&self) -> Recipe {
        let base = self.recipe.recipe();
        let (activation, loss) = (self.activation.unwrap_or(base.activation), self.loss.unwrap_or(base.loss));
        let base = base.suited_to(activation, loss);
        Recipe {
            network: self.network.unwrap_or(base.network),
            j: self.j.unwrap_or(base.j),
            init: self.init.unwrap_or(base.init),
            input: self.input.unwrap_or(base.input),
            epochs: self.epochs.unwrap_or(base.epochs),
            order: self.order.unwrap_or(base.order),
            batch: self.batch.unwrap_or(base.batch),
            rate: self.rate.unwrap_or(base.rate),
            schedule: self.schedule.unwrap_or(base.schedule),
            momentum: self.momentum.unwrap_or(base.momentum),
            weight_decay: self.weight_decay.unwrap_or(base.weight_decay),
            seed: self.seed,
            ..base
        }
    }

    /// How many of the training images are held out.
    fn held_out(&self, images: usize) -> usize {
        self.validation.unwrap_or((images / 12).min(5_000))
    }
}

pub(crate) fn run(arguments: &TrainArguments) -> anyhow::Result<()> {
    let start = Instant::now();
    let isa = instruction_set()?.to_string();
    watch_for_interrupts()?;
    let pool = arguments.threads.pool()?;
    let (data, folder, record) = match &arguments.resume {
        None => begin(arguments, &isa, pool.current_num_threads())?,
        Some(path) => {
            let record = read_record(path)?;
            if record.test.is_some() {
                return pool.install(|| complete(path, &record));
            }
            resume(path, record, &isa)?
        }
    };
    let split = held_out(&data, record.data.validation, record.recipe.seed)?;
    let recipe = record.recipe.clone();
    let run = Run {
        recipe: &recipe,
        data: &data,
        split,
        record,
        folder,
        resumed: arguments.resume.is_some(),
        quiet: arguments.quiet,
        start,
        seconds_before: 0.0,
        warned: false,
    };
    run.announce(pool.current_num_threads(), &isa);
    pool.install(|| run.carry_out())
}

/// Divides the training images into those to learn from and those held out.
fn held_out(data: &Dataset, validation: usize, seed: u64) -> anyhow::Result<Split> {
    Split::new(data.train.len(), validation, seed).map_err(|error| match error {
        DataError::NothingToTrainOn { .. } => Misuse(format!("{error} (--validation N)")).into(),
        error => error.into(),
    })
}

/// Starts a run: reads the data, creates the folder, and fills in what the record can say so far.
fn begin(arguments: &TrainArguments, isa: &str, threads: usize) -> anyhow::Result<(Dataset, RunFolder, RunRecord)> {
    let mut recipe = arguments.recipe();
    recipe.check_named()?;
    let (data, mut about) = DataRecord::begin(&arguments.data, arguments.limit, recipe.input.into())?;
    let split = held_out(&data, arguments.held_out(data.train.len()), recipe.seed)?;
    about.divide(&split);
    if arguments.distort {
        about.distortion = Some(DistortionRecord::new());
        recipe.presentations = Some(split.train.len());
    }
    let folder = RunFolder::create(arguments.out.as_deref(), &recipe, arguments.force)?;
    let record = RunRecord {
        program: concat!("lenet ", env!("CARGO_PKG_VERSION")).into(),
        data: about,
        threads,
        instruction_set: isa.into(),
        recipe,
        epochs: Vec::new(),
        best_epoch: None,
        test: None,
        seconds: None,
    };
    Ok((data, folder, record))
}

/// Opens a run that was stopped: reads its data again.
fn resume(path: &Path, record: RunRecord, isa: &str) -> anyhow::Result<(Dataset, RunFolder, RunRecord)> {
    if record.data.distortion.as_ref().is_some_and(|distortion| *distortion != DistortionRecord::new()) {
        bail!("{}: this version distorts digits in another way: resume with {}", path.display(), record.program);
    }
    let data = record.data.load(path, None)?;
    if record.instruction_set != isa {
        message!(
            "warning: the run began with the instruction set {}, this is {isa}: sums are rounded differently, so it will not end on the same bits",
            record.instruction_set
        );
    }
    Ok((data, RunFolder::open(path)?, record))
}

/// Makes what is missing of a run that is over: it was killed before it had written its report or removed its state.
fn complete(path: &Path, record: &RunRecord) -> anyhow::Result<()> {
    let (state, report) = (path.join(STATE).exists(), path.join(REPORT).exists());
    if report && !state {
        bail!("{}: this run is over: there is nothing to resume; `lenet eval` measures its model", path.display());
    }
    if !report {
        let report = report::remake(path, record, None)?;
        message!("{}: this run is over; its report was missing and is made now", report.display());
    }
    if state {
        remove_state(path)?;
    }
    Ok(())
}

/// A run that is ready to start.
struct Run<'a> {
    recipe: &'a Recipe,
    data: &'a Dataset,
    split: Split,
    record: RunRecord,
    folder: RunFolder,
    resumed: bool,
    quiet: bool,
    start: Instant,
    /// The time it took before it was stopped.
    seconds_before: f64,
    /// Whether the warning that nothing is learned has been printed.
    warned: bool,
}

/// The error to be left on the held-out images that are not rejected, for `predict --reject auto`.
const SURE: f64 = 0.005;

impl Run<'_> {
    /// Prints what will run, before it runs.
    fn announce(&self, threads: usize, isa: &str) {
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
            epoch,
            program: self.record.program.clone(),
            ..Description::new(r.network, r.activation, r.input.into())
        })
    }

    /// Trains. The files are up to date after every epoch, and after an interrupt.
    fn learn(&mut self) -> anyhow::Result<Outcome> {
        let train = std::mem::take(&mut self.split.train);
        let validation = std::mem::take(&mut self.split.validation);
        let images = self.data.train.images();
        let examples = Examples::new(images, self.data.train.labels())?;
        let per_epoch = train.len().div_ceil(self.recipe.batch) as u64;
        let distorted = Distorted(self.recipe.seed);
        let (examples, patterns) = match self.record.data.distortion {
            Some(_) => (examples.with_variants(&distorted), with_variants(&train, images.len())),
            None => (examples, train),
        };
        let training = Training { recipe: self.recipe, examples, train: &patterns, validation: &validation };
        let state = self.folder.file(STATE);
        let mut progress = Progress::new(per_epoch * u64::from(self.recipe.epochs), self.quiet);
        let mut run = training.begin_named()?;
        if self.resumed {
            run = training.resume_named(&state)?;
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
                Err(Interrupted { epoch, step, folder: self.folder.path().into() }.into())
            }
            (Err(error @ TrainError::NotFinite { .. }), None) => {
                // A resumed run would come to the same end.
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
    fn carry_out(mut self) -> anyhow::Result<()> {
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
        let (record, images) = (&self.record, &self.data.test);
        Report { record, metrics: &metrics, network: &*outcome.best, test: &test, images }.write(self.folder.path())?;
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
        write_confusion(&mut out, test)?;
        writeln!(out, "\n{folder}: best.safetensors, last.safetensors, run.json, metrics.jsonl, report.html")?;
        message!("measure it again: lenet eval {}", self.folder.file(file).display());
        if let Some(nothing) = chance::nothing_learned(&test.confusion) {
            let advice = chance::advice(self.recipe);
            message!("warning: this run has learned nothing: of the test images {nothing}; try {advice}");
        }
        Ok(())
    }
}

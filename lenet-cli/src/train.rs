//! `lenet train`: from the data to a model on disk.

use crate::data::{DataArguments, ThreadArguments, classes, instruction_set, read_all};
use crate::progress::{Progress, talk};
use crate::report::write_confusion;
use crate::run_folder::{DataRecord, Metric, RunFolder, RunRecord, TestRecord};
use crate::summary::thousands;
use anyhow::{Context, anyhow};
use clap::Args;
use lenet_data::{Dataset, Split};
use lenet_model::{
    ActivationName, Class, Description, DigitNetwork, Event, Examples, InitName, LossName, NetworkName, Normalization,
    Outcome, Recipe, Schedule, TrainError, Training, Visitor, save, visit,
};
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

#[derive(Args)]
pub(crate) struct TrainArguments {
    /// The network: lenet5, lenet5-dense or lenet5-average
    #[arg(long, default_value_t = Recipe::default().network)]
    network: NetworkName,
    /// The squashing function: scaled-tanh, tanh, sigmoid or relu
    #[arg(long, default_value_t = Recipe::default().activation)]
    activation: ActivationName,
    /// The loss: mse (on the softmax), cross-entropy, or mse-targets (outputs against +1 and -1)
    #[arg(long, default_value_t = Recipe::default().loss)]
    loss: LossName,
    /// How weights start: sqrt (+-2.4/sqrt(fan-in)), paper (+-2.4/fan-in) or lush (+-1/sqrt(fan-in))
    #[arg(long, default_value_t = Recipe::default().init)]
    init: InitName,
    /// Passes over the training images
    #[arg(long, default_value_t = Recipe::default().epochs)]
    epochs: u32,
    /// Images in a step
    #[arg(long, default_value_t = Recipe::default().batch)]
    batch: usize,
    /// The learning rate at its highest [default: what suits the loss]
    #[arg(long, allow_negative_numbers = true)]
    rate: Option<f64>,
    /// How the rate goes: constant, linear, cosine or one-cycle
    #[arg(long, default_value_t = Recipe::default().schedule)]
    schedule: Schedule,
    /// How much of the velocity is kept at each step
    #[arg(long, default_value_t = Recipe::default().momentum, allow_negative_numbers = true)]
    momentum: f64,
    /// How hard every parameter is pulled to zero
    #[arg(long, default_value_t = Recipe::default().weight_decay, allow_negative_numbers = true)]
    weight_decay: f64,
    /// Training images to hold out, to choose the best epoch by [default: 5000, of a small set a twelfth]
    #[arg(long, value_name = "N")]
    validation: Option<usize>,
    /// What everything random follows from
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
    /// Say nothing but the result
    #[arg(long, short)]
    quiet: bool,
}

impl TrainArguments {
    fn recipe(&self) -> Recipe {
        Recipe {
            network: self.network,
            activation: self.activation,
            loss: self.loss,
            init: self.init,
            epochs: self.epochs,
            batch: self.batch,
            rate: self.rate.unwrap_or(self.loss.default_rate()),
            schedule: self.schedule,
            momentum: self.momentum,
            weight_decay: self.weight_decay,
            seed: self.seed,
        }
    }

    /// How many of so many training images are held out.
    fn held_out(&self, images: usize) -> usize {
        self.validation.unwrap_or((images / 12).min(5_000))
    }
}

pub(crate) fn run(arguments: &TrainArguments) -> anyhow::Result<()> {
    let start = Instant::now();
    let isa = instruction_set()?;
    let recipe = arguments.recipe();
    recipe.check()?;
    let mut data = arguments.data.load()?;
    if let Some(limit) = arguments.limit {
        data.train.truncate(limit as usize);
    }
    let split = Split::new(data.train.len(), arguments.held_out(data.train.len()), recipe.seed)
        .map_err(|error| anyhow!("{error} (--validation N)"))?;
    let pool = arguments.threads.pool()?;
    let folder = RunFolder::create(arguments.out.as_deref(), &recipe, arguments.force)?;
    let record = RunRecord {
        program: concat!("lenet ", env!("CARGO_PKG_VERSION")),
        data: DataRecord {
            name: data.name.clone(),
            folder: arguments.data.data.as_ref().map(|dir| dir.display().to_string()),
            transposed: arguments.data.transpose,
            limit: arguments.limit,
            ground: NORMALIZATION.ground,
            ink: NORMALIZATION.ink,
            train: split.train.len(),
            validation: split.validation.len(),
            test: data.test.len(),
        },
        threads: pool.current_num_threads(),
        instruction_set: isa.to_string(),
        recipe: &recipe,
        epochs: Vec::new(),
        best_epoch: None,
        test: None,
        seconds: None,
    };
    let labels = classes(&data.train)?;
    let run =
        Run { recipe: &recipe, data: &data, labels, split: Some(split), record, folder, quiet: arguments.quiet, start };
    run.announce();
    pool.install(|| visit(recipe.network, recipe.activation, run))
}

/// A run, ready to start as soon as its network's type is known.
struct Run<'a> {
    recipe: &'a Recipe,
    data: &'a Dataset,
    labels: Vec<Class<10>>,
    split: Option<Split>,
    record: RunRecord<'a>,
    folder: RunFolder,
    quiet: bool,
    start: Instant,
}

/// What the pixels become: the paper's.
const NORMALIZATION: Normalization = Normalization::PAPER;

impl Run<'_> {
    /// Says what will run, before it runs.
    fn announce(&self) {
        if self.quiet {
            return;
        }
        let (r, d) = (self.recipe, &self.record.data);
        talk!("network    {} with {} ({} initial weights)", r.network, r.activation, r.init);
        talk!(
            "data       {}: {} to learn from, {} held out, {} for the test",
            d.name,
            thousands(d.train),
            thousands(d.validation),
            thousands(d.test)
        );
        talk!("loss       {}", r.loss);
        talk!(
            "optimiser  SGD, batch {}, rate {:?} {}, momentum {}, weight decay {}, {} epoch{}",
            r.batch,
            r.rate,
            r.schedule,
            r.momentum,
            r.weight_decay,
            r.epochs,
            if r.epochs == 1 { "" } else { "s" }
        );
        talk!("seed {}, threads {}, instruction set {}\n", r.seed, self.record.threads, self.record.instruction_set);
        if r.init == InitName::Paper && r.weight_decay > 0.0 {
            talk!("warning: weights that start so small do not survive weight decay: add --weight-decay 0\n");
        }
    }

    fn description(&self, epoch: u32) -> anyhow::Result<Description> {
        Ok(Description {
            network: self.recipe.network,
            activation: self.recipe.activation,
            normalization: NORMALIZATION,
            recipe: serde_json::to_string(self.recipe)?,
            epoch,
        })
    }

    /// Trains; the files are up to date after every epoch.
    fn learn<N: DigitNetwork>(&mut self) -> anyhow::Result<Outcome<N>> {
        let (labels, split) = (std::mem::take(&mut self.labels), self.split.take().expect("a run learns once"));
        let training = Training {
            recipe: self.recipe,
            examples: Examples::new(self.data.train.images(), &labels).expect("a set has a label for each image"),
            train: &split.train,
            validation: &split.validation,
            normalization: NORMALIZATION,
        };
        let per_epoch = split.train.len().div_ceil(self.recipe.batch) as u64;
        let mut progress = Progress::new(per_epoch * u64::from(self.recipe.epochs), self.quiet);
        let mut failed = None;
        let outcome = training.run::<N>(|event| match self.note(event, per_epoch, &mut progress) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        });
        progress.finish();
        match (outcome, failed) {
            (_, Some(error)) => Err(error),
            (Ok(outcome), None) => Ok(outcome),
            (Err(error @ TrainError::NotFinite { .. }), None) => Err(error).with_context(|| self.what_is_left()),
            (Err(error), None) => Err(error.into()),
        }
    }

    /// Where the last good model lies.
    fn what_is_left(&self) -> String {
        match self.record.epochs.last() {
            Some(epoch) => format!(
                "training failed; the model of epoch {} is kept in {}",
                epoch.epoch,
                self.folder.file("last.safetensors").display()
            ),
            None => "training failed before the end of the first epoch".into(),
        }
    }

    /// Shows and writes what happened.
    fn note<N: DigitNetwork>(
        &mut self,
        event: Event<'_, N>,
        per_epoch: u64,
        progress: &mut Progress,
    ) -> anyhow::Result<()> {
        /// Lines in `metrics.jsonl` for each epoch.
        const METRICS: u64 = 20;
        match event {
            Event::Step { epoch, step, loss, accuracy, rate, images, .. } => {
                progress.step(step, epoch, loss, accuracy, images);
                let in_epoch = (step - 1) % per_epoch + 1;
                if in_epoch.is_multiple_of(per_epoch.div_ceil(METRICS)) || in_epoch == per_epoch {
                    self.folder.write_metric(&Metric { epoch, step, rate, loss, accuracy })?;
                }
            }
            Event::Epoch { record, network } => {
                let description = self.description(record.epoch)?;
                save(network, &description, &self.folder.file("last.safetensors"))?;
                if record.best {
                    save(network, &description, &self.folder.file("best.safetensors"))?;
                }
                self.record.epochs.push(record.into());
                self.folder.write_record(&self.record)?;
                progress.epoch(record, self.recipe.epochs);
            }
        }
        Ok(())
    }
}

impl Visitor for Run<'_> {
    type Output = anyhow::Result<()>;
    fn visit<N: DigitNetwork>(mut self) -> anyhow::Result<()> {
        self.folder.write_record(&self.record)?;
        let outcome = self.learn::<N>()?;
        // The one look at the test data.
        let test = read_all(&*outcome.best, &self.data.test, NORMALIZATION)?;
        let held_out = outcome.epochs.iter().any(|e| e.validation.is_some());
        let file = if held_out { "best.safetensors" } else { "last.safetensors" };
        let seconds = self.start.elapsed().as_secs_f64();
        self.record.best_epoch = Some(outcome.best_epoch);
        self.record.test = Some(TestRecord { correct: test.correct(), total: test.total(), confusion: test.confusion });
        self.record.seconds = Some(seconds);
        self.folder.write_record(&self.record)?;

        let mut out = io::stdout().lock();
        writeln!(out, "test accuracy {test}, {file} of epoch {}, {seconds:.1} s", outcome.best_epoch)?;
        if !self.quiet {
            writeln!(out)?;
            write_confusion(&mut out, &test)?;
            writeln!(
                out,
                "\n{}: best.safetensors, last.safetensors, run.json, metrics.jsonl",
                self.folder.path().display()
            )?;
            talk!("measure it again: lenet eval {}", self.folder.file(file).display());
        }
        Ok(())
    }
}

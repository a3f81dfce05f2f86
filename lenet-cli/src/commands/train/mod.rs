//! `lenet train`: from the data to a model on disk.

mod training;

use crate::args::Misuse;
use crate::args::data::DataArguments;
use crate::args::threads::{ThreadArguments, instruction_set, warn_of_other_set};
use crate::report;
use crate::run::data::DataRecord;
use crate::run::distorted::{DistortionName, DistortionRecord};
use crate::run::folder::{REPORT, RunFolder, RunRecord, STATE, read_record, remove_state};
use crate::term::interrupt::watch_for_interrupts;
use crate::term::progress::message;
use anyhow::bail;
use clap::Args;
use lenet_data::{DataError, Dataset, Split};
use lenet_model::{
    ActivationName, InitName, InputName, LossName, NameError, NetworkName, Order, Recipe, RecipeName, Schedule,
};
use std::path::{Path, PathBuf};
use std::time::Instant;
use training::PreparedRun;

#[derive(Args)]
pub(crate) struct TrainArguments {
    /// The recipe to start from: article (SGD on the softmax), paper (as in 1998: RBF output, second-order, pattern by pattern),
    /// lush (the authors' own code), modern (the most accurate that we found for LeNet-5's size) or fast (99% as soon as possible). The options below change it; the first lines of a run show all settings
    #[arg(long, default_value_t = RecipeName::Article)]
    recipe: RecipeName,
    /// The network: lenet5, lenet5-dense, lenet5-average, lenet5-modern, lenet5-unpadded, lenet5-1998, lenet5-lush, lenet4 or lenet1
    #[arg(long, value_parser = network)]
    network: Option<NetworkName>,
    /// The activation function: scaled-tanh, tanh, sigmoid or relu
    #[arg(long)]
    activation: Option<ActivationName>,
    /// The loss: mse (on the softmax), cross-entropy, mse-targets (outputs against +1 and -1), or for lenet5-1998 penalty (eq. 8) or
    /// map (eq. 9)
    #[arg(long)]
    loss: Option<LossName>,
    /// How much the targets of the cross-entropy are smoothed, from 0 to below 1
    #[arg(long, value_name = "PART", allow_negative_numbers = true)]
    smoothing: Option<f64>,
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
    /// Train on distorted images as well: paper, if no kind is given (as in 1998: ten variants of each image, the original
    /// included), elastic (turned and bent as well, another variant in each epoch after the first) or none [default: none, or elastic in the
    /// recipe modern]
    #[arg(long, value_name = "KIND", num_args = 0..=1, default_missing_value = "paper", hide_possible_values = true)]
    distort: Option<DistortionName>,
    /// Write some of the distorted ones and sevens as Europeans do: with a long first stroke, with a bar
    #[arg(long)]
    european: bool,
    /// Learn from images without a digit as well, one for ten digits: letters, scribbles, parts of two digits. `lenet predict
    /// --reject auto` then answers ? to most of those
    #[arg(long)]
    rubbish: bool,
    /// Images per step
    #[arg(long)]
    batch: Option<usize>,
    /// The highest learning rate [default: what suits the activation and the loss]
    #[arg(long, allow_negative_numbers = true)]
    rate: Option<f64>,
    /// The schedule of the learning rate: constant, linear, cosine, one-cycle, warm-up-cosine, steps, paper or lush
    #[arg(long)]
    schedule: Option<Schedule>,
    /// The momentum: how much of the velocity each step keeps
    #[arg(long, allow_negative_numbers = true)]
    momentum: Option<f64>,
    /// The weight decay: how strongly every parameter is pulled to zero [default: what suits the activation]
    #[arg(long, allow_negative_numbers = true)]
    weight_decay: Option<f64>,
    /// Keep the exponential moving average of the parameters: this part of it stays at each step
    #[arg(long, value_name = "PART", allow_negative_numbers = true)]
    average: Option<f64>,
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
        "recipe", "network", "activation", "loss", "smoothing", "j", "init", "input", "epochs", "order", "distort", "european", "rubbish", "batch",
        "rate", "schedule", "momentum", "weight_decay", "average", "validation", "seed", "data", "limit", "out", "force",
    ])]
    resume: Option<PathBuf>,
    /// Print the result only
    #[arg(long, short)]
    quiet: bool,
}

/// The number of MNIST's training images.
const MNIST: f64 = 60_000.0;

/// With `--rubbish` there is one image without a digit for so many digits.
const DIGITS_FOR_RUBBISH: usize = 10;

/// The network of a name. The reader of lines has a command of its own.
fn network(word: &str) -> Result<NetworkName, String> {
    match word {
        "reader" => Err("the reader of lines is trained by `lenet train-reader`".into()),
        word => word.parse().map_err(|error: NameError| error.to_string()),
    }
}

impl TrainArguments {
    fn recipe(&self) -> Recipe {
        let base = self.recipe.recipe();
        let network = self.network.unwrap_or(base.network);
        // A network that was made for one activation function has that one.
        let supported = network.activations();
        let usual = if supported.contains(&base.activation) { base.activation } else { supported[0] };
        let (activation, loss) = (self.activation.unwrap_or(usual), self.loss.unwrap_or(base.loss));
        // A recipe has its own rate, which need not be the one that suits others with its activation and its loss.
        let is_same = (activation, loss) == (base.activation, base.loss);
        let base = if is_same { base } else { base.suited_to(activation, loss) };
        Recipe {
            network,
            j: self.j.unwrap_or(base.j),
            smoothing: self.smoothing.unwrap_or(base.smoothing),
            average: self.average.unwrap_or(base.average),
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

    /// How images are distorted.
    fn distortion(&self) -> DistortionName {
        self.distort.unwrap_or(match self.recipe {
            RecipeName::Modern => DistortionName::Elastic,
            _ => DistortionName::None,
        })
    }

    /// How many of the training images are held out.
    fn held_out(&self, images: usize) -> usize {
        self.validation.unwrap_or(match self.recipe {
            // Its epochs are few and were chosen; to measure each takes time.
            RecipeName::Fast => 0,
            _ => (images / 12).min(5_000),
        })
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
    let run = PreparedRun {
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
pub(super) fn held_out(data: &Dataset, validation: usize, seed: u64) -> anyhow::Result<Split> {
    Split::new(data.train.len(), validation, seed).map_err(|error| match error {
        DataError::NothingToTrainOn { .. } => Misuse(format!("{error} (--validation N)")).into(),
        error => error.into(),
    })
}

/// Starts a run: reads the data, creates the folder, and fills in what the record can say so far.
fn begin(arguments: &TrainArguments, isa: &str, threads: usize) -> anyhow::Result<(Dataset, RunFolder, RunRecord)> {
    let mut recipe = arguments.recipe();
    recipe.check_named()?;
    if arguments.european && arguments.distortion() == DistortionName::None {
        return Err(Misuse("--european is for distorted digits: add --distort".into()).into());
    }
    let (data, mut about) = DataRecord::begin(&arguments.data, arguments.limit, recipe.input.into())?;
    let split = held_out(&data, arguments.held_out(data.train.len()), recipe.seed)?;
    about.divide(&split);
    if arguments.european && data.classes.is_named() {
        return Err(Misuse("--european is for digits; the classes of these data have names".into()).into());
    }
    about.distortion = DistortionRecord::of(arguments.distortion(), arguments.european);
    about.rubbish = arguments.rubbish.then(|| (split.train.len() / DIGITS_FOR_RUBBISH).max(1));
    // A list of examples that holds ten variants of each image is not for one epoch.
    let has_list_of_variants = about.distortion.as_ref().is_some_and(|distortion| !distortion.is_fresh());
    if recipe.presentations.is_some() || about.rubbish.is_some() || has_list_of_variants {
        // A recipe's presentations are those for all of MNIST: of other sets there are as many passes.
        let passes = recipe.presentations.map_or(1.0, |count| count as f64 / MNIST);
        let images = split.train.len() + about.rubbish.unwrap_or(0);
        recipe.presentations = Some((passes * images as f64).ceil() as usize);
    }
    let name = format!("{}-{}-seed{}", recipe.network, recipe.loss, recipe.seed);
    let folder = RunFolder::create(arguments.out.as_deref(), &name, arguments.force)?;
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
    if record.data.distortion.as_ref().is_some_and(|found| !found.is_known()) {
        bail!("{}: this version distorts digits in another way: resume with {}", path.display(), record.program);
    }
    let data = record.data.load(path, None)?;
    warn_of_other_set(&record.instruction_set, isa);
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

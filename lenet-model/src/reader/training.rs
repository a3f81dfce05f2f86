//! Training the reader: lines that are composed while it trains, and the sum over all alignments as the loss.

use super::decode::{CLASSES, Column, decode, edit_distance};
use super::grammar::Grammar;
use super::network::{LINE_HEIGHT, Sweep, SweepTrace, TILE, TILE_COLUMNS};
use super::sweep::{Line, sweep};
use crate::files::{CheckpointError, read_whole};
use crate::train::recipe::check_descent;
use crate::{InitName, Normalization, RecipeError, ResumeError, Schedule, TrainError, lay_images};
use lenet_layers::{Class, Ctc, Grad, Lanes, Loss, Network, Params, Relu, Trace, initialize};
use lenet_train::{Batch, Block, LANES, NetworkInfo, OptimizerState, Shown, Slot, Tensors, plain, take, write_beside};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use safetensors::{SafeTensorError, SafeTensors};
use serde::{Deserialize, Serialize};
use std::ops::{ControlFlow, Range};
use std::path::Path;

/// The pixels of a line that fills a tile.
pub type Tile = [[u8; TILE]; LINE_HEIGHT];

/// The most digits of a line to learn from.
pub const LONGEST: usize = 12;

/// Lines to learn from, which are made when they are shown.
pub trait Lines: Sync {
    /// Draws line number `number` on a tile, and returns its digits, [`LONGEST`] at most. The same number gives the
    /// same line.
    fn compose(&self, number: u64, tile: &mut Tile) -> Vec<u8>;
}

/// How the reader is trained. The recipe and the lines determine the result to the last bit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReaderRecipe {
    /// The initial weights.
    pub init: InitName,
    /// The number of epochs, after each of which the run is recorded.
    pub epochs: u32,
    /// Lines of an epoch.
    pub lines: u32,
    /// Lines of a step.
    pub batch: usize,
    /// The highest learning rate.
    pub rate: f64,
    /// The learning rate over the course of training.
    #[serde(with = "lenet_train::schedule")]
    pub schedule: Schedule,
    /// The fraction of the velocity that is kept at each step.
    pub momentum: f64,
    /// Weight decay.
    pub weight_decay: f64,
    /// The seed of the initial weights. The lines have their own.
    pub seed: u64,
}

impl Default for ReaderRecipe {
    fn default() -> Self {
        ReaderRecipe {
            init: InitName::SqrtFanIn,
            epochs: 32,
            lines: 50_000,
            batch: 32,
            rate: 0.012,
            schedule: Schedule::OneCycle,
            momentum: 0.9,
            weight_decay: 3e-4,
            seed: 1,
        }
    }
}

impl ReaderRecipe {
    /// Checks that every number makes sense.
    ///
    /// # Errors
    /// If a count is 0 or a number is out of range.
    pub fn check(&self) -> Result<(), RecipeError> {
        let counts = [
            (u64::from(self.epochs), "the number of epochs"),
            (u64::from(self.lines), "the number of lines in an epoch"),
            (self.batch as u64, "the batch size"),
        ];
        match counts.into_iter().find(|(count, _)| *count == 0) {
            Some((_, name)) => Err(RecipeError::Zero(name)),
            None => check_descent(self.rate, self.momentum, self.weight_decay),
        }
    }

    fn steps(&self) -> u64 {
        u64::from(self.epochs) * u64::from(self.lines).div_ceil(self.batch as u64)
    }
}

/// The result of an epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReaderEpoch {
    /// Its number, from 1.
    pub epoch: u32,
    /// The mean loss of its lines, each as it was read just before the step that used it.
    pub loss: f64,
}

/// What happens during training.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReaderEvent<'a> {
    /// A step was made.
    Step {
        /// The number of steps so far, and of the whole training.
        step: (u64, u64),
        /// The mean loss of the epoch so far.
        loss: f64,
    },
    /// An epoch is over.
    Epoch {
        /// Its result.
        record: &'a ReaderEpoch,
        /// The run, to be saved or examined.
        run: &'a ReaderRun<'a>,
    },
}

/// A training run of the reader. It can stop after any step, be saved, and continue elsewhere to the same bits.
#[must_use = "a run makes no step until `go_on` is called"]
pub struct ReaderRun<'t> {
    recipe: &'t ReaderRecipe,
    lines: &'t dyn Lines,
    network: Box<Sweep>,
    optimizer: OptimizerState,
    batch: Batch<Worker>,
    state: State,
}

/// What changes from step to step, besides the networks.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct State {
    step: u64,
    /// Lines of the current epoch that were shown, and the sum of their losses.
    seen: u32,
    loss: f64,
    epochs: Vec<ReaderEpoch>,
}

impl std::fmt::Debug for ReaderRun<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a run of the reader after step {} of {}", self.state.step, self.recipe.steps())
    }
}

/// The buffers of one thread.
struct Worker {
    trace: Box<SweepTrace<Lanes<LANES>>>,
    errors: Box<SweepTrace<Lanes<LANES>>>,
    tiles: Vec<Tile>,
}

impl Worker {
    fn new() -> Self {
        let trace = SweepTrace::boxed_zeroed;
        Worker { trace: trace(), errors: trace(), tiles: vec![[[0; TILE]; LINE_HEIGHT]; LANES] }
    }

    /// Adds the gradient of the lines `numbers`, times `scale`.
    fn learn(&mut self, network: &Sweep, lines: &dyn Lines, numbers: &[u64], scale: f32, slot: &mut Slot) {
        let tiles = &mut self.tiles[..numbers.len()];
        let strings: Vec<Vec<Class<CLASSES>>> = tiles
            .iter_mut()
            .zip(numbers)
            .map(|(tile, number)| {
                let digits = lines.compose(*number, tile);
                digits.iter().map(|digit| Class::new(usize::from(*digit)).expect("a digit")).collect()
            })
            .collect();
        let tiles: Vec<&Tile> = tiles.iter().collect();
        let targets: Vec<&[Class<CLASSES>]> = strings.iter().map(Vec::as_slice).collect();
        lay_images(&mut self.trace.input, &tiles, Normalization::PAPER);
        network.forward(&mut self.trace);
        let loss = Ctc::<LONGEST>.evaluate(&self.trace.output, &targets, scale, &mut self.errors.output);
        slot.tally.loss += f64::from(loss);
        network.backward(&self.trace, &mut self.errors, slot.grad.cast_mut());
    }
}

impl<'t> ReaderRun<'t> {
    /// A run that has not made a step.
    ///
    /// # Errors
    /// If a number of the recipe makes no sense.
    pub fn new(recipe: &'t ReaderRecipe, lines: &'t dyn Lines) -> Result<Self, TrainError> {
        recipe.check()?;
        let mut network = Sweep::<Relu>::boxed_zeroed();
        initialize(&mut *network, recipe.init.into(), &mut ChaCha8Rng::seed_from_u64(recipe.seed));
        let (momentum, weight_decay) = (recipe.momentum as f32, recipe.weight_decay as f32);
        Ok(ReaderRun {
            recipe,
            lines,
            network,
            optimizer: OptimizerState::sgd(momentum, weight_decay, Sweep::<Relu>::boxed_zeroed),
            batch: Batch::new(recipe.batch, Worker::new, || Grad::<Sweep>::boxed_zeroed()),
            state: State::default(),
        })
    }

    /// The current network.
    #[must_use]
    pub fn network(&self) -> &Sweep {
        &self.network
    }

    /// The network at the end of the run.
    #[must_use]
    pub fn into_network(self) -> Box<Sweep> {
        self.network
    }

    /// The number of steps so far.
    #[must_use]
    pub fn step(&self) -> u64 {
        self.state.step
    }

    /// The completed epochs.
    #[must_use]
    pub fn epochs(&self) -> &[ReaderEpoch] {
        &self.state.epochs
    }

    /// Makes the remaining steps, on the rayon pool in which it is called; the result is the same to the bit for any
    /// number of threads. `watch` sees every event and can stop the training, which can then be continued.
    ///
    /// # Errors
    /// If the loss stops being finite, or `watch` stops the training.
    ///
    /// # Panics
    /// If a line has more than [`LONGEST`] digits, or one above 9.
    pub fn go_on(&mut self, mut watch: impl FnMut(ReaderEvent<'_>) -> ControlFlow<()>) -> Result<(), TrainError> {
        let recipe = self.recipe;
        while (self.state.epochs.len() as u32) < recipe.epochs {
            while self.state.seen < recipe.lines {
                self.make_step()?;
                let (step, loss) = (self.state.step, self.state.loss / f64::from(self.state.seen));
                if watch(ReaderEvent::Step { step: (step, recipe.steps()), loss }).is_break() {
                    return Err(self.stopped());
                }
            }
            let loss = self.state.loss / f64::from(self.state.seen);
            self.state.epochs.push(ReaderEpoch { epoch: self.state.epochs.len() as u32 + 1, loss });
            (self.state.seen, self.state.loss) = (0, 0.0);
            let record = &self.state.epochs[self.state.epochs.len() - 1];
            if watch(ReaderEvent::Epoch { record, run: self }).is_break() {
                return Err(self.stopped());
            }
        }
        Ok(())
    }

    fn stopped(&self) -> TrainError {
        TrainError::Stopped { epoch: self.state.epochs.len() as u32 + 1, step: self.state.step }
    }

    /// Makes a step with the next lines.
    fn make_step(&mut self) -> Result<(), TrainError> {
        let (recipe, state) = (self.recipe, &mut self.state);
        let first = state.epochs.len() as u64 * u64::from(recipe.lines) + u64::from(state.seen);
        let count = recipe.batch.min((recipe.lines - state.seen) as usize);
        let places: Vec<u32> = (0..count as u32).collect();
        let (network, lines) = (&*self.network, self.lines);
        let shown = Shown { indexes: &places, presentation: 0 };
        let tally = self.batch.gradient(shown, 0, &|worker: &mut Worker, block: Block<'_>, slot| {
            let numbers: Vec<u64> = block.shown.indexes.iter().map(|place| first + u64::from(*place)).collect();
            worker.learn(network, lines, &numbers, block.scale(), slot);
        });
        let rate = recipe.rate * recipe.schedule.factor(state.step, recipe.steps());
        state.step += 1;
        if !tally.loss.is_finite() {
            return Err(TrainError::NotFinite { epoch: state.epochs.len() as u32 + 1, step: state.step });
        }
        self.batch.step(&mut self.optimizer, &mut *self.network, rate as f32, None);
        state.seen += count as u32;
        state.loss += tally.loss;
        Ok(())
    }

    /// Writes everything that is needed to continue the run to a temporary file beside `path`, then renames it.
    ///
    /// # Errors
    /// If the file can't be written; an old file is then still there.
    pub fn save(&self, path: &Path) -> Result<(), CheckpointError> {
        let format = |e: String| CheckpointError::Format { path: path.into(), reason: e };
        let form = NetworkInfo::of::<Sweep>();
        let mut tensors = Tensors::default();
        tensors.add(form, "network.", &*self.network);
        self.optimizer.add_to(&mut tensors, form);
        let saved = (self.recipe, &self.state);
        let entry = serde_json::to_string(&saved).map_err(|e| format(e.to_string()))?;
        let bytes = tensors.file(&[(ENTRY, entry)]).map_err(|e| format(e.to_string()))?;
        write_beside(path, &bytes).map_err(|error| CheckpointError::Write { path: path.into(), error })
    }

    /// Loads a run that [`ReaderRun::save`] has written, to be continued from there with the same lines.
    ///
    /// # Errors
    /// If the file can't be read, or is not from a run with this recipe.
    pub fn resume(recipe: &'t ReaderRecipe, lines: &'t dyn Lines, path: &Path) -> Result<Self, ResumeError> {
        let mut run = Self::new(recipe, lines)?;
        let bytes = read_whole(path)?;
        let format = |e: SafeTensorError| CheckpointError::Format { path: path.into(), reason: e.to_string() };
        let other = |reason: &str| ResumeError::Other { path: path.into(), reason: plain(reason) };
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(format)?;
        let entry = header.metadata().as_ref().and_then(|entries| entries.get(ENTRY));
        let entry = entry.ok_or_else(|| other("it is not the state of a run of the reader"))?;
        let (saved, state): (ReaderRecipe, State) =
            serde_json::from_str(entry).map_err(|e| other(&format!("it is not of this version ({e})")))?;
        if saved != *recipe {
            return Err(other("it is from a run with another recipe"));
        }
        let batches = |lines: u32| u64::from(lines).div_ceil(recipe.batch as u64);
        let steps = state.epochs.len() as u64 * batches(recipe.lines) + batches(state.seen);
        if state.step != steps
            || state.epochs.len() > recipe.epochs as usize
            || state.seen > recipe.lines
            || !state.loss.is_finite()
        {
            return Err(other("its numbers contradict each other"));
        }
        let file = SafeTensors::deserialize(&bytes).map_err(format)?;
        let form = NetworkInfo::of::<Sweep>();
        take(&file, form, "network.", &mut *run.network)
            .and_then(|()| run.optimizer.take_from(&file, form))
            .map_err(|(tensor, reason)| other(&format!("{tensor} {reason}")))?;
        run.state = state;
        Ok(run)
    }
}

/// The entry of the metadata that holds the recipe and the state of a run.
const ENTRY: &str = "reader-run";

/// How well lines are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineEvaluation {
    /// The number of lines.
    pub lines: usize,
    /// Lines of which every digit was read, and nothing else.
    pub right: usize,
    /// The digits of all lines.
    pub digits: usize,
    /// Digits that were misread, missed or read where none is: the least number of changes that make the line right.
    pub wrong_digits: usize,
}

/// Reads lines and compares them with their digits.
#[must_use]
pub fn evaluate_lines(network: &Sweep, lines: &dyn Lines, numbers: Range<u64>) -> LineEvaluation {
    let mut result = LineEvaluation::default();
    let numbers: Vec<u64> = numbers.collect();
    for numbers in numbers.chunks(256) {
        let made: Vec<(Line, Vec<u8>)> = numbers.iter().map(|number| composed(lines, *number)).collect();
        let pictures: Vec<Line> = made.iter().map(|(line, _)| line.clone()).collect();
        for (columns, (_, digits)) in sweep(network, &pictures, Normalization::PAPER).iter().zip(&made) {
            let read = best(columns);
            result.lines += 1;
            result.right += usize::from(read == *digits);
            result.digits += digits.len();
            result.wrong_digits += edit_distance(&read, digits);
        }
    }
    result
}

pub(super) fn composed(lines: &dyn Lines, number: u64) -> (Line, Vec<u8>) {
    let mut tile = [[0; TILE]; LINE_HEIGHT];
    let digits = lines.compose(number, &mut tile);
    (Line::new(TILE, tile.as_flattened().to_vec()).expect("a tile is a line"), digits)
}

fn best(columns: &[Column]) -> Vec<u8> {
    decode(columns, &Grammar::default(), 1).into_iter().next().map(|found| found.digits).unwrap_or_default()
}

const _: () = assert!(LONGEST < TILE_COLUMNS);

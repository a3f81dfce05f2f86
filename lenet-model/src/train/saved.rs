//! A run on disk, to be continued later: besides the networks, everything that determines the next step.

use super::outcome::Epoch;
use super::run::{State, TrainingRun};
use super::training::{TrainError, Training};
use crate::files::{CheckpointError, read_whole};
use crate::{AnyNetwork, DigitNetwork, Recipe};
use lenet_train::{Position, Tensors, plain, take, write_beside};
use safetensors::{SafeTensorError, SafeTensors};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Why a run can't be continued, in one line that names the file and what to do. If the operating system reported the
/// error, its message is the `source()`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResumeError {
    /// The file can't be read, is not a safetensors file, or its tensors are not those of the network.
    #[error(transparent)]
    File(#[from] CheckpointError),
    /// It is not the state of a run of this training.
    #[error("{path}: {reason}: a run can only be continued with its own recipe and data: start a new one")]
    Other {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The recipe can't be followed, or an example does not exist.
    #[error(transparent)]
    Training(#[from] TrainError),
}

/// The content of the file besides the tensors.
#[derive(Serialize, Deserialize)]
struct Saved {
    recipe: Recipe,
    /// The number of examples to learn from, and the number held out.
    examples: (usize, usize),
    /// Whether each pass shows other variants.
    #[serde(default)]
    fresh: bool,
    step: u64,
    /// The current epoch: its loss and correct readings so far, images seen, seconds.
    loss: f64,
    correct: u32,
    seen: usize,
    seconds: f64,
    /// The position in the list of examples.
    place: (u64, usize),
    /// The number of times that the second derivatives have been estimated.
    estimates: u32,
    best_epoch: u32,
    epochs: Vec<Epoch>,
}

impl Saved {
    /// Checks that this is the state of a run of `training`; an error is the reason why it is not.
    fn check(&self, training: &Training<'_>) -> Result<(), &'static str> {
        let epochs = self.epochs.len();
        if self.recipe != *training.recipe {
            return Err("it is from a run with another recipe");
        }
        let fresh = training.examples.next_variant() > 0;
        if self.examples != (training.train.len(), training.validation.len()) || self.fresh != fresh {
            return Err("it is from a run with other data");
        }
        let sound = self.epochs.iter().zip(1..).all(|(epoch, number)| epoch.epoch == number)
            && self.best_epoch as usize <= epochs
            && (self.best_epoch == 0) == (epochs == 0);
        if sound { Ok(()) } else { Err(CONTRADICTION) }
    }

    fn position(&self) -> Position {
        let Saved { step, loss, correct, seen, seconds, place, estimates, .. } = *self;
        Position { step, loss, metric: f64::from(correct), seen, seconds, place, estimates }
    }
}

const CONTRADICTION: &str = "its numbers contradict each other";

/// The entry of the metadata that holds [`Saved`].
const ENTRY: &str = "run";

impl<N: AnyNetwork + ?Sized> TrainingRun<'_, N> {
    /// Writes everything that is needed to continue the run to a temporary file beside `path`, then renames it. At any
    /// moment the old state or the new one is complete.
    ///
    /// # Errors
    /// If the file can't be written; an old file is then still there.
    pub fn save(&self, path: &Path) -> Result<(), CheckpointError> {
        let bytes = self.bytes().map_err(|e| CheckpointError::Format { path: path.into(), reason: e.to_string() })?;
        write_beside(path, &bytes).map_err(|error| CheckpointError::Write { path: path.into(), error })
    }

    fn bytes(&self) -> Result<Vec<u8>, SafeTensorError> {
        self.state.bytes(self.network.as_dyn(), self.best.as_dyn())
    }
}

impl Training<'_> {
    /// Loads a run that [`TrainingRun::save`] has written, to be continued from there.
    ///
    /// # Errors
    /// If the file can't be read, or is not from a run with this recipe and the same number of examples.
    pub fn resume<N: DigitNetwork>(&self, path: &Path) -> Result<TrainingRun<'_, N>, ResumeError> {
        let mut run = self.begin::<N>()?;
        run.state.restore(&mut *run.network, &mut *run.best, path)?;
        Ok(run)
    }

    /// [`Training::resume`] for the network named in the recipe.
    ///
    /// # Errors
    /// As [`Training::resume`].
    pub fn resume_named(&self, path: &Path) -> Result<TrainingRun<'_>, ResumeError> {
        let mut run = self.begin_named()?;
        run.state.restore(&mut *run.network, &mut *run.best, path)?;
        Ok(run)
    }
}

impl State<'_> {
    /// The bytes of the file.
    fn bytes(&self, network: &dyn AnyNetwork, best: &dyn AnyNetwork) -> Result<Vec<u8>, SafeTensorError> {
        let form = network.info();
        let mut tensors = Tensors::default();
        tensors.add(form, "network.", network);
        tensors.add(form, "best.", best);
        self.course.add_to(&mut tensors, form);
        let Position { step, loss, metric, seen, seconds, place, estimates } = self.course.position();
        let saved = Saved {
            recipe: self.training.recipe.clone(),
            examples: (self.training.train.len(), self.training.validation.len()),
            fresh: self.training.examples.next_variant() > 0,
            step,
            loss,
            correct: metric as u32,
            seen,
            seconds,
            place,
            estimates,
            best_epoch: self.best_epoch,
            epochs: self.epochs.clone(),
        };
        tensors.file(&[(ENTRY, serde_json::to_string(&saved)?)])
    }

    /// Brings a run that has not made a step to the position in the file.
    fn restore(
        &mut self,
        network: &mut dyn AnyNetwork,
        best: &mut dyn AnyNetwork,
        path: &Path,
    ) -> Result<(), ResumeError> {
        let training = self.training;
        let bytes = read_whole(path)?;
        let format = |e: SafeTensorError| CheckpointError::Format { path: path.into(), reason: e.to_string() };
        let other = |reason: &str| ResumeError::Other { path: path.into(), reason: plain(reason) };
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(format)?;
        let text = header
            .metadata()
            .as_ref()
            .and_then(|m| m.get(ENTRY))
            .ok_or_else(|| other("it is not the state of a run"))?;
        let saved: Saved = serde_json::from_str(text)
            .map_err(|e| other(&format!("it is not the state of a run of this version ({e})")))?;
        saved.check(training).map_err(other)?;
        self.course.go_to(saved.position(), saved.epochs.len()).ok_or_else(|| other(CONTRADICTION))?;
        let file = SafeTensors::deserialize(&bytes).map_err(format)?;
        self.take(network, best, &file).map_err(|(tensor, reason)| CheckpointError::Tensor {
            path: path.into(),
            tensor,
            reason,
            network: training.recipe.network,
        })?;
        (self.best_epoch, self.epochs) = (saved.best_epoch, saved.epochs);
        Ok(())
    }

    /// Takes the numbers from the file; an error is the name of a tensor and what is wrong with it.
    fn take(
        &mut self,
        network: &mut dyn AnyNetwork,
        best: &mut dyn AnyNetwork,
        file: &SafeTensors<'_>,
    ) -> Result<(), (String, String)> {
        let form = network.info();
        take(file, form, "network.", network)?;
        take(file, form, "best.", best)?;
        self.course.take_from(file, form)
    }
}

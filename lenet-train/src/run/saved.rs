//! A run on disk, to be continued later: besides the networks, everything that determines the next step.

use super::error::ResumeError;
use super::progress::{Core, Epoch, Run};
use crate::files::{Stage, different, loadable, most, read_file, stages, write_file};
use crate::{Arrays, FileError, Position, Tensors, plain, take};
use lenet_layers::Network;
use safetensors::{SafeTensorError, SafeTensors};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The content of the file besides the tensors.
#[derive(Serialize, Deserialize)]
struct Saved {
    /// The settings, the optimizer, the numbers of examples and the direction of the metric.
    what: serde_json::Value,
    stages: Vec<Stage>,
    position: Position,
    best_epoch: u32,
    epochs: Vec<Epoch>,
}

/// The entry of the metadata that holds [`Saved`].
const ENTRY: &str = "lenet.run";

impl<N: Network<Element = f32>> Run<'_, N> {
    /// Writes everything that is needed to continue the run to a temporary file beside `path`, then renames it. At any
    /// moment the old state or the new one is complete.
    ///
    /// # Errors
    /// If the file can't be written, or a number of a network is not finite; an old file is then still there.
    pub fn save(&self, path: &Path) -> Result<(), FileError> {
        self.core.save(&*self.network, &*self.best, path)
    }
}

impl Core<'_> {
    fn save(&self, network: &dyn Arrays, best: &dyn Arrays, path: &Path) -> Result<(), FileError> {
        let content = |reason| FileError::Content { path: path.into(), reason };
        for (prefix, network) in [("network.", network), ("best.", best)] {
            loadable(self.form, prefix, network).map_err(content)?;
        }
        let bytes = self.bytes(network, best).map_err(|e| content(e.to_string()))?;
        let most = MOST_NETWORKS * most(self.form);
        if bytes.len() as u64 > most {
            return Err(content(format!("{} bytes with all epochs, of which {most} would be read", bytes.len())));
        }
        write_file(path, &bytes)
    }

    /// The bytes of the file.
    fn bytes(&self, network: &dyn Arrays, best: &dyn Arrays) -> Result<Vec<u8>, SafeTensorError> {
        let mut tensors = Tensors::default();
        tensors.add(self.form, "network.", network);
        tensors.add(self.form, "best.", best);
        self.course.add_to(&mut tensors, self.form);
        let saved = Saved {
            what: self.what.clone(),
            stages: stages(self.form),
            position: self.course.position(),
            best_epoch: self.best_epoch,
            epochs: self.epochs.clone(),
        };
        tensors.file(&[(ENTRY, serde_json::to_string(&saved)?)])
    }

    /// Brings a run that has not made a step to the position in the file.
    pub(super) fn restore(
        &mut self,
        network: &mut dyn Arrays,
        best: &mut dyn Arrays,
        path: &Path,
    ) -> Result<(), ResumeError> {
        let bytes = read_file(path, MOST_NETWORKS * most(self.form))?;
        let other = |reason: &str| ResumeError::Other { path: path.into(), reason: plain(reason) };
        let whole = |e: SafeTensorError| FileError::Foreign {
            path: path.into(),
            reason: format!("not a whole safetensors file ({e})"),
        };
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(whole)?;
        let entry = header.metadata().as_ref().and_then(|entries| entries.get(ENTRY));
        let entry = entry.ok_or_else(|| other("it is not the state of a run"))?;
        let saved: Saved = serde_json::from_str(entry)
            .map_err(|e| other(&format!("it is not the state of a run of this version ({e})")))?;
        if let Some(difference) = different(&saved.stages, self.form) {
            return Err(FileError::Network { path: path.into(), difference }.into());
        }
        if saved.what["examples"] != self.what["examples"] {
            return Err(other("it is from a run with other data"));
        }
        if saved.what["larger_is_better"] != self.what["larger_is_better"] {
            return Err(other("it is from a run with another metric"));
        }
        if saved.what != self.what {
            return Err(other("it is from a run with other settings"));
        }
        let epochs = saved.epochs.len();
        let sound = saved.epochs.iter().zip(1..).all(|(epoch, number)| epoch.epoch == number)
            && saved.best_epoch as usize <= epochs
            && (saved.best_epoch == 0) == (epochs == 0);
        let placed = if sound { self.course.go_to(saved.position, epochs) } else { None };
        placed.ok_or_else(|| other("its numbers contradict each other"))?;
        let file = SafeTensors::deserialize(&bytes).map_err(whole)?;
        take(&file, self.form, "network.", network)
            .and_then(|()| take(&file, self.form, "best.", best))
            .and_then(|()| self.course.take_from(&file, self.form))
            .map_err(|(tensor, reason)| FileError::Tensor { path: path.into(), tensor, reason })?;
        (self.best_epoch, self.epochs) = (saved.best_epoch, saved.epochs);
        Ok(())
    }
}

/// The most arrays of the form of the network in the file of a run: the network, the best one, the one that learns, and
/// what the optimizer keeps.
const MOST_NETWORKS: u64 = 8;

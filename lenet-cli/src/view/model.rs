//! Which network a view is of.

use lenet_model::{Checkpoint, DigitNetwork, Visitor, visit};
use std::path::Path;

/// A model, read but for its numbers.
pub(super) struct Model {
    pub(super) checkpoint: Checkpoint,
    /// What pictures call it.
    pub(super) name: String,
}

impl Model {
    /// Reads a model that `lenet train` has written; of a run folder the best one.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let path = if path.is_dir() { path.join("best.safetensors") } else { path.to_path_buf() };
        let checkpoint = Checkpoint::open(&path)?;
        let about = &checkpoint.description;
        let name = match about.epoch {
            0 => about.network.to_string(),
            epoch => format!("{} after epoch {epoch}", about.network),
        };
        Ok(Model { checkpoint, name })
    }

    /// Does something with the network.
    pub(super) fn with<T>(&self, task: impl Task<T>) -> anyhow::Result<T> {
        struct With<'a, K, T>(&'a Checkpoint, K, std::marker::PhantomData<T>);
        impl<K: Task<T>, T> Visitor for With<'_, K, T> {
            type Output = anyhow::Result<T>;
            fn visit<N: DigitNetwork>(self) -> anyhow::Result<T> {
                self.1.of(&*self.0.network::<N>()?)
            }
        }
        let about = &self.checkpoint.description;
        visit(about.network, about.activation, With(&self.checkpoint, task, std::marker::PhantomData))
    }
}

/// Something to be done with a network whose numbers have been read.
pub(super) trait Task<T> {
    fn of<N: DigitNetwork>(self, network: &N) -> anyhow::Result<T>;
}

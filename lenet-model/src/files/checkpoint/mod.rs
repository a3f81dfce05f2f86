//! Networks on disk, as safetensors: PyTorch's names and shapes, and the metadata needed to use them.

mod description;
mod error;

use crate::any_network::type_of;
use crate::{AnyNetwork, Classifier, DigitNetwork};
use lenet_layers::Params;
use lenet_train::{Tensors, plain, read_at_most, take, write_beside};
use safetensors::SafeTensors;
use std::path::{Path, PathBuf};

pub use description::Description;
pub use error::CheckpointError;

/// No network of this crate comes close to this size. Of a larger file only this much is read before it is refused.
const LARGEST: u64 = 64 << 20;

/// The bytes of a file that may contain a network.
pub(crate) fn read_whole(path: &Path) -> Result<Vec<u8>, CheckpointError> {
    let read = read_at_most(path, LARGEST).map_err(|error| CheckpointError::Read { path: path.into(), error })?;
    read.map_err(|reason| CheckpointError::Foreign { path: path.into(), reason })
}

/// A checkpoint in memory: a network's file and its description.
///
/// ```
/// # #[cfg(feature = "pretrained")] {
/// use lenet_model::{Checkpoint, Classify, LeNet5, NetworkName};
/// let checkpoint = Checkpoint::pretrained();
/// assert_eq!(checkpoint.description.network, NetworkName::LeNet5);
///
/// // Its network as a type that is known, and as an object of whichever type the file says.
/// let network: Box<LeNet5> = checkpoint.network()?;
/// let classifier = checkpoint.classifier()?;
/// let mut image = [[0; 28]; 28];
/// image[5..23].iter_mut().for_each(|row| row[13..15].fill(255));
/// assert_eq!(classifier.classify(&image), network.classify(&image));
/// assert_eq!(classifier.classify(&image).digit, 1);
/// # }
/// # Ok::<(), lenet_model::CheckpointError>(())
/// ```
pub struct Checkpoint {
    path: PathBuf,
    bytes: Vec<u8>,
    /// Its metadata.
    pub description: Description,
}

impl std::fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checkpoint").field("path", &self.path).field("description", &self.description).finish()
    }
}

impl Checkpoint {
    /// Reads a checkpoint and its description.
    ///
    /// ```
    /// use lenet_layers::Params;
    /// use lenet_model::{ActivationName, Checkpoint, Description, LeNet1, NetworkName, Normalization, save};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = &folder.path().join("model.safetensors");
    /// let network: Box<LeNet1> = LeNet1::boxed_zeroed();
    /// let description = Description::new(NetworkName::LeNet1, ActivationName::ScaledTanh, Normalization::PAPER);
    /// save(&*network, &description, path)?;
    /// let checkpoint = Checkpoint::open(path)?;
    /// assert_eq!(checkpoint.description, description);
    /// assert_eq!(checkpoint.any_network()?.info().parameters, 2_578);
    ///
    /// // A file that was cut short is refused.
    /// std::fs::write(path, &std::fs::read(path)?[..1000])?;
    /// let error = Checkpoint::open(path).unwrap_err();
    /// assert!(error.to_string().contains("not a whole safetensors file"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the file can't be read, is not a safetensors file, or does not say which network it contains.
    pub fn open(path: &Path) -> Result<Self, CheckpointError> {
        Self::from_bytes(path, read_whole(path)?)
    }

    /// Takes the bytes of a checkpoint; errors call them `path`.
    ///
    /// # Errors
    /// If they are not a safetensors file, or do not say which network they contain.
    pub fn from_bytes(path: &Path, bytes: Vec<u8>) -> Result<Self, CheckpointError> {
        let format =
            |e: safetensors::SafeTensorError| CheckpointError::Format { path: path.into(), reason: e.to_string() };
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(format)?;
        let description = Description::read(header.metadata().as_ref())
            .map_err(|reason| CheckpointError::Foreign { path: path.into(), reason: plain(&reason) })?;
        Ok(Checkpoint { path: path.into(), bytes, description })
    }

    /// The model built into this crate, as a file; [`LeNet5::pretrained`](crate::LeNet5::pretrained) is its network.
    #[cfg(feature = "pretrained")]
    #[must_use]
    pub fn pretrained() -> Self {
        let file = crate::LeNet5::pretrained_file().to_vec();
        Self::from_bytes(Path::new("the built-in model"), file).expect("a test reads the built-in model")
    }

    /// Returns its network, of whichever type, to read digits with.
    ///
    /// # Errors
    /// As [`Checkpoint::network`].
    pub fn classifier(&self) -> Result<Classifier, CheckpointError> {
        Ok(Classifier { network: self.any_network()?, normalization: self.description.normalization })
    }

    /// The network as an object, with all its numbers.
    ///
    /// # Errors
    /// If a tensor is missing, unknown, of another shape or type, not finite, or not zero where there is no connection.
    pub fn any_network(&self) -> Result<Box<dyn AnyNetwork>, CheckpointError> {
        let mut network = self.description.network.zeroed(self.description.activation);
        self.fill(&mut *network)?;
        Ok(network)
    }

    /// The network, with all its numbers. `N` must be the type that [`with_network`](crate::with_network) chooses for
    /// the description.
    ///
    /// # Errors
    /// If `N` is another type, or a tensor is missing, unknown, of another shape or type, not finite, or not zero where
    /// there is no connection.
    pub fn network<N: DigitNetwork>(&self) -> Result<Box<N>, CheckpointError> {
        self.description.check(std::any::TypeId::of::<N>(), &self.path)?;
        let mut network = <N as Params>::boxed_zeroed();
        self.fill(&mut *network)?;
        Ok(network)
    }

    /// Copies every number to its place.
    fn fill(&self, network: &mut dyn AnyNetwork) -> Result<(), CheckpointError> {
        let wrong = |tensor: &str, reason: String| CheckpointError::Tensor {
            path: self.path.clone(),
            tensor: tensor.into(),
            reason,
            network: self.description.network,
        };
        let file = SafeTensors::deserialize(&self.bytes)
            .map_err(|e| CheckpointError::Format { path: self.path.clone(), reason: e.to_string() })?;
        let form = network.info();
        let known = |name: &str| form.tensors().any(|info| info.to_string() == name);
        if let Some(unknown) = file.names().into_iter().find(|name| !known(name)) {
            return Err(wrong(unknown, "the network has no such tensor".into()));
        }
        take(&file, form, "", network).map_err(|(tensor, reason)| wrong(&tensor, reason))
    }
}

/// Writes a checkpoint to a temporary file beside `path`, then renames it, so that at any moment the old or the new
/// file is complete.
///
/// ```
/// use lenet_layers::{Params, Tanh};
/// use lenet_model::{ActivationName, Checkpoint, CheckpointError, Description, LeNet1, LeNet5, NetworkName};
/// use lenet_model::{Normalization, save};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = &folder.path().join("model.safetensors");
/// let mut network: Box<LeNet5<Tanh>> = LeNet5::boxed_zeroed();
/// network.s2.coefficient[0] = 1.0 / 3.0;
/// let description = Description::new(NetworkName::LeNet5, ActivationName::Tanh, Normalization::PAPER);
/// save(&*network, &Description { epoch: 12, ..description.clone() }, path)?;
/// let checkpoint = Checkpoint::open(path)?;
/// assert_eq!(checkpoint.description.epoch, 12);
/// // The numbers come back to the bit.
/// assert_eq!(checkpoint.network::<LeNet5<Tanh>>()?.s2.coefficient[0], 1.0 / 3.0);
///
/// // The description must be that of the network; the file stays as it was.
/// let other: Box<LeNet1> = LeNet1::boxed_zeroed();
/// assert!(matches!(save(&*other, &description, path), Err(CheckpointError::Type { .. })));
/// assert_eq!(Checkpoint::open(path)?.description.epoch, 12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the network is not what the description says, or the file can't be written; an old file is then still there.
pub fn save(network: &dyn AnyNetwork, description: &Description, path: &Path) -> Result<(), CheckpointError> {
    description.check(type_of(network), path)?;
    let mut tensors = Tensors::default();
    tensors.add(network.info(), "", network);
    let file = tensors.file(&description.metadata());
    let bytes = file.map_err(|e| CheckpointError::Format { path: path.into(), reason: e.to_string() })?;
    write_beside(path, &bytes).map_err(|error| CheckpointError::Write { path: path.into(), error })
}

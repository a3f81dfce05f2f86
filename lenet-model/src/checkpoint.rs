//! Networks on disk, as safetensors: names and shapes as PyTorch would have them, and what is needed to use them.

use crate::beside::write_beside;
use crate::catalogue::is_named;
use crate::{ActivationName, DigitNetwork, NetworkName};
use lenet_layers::Normalization;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::{Path, PathBuf};

/// What a checkpoint says of its network, beside the numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// The network.
    pub network: NetworkName,
    /// Its squashing function.
    pub activation: ActivationName,
    /// What the pixels became in training.
    pub normalization: Normalization,
    /// How it was trained, for people and programs to read: a JSON object, or nothing.
    pub recipe: String,
    /// The epoch it is of, 0 if unknown.
    pub epoch: u32,
}

impl Description {
    /// That it speaks of networks of type `N`. Names and shapes of the tensors would not tell: the squashing function
    /// is in the type alone.
    fn check<N: DigitNetwork>(&self, path: &Path) -> Result<(), CheckpointError> {
        let (network, activation) = (self.network, self.activation);
        if network.activations().contains(&activation) && is_named::<N>(network, activation) {
            Ok(())
        } else {
            Err(CheckpointError::Type { path: path.into(), network, activation })
        }
    }
}

/// Why a checkpoint can't be written or used, in one line that names the file and the cure. The line is whole: what the
/// operating system said is within it, and no `source()` comes after.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The file can't be read.
    #[error("{path}: can't be read ({error}): give a model that `lenet train` has written")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        error: std::io::Error,
    },
    /// The file can't be written.
    #[error("{path}: can't be written ({error}): check that its folder is there, may be written to, and has room")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        error: std::io::Error,
    },
    /// The file is no safetensors file, or a broken one.
    #[error(
        "{path}: not a whole safetensors file ({}): give a model that `lenet train` has written", plain(.reason)
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A safetensors file of something else.
    #[error("{path}: {reason}: give a model that `lenet train` has written")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A network of one type in the name of another.
    #[error("{path}: says {network} with {activation}, but is taken for another type: use the one that `visit` gives")]
    Type {
        /// The file.
        path: PathBuf,
        /// The network that is described.
        network: NetworkName,
        /// Its squashing function.
        activation: ActivationName,
    },
    /// A tensor that does not belong in the network, or not so.
    #[error(
        "{path}: tensor {}: {reason}: the file was not written for the network {network}, or was changed since: \
         give a model that `lenet train` has written", plain(.tensor)
    )]
    Tensor {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// What is wrong.
        reason: String,
        /// The network it should be of.
        network: NetworkName,
    },
}

/// Words from a file that may hold anything, fit to be shown in one line.
fn plain(words: &str) -> String {
    let shown = words.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] });
    shown.take(200).collect()
}

/// No network of this crate comes near it; a larger file is refused before it is read.
const LARGEST: u64 = 64 << 20;

/// A checkpoint in memory.
pub struct Checkpoint {
    path: PathBuf,
    bytes: Vec<u8>,
    /// What it says of itself.
    pub description: Description,
}

impl Checkpoint {
    /// Reads a checkpoint and its description.
    ///
    /// # Errors
    /// If the file can't be read, is no safetensors file, or does not say which network it is of.
    pub fn open(path: &Path) -> Result<Self, CheckpointError> {
        let read = |error| CheckpointError::Read { path: path.into(), error };
        let foreign = |reason| CheckpointError::Foreign { path: path.into(), reason };
        let found = std::fs::metadata(path).map_err(read)?;
        if found.is_dir() {
            return Err(foreign("is a folder".into()));
        }
        // A pipe or a device has no length to ask for: count what is read.
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path).map_err(read)?;
        file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(read)?;
        if bytes.len() as u64 > LARGEST {
            return Err(foreign(format!("more than {LARGEST} bytes, which no network here has")));
        }
        Self::from_bytes(path, bytes)
    }

    /// Takes the bytes of a checkpoint; `path` is what errors call it.
    ///
    /// # Errors
    /// If they are no safetensors file, or do not say which network it is of.
    pub fn from_bytes(path: &Path, bytes: Vec<u8>) -> Result<Self, CheckpointError> {
        let format =
            |e: safetensors::SafeTensorError| CheckpointError::Format { path: path.into(), reason: e.to_string() };
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(format)?;
        let description = Self::describe(header.metadata().as_ref())
            .map_err(|reason| CheckpointError::Foreign { path: path.into(), reason: plain(&reason) })?;
        Ok(Checkpoint { path: path.into(), bytes, description })
    }

    fn describe(metadata: Option<&HashMap<String, String>>) -> Result<Description, String> {
        let entry =
            |key: &str| metadata.and_then(|m| m.get(key)).ok_or_else(|| format!("the file does not say its {key}"));
        let number = |key: &str| {
            let text = entry(key)?;
            text.parse::<f32>()
                .ok()
                .filter(|x| x.is_finite())
                .ok_or_else(|| format!("its {key} is {text:?}, no finite number"))
        };
        let (network, activation): (NetworkName, ActivationName) =
            (entry("network")?.parse()?, entry("activation")?.parse()?);
        if !network.activations().contains(&activation) {
            return Err(format!("there is no {network} with {activation}"));
        }
        Ok(Description {
            network,
            activation,
            normalization: Normalization { ground: number("ground")?, ink: number("ink")? },
            recipe: entry("recipe").cloned().unwrap_or_default(),
            epoch: entry("epoch").ok().and_then(|e| e.parse().ok()).unwrap_or(0),
        })
    }

    /// The network, with every number in its place. `N` must be the type that
    /// [`visit`](crate::visit) gives for the description.
    ///
    /// # Errors
    /// If `N` is another type, or a tensor is missing, unknown, of another shape or type, not finite, or not zero where there is no connection.
    pub fn network<N: DigitNetwork>(&self) -> Result<Box<N>, CheckpointError> {
        self.description.check::<N>(&self.path)?;
        let wrong = |tensor: &str, reason: String| CheckpointError::Tensor {
            path: self.path.clone(),
            tensor: tensor.into(),
            reason,
            network: self.description.network,
        };
        let file = SafeTensors::deserialize(&self.bytes)
            .map_err(|e| CheckpointError::Format { path: self.path.clone(), reason: e.to_string() })?;
        let names: Vec<String> = (0..N::TENSORS).map(|i| N::info(i).to_string()).collect();
        if let Some(unknown) = file.names().into_iter().find(|n| !names.iter().any(|known| known == n)) {
            return Err(wrong(unknown, "the network has no such tensor".into()));
        }
        let mut network = N::boxed();
        for (index, name) in names.iter().enumerate() {
            let view = file.tensor(name).map_err(|_| wrong(name, "is missing".into()))?;
            let info = N::info(index);
            place(&view, info, network.tensor_mut(index)).map_err(|reason| wrong(name, reason))?;
        }
        Ok(network)
    }
}

/// Checks one tensor and copies it to where the network keeps it.
fn place(view: &TensorView<'_>, info: lenet_layers::ParamInfo, numbers: &mut [f32]) -> Result<(), String> {
    if view.dtype() != Dtype::F32 {
        return Err(format!("is {:?}, not F32", view.dtype()));
    }
    if view.shape() != info.dims {
        return Err(format!("has the shape {:?}, not {:?}", view.shape(), info.dims));
    }
    let mut values: Vec<f32> = view.data().as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    if let Some(bad) = values.iter().find(|v| !v.is_finite()) {
        return Err(format!("holds {bad}, which is not finite"));
    }
    for (number, position) in numbers.iter_mut().zip(info.positions()) {
        *number = std::mem::take(&mut values[position]);
    }
    match values.iter().position(|v| *v != 0.0) {
        Some(at) => Err(format!("holds {} at {at}, where the connection table has no connection", values[at])),
        None => Ok(()),
    }
}

/// Writes a checkpoint: beside the place it is to have, then renamed, so that at any moment the old or the new one is
/// whole.
///
/// # Errors
/// If `N` is not what the description says, or the file can't be written; an old one is then still there.
pub fn save<N: DigitNetwork>(network: &N, description: &Description, path: &Path) -> Result<(), CheckpointError> {
    description.check::<N>(path)?;
    let mut tensors = Vec::new();
    for (index, numbers) in network.tensors().enumerate() {
        let info = N::info(index);
        let mut bytes = vec![[0; 4]; info.dims.iter().product()];
        for (number, position) in numbers.iter().zip(info.positions()) {
            bytes[position] = number.to_le_bytes();
        }
        tensors.push((info.to_string(), info.dims.to_vec(), bytes));
    }
    let format = |e: safetensors::SafeTensorError| CheckpointError::Format { path: path.into(), reason: e.to_string() };
    let views: Vec<(&str, TensorView<'_>)> = tensors
        .iter()
        .map(|(name, dims, bytes)| {
            Ok((name.as_str(), TensorView::new(Dtype::F32, dims.clone(), bytes.as_flattened())?))
        })
        .collect::<Result<_, _>>()
        .map_err(format)?;
    let metadata = [
        ("format", "pt".to_string()),
        ("network", description.network.to_string()),
        ("activation", description.activation.to_string()),
        ("ground", description.normalization.ground.to_string()),
        ("ink", description.normalization.ink.to_string()),
        ("recipe", description.recipe.clone()),
        ("epoch", description.epoch.to_string()),
        ("program", concat!("lenet ", env!("CARGO_PKG_VERSION")).to_string()),
    ];
    let metadata = metadata.into_iter().map(|(k, v)| (k.to_string(), v)).collect();
    let mut bytes = safetensors::serialize(views, Some(metadata)).map_err(format)?;
    sort_metadata(&mut bytes);
    write_beside(path, &bytes).map_err(|error| CheckpointError::Write { path: path.into(), error })
}

/// Puts the metadata of a safetensors file into the order of the alphabet. The library writes it in another one each
/// time; the same network is to make the same bytes.
fn sort_metadata(bytes: &mut [u8]) {
    #[derive(Serialize, Deserialize)]
    struct Header<'a> {
        #[serde(rename = "__metadata__")]
        metadata: BTreeMap<String, String>,
        #[serde(flatten, borrow)]
        tensors: BTreeMap<&'a str, serde_json::Value>,
    }
    let (length, rest) = bytes.split_first_chunk_mut().expect("a safetensors file begins with a length");
    let header = &mut rest[..u64::from_le_bytes(*length) as usize];
    let parsed: Header<'_> = serde_json::from_slice(header).expect("the library has just written it");
    let sorted = serde_json::to_vec(&parsed).expect("strings and numbers have a JSON form");
    // The same entries in another order are as long; only blanks come after.
    header[..sorted.len()].copy_from_slice(&sorted);
}

//! A network of any type as a file, and back.

use super::describe::{RESERVED, difference};
use super::{FileError, Metadata, Tensors, loadable, read_file, take, write_file};
use crate::{Arrays, NetworkInfo};
use lenet_layers::Network;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use std::path::Path;

/// Writes a network to a temporary file beside `path`, then renames it, so that at any moment the old or the new file
/// is complete. It is a safetensors file with PyTorch's names and shapes; its metadata say what each stage is.
///
/// ```
/// use lenet_layers::{Dense, Params, Relu, Tanh, Units, sequential};
/// use lenet_train::{Metadata, load, save};
/// sequential! {
///     pub struct Net, trace NetTrace {
///         input:                Units<3>;
///         f1: Dense<3, 4, Tanh> => Units<4>;
///         f2: Dense<4, 2>       => Units<2>;
///     }
/// }
/// sequential! {
///     pub struct Other, trace OtherTrace {
///         input:                Units<3>;
///         f1: Dense<3, 4, Relu> => Units<4>;
///         f2: Dense<4, 2>       => Units<2>;
///     }
/// }
/// # let folder = tempfile::tempdir()?;
/// # let path = &folder.path().join("net.safetensors");
/// let mut net = Net::<f32>::boxed_zeroed();
/// net.f2.bias = [1.0 / 3.0, -7.0];
/// save(&*net, &Metadata::new().with("data", "flowers"), path)?;
///
/// // The numbers come back to the bit.
/// let (same, metadata) = load::<Net>(path)?;
/// assert_eq!((same, metadata.get("data")), (net, Some("flowers")));
///
/// let error = load::<Other>(path).unwrap_err().to_string();
/// assert!(error.contains(
///     "stage f1 is `full connection, tanh` to 4 in the file, but `full connection, ReLU` to 4 in the network"
/// ), "{error}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the file can't be written; if a number is not finite or a variance is negative; or if metadata have a name that is
/// taken, or are larger than [`load`] reads: a few
/// megabytes. An old file is then still there.
pub fn save<N: Network<Element = f32>>(network: &N, metadata: &Metadata, path: &Path) -> Result<(), FileError> {
    write_file(path, &bytes(NetworkInfo::of::<N>(), network, metadata, path)?)
}

/// The bytes of the file that [`save`] writes. The same network and metadata give the same bytes.
///
/// # Errors
/// If a number is not finite or a variance is negative; or if metadata have a name that is taken, or are larger than [`load`] reads: a few megabytes.
pub fn to_bytes<N: Network<Element = f32>>(network: &N, metadata: &Metadata) -> Result<Vec<u8>, FileError> {
    bytes(NetworkInfo::of::<N>(), network, metadata, Path::new("the network"))
}

/// The numbers of all parameters in the order of the network's fields, four bytes each, low byte first: a file for
/// [`embedded!`](lenet_layers::embedded), with which a program without std has the network.
///
/// ```
/// use lenet_layers::{Dense, Params, Units, sequential};
/// sequential! {
///     pub struct Net, trace NetTrace {
///         input:           Units<1>;
///         out: Dense<1, 1> => Units<1>;
///     }
/// }
/// let mut net = Net::<f32>::zeroed();
/// (net.out.weight, net.out.bias) = ([[1.0]], [-2.0]);
/// assert_eq!(lenet_train::to_raw(&net), [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]);
/// ```
#[must_use]
pub fn to_raw<N: Network<Element = f32>>(network: &N) -> Vec<u8> {
    network.tensors().flatten().flat_map(|number| number.to_le_bytes()).collect()
}

/// Writes [`to_raw`] of a network, as [`save`] writes.
///
/// # Errors
/// If the file can't be written; an old file is then still there.
pub fn save_raw<N: Network<Element = f32>>(network: &N, path: &Path) -> Result<(), FileError> {
    write_file(path, &to_raw(network))
}

/// Reads a network that [`save`] has written, and its metadata.
///
/// # Errors
/// If the file can't be read, is not a safetensors file, does not say what its stages are, or is the file of another
/// network; or if a tensor is missing, unknown, of another shape or type, not finite, a negative variance, or not zero
/// where there is no connection.
pub fn load<N: Network<Element = f32>>(path: &Path) -> Result<(Box<N>, Metadata), FileError> {
    from_bytes(path, &read_file(path, most(NetworkInfo::of::<N>()))?)
}

/// As [`load`], from the bytes of a file; errors call them `path`.
///
/// # Errors
/// As [`load`].
pub fn from_bytes<N: Network<Element = f32>>(path: &Path, bytes: &[u8]) -> Result<(Box<N>, Metadata), FileError> {
    let mut network = N::boxed_zeroed();
    let metadata = fill(path, bytes, NetworkInfo::of::<N>(), &mut *network, true)?;
    Ok((network, metadata))
}

/// As [`load`], for a safetensors file that another program has written: only the names and the shapes of the tensors
/// are compared, so activation functions and other layers without parameters must be those of the network. PyTorch's
/// `num_batches_tracked`, which counts the steps of a batch normalization, is skipped.
///
/// # Errors
/// As [`load`], except that the file need not say what its stages are.
pub fn import<N: Network<Element = f32>>(path: &Path) -> Result<Box<N>, FileError> {
    let (mut network, form) = (N::boxed_zeroed(), NetworkInfo::of::<N>());
    fill(path, &read_file(path, most(form))?, form, &mut *network, false)?;
    Ok(network)
}

/// More bytes than the file of a network has: numbers of four bytes, some of which exist in the file only, and words.
pub(crate) fn most(form: NetworkInfo) -> u64 {
    let dense: usize = form.tensors().map(|info| info.dims.iter().product::<usize>()).sum();
    4 * dense as u64 + (4 << 20)
}

fn bytes(form: NetworkInfo, network: &dyn Arrays, metadata: &Metadata, path: &Path) -> Result<Vec<u8>, FileError> {
    let content = |reason: String| FileError::Content { path: path.into(), reason };
    if let Some(name) = metadata.taken() {
        return Err(content(format!("metadata called {name} are reserved for the file: choose another name")));
    }
    loadable(form, "", network).map_err(content)?;
    let mut tensors = Tensors::default();
    tensors.add(form, "", network);
    let file = tensors.file(&metadata.file(form)).map_err(|e| content(e.to_string()))?;
    if file.len() as u64 > most(form) {
        let (bytes, most) = (file.len(), most(form));
        return Err(content(format!(
            "{bytes} bytes with its metadata, of which {most} would be read: give fewer metadata"
        )));
    }
    Ok(file)
}

/// Whether a tensor is PyTorch's number of the steps in which a batch normalization has measured its statistics. Nothing
/// is computed from it unless the statistics are plain means over all steps.
fn counts_batches(file: &SafeTensors<'_>, name: &str, known: &dyn Fn(&str) -> bool) -> bool {
    let of_statistics =
        name.strip_suffix("num_batches_tracked").is_some_and(|stage| known(&format!("{stage}running_mean")));
    let is_count = |view: &TensorView<'_>| view.dtype() == Dtype::I64 && view.shape().is_empty();
    of_statistics && file.tensor(name).is_ok_and(|view| is_count(&view))
}

/// Copies every number of a file to its place.
fn fill(
    path: &Path,
    bytes: &[u8],
    form: NetworkInfo,
    network: &mut dyn Arrays,
    described: bool,
) -> Result<Metadata, FileError> {
    let foreign = |reason: String| FileError::Foreign { path: path.into(), reason };
    let whole = |e: safetensors::SafeTensorError| foreign(format!("not a whole safetensors file ({e})"));
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(whole)?;
    let entries = header.metadata().clone().unwrap_or_default();
    if described {
        let [_, input, stages] = RESERVED;
        let undescribed = |reason: String| FileError::Undescribed { path: path.into(), reason };
        let entry =
            |name: &str| entries.get(name).ok_or_else(|| undescribed("does not say what its stages are".into()));
        let json = |e: serde_json::Error| undescribed(format!("does not say what its stages are ({e})"));
        let input: Vec<usize> = serde_json::from_str(entry(input)?).map_err(json)?;
        let stages: Vec<super::describe::Stage> = serde_json::from_str(entry(stages)?).map_err(json)?;
        if let Some(difference) = difference(&input, &stages, form) {
            return Err(FileError::Network { path: path.into(), difference });
        }
    }
    let file = SafeTensors::deserialize(bytes).map_err(whole)?;
    let wrong = |(tensor, reason): (String, String)| FileError::Tensor { path: path.into(), tensor, reason };
    let known = |name: &str| form.tensors().any(|info| info.to_string() == name);
    let skipped = |name: &str| !described && counts_batches(&file, name, &known);
    if let Some(unknown) = file.names().into_iter().find(|name| !known(name) && !skipped(name)) {
        return Err(wrong((unknown.into(), "the network has no such tensor".into())));
    }
    take(&file, form, "", network).map_err(wrong)?;
    Ok(Metadata::of(&entries))
}

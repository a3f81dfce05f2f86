//! Networks as ONNX files, which other programs run. The graph takes grey levels as in MNIST: it includes what the
//! program does to an image before the first stage.

use crate::any_network::type_of;
use crate::{AnyNetwork, CheckpointError, Description, Normalization};
use lenet_train::onnx::{Graph, StageError, Value};
use lenet_train::write_beside;
use std::path::{Path, PathBuf};

/// Rows and columns of an image.
const SIDE: usize = 28;

/// Why a network can't be written as an ONNX file, in one line. If the operating system reported the error, its
/// message is the `source()`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OnnxError {
    /// A stage that can't be expressed in ONNX.
    #[error("{}", StageError { stage: stage.clone(), layer: layer.clone(), what })]
    Stage {
        /// Its name.
        stage: String,
        /// A description of its layer.
        layer: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// An input into which an image does not fit.
    #[error("an input of shape {dims:?} can't be expressed in ONNX: give the network one map of 28x28 or larger")]
    Input {
        /// Its shape.
        dims: &'static [usize],
    },
    /// The description is of another network.
    #[error(transparent)]
    Description(#[from] CheckpointError),
    /// The file can't be written.
    #[error("{path}: can't be written: check that its folder is there, may be written to, and has room")]
    Write {
        /// The file.
        path: PathBuf,
        /// The operating system's message.
        #[source]
        error: std::io::Error,
    },
}

/// A network as the bytes of an ONNX file, with metadata of your choice. It can be any network that
/// [`sequential!`](lenet_layers::sequential) declares and whose stages all say what they compute
/// ([`Operation`](lenet_layers::Operation)).
///
/// Its input is `image`, float32 `[N, 1, 28, 28]` for any N: grey levels from 0 (background) to 255 (foreground).
/// Margins and `normalization` are in the graph. Its outputs are `logits`, float32 `[N, 10]`, the score of each digit:
/// the network's outputs, or its penalties negated; and `probabilities`, their softmax. The operators are those of
/// opset 13.
///
/// ```
/// use lenet_layers::Params;
/// use lenet_model::{LeNet5, Normalization, to_onnx};
/// let network: Box<LeNet5> = LeNet5::boxed_zeroed();
/// let bytes = to_onnx(&*network, Normalization::PAPER, &[("author", "Ada")])?;
/// assert!(bytes.len() > 4 * <LeNet5>::LEN);
/// assert!(bytes.windows(3).any(|part| part == b"Ada"));
/// # Ok::<(), lenet_model::OnnxError>(())
/// ```
///
/// # Errors
/// If a stage does not say what it computes, or an image does not fit the input.
pub fn to_onnx(
    network: &dyn AnyNetwork,
    normalization: Normalization,
    metadata: &[(&str, &str)],
) -> Result<Vec<u8>, OnnxError> {
    let mut graph = Graph::new(network.info(), network);
    let x = input(&mut graph, network.info().input, normalization)?;
    let y = graph.stages(&x)?;
    if network.info().penalties {
        // The smallest penalty wins, as the largest of these scores does.
        graph.operator("Neg", &[&y], "logits", &[]);
    } else {
        graph.name_last("logits");
    }
    graph.operator("Softmax", &["logits"], "probabilities", &[("axis", 1)]);
    let image =
        Value { name: "image", dims: &[1, SIDE, SIDE], what: "grey levels: 0 is background, 255 is foreground" };
    let logits = "the score of each digit: the largest one is that of the digit";
    let outputs = [
        Value { name: "logits", dims: &[10], what: logits },
        Value { name: "probabilities", dims: &[10], what: "the softmax of the logits" },
    ];
    let what = "Reads digits from images of 28x28 grey levels, 0 (background) to 255 (foreground) as in MNIST.";
    Ok(graph.into_file("lenet", what, &[image], &outputs, metadata))
}

/// From grey levels to the input of the first stage: pads with background, then maps to the range of the training.
fn input(
    graph: &mut Graph<'_>,
    dims: &'static [usize],
    Normalization { ground, ink }: Normalization,
) -> Result<String, OnnxError> {
    let (height, width) = match dims {
        &[1, height, width] if height >= SIDE && width >= SIDE => (height, width),
        dims => return Err(OnnxError::Input { dims }),
    };
    let mut x = "image";
    if (height, width) != (SIDE, SIDE) {
        let (top, left) = ((height - SIDE) / 2, (width - SIDE) / 2);
        let (bottom, right) = (height - SIDE - top, width - SIDE - left);
        graph.integers("input/margins", &[0, 0, top, left, 0, 0, bottom, right].map(|n| n as i64));
        graph.operator("Pad", &[x, "input/margins"], "input/padded", &[]);
        x = "input/padded";
    }
    let scale = (f64::from(ink) - f64::from(ground)) / 255.0;
    graph.floats("input/scale", &[], &[scale as f32]);
    graph.floats("input/ground", &[], &[ground]);
    graph.operator("Mul", &[x, "input/scale"], "input/scaled", &[]);
    graph.operator("Add", &["input/scaled", "input/ground"], "input/output", &[]);
    Ok("input/output".into())
}

impl From<StageError> for OnnxError {
    fn from(StageError { stage, layer, what }: StageError) -> Self {
        OnnxError::Stage { stage, layer, what }
    }
}

/// Writes a network as an ONNX file, as [`to_onnx`] makes it, with the description as metadata. It is written to a
/// temporary file beside `path`, then renamed.
///
/// ```
/// use lenet_layers::Params;
/// use lenet_model::{ActivationName, Description, LeNet1, NetworkName, Normalization, OnnxError, save_onnx};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = &folder.path().join("model.onnx");
/// let network: Box<LeNet1> = LeNet1::boxed_zeroed();
/// let description = Description::new(NetworkName::LeNet1, ActivationName::ScaledTanh, Normalization::PAPER);
/// save_onnx(&*network, &description, path)?;
/// let bytes = std::fs::read(path)?;
/// assert!(bytes.windows(9).any(|name| name == b"c1.weight"));
///
/// // The description must be that of the network.
/// let other = Description { network: NetworkName::LeNet4, ..description };
/// assert!(matches!(save_onnx(&*network, &other, path), Err(OnnxError::Description(_))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Those of [`to_onnx`]; or if the network is not what the description says, or the file can't be written; an old file
/// is then still there.
pub fn save_onnx(network: &dyn AnyNetwork, description: &Description, path: &Path) -> Result<(), OnnxError> {
    description.check(type_of(network), path)?;
    let entries = description.metadata();
    // The file's format is not PyTorch's.
    let metadata: Vec<_> =
        entries.iter().filter(|e| e.0 != "format").map(|(key, value)| (*key, value.as_str())).collect();
    let bytes = to_onnx(network, description.normalization, &metadata)?;
    write_beside(path, &bytes).map_err(|error| OnnxError::Write { path: path.into(), error })
}

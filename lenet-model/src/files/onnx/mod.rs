//! Networks as ONNX files, which other programs run. The graph takes grey levels as in MNIST: it includes what the
//! program does to an image before the first stage.

mod graph;
mod proto;

use crate::Normalization;
use crate::any_network::type_of;
use crate::files::write_beside;
use crate::{AnyNetwork, CheckpointError, Description};
use prost::Message;
use proto::{
    DimensionProto, Extent, FLOAT, ModelProto, OperatorSetIdProto, StringStringEntryProto, TensorShapeProto,
    TensorTypeProto, TypeProto, ValueInfoProto,
};
use std::path::{Path, PathBuf};

/// The operators of ONNX 1.8, of 2020: the oldest set in which `Softmax` has today's meaning.
const OPSET: i64 = 13;
/// The file format of that release.
const IR: i64 = 7;

/// Why a network can't be written as an ONNX file, in one line. If the operating system reported the error, its
/// message is the `source()`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OnnxError {
    /// A stage that can't be expressed in ONNX.
    #[error(
        "stage {stage} ({layer}) can't be expressed in ONNX: {what} does not say what it computes: use one of \
         lenet-layers' own there, or give yours a correct OPERATION or KIND"
    )]
    Stage {
        /// Its name.
        stage: &'static str,
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
    let mut graph = graph::graph(network, normalization)?;
    graph.name = "lenet".into();
    graph.input = vec![value("image", &[1, 28, 28], "grey levels: 0 is background, 255 is foreground")];
    graph.output = vec![
        value("logits", &[10], "the score of each digit: the largest one is that of the digit"),
        value("probabilities", &[10], "the softmax of the logits"),
    ];
    let entry = |(key, value): &(&str, &str)| StringStringEntryProto { key: (*key).into(), value: (*value).into() };
    let model = ModelProto {
        ir_version: IR,
        producer_name: "lenet".into(),
        producer_version: env!("CARGO_PKG_VERSION").into(),
        doc_string: "Reads digits from images of 28x28 grey levels, 0 (background) to 255 (foreground) as in MNIST."
            .into(),
        graph: Some(graph),
        opset_import: vec![OperatorSetIdProto { domain: Some(String::new()), version: OPSET }],
        metadata_props: metadata.iter().map(entry).collect(),
    };
    Ok(model.encode_to_vec())
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

/// An input or output: arrays of floats, in a batch of any length.
fn value(name: &str, dims: &[i64], what: &str) -> ValueInfoProto {
    let axes = [Extent::DimParam("N".into())].into_iter().chain(dims.iter().map(|n| Extent::DimValue(*n)));
    let dim = axes.map(|extent| DimensionProto { extent: Some(extent) }).collect();
    let tensor_type = Some(TensorTypeProto { elem_type: FLOAT, shape: Some(TensorShapeProto { dim }) });
    ValueInfoProto { name: name.into(), r#type: Some(TypeProto { tensor_type }), doc_string: what.into() }
}

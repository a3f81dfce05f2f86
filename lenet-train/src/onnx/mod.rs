//! Networks as ONNX files, which other programs run.

mod graph;
mod proto;

use crate::files::{FileError, Metadata, write_file};
use crate::{Arrays, NetworkInfo};
use lenet_layers::Network;
use prost::Message;
use proto::{
    DimensionProto, Extent, FLOAT, ModelProto, OperatorSetIdProto, StringStringEntryProto, TensorShapeProto,
    TensorTypeProto, TypeProto, ValueInfoProto,
};
use std::path::Path;

pub use graph::Graph;

/// The operators of ONNX 1.8, of 2020: the oldest set in which `Softmax` has today's meaning.
const OPSET: i64 = 13;
/// The file format of that release.
const IR: i64 = 7;

/// A stage that can't be expressed in ONNX.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "stage {stage} ({layer}) can't be expressed in ONNX: {what} does not say what it computes: use one of \
     lenet-layers' own there, or give yours a correct OPERATION or KIND"
)]
pub struct StageError {
    /// Its name.
    pub stage: String,
    /// A description of its layer.
    pub layer: String,
    /// What is wrong with it.
    pub what: &'static str,
}

/// Why a network can't be written as an ONNX file, in one line. If the operating system reported the error, its
/// message is the `source()`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OnnxError {
    /// A stage that can't be expressed in ONNX.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// The file can't be written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// An input or an output of a graph: floats, in a batch of any length.
#[derive(Clone, Copy, Debug)]
pub struct Value<'a> {
    /// Its name.
    pub name: &'a str,
    /// The extent of each axis after the first, which is the batch's.
    pub dims: &'a [usize],
    /// What it means.
    pub what: &'a str,
}

impl Value<'_> {
    fn proto(&self) -> ValueInfoProto {
        let extents = self.dims.iter().map(|n| Extent::DimValue(*n as i64));
        let axes = [Extent::DimParam("N".into())].into_iter().chain(extents);
        let dim = axes.map(|extent| DimensionProto { extent: Some(extent) }).collect();
        let tensor_type = Some(TensorTypeProto { elem_type: FLOAT, shape: Some(TensorShapeProto { dim }) });
        ValueInfoProto { name: self.name.into(), r#type: Some(TypeProto { tensor_type }), doc_string: self.what.into() }
    }
}

impl Graph<'_> {
    /// The bytes of a file with this graph, and with metadata of your choice. The operators are those of opset 13.
    #[must_use]
    pub fn into_file(
        mut self,
        name: &str,
        what: &str,
        inputs: &[Value<'_>],
        outputs: &[Value<'_>],
        metadata: &[(&str, &str)],
    ) -> Vec<u8> {
        self.graph.name = name.into();
        self.graph.input = inputs.iter().map(Value::proto).collect();
        self.graph.output = outputs.iter().map(Value::proto).collect();
        let entry = |(key, value): &(&str, &str)| StringStringEntryProto { key: (*key).into(), value: (*value).into() };
        let model = ModelProto {
            ir_version: IR,
            producer_name: "lenet".into(),
            producer_version: env!("CARGO_PKG_VERSION").into(),
            doc_string: what.into(),
            graph: Some(self.graph),
            opset_import: vec![OperatorSetIdProto { domain: Some(String::new()), version: OPSET }],
            metadata_props: metadata.iter().map(entry).collect(),
        };
        model.encode_to_vec()
    }
}

/// A network as the bytes of an ONNX file. It can be any network that [`sequential!`](lenet_layers::sequential)
/// declares and whose stages all say what they compute ([`Operation`](lenet_layers::Operation)).
///
/// Its input is `input`, its output `output`: float32, the network's own shapes after an axis of any length for the
/// examples.
///
/// ```
/// use lenet_layers::{Conv2d, Dense, Flatten, Maps, Params, Tanh, Units, sequential};
/// use lenet_train::{Metadata, onnx::to_onnx};
/// sequential! {
///     pub struct Net, trace NetTrace {
///         input:                      Maps<3, 8, 8>;
///         c1:   Conv2d<3, 2, 5, Tanh> => Maps<2, 4, 4>;
///         flat: Flatten               => Units<32>;
///         out:  Dense<32, 2>          => Units<2>;
///     }
/// }
/// let bytes = to_onnx(&*Net::<f32>::boxed_zeroed(), &Metadata::new().with("author", "Ada"))?;
/// assert!(bytes.len() > 4 * Net::<f32>::LEN);
/// assert!(bytes.windows(9).any(|part| part == b"c1.weight"));
/// # Ok::<(), lenet_train::onnx::OnnxError>(())
/// ```
///
/// # Errors
/// If a stage does not say what it computes.
pub fn to_onnx<N: Network<Element = f32>>(network: &N, metadata: &Metadata) -> Result<Vec<u8>, OnnxError> {
    bytes(NetworkInfo::of::<N>(), network, metadata)
}

/// Writes a network as an ONNX file, as [`to_onnx`] makes it, to a temporary file beside `path`, which is then renamed.
///
/// # Errors
/// Those of [`to_onnx`]; or if the file can't be written; an old file is then still there.
pub fn save_onnx<N: Network<Element = f32>>(network: &N, metadata: &Metadata, path: &Path) -> Result<(), OnnxError> {
    Ok(write_file(path, &to_onnx(network, metadata)?)?)
}

fn bytes(info: NetworkInfo, network: &dyn Arrays, metadata: &Metadata) -> Result<Vec<u8>, OnnxError> {
    let mut graph = Graph::new(info, network);
    graph.stages("input")?;
    graph.name_last("output");
    let outputs = info.stages.last().map_or(&[][..], |last| last.dims);
    let entries: Vec<_> = metadata.entries().collect();
    let what = if info.penalties { "penalties: the smallest one is that of the class" } else { "" };
    let (input, output) =
        (Value { name: "input", dims: info.input, what: "" }, Value { name: "output", dims: outputs, what });
    Ok(graph.into_file("lenet", "", &[input], &[output], &entries))
}

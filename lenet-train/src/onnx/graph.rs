//! From the stages of a network to the nodes of an ONNX graph. What a stage computes is read from its `Operation`; this
//! file knows no network by name.
//!
//! Values and constants are called `stage/what`, so that they can't be confused with the graph's own inputs and
//! outputs, nor with the parameters, which keep their names: `c1.weight`. No stage is called `input`, because a trace has
//! a field of that name for the network's input.

use super::StageError;
use super::proto::{AttributeProto, FLOAT, GraphProto, INT, INT64, INTS, NodeProto, REAL, STRING, TensorProto};
use crate::{Arrays, NetworkInfo, dense};
use lenet_layers::{ActivationKind, Fill, GeluTanh, Operation, ParamInfo, StageInfo};

/// An ONNX graph under construction: nodes of your own before and after those of a network. [`to_onnx`](super::to_onnx)
/// writes a network without any.
///
/// ```
/// use lenet_layers::{Dense, Params, Tanh, Units, sequential};
/// use lenet_train::NetworkInfo;
/// use lenet_train::onnx::{Graph, Value};
/// sequential! {
///     pub struct Net, trace NetTrace {
///         input:                Units<3>;
///         f1: Dense<3, 2, Tanh> => Units<2>;
///     }
/// }
/// let net = Net::<f32>::boxed_zeroed();
/// // The network's input is a tenth of the graph's.
/// let mut graph = Graph::new(NetworkInfo::of::<Net>(), &*net);
/// graph.floats("input/tenth", &[], &[0.1]);
/// graph.operator("Mul", &["numbers", "input/tenth"], "input/output", &[]);
/// graph.stages("input/output")?;
/// graph.name_last("result");
/// let value = |name, dims| Value { name, dims, what: "" };
/// let bytes = graph.into_file("net", "An example.", &[value("numbers", &[3])], &[value("result", &[2])], &[]);
/// assert!(bytes.windows(9).any(|part| part == b"f1.weight"));
/// # Ok::<(), lenet_train::onnx::StageError>(())
/// ```
pub struct Graph<'n> {
    info: NetworkInfo,
    network: &'n dyn Arrays,
    pub(super) graph: GraphProto,
}

impl std::fmt::Debug for Graph<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a graph of {} nodes", self.graph.node.len())
    }
}

/// A stage and its path in the network: its name, or `r1.block.c1` within a stage of branches.
struct Place {
    stage: &'static StageInfo,
    path: String,
}

impl Place {
    /// The name of a value of the stage.
    fn value(&self, what: &str) -> String {
        format!("{}/{what}", self.path.replace('.', "/"))
    }

    /// Whether an array of parameters belongs to the stage.
    fn has(&self, array: &ParamInfo) -> bool {
        array.to_string().strip_suffix(array.name).and_then(|path| path.strip_suffix('.')) == Some(&self.path)
    }

    fn refused(&self, what: &'static str) -> StageError {
        StageError { stage: self.path.clone(), layer: self.stage.layer().to_string(), what }
    }
}

/// A parameter: its name, its shape and its numbers.
type Array = (String, Vec<usize>, Vec<f32>);

impl<'n> Graph<'n> {
    /// A graph without nodes, for `network`, which is of the form `info`.
    #[must_use]
    pub fn new(info: NetworkInfo, network: &'n dyn Arrays) -> Self {
        Graph { info, network, graph: GraphProto::default() }
    }

    /// Adds a node with one output, and with attributes that are integers.
    pub fn operator(&mut self, op: &str, inputs: &[&str], output: &str, attributes: &[(&str, usize)]) {
        self.node(op, inputs, output, attributes.iter().map(|(name, value)| int(name, *value)).collect());
    }

    fn node(&mut self, op: &str, inputs: &[&str], output: &str, attribute: Vec<AttributeProto>) {
        self.graph.node.push(NodeProto {
            input: inputs.iter().map(ToString::to_string).collect(),
            output: vec![output.into()],
            name: format!("{op} {output}"),
            op_type: op.into(),
            attribute,
        });
    }

    fn tensor(&mut self, name: &str, dims: &[usize], data_type: i32, raw_data: Vec<u8>) {
        let dims = dims.iter().map(|n| *n as i64).collect();
        self.graph.initializer.push(TensorProto { dims, data_type, name: name.into(), raw_data });
    }

    /// Adds a constant of floats.
    pub fn floats(&mut self, name: &str, dims: &[usize], numbers: &[f32]) {
        self.tensor(name, dims, FLOAT, numbers.iter().flat_map(|x| x.to_le_bytes()).collect());
    }

    /// Adds a constant row of integers.
    pub fn integers(&mut self, name: &str, numbers: &[i64]) {
        self.tensor(name, &[numbers.len()], INT64, numbers.iter().flat_map(|x| x.to_le_bytes()).collect());
    }

    /// Adds the nodes of all stages, from the value `x` on; returns the name of the last stage's output.
    ///
    /// # Errors
    /// If a stage does not say what it computes.
    pub fn stages(&mut self, x: &str) -> Result<String, StageError> {
        self.chain(self.info.stages, "", x)
    }

    /// Adds the nodes of stages that follow each other; `within` is the path of the branch that they form.
    fn chain(&mut self, stages: &'static [StageInfo], within: &str, x: &str) -> Result<String, StageError> {
        let mut x = x.to_string();
        for stage in stages {
            x = self.stage(&Place { stage, path: format!("{within}{}", stage.name) }, &x)?;
        }
        Ok(x)
    }

    /// Gives the output of the last node another name.
    pub fn name_last(&mut self, name: &str) {
        if let Some(last) = self.graph.node.last_mut() {
            last.output = vec![name.into()];
        }
    }

    /// The stage's parameters. Its operation says that there are `P`; a layer whose operation is wrong about that is
    /// refused.
    fn parameters<const P: usize>(&self, place: &Place) -> Result<[Array; P], StageError> {
        let own = self.info.tensors().enumerate().filter(|(_, info)| place.has(info));
        let arrays = own.map(|(i, info)| (info.to_string(), info.dims.to_vec(), dense(info, self.network.array(i))));
        arrays.collect::<Vec<_>>().try_into().map_err(|_| place.refused("its layer"))
    }

    /// Adds the stage's nodes; returns the name of its output.
    fn stage(&mut self, place: &Place, x: &str) -> Result<String, StageError> {
        let (stage, at) = (place.stage, |what: &str| place.value(what));
        let sum = at("sum");
        match stage.operation {
            Operation::Convolution { kernel, stride, padding, fill, groups, activation } => {
                let [(weight, mut dims, numbers), (bias, biases_dims, biases)] = self.parameters(place)?;
                // The kernels of a convolution along a row have no axis for their only row.
                if dims.len() == 3 {
                    dims.insert(2, 1);
                }
                self.floats(&weight, &dims, &numbers);
                self.floats(&bias, &biases_dims, &biases);
                let mut attributes = vec![sides("kernel_shape", kernel)];
                // Where these are missing, stride and groups are 1.
                if stride != [1, 1] {
                    attributes.push(sides("strides", stride));
                }
                if groups > 1 {
                    attributes.push(int("group", groups));
                }
                let ([above, left], padded) = (padding.map(|cells| cells as i64), at("padded"));
                let x = match fill {
                    _ if padding == [0, 0] => x,
                    Fill::Zeros => {
                        attributes.push(ints("pads", vec![above, left, above, left]));
                        x
                    }
                    Fill::Edge => {
                        self.integers(&at("margins"), &[0, 0, above, left, 0, 0, above, left]);
                        self.node("Pad", &[x, &at("margins")], &padded, vec![string("mode", "edge")]);
                        &padded
                    }
                    _ => return Err(place.refused("its layer")),
                };
                self.node("Conv", &[x, &weight, &bias], &sum, attributes);
                self.activate(place, activation, sum)
            }
            Operation::Subsampling { window, activation } => {
                // A convolution of each map separately, with the coefficient in every cell of the kernel.
                let [(_, _, coefficient), (bias_name, _, bias)] = self.parameters(place)?;
                let kernels: Vec<f32> =
                    coefficient.iter().flat_map(|c| std::iter::repeat_n(*c, window * window)).collect();
                let maps = coefficient.len();
                let kernel = at("window");
                self.floats(&kernel, &[maps, 1, window, window], &kernels);
                self.floats(&bias_name, &[maps], &bias);
                let attributes =
                    vec![int("group", maps), sides("kernel_shape", [window; 2]), sides("strides", [window; 2])];
                self.node("Conv", &[x, &kernel, &bias_name], &sum, attributes);
                self.activate(place, activation, sum)
            }
            Operation::FullConnection { activation } => {
                let [weight, bias] = self.initializers(place)?;
                self.node("Gemm", &[x, &weight, &bias], &sum, vec![int("transB", 1)]);
                self.activate(place, activation, sum)
            }
            Operation::AveragePool { window } => Ok(self.pool("AveragePool", window, x, at("output"))),
            Operation::MaxPool { window } => Ok(self.pool("MaxPool", window, x, at("output"))),
            Operation::Rbf { codes } => {
                let units = stage.dims[0];
                self.floats(&at("codes"), &[units, codes.len().checked_div(units).unwrap_or(0)], codes);
                self.integers(&at("axis"), &[1]);
                self.node("Unsqueeze", &[x, &at("axis")], &at("input"), vec![]);
                self.node("Sub", &[&at("input"), &at("codes")], &at("difference"), vec![]);
                let attributes = vec![ints("axes", vec![2]), int("keepdims", 0)];
                self.node("ReduceSumSquare", &[&at("difference")], &at("output"), attributes);
                Ok(at("output"))
            }
            Operation::Repeat { times } => {
                let copies: Vec<i64> = (0..stage.dims[0]).map(|copy| (copy / times) as i64).collect();
                self.integers(&at("maps"), &copies);
                self.node("Gather", &[x, &at("maps")], &at("output"), vec![int("axis", 1)]);
                Ok(at("output"))
            }
            Operation::Function { activation } => self.activate(place, activation, x.into()),
            Operation::Flatten => {
                self.node("Flatten", &[x], &at("output"), vec![int("axis", 1)]);
                Ok(at("output"))
            }
            Operation::BatchNorm { epsilon, activation } => {
                let [weight, bias, mean, variance] = self.initializers(place)?;
                let inputs = [x, &weight, &bias, &mean, &variance];
                self.node("BatchNormalization", &inputs, &sum, vec![real("epsilon", epsilon)]);
                self.activate(place, activation, sum)
            }
            Operation::Dropout { .. } => Ok(x.into()),
            Operation::GlobalAveragePool => {
                self.node("GlobalAveragePool", &[x], &at("means"), vec![]);
                self.node("Flatten", &[&at("means")], &at("output"), vec![int("axis", 1)]);
                Ok(at("output"))
            }
            Operation::Residual { block, skip, activation } => {
                let [block, skip] = self.branches(place, block, skip, x)?;
                self.node("Add", &[&block, &skip], &sum, vec![]);
                self.activate(place, activation, sum)
            }
            Operation::Concat { block, skip } => {
                let [block, skip] = self.branches(place, block, skip, x)?;
                self.node("Concat", &[&skip, &block], &at("output"), vec![int("axis", 1)]);
                Ok(at("output"))
            }
            _ => Err(place.refused("its layer")),
        }
    }

    /// Adds the nodes of two branches; returns the names of their outputs.
    fn branches(
        &mut self,
        place: &Place,
        block: &'static [StageInfo],
        skip: &'static [StageInfo],
        x: &str,
    ) -> Result<[String; 2], StageError> {
        let block = self.chain(block, &format!("{}.block.", place.path), x)?;
        Ok([block, self.chain(skip, &format!("{}.skip.", place.path), x)?])
    }

    /// Adds the parameters of a stage as constants under their own names.
    fn initializers<const P: usize>(&mut self, place: &Place) -> Result<[String; P], StageError> {
        let arrays: [Array; P] = self.parameters(place)?;
        Ok(arrays.map(|(name, dims, numbers)| {
            self.floats(&name, &dims, &numbers);
            name
        }))
    }

    fn pool(&mut self, op: &str, window: [usize; 2], x: &str, output: String) -> String {
        self.node(op, &[x], &output, vec![sides("kernel_shape", window), sides("strides", window)]);
        output
    }

    /// Applies the activation function to `sum`; returns the name of the result.
    fn activate(&mut self, place: &Place, activation: ActivationKind, sum: String) -> Result<String, StageError> {
        let at = |what: &str| place.value(what);
        let output = at("output");
        match activation {
            ActivationKind::Identity => return Ok(sum),
            ActivationKind::Tanh => self.node("Tanh", &[&sum], &output, vec![]),
            ActivationKind::Sigmoid => self.node("Sigmoid", &[&sum], &output, vec![]),
            ActivationKind::Relu => self.node("Relu", &[&sum], &output, vec![]),
            ActivationKind::ScaledTanh { amplitude, slope } => {
                self.floats(&at("slope"), &[], &[slope as f32]);
                self.floats(&at("amplitude"), &[], &[amplitude as f32]);
                self.node("Mul", &[&sum, &at("slope")], &at("scaled"), vec![]);
                self.node("Tanh", &[&at("scaled")], &at("tanh"), vec![]);
                self.node("Mul", &[&at("tanh"), &at("amplitude")], &output, vec![]);
            }
            ActivationKind::LeakyRelu { slope } => {
                self.node("LeakyRelu", &[&sum], &output, vec![real("alpha", slope)]);
            }
            ActivationKind::Silu => {
                self.node("Sigmoid", &[&sum], &at("gate"), vec![]);
                self.node("Mul", &[&sum, &at("gate")], &output, vec![]);
            }
            ActivationKind::HardSwish => {
                // The operator HardSwish came with the next set.
                let attributes = vec![real("alpha", 1.0 / 6.0), real("beta", 0.5)];
                self.node("HardSigmoid", &[&sum], &at("gate"), attributes);
                self.node("Mul", &[&sum, &at("gate")], &output, vec![]);
            }
            ActivationKind::GeluTanh => self.gelu(&at, &sum),
            _ => return Err(place.refused("its activation function")),
        }
        Ok(output)
    }

    /// x (1 + tanh(u)) / 2, with u = scale (x + cube x^3), as x times the sigmoid of 2u = x (2 scale + 2 scale cube x^2).
    /// The operator Gelu came with opset 20.
    fn gelu(&mut self, at: &dyn Fn(&str) -> String, x: &str) {
        self.floats(&at("scale"), &[], &[(2.0 * GeluTanh::SCALE) as f32]);
        self.floats(&at("cube"), &[], &[(2.0 * GeluTanh::SCALE * GeluTanh::CUBE) as f32]);
        self.node("Mul", &[x, x], &at("square"), vec![]);
        self.node("Mul", &[&at("square"), &at("cube")], &at("cubic"), vec![]);
        self.node("Add", &[&at("cubic"), &at("scale")], &at("factor"), vec![]);
        self.node("Mul", &[&at("factor"), x], &at("argument"), vec![]);
        self.node("Sigmoid", &[&at("argument")], &at("gate"), vec![]);
        self.node("Mul", &[x, &at("gate")], &at("output"), vec![]);
    }
}

fn int(name: &str, value: usize) -> AttributeProto {
    AttributeProto { name: name.into(), i: Some(value as i64), r#type: INT, ..AttributeProto::default() }
}

fn ints(name: &str, values: Vec<i64>) -> AttributeProto {
    AttributeProto { name: name.into(), ints: values, r#type: INTS, ..AttributeProto::default() }
}

fn real(name: &str, value: f64) -> AttributeProto {
    AttributeProto { name: name.into(), f: Some(value as f32), r#type: REAL, ..AttributeProto::default() }
}

fn string(name: &str, value: &str) -> AttributeProto {
    AttributeProto { name: name.into(), s: Some(value.into()), r#type: STRING, ..AttributeProto::default() }
}

/// An attribute with a number of rows and of columns.
fn sides(name: &str, sides: [usize; 2]) -> AttributeProto {
    ints(name, sides.map(|side| side as i64).to_vec())
}

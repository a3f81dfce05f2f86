//! Every network of the catalogue, exported, read back and computed by the meaning of ONNX's operators, written plainly:
//! what comes out is what the network's own forward pass says.

use super::proto::*;
use super::*;
use crate::networks::{Retina, scores};
use crate::{Image, NetworkName, Visitor, read, visit};
use lenet_layers::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::HashMap;

/// An array of any number of axes.
#[derive(Clone)]
struct Array {
    dims: Vec<usize>,
    data: Vec<f64>,
}

impl Array {
    fn new(dims: &[usize], data: Vec<f64>) -> Self {
        assert_eq!(dims.iter().product::<usize>(), data.len(), "{dims:?}");
        Array { dims: dims.to_vec(), data }
    }

    /// Every cell by its place.
    fn from_fn(dims: &[usize], cell: impl Fn(&[usize]) -> f64) -> Self {
        let place = |i: usize| -> Vec<usize> {
            let rest = |axis: usize| dims[axis + 1..].iter().product::<usize>();
            (0..dims.len()).map(|axis| i / rest(axis) % dims[axis]).collect()
        };
        Array::new(dims, (0..dims.iter().product()).map(|i| cell(&place(i))).collect())
    }

    /// The cell at a place; axes of extent 1, and those that the array does not have, stand for any extent.
    fn at(&self, place: &[usize]) -> f64 {
        let own = &place[place.len() - self.dims.len()..];
        self.data[own.iter().zip(&self.dims).fold(0, |i, (at, n)| i * n + if *n == 1 { 0 } else { *at })]
    }

    fn map(&self, f: impl Fn(f64) -> f64) -> Self {
        Array::new(&self.dims, self.data.iter().map(|x| f(*x)).collect())
    }

    /// `f` of the cells of two arrays, broadcast.
    fn zip(&self, other: &Array, f: impl Fn(f64, f64) -> f64) -> Self {
        let rank = self.dims.len().max(other.dims.len());
        let extent = |a: &Array, axis: usize| (axis + a.dims.len()).checked_sub(rank).map_or(1, |i| a.dims[i]);
        let dims: Vec<_> = (0..rank).map(|axis| extent(self, axis).max(extent(other, axis))).collect();
        Array::from_fn(&dims, |place| f(self.at(place), other.at(place)))
    }

    /// `f` of the window of each cell of maps that are smaller: `f` is told the cell's place and the window's first row and column.
    fn windows(&self, maps: usize, kernel: usize, stride: usize, f: impl Fn(&[usize], usize, usize) -> f64) -> Self {
        let out = |n: usize| (n - kernel) / stride + 1;
        let dims = [self.dims[0], maps, out(self.dims[2]), out(self.dims[3])];
        Array::from_fn(&dims, |place| f(place, place[2] * stride, place[3] * stride))
    }
}

fn attribute<'n>(node: &'n NodeProto, name: &str) -> Option<&'n AttributeProto> {
    node.attribute.iter().find(|a| a.name == name)
}

/// A size that is the same for rows and columns, or the value of a single number.
fn number(node: &NodeProto, name: &str) -> Option<usize> {
    let a = attribute(node, name)?;
    match a.r#type {
        INT => a.i.map(|i| i as usize),
        INTS => (a.ints.len() == 2 && a.ints[0] == a.ints[1]).then(|| a.ints[0] as usize),
        _ => None,
    }
}

/// What a node computes.
fn compute(node: &NodeProto, inputs: &[&Array]) -> Array {
    let x = inputs[0];
    let n = x.dims[0];
    let kernel = || number(node, "kernel_shape").unwrap();
    let stride = number(node, "strides").unwrap_or(1);
    match node.op_type.as_str() {
        "Pad" => {
            let margin: Vec<usize> = inputs[1].data.iter().map(|m| *m as usize).collect();
            let dims: Vec<_> = (0..4).map(|axis| margin[axis] + x.dims[axis] + margin[4 + axis]).collect();
            Array::from_fn(&dims, |place| {
                let inner: Vec<_> = (0..4).map(|axis| place[axis].wrapping_sub(margin[axis])).collect();
                if inner.iter().zip(&x.dims).all(|(at, n)| at < n) { x.at(&inner) } else { 0.0 }
            })
        }
        "Mul" => x.zip(inputs[1], |a, b| a * b),
        "Add" => x.zip(inputs[1], |a, b| a + b),
        "Sub" => x.zip(inputs[1], |a, b| a - b),
        "Neg" => x.map(|a| -a),
        "Tanh" => x.map(f64::tanh),
        "Sigmoid" => x.map(|a| 1.0 / (1.0 + (-a).exp())),
        "Relu" => x.map(|a| a.max(0.0)),
        "Conv" => {
            let (weight, k) = (inputs[1], kernel());
            let group = number(node, "group").unwrap_or(1);
            let (maps, seen) = (weight.dims[0], weight.dims[1]);
            assert_eq!((seen * group, &weight.dims[2..]), (x.dims[1], &[k, k][..]));
            x.windows(maps, k, stride, |place, row, column| {
                let (o, first) = (place[1], place[1] / (maps / group) * seen);
                let terms = (0..seen * k * k).map(|t| {
                    let (i, u, v) = (t / (k * k), t / k % k, t % k);
                    weight.at(&[o, i, u, v]) * x.at(&[place[0], first + i, row + u, column + v])
                });
                terms.sum::<f64>() + inputs[2].data[o]
            })
        }
        op @ ("AveragePool" | "MaxPool") => {
            let k = kernel();
            x.windows(x.dims[1], k, stride, |place, row, column| {
                let cells = (0..k * k).map(|t| x.at(&[place[0], place[1], row + t / k, column + t % k]));
                if op == "MaxPool" { cells.fold(f64::MIN, f64::max) } else { cells.sum::<f64>() / (k * k) as f64 }
            })
        }
        "Gather" => {
            assert_eq!(number(node, "axis"), Some(1));
            let from = &inputs[1].data;
            let dims = [n, from.len(), x.dims[2], x.dims[3]];
            Array::from_fn(&dims, |p| x.at(&[p[0], from[p[1]] as usize, p[2], p[3]]))
        }
        "Flatten" => {
            assert_eq!(number(node, "axis"), Some(1));
            Array::new(&[n, x.data.len() / n], x.data.clone())
        }
        "Gemm" => {
            assert_eq!((number(node, "transB"), attribute(node, "transA")), (Some(1), None));
            let (weight, units) = (inputs[1], inputs[1].dims[0]);
            let sum = |p: &[usize]| (0..x.dims[1]).map(|i| weight.at(&[p[1], i]) * x.at(&[p[0], i])).sum::<f64>();
            Array::from_fn(&[n, units], sum).zip(inputs[2], |a, b| a + b)
        }
        "Unsqueeze" => {
            assert_eq!(inputs[1].data, [1.0]);
            Array::new(&[n, 1, x.dims[1]], x.data.clone())
        }
        "ReduceSumSquare" => {
            assert_eq!((number(node, "keepdims"), &attribute(node, "axes").unwrap().ints[..]), (Some(0), &[2][..]));
            let sum = |p: &[usize]| (0..x.dims[2]).map(|i| x.at(&[p[0], p[1], i]).powi(2)).sum();
            Array::from_fn(&x.dims[..2], sum)
        }
        "Softmax" => {
            assert_eq!(number(node, "axis"), Some(1));
            let sum = |row: usize| (0..10).map(|i| x.at(&[row, i]).exp()).sum::<f64>();
            Array::from_fn(&x.dims, |p| x.at(p).exp() / sum(p[0]))
        }
        op => panic!("the graph has a {op}, which is no operator this test knows"),
    }
}

/// What the graph makes of a batch of pictures: every value by its name.
fn run(graph: &GraphProto, images: &[Image]) -> HashMap<String, Array> {
    let pixels = images.as_flattened().as_flattened().iter().map(|p| f64::from(*p)).collect();
    let mut values = HashMap::from([("image".to_string(), Array::new(&[images.len(), 1, 28, 28], pixels))]);
    for t in &graph.initializer {
        let dims: Vec<_> = t.dims.iter().map(|n| *n as usize).collect();
        let data = match t.data_type {
            FLOAT => t.raw_data.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b).into()).collect(),
            INT64 => t.raw_data.as_chunks().0.iter().map(|b| i64::from_le_bytes(*b) as f64).collect(),
            other => panic!("{}: type {other}", t.name),
        };
        assert!(values.insert(t.name.clone(), Array::new(&dims, data)).is_none(), "{} twice", t.name);
    }
    for node in &graph.node {
        let inputs: Vec<_> = node.input.iter().map(|name| &values[name]).collect();
        let output = compute(node, &inputs);
        assert!(values.insert(node.output[0].clone(), output).is_none(), "{} twice", node.output[0]);
    }
    values
}

/// Numbers at random for every parameter, biases and coefficients too, of a size that leaves the squashing functions something to do.
fn random<N: DigitNetwork>() -> Box<N> {
    let (mut network, mut rng) = (N::boxed(), ChaCha8Rng::seed_from_u64(5));
    for i in 0..N::TENSORS {
        let info = N::info(i);
        let end = if info.role == Role::Weight { 2.4 / ((info.fan_in)(0) as f32).sqrt() } else { 0.5 };
        network.tensor_mut(i).iter_mut().for_each(|x| *x = rng.random_range(-end..end));
    }
    network
}

/// A picture of noise, thicker on one side, so that one that is turned or moved is another.
fn picture(seed: u64) -> Image {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    std::array::from_fn(|row| std::array::from_fn(|column| rng.random_range(0..=(3 * row + 5 * column + 30) as u8)))
}

/// Exports a network, reads the file back, and compares what the graph says of two pictures with what we say; gives the graph.
fn check<N: DigitNetwork>(what: &str) -> ModelProto {
    let (network, normalization) = (random::<N>(), Normalization { ground: -0.25, ink: 1.5 });
    let bytes = to_onnx(&*network, normalization, &[("key", "value")]).unwrap();
    let model = ModelProto::decode(&bytes[..]).unwrap();
    let graph = model.graph.as_ref().unwrap();
    let images = [picture(1), picture(2)];
    let values = run(graph, &images);

    // Parameters are there by their names; a coefficient stands in each cell of its window.
    for (i, numbers) in network.tensors().enumerate() {
        let (info, name) = (N::info(i), N::info(i).to_string());
        if let Role::Coefficient { window } = info.role {
            let kernels = &values[&format!("{}/window", info.stage)];
            assert_eq!(kernels.data.len(), window * info.len(), "{what}: {name}");
            continue;
        }
        let (array, there) = (&values[&name], info.positions().map(|at| values[&name].data[at] as f32));
        assert_eq!(array.dims, info.dims, "{what}: {name}");
        assert!(there.eq(numbers.iter().copied()), "{what}: {name}");
        let zeros = array.data.iter().filter(|x| **x == 0.0).count();
        assert_eq!(array.data.len() - zeros, info.len(), "{what}: {name} where nothing is connected");
    }
    for (n, image) in images.iter().enumerate() {
        let mut trace = N::Trace::<f32>::zeroed();
        N::Input::lay(trace.input_mut(), &[image], normalization);
        let scores = scores::<N>(network.forward(&mut trace).data);
        let reading = read(&*network, image, normalization);
        for digit in 0..10 {
            let (theirs, ours) = (values["logits"].at(&[n, digit]), f64::from(scores[digit]));
            // The graph is computed in f64, the network in f32: some hundred roundings of 6e-8.
            assert!((theirs - ours).abs() < 1e-5 * (1.0 + ours.abs()), "{what}, {digit}: {theirs}, not {ours}");
            let probability = f64::from(reading.probabilities[digit]);
            let theirs = values["probabilities"].at(&[n, digit]);
            assert!((theirs - probability).abs() < 1e-4, "{what}, probability of {digit}: {theirs}, not {probability}");
        }
    }
    assert_ne!(values["logits"].data[..10], values["logits"].data[10..], "{what}: both pictures are one");
    model
}

#[test]
fn every_network_computes_the_same_as_a_graph() {
    struct Check(String);
    impl Visitor for Check {
        type Output = ModelProto;
        fn visit<N: DigitNetwork>(self) -> ModelProto {
            check::<N>(&self.0)
        }
    }
    for network in NetworkName::ALL {
        for activation in network.activations() {
            visit(*network, *activation, Check(format!("{network} with {activation}")));
        }
    }
}

sequential! {
    /// What no network of the catalogue has: max pooling, odd margins, and stages of names that the graph uses itself.
    struct Odd, trace OddTrace {
        input:                                       Maps<1, 31, 33>;
        image:  Conv2d<1, 2, 4, Relu>             => Maps<2, 28, 30>;
        logits: MaxPool<2>                        => Maps<2, 14, 15>;
        twice:  Repeat<3>                         => Maps<6, 14, 15>;
        c3:     Conv2d<6, 1, 3>                   => Maps<1, 12, 13>;
        flat:   Flatten                           => Units<156>;
        probabilities: Dense<156, 10, Sigmoid>    => Units<10>;
    }
}

#[test]
fn a_network_of_ones_own() {
    let model = check::<Odd>("odd");
    let graph = model.graph.unwrap();
    let ops: Vec<_> = graph.node.iter().map(|node| node.op_type.as_str()).collect();
    let expected = "Pad Mul Add Conv Relu MaxPool Gather Conv Flatten Gemm Sigmoid Softmax";
    assert_eq!(ops.join(" "), expected);
}

#[test]
fn lenet5_is_the_graph_it_should_be() {
    let model = check::<crate::LeNet5>("lenet5");
    assert_eq!((model.ir_version, model.opset_import[0].version, model.producer_name.as_str()), (7, 13, "lenet"));
    assert_eq!(model.metadata_props, [StringStringEntryProto { key: "key".into(), value: "value".into() }]);
    let graph = model.graph.unwrap();
    let ops: Vec<_> = graph.node.iter().map(|node| node.op_type.as_str()).collect();
    let stage = |op| format!("{op} Mul Tanh Mul");
    let (conv, gemm) = (stage("Conv"), stage("Gemm"));
    let expected = format!("Pad Mul Add {conv} {conv} {conv} {conv} {conv} Flatten {gemm} Gemm Softmax");
    assert_eq!(ops.join(" "), expected);
    let shape = |value: &ValueInfoProto| -> Vec<Extent> {
        let tensor = value.r#type.as_ref().unwrap().tensor_type.as_ref().unwrap();
        assert_eq!(tensor.elem_type, FLOAT);
        tensor.shape.as_ref().unwrap().dim.iter().map(|d| d.extent.clone().unwrap()).collect()
    };
    let (batch, n) = (Extent::DimParam("N".into()), Extent::DimValue);
    assert_eq!(graph.input.iter().map(shape).collect::<Vec<_>>(), [[batch.clone(), n(1), n(28), n(28)]]);
    assert_eq!(graph.output.iter().map(shape).collect::<Vec<_>>(), [[batch.clone(), n(10)], [batch, n(10)]]);
    assert_eq!(graph.output.iter().map(|o| o.name.as_str()).collect::<Vec<_>>(), ["logits", "probabilities"]);
}

/// a / 2, of which nothing is said.
struct Half;
impl Activation for Half {
    const NAME: &'static str = "half";
    fn apply<V: Vector>(a: V) -> V {
        a * a.like(0.5)
    }
    fn slope<V: Vector>(y: V) -> V {
        y.like(0.5)
    }
}

sequential! {
    /// A squashing function of its own.
    struct Halved, trace HalvedTrace {
        input:                         Maps<1, 28, 28>;
        flat:   Flatten             => Units<784>;
        out:    Dense<784, 10, Half> => Units<10>;
    }
}

sequential! {
    /// An input that no picture fits.
    struct Small, trace SmallTrace {
        input:                    Maps<1, 28, 20>;
        flat:   Flatten        => Units<560>;
        out:    Dense<560, 10> => Units<10>;
    }
}

#[test]
fn what_cannot_be_expressed_is_refused_with_its_stage() {
    let refused = to_onnx(&*Halved::boxed(), Normalization::PAPER, &[]).unwrap_err();
    assert!(matches!(&refused, OnnxError::Stage { stage: "out", .. }), "{refused}");
    let text = refused.to_string();
    assert!(text.starts_with("stage out (full connection, half) can't be expressed in ONNX: its squashing"), "{text}");
    assert_eq!(text.lines().count(), 1);

    let refused = to_onnx(&*Small::boxed(), Normalization::PAPER, &[]).unwrap_err();
    assert!(matches!(refused, OnnxError::Input { dims: [1, 28, 20] }), "{refused}");
}

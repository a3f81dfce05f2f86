//! Every network of the catalogue is exported, read back and computed by the plain meaning of ONNX's operators. The
//! result must be that of the network's own forward pass.

mod operators;
/// The messages, from the exporter.
#[path = "../../../../lenet-train/src/onnx/proto.rs"]
mod proto;

use lenet_layers::simd::{Simd, Vector};
use lenet_layers::*;
use lenet_model::{
    ActivationName, AnyNetwork, Description, DigitNetwork, Image, NetworkName, Normalization, OnnxError, save_onnx,
    to_onnx,
};
use operators::run;
use prost::Message;
use proto::{Extent, FLOAT, ModelProto, StringStringEntryProto, ValueInfoProto};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Random numbers for every parameter, including biases and coefficients, of a size at which the activation functions
/// are not linear.
fn random(mut network: Box<dyn AnyNetwork>) -> Box<dyn AnyNetwork> {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    for (i, info) in network.info().tensors().enumerate() {
        let end = if info.role == Role::Weight { 2.4 / ((info.fan_in)(0) as f32).sqrt() } else { 0.5 };
        network.tensor_mut(i).iter_mut().for_each(|x| *x = rng.random_range(-end..end));
    }
    network
}

/// An image of noise, denser on one side, so that a transposed or shifted image is a different one.
fn picture(seed: u64) -> Image {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    std::array::from_fn(|row| std::array::from_fn(|column| rng.random_range(0..=(3 * row + 5 * column + 30) as u8)))
}

/// Exports a network, reads the file back, and compares the graph's results for two images with ours; returns the
/// graph.
fn check(network: Box<dyn AnyNetwork>, what: &str) -> ModelProto {
    let (network, normalization) = (random(network), Normalization { ground: -0.25, ink: 1.5 });
    let bytes = to_onnx(&*network, normalization, &[("key", "value")]).unwrap();
    let model = ModelProto::decode(&bytes[..]).unwrap();
    let graph = model.graph.as_ref().unwrap();
    let images = [picture(1), picture(2)];
    let values = run(graph, &images);

    // Parameters have their own names; a coefficient is in each cell of its window.
    for (i, info) in network.info().tensors().enumerate() {
        let (numbers, name) = (network.tensor(i), info.to_string());
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
        let sign = if network.info().penalties { -1.0 } else { 1.0 };
        let outputs = network.stage_outputs(image, normalization).pop().unwrap();
        let reading = network.read(image, normalization);
        for digit in 0..10 {
            let (theirs, ours) = (values["logits"].at(&[n, digit]), f64::from(sign * outputs[digit]));
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
    for network in NetworkName::ALL {
        for activation in network.activations() {
            check(network.zeroed(*activation), &format!("{network} with {activation}"));
        }
    }
}

sequential! {
    /// What no network of the catalogue has: max pooling, odd margins, and stages with names that the graph itself
    /// uses.
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
    let model = check(Odd::<f32>::boxed_zeroed(), "odd");
    let graph = model.graph.unwrap();
    let ops: Vec<_> = graph.node.iter().map(|node| node.op_type.as_str()).collect();
    let expected = "Pad Mul Add Conv Relu MaxPool Gather Conv Flatten Gemm Sigmoid Softmax";
    assert_eq!(ops.join(" "), expected);
}

sequential! {
    /// Every function that is a stage of its own or an activation function of no network of the catalogue.
    struct Functions, trace FunctionsTrace {
        input:                             Maps<1, 28, 28>;
        c1:     Conv2d<1, 2, 5, LeakyRelu> => Maps<2, 24, 24>;
        gelu:   Apply<GeluTanh>            => Maps<2, 24, 24>;
        pool:   AvgPool<4>                 => Maps<2, 6, 6>;
        flat:   Flatten                    => Units<72>;
        silu:   Apply<Silu>                => Units<72>;
        f1:     Dense<72, 30>              => Units<30>;
        hard:   Apply<HardSwish>           => Units<30>;
        same:   Apply<Identity>            => Units<30>;
        out:    Dense<30, 10>              => Units<10>;
    }
}

#[test]
fn functions_are_exported_by_their_formulas() {
    let model = check(Functions::<f32>::boxed_zeroed(), "functions");
    let graph = model.graph.unwrap();
    let ops: Vec<_> = graph.node.iter().map(|node| node.op_type.as_str()).collect();
    let expected = "Mul Add Conv LeakyRelu Mul Mul Add Mul Sigmoid Mul AveragePool Flatten Sigmoid Mul Gemm HardSigmoid \
                    Mul Gemm Softmax";
    assert_eq!(ops.join(" "), expected);
}

sequential! {
    /// Convolutions with padding of both kinds, strides and groups.
    struct Padded, trace PaddedTrace {
        input:                                          Maps<1, 28, 28>;
        same:   Conv2d<1, 4, 3, Tanh, SamePadding>          => Maps<4, 28, 28>;
        half:   Conv2d<4, 4, 4, Tanh, Zeros<1>, 2>   => Maps<4, 14, 14>;
        edge:   Conv2d<4, 6, 5, Tanh, Edge<2>, 3>    => Maps<6, 5, 5>;
        groups: GroupConv2d<2, 3, 2, 3, Tanh, Edge<1>> => Maps<4, 5, 5>;
        each:   DepthwiseConv2d<4, 3, Tanh, SamePadding, 2> => Maps<4, 3, 3>;
        flat:   Flatten                              => Units<36>;
        out:    Dense<36, 10>                        => Units<10>;
    }
}

#[test]
fn padding_strides_and_groups() {
    let model = check(Padded::<f32>::boxed_zeroed(), "padded");
    let graph = model.graph.unwrap();
    let ops: Vec<_> = graph.node.iter().map(|node| node.op_type.as_str()).collect();
    assert_eq!(ops.join(" "), "Mul Add Conv Tanh Conv Tanh Pad Conv Tanh Pad Conv Tanh Conv Tanh Flatten Gemm Softmax");
}

#[test]
fn lenet5_is_the_graph_it_should_be() {
    let model = check(NetworkName::LeNet5.zeroed(ActivationName::ScaledTanh), "lenet5");
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

/// a / 2, without a `KIND`.
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
    /// A network with a custom activation function.
    struct Halved, trace HalvedTrace {
        input:                         Maps<1, 28, 28>;
        flat:   Flatten             => Units<784>;
        out:    Dense<784, 10, Half> => Units<10>;
    }
}

/// The identity, with an operation that is missing or wrong.
struct Own<const LIES: bool>;
impl<const LIES: bool> Trainable for Own<LIES> {
    type Params<E: Element> = NoParams<E>;
}
impl<const LIES: bool> LayerInfo for Own<LIES> {
    const OPERATION: Operation =
        if LIES { Operation::FullConnection { activation: ActivationKind::Identity } } else { Operation::Custom };
    fn info(index: usize) -> ParamInfo {
        panic!("no parameter {index}")
    }
    fn describe(f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("own")
    }
}
impl<const N: usize, const LIES: bool> Layer<Units<N>> for Own<LIES> {
    type Out = Units<N>;
    const CONNECTIONS: usize = 0;
    const MULTIPLY_ADDS: usize = 0;
    fn forward<S: Simd, T: Cell>(_: S, _: &NoParams<T::Element>, x: &Tensor<Units<N>, T>, y: &mut Tensor<Units<N>, T>) {
        y.clone_from(x);
    }
    fn backward<S: Simd, T: Cell, const TO_INPUT: bool>(
        _: S,
        _: &NoParams<T::Element>,
        _: &Tensor<Units<N>, T>,
        _: &Tensor<Units<N>, T>,
        _: &mut Tensor<Units<N>, T>,
        _: &mut Tensor<Units<N>, T>,
        _: &mut NoParams<T::Element>,
    ) {
        unreachable!("nothing is trained here")
    }
}

impl<const N: usize, const LIES: bool> Curved<Units<N>> for Own<LIES> {
    fn curvature<S: Simd, T: Cell>(
        _: S,
        _: &NoParams<T::Element>,
        _: &Tensor<Units<N>, T>,
        _: &Tensor<Units<N>, T>,
        _: &mut Tensor<Units<N>, T>,
        _: &mut Tensor<Units<N>, T>,
        _: &mut NoParams<T::Element>,
    ) {
        unreachable!("nothing is trained here")
    }
}

sequential! {
    struct Silent, trace SilentTrace {
        input:                    Maps<1, 28, 28>;
        flat:   Flatten        => Units<784>;
        mine:   Own<false>     => Units<784>;
        out:    Dense<784, 10> => Units<10>;
    }
}

sequential! {
    struct Lying, trace LyingTrace {
        input:                    Maps<1, 28, 28>;
        flat:   Flatten        => Units<784>;
        mine:   Own<true>      => Units<784>;
        out:    Dense<784, 10> => Units<10>;
    }
}

#[test]
fn what_cannot_be_expressed_is_refused_with_its_stage() {
    fn refused<N: DigitNetwork>() -> OnnxError {
        to_onnx(&*N::boxed_zeroed(), Normalization::PAPER, &[]).expect_err("it was exported")
    }
    for (error, words) in [
        (refused::<Halved>(), "stage out (full connection, half) can't be expressed in ONNX: its activation function"),
        (refused::<Silent>(), "stage mine (own) can't be expressed in ONNX: its layer does not say what"),
        (refused::<Lying>(), "stage mine (own) can't be expressed in ONNX: its layer does not say what"),
    ] {
        let text = error.to_string();
        assert!(text.starts_with(words) && text.lines().count() == 1, "{text}");
    }
}

#[test]
fn a_network_in_the_name_of_another_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.onnx");
    let description = Description::new(NetworkName::LeNet5, ActivationName::Relu, Normalization::PAPER);
    let error = save_onnx(&*NetworkName::LeNet5.zeroed(ActivationName::Tanh), &description, &path).unwrap_err();
    assert!(error.to_string().contains("net.onnx: described as lenet5 with relu"), "{error}");
    assert!(!path.exists());
    save_onnx(&*NetworkName::LeNet5.zeroed(ActivationName::Relu), &description, &path).unwrap();
    let model = ModelProto::decode(&std::fs::read(path).unwrap()[..]).unwrap();
    let entries: Vec<_> = model.metadata_props.iter().map(|e| (e.key.as_str(), e.value.as_str())).collect();
    let said = [("network", "lenet5"), ("activation", "relu"), ("ground", "-0.1"), ("ink", "1.175")];
    assert_eq!(entries[..4], said);
    assert!(entries.contains(&("program", description.program.as_str())) && !entries.contains(&("format", "pt")));
}

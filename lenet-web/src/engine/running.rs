//! A network, and the outputs of its stages for the image that it read last.

use half::f16;
use lenet_layers::{ActivationKind, Network, Operation, ParamInfo, Params, StageInfo, Trace};
use lenet_model::{DigitNetwork, Image, ImageInput, LeNet5, NetworkInfo, Normalization, Reading};
use serde_json::{Value, json};

/// A network at work, whatever its type.
pub trait Running {
    /// What is known about the network from its type.
    fn info(&self) -> NetworkInfo;
    /// Reads an image: every stage's output is computed. Returns the probability of each digit.
    fn read(&mut self, image: &Image) -> [f32; 10];
    /// The input of the first stage: 28x28 pixels, normalized, with the margin that the network needs.
    fn input(&self) -> &[f32];
    /// The output of stage number `index`.
    fn stage(&self, index: usize) -> &[f32];
    /// Array number `index` of the parameters.
    fn array(&self, index: usize) -> &[f32];
    /// Array number `index` of the parameters, to write to.
    fn array_mut(&mut self, index: usize) -> &mut [f32];
}

/// A network of type `N` at work.
#[derive(Debug)]
pub struct RunningOf<N: DigitNetwork> {
    network: Box<N>,
    trace: Box<N::Trace<f32>>,
    normalization: Normalization,
}

impl RunningOf<LeNet5> {
    /// The LeNet-5 that comes with lenet-model.
    #[must_use]
    pub fn pretrained() -> Self {
        let mut network = LeNet5::boxed_zeroed();
        network.copy_from(LeNet5::pretrained());
        Self::new(network, Normalization::PAPER)
    }
}

impl<N: DigitNetwork> RunningOf<N> {
    /// Puts a network to work.
    #[must_use]
    pub fn new(network: Box<N>, normalization: Normalization) -> Self {
        Self { network, trace: Trace::boxed_zeroed(), normalization }
    }

    /// The network.
    pub(super) fn network_mut(&mut self) -> &mut N {
        &mut self.network
    }
}

impl<N: DigitNetwork> Running for RunningOf<N> {
    fn info(&self) -> NetworkInfo {
        NetworkInfo::of::<N>()
    }
    fn read(&mut self, image: &Image) -> [f32; 10] {
        <N as Network>::Input::lay(self.trace.input_mut(), &[image], self.normalization);
        Reading::of_outputs::<N>(self.network.forward(&mut *self.trace).data).probabilities
    }
    fn input(&self) -> &[f32] {
        self.trace.input().cells()
    }
    fn stage(&self, index: usize) -> &[f32] {
        self.trace.stage(index)
    }
    fn array(&self, index: usize) -> &[f32] {
        Params::tensor(&*self.network, index)
    }
    fn array_mut(&mut self, index: usize) -> &mut [f32] {
        Params::tensor_mut(&mut *self.network, index)
    }
}

/// Numbers of half precision, as [`half_numbers`] writes them; `None` if they are not `count`, or not all finite.
pub(super) fn from_halves(bytes: &[u8], count: usize) -> Option<impl Iterator<Item = f32>> {
    let (low, high) = bytes.split_at_checked(count).filter(|(low, high)| low.len() == high.len())?;
    let numbers = low.iter().zip(high).map(|(low, high)| f16::from_le_bytes([*low, *high]).to_f32());
    numbers.clone().all(f32::is_finite).then_some(numbers)
}

/// Sets all parameters from numbers of half precision, in the order of the arrays. Returns `false`, and changes nothing, if they
/// are not as many as the network has, or not finite.
#[must_use]
pub fn set_half_numbers(network: &mut dyn Running, bytes: &[u8]) -> bool {
    let Some(mut numbers) = from_halves(bytes, network.info().parameters) else { return false };
    for index in 0..network.info().tensors().len() {
        network.array_mut(index).iter_mut().zip(&mut numbers).for_each(|(to, number)| *to = number);
    }
    true
}

/// All parameters in half precision, for [`set_half_numbers`]: the low bytes of all numbers, then the high bytes, which can be
/// compressed better.
#[must_use]
pub fn half_numbers(network: &dyn Running) -> Vec<u8> {
    let arrays = network.info().tensors().len();
    halves((0..arrays).flat_map(|index| network.array(index)))
}

/// Numbers in half precision: the low bytes, then the high bytes.
pub(super) fn halves<'a>(numbers: impl Iterator<Item = &'a f32>) -> Vec<u8> {
    let (mut low, high): (Vec<u8>, Vec<u8>) = numbers
        .map(|number| {
            let [low, high] = f16::from_f32(*number).to_le_bytes();
            (low, high)
        })
        .unzip();
    low.extend(high);
    low
}

/// A network's stages and arrays as JSON, for the page.
#[must_use]
pub fn describe(info: NetworkInfo) -> Value {
    json!({
        "input": info.input,
        "penalties": info.penalties,
        "parameters": info.parameters,
        "connections": info.connections,
        "stages": info.stages.iter().map(stage).collect::<Vec<_>>(),
        "arrays": info.tensors().map(array).collect::<Vec<_>>(),
    })
}

fn stage(stage: &StageInfo) -> Value {
    let (kind, size, codes) = match stage.operation {
        Operation::Convolution { kernel: [_, columns], .. } => ("convolution", columns, None),
        Operation::Subsampling { window, .. } => ("subsampling", window, None),
        Operation::AveragePool { window: [_, columns] } => ("average", columns, None),
        Operation::MaxPool { window: [_, columns] } => ("maximum", columns, None),
        Operation::FullConnection { .. } => ("full", 0, None),
        Operation::Rbf { codes } => ("rbf", 0, Some(codes)),
        Operation::Repeat { times } => ("repeat", times, None),
        Operation::Flatten => ("flatten", 0, None),
        _ => ("custom", 0, None),
    };
    json!({
        "name": stage.name,
        "dims": stage.dims,
        "layer": stage.layer().to_string(),
        "kind": kind,
        "size": size,
        "codes": codes,
        "activation": activation(stage.operation).map(activation_name),
        "params": stage.params,
        "connections": stage.connections,
    })
}

fn array(info: ParamInfo) -> Value {
    json!({ "stage": info.stage, "name": info.name, "dims": info.dims, "len": info.len(), "connected": info.connected })
}

/// The activation function of an operation, if it has one.
pub(super) fn activation(operation: Operation) -> Option<ActivationKind> {
    match operation {
        Operation::Convolution { activation, .. }
        | Operation::Subsampling { activation, .. }
        | Operation::FullConnection { activation } => Some(activation),
        _ => None,
    }
}

fn activation_name(kind: ActivationKind) -> String {
    match kind {
        ActivationKind::Identity => "identity".into(),
        ActivationKind::Tanh => "tanh".into(),
        ActivationKind::ScaledTanh { amplitude, slope } if slope == 2.0 / 3.0 => format!("{amplitude} tanh(2/3 a)"),
        ActivationKind::ScaledTanh { amplitude, slope } => format!("{amplitude} tanh({slope} a)"),
        ActivationKind::Sigmoid => "sigmoid".into(),
        ActivationKind::Relu => "max(a, 0)".into(),
        ActivationKind::LeakyRelu { slope } => format!("max(a, {slope} a)"),
        _ => "custom".into(),
    }
}

//! Networks as objects: what training, evaluation and files need from a network, whatever its type.
//!
//! Only the passes through a network depend on its type. Everything else works on slices, so it is compiled once and
//! not once for each network that a program can choose by name.

use crate::DigitNetwork;
use crate::Normalization;
use crate::image::{Image, ImageInput, scores};
use crate::infer::{Reading, read};
use lenet_layers::{Cell, Curvature, Grad, Lanes, Mode, Network, Params, Squared, Tensor, Trace, TrainingPass, Units};
use lenet_train::{Arrays, LANES, NetworkInfo};
use std::any::{Any, TypeId};

/// A network of any type that reads digits, for use as `dyn AnyNetwork`. Every [`DigitNetwork`] implements it, so
/// `&network` can be passed wherever `&dyn AnyNetwork` is expected.
///
/// ```
/// use lenet_model::{ActivationName, AnyNetwork, LeNet1, NetworkName};
/// let network: Box<dyn AnyNetwork> = NetworkName::LeNet1.zeroed(ActivationName::ScaledTanh);
/// assert_eq!(network.info().parameters, 2_578);
/// assert_eq!(network.tensor(0).len(), 4 * 5 * 5);
/// assert!(network.downcast_ref::<LeNet1>().is_some());
/// ```
pub trait AnyNetwork: Object {}
impl<N: DigitNetwork> AnyNetwork for N {}

impl dyn AnyNetwork {
    /// Describes the network's type.
    #[must_use]
    pub fn info(&self) -> NetworkInfo {
        self.type_info()
    }

    /// Array number `index` of the parameters, flat.
    ///
    /// # Panics
    /// If there is no such array.
    #[must_use]
    pub fn tensor(&self, index: usize) -> &[f32] {
        self.array(index)
    }

    /// Array number `index` of the parameters, flat, to write to.
    ///
    /// # Panics
    /// If there is no such array.
    pub fn tensor_mut(&mut self, index: usize) -> &mut [f32] {
        self.array_mut(index)
    }

    /// The network as a value of type `N`, if it is one.
    #[must_use]
    pub fn downcast_ref<N: DigitNetwork>(&self) -> Option<&N> {
        (self as &dyn Any).downcast_ref()
    }

    /// Reads one image, without a heap: see [`read`](fn@crate::read).
    #[must_use]
    pub fn read(&self, image: &Image, normalization: Normalization) -> Reading {
        self.read_image(image, normalization)
    }

    /// Runs one image through the network. Returns the input of the first stage, then the output of every stage, in
    /// order.
    ///
    /// ```
    /// use lenet_model::{ActivationName, NetworkName, Normalization};
    /// let network = NetworkName::LeNet1.zeroed(ActivationName::ScaledTanh);
    /// let outputs = network.stage_outputs(&[[0; 28]; 28], Normalization::PAPER);
    /// assert_eq!(outputs[0], [-0.1; 28 * 28]);
    /// assert_eq!(network.info().stages[0].name, "c1");
    /// assert_eq!(outputs[1].len(), 4 * 24 * 24);
    /// ```
    #[must_use]
    pub fn stage_outputs(&self, image: &Image, normalization: Normalization) -> Vec<Vec<f32>> {
        let mut pass = self.single_pass();
        pass.lay(&[image], normalization);
        pass.forward(self, Mode::Inference);
        let stages = (0..self.info().stages.len()).map(|index| pass.stage(index).to_vec());
        std::iter::once(pass.input().to_vec()).chain(stages).collect()
    }
}

impl std::fmt::Debug for dyn AnyNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.info().fmt(f)
    }
}

/// What the crate needs from a network's type. This is a separate trait that other crates can't name, so that
/// [`AnyNetwork`] shows only what is meant for them.
pub trait Object: Arrays {
    fn type_info(&self) -> NetworkInfo;
    fn as_dyn(&self) -> &dyn AnyNetwork;
    fn as_dyn_mut(&mut self) -> &mut dyn AnyNetwork;
    /// Makes another network of this type, all zeros.
    fn zeroed_like(&self) -> Box<dyn AnyNetwork>;
    fn gradient(&self) -> Box<dyn Arrays>;
    fn second_derivatives(&self) -> Box<dyn Arrays>;
    fn squares(&self) -> Box<dyn Arrays>;
    #[cfg(feature = "train")]
    fn set_initial(&mut self, rule: lenet_layers::Init, random: &mut rand_chacha::ChaCha8Rng);
    fn single_pass(&self) -> Box<dyn Pass<f32>>;
    fn lanes_pass(&self) -> Box<dyn LanesPass>;
    /// Reads one image without a heap.
    fn read_image(&self, image: &Image, normalization: Normalization) -> Reading;
}

impl<N: DigitNetwork> Object for N {
    fn type_info(&self) -> NetworkInfo {
        NetworkInfo::of::<N>()
    }
    fn as_dyn(&self) -> &dyn AnyNetwork {
        self
    }
    fn as_dyn_mut(&mut self) -> &mut dyn AnyNetwork {
        self
    }
    fn zeroed_like(&self) -> Box<dyn AnyNetwork> {
        <N as Params>::boxed_zeroed()
    }
    fn gradient(&self) -> Box<dyn Arrays> {
        <Grad<N> as Params>::boxed_zeroed()
    }
    fn second_derivatives(&self) -> Box<dyn Arrays> {
        <Curvature<N> as Params>::boxed_zeroed()
    }
    fn squares(&self) -> Box<dyn Arrays> {
        <Squared<N> as Params>::boxed_zeroed()
    }
    #[cfg(feature = "train")]
    fn set_initial(&mut self, rule: lenet_layers::Init, random: &mut rand_chacha::ChaCha8Rng) {
        lenet_layers::initialize(self, rule, random);
    }
    fn single_pass(&self) -> Box<dyn Pass<f32>> {
        Box::new(PassOf::<N, f32>::new())
    }
    fn lanes_pass(&self) -> Box<dyn LanesPass> {
        Box::new(PassOf::<N, Lanes<LANES>>::new())
    }
    fn read_image(&self, image: &Image, normalization: Normalization) -> Reading {
        read(self, image, normalization)
    }
}

/// The score of each digit, from the outputs in lane `lane`.
pub(crate) fn scores_in<T: Cell<Element = f32>>(
    outputs: &Tensor<Units<10>, T>,
    lane: usize,
    penalties: bool,
) -> [f32; 10] {
    scores(core::array::from_fn(|i| outputs.data[i].lanes()[lane]), penalties)
}

/// The activations and the errors of as many examples as a cell has lanes.
///
/// The network, its gradient and the pass that are used together must be of one type; otherwise a pass panics.
pub trait Pass<T: Cell<Element = f32>>: Send {
    /// Puts one image in each lane; lanes without an image are all background.
    fn lay(&mut self, images: &[&Image], normalization: Normalization);
    fn forward(&mut self, network: &dyn Arrays, mode: Mode);
    /// After a forward pass in training, the same `pass`: adds to `gradient`. The gradient of the loss with respect to the outputs is in [`Pass::ends`].
    fn backward(&mut self, network: &dyn Arrays, gradient: &mut dyn Arrays, pass: TrainingPass);
    fn output(&self) -> &Tensor<Units<10>, T>;
    /// The outputs, and the buffer for their errors.
    fn ends(&mut self) -> (&Tensor<Units<10>, T>, &mut Tensor<Units<10>, T>);
    fn input(&self) -> &[T];
    fn stage(&self, index: usize) -> &[T];
}

/// A pass through a network that reads sixteen examples at a time.
pub trait LanesPass: Pass<Lanes<LANES>> {
    /// Adds the second derivatives to `h`; those with respect to the outputs are in [`Pass::ends`].
    fn curvature(&mut self, squares: &dyn Arrays, h: &mut dyn Arrays);
}

struct PassOf<N: Network, T: Cell<Element = f32>> {
    trace: Box<N::Trace<T>>,
    errors: Box<N::Trace<T>>,
}

impl<N: DigitNetwork, T: Cell<Element = f32>> PassOf<N, T> {
    fn new() -> Self {
        PassOf { trace: Trace::boxed_zeroed(), errors: Trace::boxed_zeroed() }
    }
}

impl<N: DigitNetwork, T: Cell<Element = f32>> Pass<T> for PassOf<N, T> {
    fn lay(&mut self, images: &[&Image], normalization: Normalization) {
        N::Input::lay(self.trace.input_mut(), images, normalization);
    }
    fn forward(&mut self, network: &dyn Arrays, mode: Mode) {
        let network = network.cast::<N>();
        match mode {
            Mode::Inference => network.forward(&mut self.trace),
            Mode::Training(pass) => network.forward_training(&mut self.trace, pass),
        };
    }
    fn backward(&mut self, network: &dyn Arrays, gradient: &mut dyn Arrays, pass: TrainingPass) {
        network.cast::<N>().backward_training(&self.trace, &mut self.errors, gradient.cast_mut(), pass);
    }
    fn output(&self) -> &Tensor<Units<10>, T> {
        self.trace.output()
    }
    fn ends(&mut self) -> (&Tensor<Units<10>, T>, &mut Tensor<Units<10>, T>) {
        (self.trace.output(), self.errors.output_mut())
    }
    fn input(&self) -> &[T] {
        self.trace.input().cells()
    }
    fn stage(&self, index: usize) -> &[T] {
        self.trace.stage(index)
    }
}

impl<N: DigitNetwork> LanesPass for PassOf<N, Lanes<LANES>> {
    fn curvature(&mut self, squares: &dyn Arrays, h: &mut dyn Arrays) {
        squares.cast::<Squared<N>>().curvature(&self.trace, &mut self.errors, h.cast_mut());
    }
}

/// The type of the network behind the object.
pub(crate) fn type_of(network: &dyn AnyNetwork) -> TypeId {
    (network as &dyn Any).type_id()
}

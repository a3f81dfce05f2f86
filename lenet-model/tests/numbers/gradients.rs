//! Whole networks in f64: every gradient of the backward pass, compared with central differences of the loss.

use lenet_layers::simd::{Isa, Kernel, Simd};
use lenet_layers::{
    Activation, Class, Grad, Init, Loss, Maps, MeanSquared, Mode, Network, Params, Relu, ScaledTanh, Sigmoid,
    SoftmaxCrossEntropy, SoftmaxMeanSquared, Tanh, Trace, Units, initialize,
};
use lenet_model::{LeNet5, LeNet5Average, LeNet5Dense};
use proptest::prelude::{ProptestConfig, proptest};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The tolerance, relative to the tensor's largest gradient.
const TOLERANCE: f64 = 1e-6;
/// How many numbers are checked in each tensor, and in the input.
const CHECKED: usize = 12;

trait Checked: Network<Input = Maps<1, 32, 32>, Output = Units<10>, Element = f64> {}
impl<N: Network<Input = Maps<1, 32, 32>, Output = Units<10>, Element = f64>> Checked for N {}

/// A network with an image in its trace and a loss behind it.
struct Bench<N: Checked, L> {
    network: Box<N>,
    trace: Box<N::Trace<f64>>,
    errors: Box<N::Trace<f64>>,
    loss: L,
    class: Class<10>,
}

struct Forward<'a, N: Checked, L>(&'a mut Bench<N, L>);
impl<N: Checked, L: Loss<Units<10>, Class<10>>> Kernel for Forward<'_, N, L> {
    type Output = f64;
    fn run<S: Simd>(self, simd: S) -> f64 {
        let b = self.0;
        b.network.forward_with(simd, &mut b.trace, Mode::Inference);
        b.loss.evaluate_with(simd, b.trace.output(), &[b.class], 1.0, b.errors.output_mut())
    }
}

impl<N: Checked, L: Loss<Units<10>, Class<10>>> Bench<N, L> {
    fn new(loss: L, random: &mut ChaCha8Rng) -> Self {
        let mut network = N::boxed_zeroed();
        initialize(&mut *network, Init::SqrtFanIn, random);
        // Biases start at zero, which could hide that one is read in place of another.
        for index in 0..N::TENSORS {
            network.tensor_mut(index).iter_mut().for_each(|p| *p += random.random_range(-0.05..0.05));
        }
        let mut trace = <N::Trace<f64> as Trace<f64>>::boxed_zeroed();
        trace.input_mut().cells_mut().iter_mut().for_each(|x| *x = random.random_range(-0.1..1.175));
        Bench { network, trace, errors: Trace::boxed_zeroed(), loss, class: Class::new(3).unwrap() }
    }

    fn evaluate(&mut self) -> f64 {
        Isa::current().dispatch(Forward(self))
    }

    /// The number under test: a parameter, or a cell of the input if `tensor` is `None`.
    fn number(&mut self, tensor: Option<usize>, at: usize) -> &mut f64 {
        match tensor {
            Some(tensor) => &mut self.network.tensor_mut(tensor)[at],
            None => &mut self.trace.input_mut().cells_mut()[at],
        }
    }

    /// For each unit, whether its output is above zero.
    fn active(&self) -> Vec<bool> {
        (0..N::STAGES.len()).flat_map(|i| self.trace.stage(i)).map(|y| *y > 0.0).collect()
    }

    /// The slope of the loss with respect to a number, and whether no unit changed its sign on the way.
    ///
    /// Uses central differences of the fourth order. With two points, the round-off alone (1e-16 of the loss over the
    /// step) would exceed the tolerance where five sigmoids have left a gradient of 1e-5.
    fn slope(&mut self, tensor: Option<usize>, at: usize, step: f64) -> (f64, bool) {
        let kept = *self.number(tensor, at);
        let signs = self.active();
        let mut smooth = true;
        let [far_below, below, above, far_above] = [-2.0, -1.0, 1.0, 2.0].map(|steps| {
            *self.number(tensor, at) = kept + steps * step;
            let loss = self.evaluate();
            smooth &= self.active() == signs;
            loss
        });
        *self.number(tensor, at) = kept;
        self.evaluate();
        ((8.0 * (above - below) - (far_above - far_below)) / (12.0 * step), smooth)
    }
}

/// Only ReLU has a kink: it needs a small step. The others need one with little round-off.
fn step<A: Activation>() -> f64 {
    if A::NAME == Relu::NAME { 1e-6 } else { 1e-3 }
}

fn check<A: Activation, N: Checked, L: Loss<Units<10>, Class<10>>>(loss: L, seed: u64) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut bench = Bench::<N, L>::new(loss, &mut random);
    bench.evaluate();
    let mut grad = Grad::<N>::boxed_zeroed();
    bench.network.backward_to_input(&bench.trace, &mut bench.errors, &mut grad);
    let input_gradient = bench.errors.input().cells().to_vec();
    let mut tensors: Vec<_> =
        (0..N::TENSORS).map(|i| (Some(i), N::info(i).to_string(), grad.tensor(i).to_vec())).collect();
    tensors.push((None, "input".to_string(), input_gradient));
    for (tensor, name, gradient) in tensors {
        check_tensor::<A, N, L>(&mut bench, tensor, &name, &gradient, &mut random);
    }
}

fn check_tensor<A: Activation, N: Checked, L: Loss<Units<10>, Class<10>>>(
    bench: &mut Bench<N, L>,
    tensor: Option<usize>,
    name: &str,
    gradient: &[f64],
    random: &mut impl Rng,
) {
    let steepest = (0..gradient.len()).max_by(|a, b| gradient[*a].abs().total_cmp(&gradient[*b].abs())).unwrap();
    let largest = gradient[steepest].abs();
    assert!(largest > 1e-6 && largest.is_finite(), "{name}: the gradient has vanished or exploded: {largest:e}");
    let some = (0..CHECKED - 1).map(|_| random.random_range(0..gradient.len()));
    let mut compared = 0;
    for at in some.chain([steepest]).collect::<Vec<_>>() {
        let (measured, smooth) = bench.slope(tensor, at, step::<A>());
        // If a ReLU unit switches on or off between the two points, the loss has no slope to measure. A weight of C1
        // moves 784 units, so this is not rare.
        if A::NAME == Relu::NAME && !smooth {
            continue;
        }
        compared += 1;
        let difference = (measured - gradient[at]).abs() / largest;
        assert!(
            difference <= TOLERANCE,
            "{name}[{at}] with {}: backward says {:e}, the loss {measured:e}: {difference:e} of the largest, {largest:e}",
            A::NAME,
            gradient[at],
        );
    }
    assert!(2 * compared >= CHECKED, "{name}: only {compared} of {CHECKED} could be compared");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    /// LeNet-5 itself, with random weights, image, activation function and loss.
    #[test]
    fn lenet5_however_it_starts(seed: u64, activation in 0..3, loss in 0..3) {
        match (activation, loss) {
            (0, 0) => check::<ScaledTanh, LeNet5<ScaledTanh, f64>, _>(SoftmaxMeanSquared, seed),
            (0, 1) => check::<ScaledTanh, LeNet5<ScaledTanh, f64>, _>(SoftmaxCrossEntropy, seed),
            (0, _) => check::<ScaledTanh, LeNet5<ScaledTanh, f64>, _>(MeanSquared, seed),
            (1, 0) => check::<Tanh, LeNet5<Tanh, f64>, _>(SoftmaxMeanSquared, seed),
            (1, 1) => check::<Tanh, LeNet5<Tanh, f64>, _>(SoftmaxCrossEntropy, seed),
            (1, _) => check::<Tanh, LeNet5<Tanh, f64>, _>(MeanSquared, seed),
            (_, 0) => check::<Sigmoid, LeNet5<Sigmoid, f64>, _>(SoftmaxCrossEntropy, seed),
            _ => check::<Sigmoid, LeNet5<Sigmoid, f64>, _>(MeanSquared, seed),
        }
    }
}

#[test]
fn lenet5() {
    check::<ScaledTanh, LeNet5<ScaledTanh, f64>, _>(SoftmaxMeanSquared, 1);
    check::<Sigmoid, LeNet5<Sigmoid, f64>, _>(MeanSquared, 2);
    check::<Relu, LeNet5<Relu, f64>, _>(SoftmaxCrossEntropy, 3);
}

#[test]
fn lenet5_dense() {
    check::<Sigmoid, LeNet5Dense<Sigmoid, f64>, _>(SoftmaxCrossEntropy, 4);
    check::<Tanh, LeNet5Dense<Tanh, f64>, _>(MeanSquared, 5);
}

#[test]
fn lenet5_average() {
    check::<Relu, LeNet5Average<Relu, f64>, _>(MeanSquared, 6);
    check::<Tanh, LeNet5Average<Tanh, f64>, _>(SoftmaxMeanSquared, 7);
}

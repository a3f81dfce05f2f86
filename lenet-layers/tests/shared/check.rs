//! The gradient checker: compares analytic gradients with central differences, in `f64`.

use crate::subject::{Case, Learning, Reference, Subject, UNTOUCHED};
use lenet_layers::simd::{Isa, Scalar};
use lenet_layers::*;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestRunner;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Half the distance between the two points of a difference. The error is about h^2 from the curvature and 1e-16/h from
/// rounding: 1e-10 each.
pub(crate) const STEP: f64 = 1e-5;

/// The allowed distance between a gradient and the difference, relative to the largest gradient of its tensor. It is
/// not relative to the entry: an entry may be a sum that cancels to nearly zero, and then rounding alone exceeds a
/// millionth of it.
pub(crate) const TOLERANCE: f64 = 1e-6;

/// The absolute rounding error of a difference of values of size one. It matters if a whole tensor cancels, as the only
/// bias of a single map can.
pub(crate) const ROUNDING: f64 = 1e-9;

/// Random numbers from a seed.
pub(crate) struct Draw(ChaCha8Rng);

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        Draw(ChaCha8Rng::seed_from_u64(seed))
    }
    /// Returns a number uniform in ±`bound`.
    pub(crate) fn within(&mut self, bound: f64) -> f64 {
        bound * ((self.0.next_u64() >> 11) as f64 / (1u64 << 52) as f64 - 1.0)
    }
    /// Returns a number uniform among the multiples of 1/32 in ±1: sums of a few thousand products of these are exact
    /// in `f32`.
    pub(crate) fn on_grid(&mut self) -> f64 {
        f64::from((self.0.next_u64() % 65) as u8) / 32.0 - 1.0
    }
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.0.next_u64() % n as u64) as usize
    }
    pub(crate) fn fill(&mut self, numbers: &mut [f64], bound: f64) {
        numbers.fill_with(|| self.within(bound));
    }
}

/// [`draw_params`], for a layer under test.
pub(crate) fn draw_arrays(draw: &mut Draw, case: &mut dyn Subject<f64>) {
    for index in 0..case.arrays() {
        draw_array(draw, case.info(index), case.params(index));
    }
}

/// Draws parameters that keep the weighted sums where an activation function is curved, for every fan-in.
pub(crate) fn draw_params<P: Params<Element = f64>>(draw: &mut Draw, params: &mut P, info: fn(usize) -> ParamInfo) {
    for index in 0..P::TENSORS {
        draw_array(draw, info(index), params.tensor_mut(index));
    }
}

/// All numbers, one array after the other.
pub(crate) fn flat<P: Params>(params: &P) -> Vec<P::Element> {
    let mut numbers = Vec::with_capacity(P::LEN);
    for index in 0..P::TENSORS {
        numbers.extend_from_slice(params.tensor(index));
    }
    numbers
}

fn draw_array(draw: &mut Draw, info: ParamInfo, numbers: &mut [f64]) {
    assert_eq!(info.len(), numbers.len(), "{info}: the declared and the actual length differ");
    assert_eq!(info.positions().count(), info.len(), "{info}");
    for (position, number) in numbers.iter_mut().enumerate() {
        *number = draw.within(match info.role {
            Role::Bias | Role::Mean => 0.5,
            Role::Scale | Role::Variance => 1.0,
            Role::Coefficient { window } => 2.0 / window as f64,
            Role::Weight => 2.0 / ((info.fan_in)(position) as f64).sqrt(),
        });
        if info.role == Role::Variance {
            *number = 0.1 + number.abs();
        }
    }
}

/// What a property test draws: a seed, and a place in each of up to three lists.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    places: [Index; 3],
    pub(crate) seed: u64,
}

impl Sample {
    pub(crate) fn below(&self, list: usize, n: usize) -> usize {
        self.places[list].index(n)
    }
    pub(crate) fn choose<T: Copy>(&self, list: usize, of: &[T]) -> T {
        *self.places[list].get(of)
    }
}

/// Runs a property test. All tests draw the same type, so that proptest's runner is compiled once: `proptest!` compiles
/// it for each test.
#[track_caller]
pub(crate) fn for_samples(cases: u32, test: fn(&Sample) -> Result<(), TestCaseError>) {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) };
    let samples = (any::<[Index; 3]>(), any::<u64>()).prop_map(|(places, seed)| Sample { places, seed });
    if let Err(why) = TestRunner::new(config).run(&samples, |sample| test(&sample)) {
        panic!("{why}");
    }
}

/// Compares the gradient of one tensor with differences: `loss(i, h)` is the loss with number `i` moved by `h`.
///
/// If `kinks` are expected (ReLU, max pooling), a difference may straddle one and is then meaningless. Such a
/// difference changes with its step, and a valid one does not; so these few are left out. The rule depends only on the
/// forward pass.
pub(crate) fn compare(
    name: &str,
    analytic: &[f64],
    kinks: bool,
    loss: &mut dyn FnMut(usize, f64) -> f64,
) -> Result<(), String> {
    // A difference is as inexact as the losses, which are rounded relative to their size.
    let size = if analytic.is_empty() { 0.0 } else { loss(0, 0.0).abs() };
    let mut difference = |i, h| (loss(i, h) - loss(i, -h)) / (2.0 * h);
    let numeric: Vec<f64> = (0..analytic.len()).map(|i| difference(i, STEP)).collect();
    let largest = numeric.iter().chain(analytic).fold(0.0, |m: f64, x| m.max(x.abs()));
    let allowed = TOLERANCE * largest + ROUNDING * (1.0 + size);
    let mut left_out = 0;
    for (i, (a, n)) in analytic.iter().zip(&numeric).enumerate() {
        // Written so that a NaN fails.
        if (a - n).abs() <= allowed {
            continue;
        }
        if kinks && (difference(i, STEP / 2.0) - n).abs() > allowed / 4.0 {
            left_out += 1;
            continue;
        }
        return Err(format!("{name}[{i}]: {a} by rule, {n} by difference; the largest of the tensor is {largest}"));
    }
    // One tie of a pool affects all weights of a kernel, or of the kernels of all maps that the pool's map sees.
    if left_out > 6 + analytic.len() / 2 {
        return Err(format!("{name}: {left_out} of {} stand at a kink", analytic.len()));
    }
    Ok(())
}

/// One check of one instantiation: the first argument is the seed, the second tells if kinks are expected.
pub(crate) type Check = fn(u64, bool) -> Result<(), String>;

// Not inlined: a layer is compiled once, not once for each call.
#[inline(never)]
pub(crate) fn forward<L: Layer<I>, I: Shape>(params: &L::Params<f64>, x: &Tensor<I, f64>, y: &mut Tensor<L::Out, f64>) {
    L::forward(Scalar, params, x, y);
}
/// Checks a single layer, with respect to every parameter and every input. The loss is a random linear function of its
/// output, so that every path through the layer counts.
pub(crate) fn layer<L: Layer<I> + LayerInfo, I: Shape>(seed: u64, kinks: bool) -> Result<(), String> {
    layer_of(&mut *Case::<L, I, f64, Reference>::boxed_zeroed(), seed, kinks)
}
/// The same for a pass in training.
pub(crate) fn learning<L: Layer<I> + LayerInfo, I: Shape>(seed: u64, kinks: bool) -> Result<(), String> {
    layer_of(&mut *Case::<L, I, f64, Learning>::boxed_zeroed(), seed, kinks)
}

fn layer_of(case: &mut dyn Subject<f64>, seed: u64, kinks: bool) -> Result<(), String> {
    let (mut draw, isa) = (Draw::new(seed), Isa::SCALAR);
    draw_arrays(&mut draw, case);
    draw.fill(case.x(), 1.0);
    draw.fill(case.dy(), 1.0);
    let g = case.dy().to_vec();

    // Gradients are added to the contents of `grad`. The contents of `dx` are overwritten.
    (0..case.arrays()).for_each(|i| draw.fill(case.grad(i), 1.0));
    let before: Vec<Vec<f64>> = (0..case.arrays()).map(|i| case.grad(i).to_vec()).collect();
    draw.fill(case.dx(), 100.0);
    case.y().fill(f64::NAN);
    case.forward(isa);
    case.backward(isa, true);
    let grad: Vec<Vec<f64>> = (0..case.arrays()).map(|i| case.grad(i).to_vec()).collect();

    // Without `TO_INPUT` the gradients with respect to the parameters are the same, and `dx` is left as it is.
    (0..case.arrays()).for_each(|i| case.grad(i).copy_from_slice(&before[i]));
    case.dy().copy_from_slice(&g);
    let dx = case.dx().to_vec();
    case.dx().fill(UNTOUCHED);
    case.backward(isa, false);
    if case.dx().iter().any(|dx| *dx != UNTOUCHED) {
        return Err("the gradient with respect to the input was computed unasked".into());
    }
    case.dx().copy_from_slice(&dx);
    for (i, grad) in grad.iter().enumerate() {
        if case.grad(i) != grad {
            return Err(format!("{}: the gradient depends on TO_INPUT", case.info(i)));
        }
    }

    let run = |case: &mut dyn Subject<f64>| {
        case.forward(isa);
        case.y().iter().zip(&g).map(|(y, g)| *y * g).sum::<f64>()
    };
    for i in (0..case.arrays()).filter(|i| !case.is_statistic(*i)).collect::<Vec<_>>() {
        let analytic: Vec<f64> = grad[i].iter().zip(&before[i]).map(|(g, b)| g - b).collect();
        compare(case.info(i).name, &analytic, kinks, &mut |j, h| {
            let kept = std::mem::replace(&mut case.params(i)[j], 0.0);
            case.params(i)[j] = kept + h;
            let loss = run(case);
            case.params(i)[j] = kept;
            loss
        })?;
    }
    let dx = case.dx().to_vec();
    compare("x", &dx, kinks, &mut |j, h| {
        let kept = case.x()[j];
        case.x()[j] = kept + h;
        let loss = run(case);
        case.x()[j] = kept;
        loss
    })
}

/// The activation function that [`Drawn::choose`] has chosen for this thread. Compiling a list of shapes with each of
/// five activation functions would take minutes; only a few shapes are compiled so, and the others use this type.
pub(crate) struct Drawn;

thread_local! {
    static CHOSEN: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

impl Drawn {
    pub(crate) const NAMES: [&str; 5] = [Identity::NAME, ScaledTanh::NAME, Tanh::NAME, Sigmoid::NAME, Relu::NAME];
    pub(crate) const RELU: usize = 4;
    pub(crate) fn choose(activation: usize) {
        CHOSEN.set(activation);
    }
}

impl Activation for Drawn {
    const NAME: &'static str = "drawn";
    fn apply<V: Vector>(a: V) -> V {
        match CHOSEN.get() {
            0 => Identity::apply(a),
            1 => ScaledTanh::apply(a),
            2 => Tanh::apply(a),
            3 => Sigmoid::apply(a),
            _ => Relu::apply(a),
        }
    }
    fn slope<V: Vector>(y: V) -> V {
        match CHOSEN.get() {
            0 => Identity::slope(y),
            1 => ScaledTanh::slope(y),
            2 => Tanh::slope(y),
            3 => Sigmoid::slope(y),
            _ => Relu::slope(y),
        }
    }
}

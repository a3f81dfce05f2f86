//! Layers that differ in training: batch normalization of several examples in lanes, compared with its definition in
//! `f64`, the merging of its parameters, and what dropout drops.

use crate::check::{Draw, for_samples};
use crate::golden::*;
use lenet_layers::simd::{Isa, Kernel, Simd};
use lenet_layers::*;
use proptest::prelude::TestCaseError;

const C: usize = 3;
const CELLS: usize = 10;
const EXAMPLES: usize = 5;
type Map = Maps<C, 2, 5>;
type Block<T> = Tensor<Map, T>;

/// One pass in training, with whatever instruction set runs it.
struct Pass<'a> {
    params: &'a BatchNormParams<C>,
    x: &'a Block<Lanes<16>>,
    y: &'a mut Block<Lanes<16>>,
    dy: &'a mut Block<Lanes<16>>,
    dx: &'a mut Block<Lanes<16>>,
    grad: &'a mut BatchNormParams<C>,
}
impl Kernel for Pass<'_> {
    type Output = ();
    fn run<S: Simd>(self, simd: S) {
        let Pass { params, x, y, dy, dx, grad } = self;
        let mode = Mode::Training(TrainingPass { examples: EXAMPLES, batch: 20, seed: 0 });
        BatchNorm::<C, Tanh>::forward_in(simd, params, x, y, mode);
        BatchNorm::<C, Tanh>::backward_in::<S, _, true>(simd, params, x, y, dy, dx, grad, mode);
    }
}

/// The output for map `c` by the definition: `x` has the cells of all examples.
fn by_definition(x: &[f64], weight: f64, bias: f64) -> Vec<f64> {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    x.iter().map(|x| (weight * (x - mean) / (variance + 1e-5).sqrt() + bias).tanh()).collect()
}

/// The cells of map `c` of the examples, example after example.
fn cells_of(block: &Block<Lanes<16>>, c: usize) -> Vec<f64> {
    let map = block.data[c].as_flattened();
    (0..EXAMPLES).flat_map(|lane| map.iter().map(move |cell| f64::from(cell.0[lane]))).collect()
}

#[test]
fn batch_normalization_of_a_block() {
    for_samples(24, |sample| {
        let mut draw = Draw::new(sample.seed);
        let mut lanes = |scale: f64| {
            let mut block = Block::<Lanes<16>>::ZERO;
            let numbers: Vec<f64> = (0..C * CELLS * 16).map(|_| draw.within(scale)).collect();
            for (to, from) in Lanes::<16>::elements_mut(block.cells_mut()).iter_mut().zip(&numbers) {
                *to = *from as f32;
            }
            block
        };
        let (x, mut gradient) = (lanes(2.0), lanes(1.0));
        for cell in gradient.cells_mut() {
            cell.0[EXAMPLES..].fill(0.0); // as a loss leaves lanes without a target
        }
        let mut params = BatchNormParams::<C>::zeroed();
        (params.weight, params.bias) = ([1.5, -0.7, 0.3], [0.1, 0.0, -2.0]);
        for isa in Isa::all_available() {
            let (mut y, mut dy, mut dx) = (Block::ZERO, gradient.clone(), lanes(100.0));
            let mut grad = BatchNormParams::<C>::zeroed();
            grad.running_var[1] = 1.0;
            isa.dispatch(Pass { params: &params, x: &x, y: &mut y, dy: &mut dy, dx: &mut dx, grad: &mut grad });
            for c in 0..C {
                check(&x, &gradient, &y, &dx, (&params, &grad), c)
                    .map_err(|e| TestCaseError::fail(format!("{isa}: {e}")))?;
            }
            let unused = dx.cells().iter().flat_map(|cell| &cell.0[EXAMPLES..]);
            if unused.into_iter().any(|d| *d != 0.0) {
                return Err(TestCaseError::fail("a lane without an example has a gradient"));
            }
        }
        Ok(())
    });
}

/// Lanes without an example stay finite, however often they are normalized with the statistics of others.
#[test]
fn lanes_without_an_example_are_zero() {
    let mut params = BatchNormParams::<C>::zeroed();
    (params.weight, params.bias) = ([1.0; C], [0.5; C]);
    let mut x = Block::<Lanes<16>>::ZERO;
    x.cells_mut().fill(Lanes(core::array::from_fn(|lane| if lane == 0 { 1.0 } else { 100.0 })));
    let mode = Mode::Training(TrainingPass::whole(1, 0));
    let mut y = Block::ZERO;
    <BatchNorm<C> as Layer<Map>>::forward_in(simd::Scalar, &params, &x, &mut y, mode);
    assert!(y.cells().iter().all(|cell| cell.0[0] == 0.5 && cell.0[1..] == [0.0; 15]));
}

/// Maps whose cells are measured in several parts, the first of them away from the others, and all far from zero.
type LargeMap = Maps<2, 20, 16>;
type Large = Tensor<LargeMap, Lanes<16>>;

struct LargePass<'a>([&'a mut Large; 4], &'a BatchNormParams<2>, &'a mut BatchNormParams<2>, usize);
impl Kernel for LargePass<'_> {
    type Output = ();
    fn run<S: Simd>(self, simd: S) {
        let LargePass([x, y, dy, dx], params, grad, examples) = self;
        let mode = Mode::Training(TrainingPass::whole(examples, 0));
        BatchNorm::<2>::forward_in(simd, params, x, y, mode);
        BatchNorm::<2>::backward_in::<S, _, true>(simd, params, x, y, dy, dx, grad, mode);
    }
}

#[test]
fn batch_normalization_of_large_maps_far_from_zero() {
    let mut draw = Draw::new(7);
    let mut params = BatchNormParams::<2>::zeroed();
    (params.weight, params.bias) = ([1.5, -0.7], [0.1, -2.0]);
    for (examples, isa) in
        [16, 13].into_iter().flat_map(|examples| Isa::all_available().map(move |isa| (examples, isa)))
    {
        let [mut x, mut y, mut dy, mut dx] = [(); 4].map(|()| Large::ZERO);
        for (k, (x, dy)) in x.cells_mut().iter_mut().zip(dy.cells_mut()).enumerate() {
            let near = if k % 320 < 128 { 300.0 } else { 301.0 };
            x.0 = core::array::from_fn(|_| (near + draw.within(0.5)) as f32);
            dy.0 = core::array::from_fn(|lane| if lane < examples { draw.within(1.0) as f32 } else { 0.0 });
        }
        let given = dy.clone();
        let mut grad = BatchNormParams::<2>::zeroed();
        isa.dispatch(LargePass([&mut x, &mut y, &mut dy, &mut dx], &params, &mut grad, examples));
        for c in 0..2 {
            let cells = |block: &Large| -> Vec<f64> {
                let map = block.data[c].as_flattened();
                map.iter().flat_map(|cell| cell.0[..examples].iter().map(|x| f64::from(*x))).collect()
            };
            let mean_of = |numbers: &[f64]| numbers.iter().sum::<f64>() / numbers.len() as f64;
            let (x, g) = (cells(&x), cells(&given));
            let mean = mean_of(&x);
            let variance = mean_of(&x.iter().map(|x| (x - mean).powi(2)).collect::<Vec<_>>());
            let root = 1.0 / (variance + 1e-5).sqrt();
            let normal: Vec<f64> = x.iter().map(|x| (x - mean) * root).collect();
            let products = mean_of(&normal.iter().zip(&g).map(|(n, g)| n * g).collect::<Vec<_>>());
            let (weight, bias, sum) = (f64::from(params.weight[c]), f64::from(params.bias[c]), mean_of(&g));
            let near = |what: &str, got: f64, wanted: f64, most: f64| {
                assert!(
                    (got - wanted).abs() < most,
                    "{what} of map {c}, {examples} examples, {isa}: {got}, not {wanted}"
                );
            };
            let n = x.len() as f64;
            near("mean", grad.running_mean[c].into(), mean, 1e-4);
            near("variance", grad.running_var[c].into(), variance * n / (n - 1.0), 1e-5);
            near("gradient of the bias", grad.bias[c].into(), sum * n, 1e-3);
            near("gradient of the weight", grad.weight[c].into(), products * n, 1e-2);
            for (((y, dx), normal), g) in cells(&y).iter().zip(cells(&dx)).zip(&normal).zip(&g) {
                near("output", *y, weight * normal + bias, 1e-3);
                near("gradient of the input", dx, weight * root * (g - sum - normal * products), 1e-4);
            }
        }
    }
}

fn check(
    x: &Block<Lanes<16>>,
    gradient: &Block<Lanes<16>>,
    y: &Block<Lanes<16>>,
    dx: &Block<Lanes<16>>,
    (params, grad): (&BatchNormParams<C>, &BatchNormParams<C>),
    c: usize,
) -> Result<(), String> {
    let (x, g) = (cells_of(x, c), cells_of(gradient, c));
    let (weight, bias) = (f64::from(params.weight[c]), f64::from(params.bias[c]));
    let loss = |x: &[f64], weight: f64, bias: f64| -> f64 {
        by_definition(x, weight, bias).iter().zip(&g).map(|(y, g)| y * g).sum()
    };
    let near = |what: &str, got: f64, want: f64| {
        let distance = (got - want).abs();
        // Differences of sums of fifty terms in f32.
        if distance < 2e-5 { Ok(()) } else { Err(format!("{what}: {got}, by definition {want}")) }
    };
    for (got, want) in cells_of(y, c).iter().zip(by_definition(&x, weight, bias)) {
        near("y", *got, want)?;
    }
    const H: f64 = 1e-5;
    for (i, got) in cells_of(dx, c).iter().enumerate() {
        let moved = |h: f64| {
            let mut x = x.clone();
            x[i] += h;
            loss(&x, weight, bias)
        };
        near("dx", *got, (moved(H) - moved(-H)) / (2.0 * H))?;
    }
    let slope = |f: &dyn Fn(f64) -> f64| (f(H) - f(-H)) / (2.0 * H);
    near("dw", f64::from(grad.weight[c]), slope(&|h| loss(&x, weight + h, bias)))?;
    near("db", f64::from(grad.bias[c]), slope(&|h| loss(&x, weight, bias + h)))?;
    // A quarter of the batch; the variance is that of a sample.
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let before = if c == 1 { 1.0 } else { 0.0 };
    near("mean", f64::from(grad.running_mean[c]), mean / 4.0)?;
    near("variance", f64::from(grad.running_var[c]), before + variance / 4.0)
}

sequential! {
    struct Normalized, trace NormalizedTrace {
        input:                         Maps<2, 6, 7>;
        c1:   Conv2d<2, 4, 3>          => Maps<4, 4, 5>;
        n1:   BatchNorm<4, Relu>       => Maps<4, 4, 5>;
        flat: Flatten                  => Units<80>;
        f2:   Dense<80, 5>             => Units<5>;
        n2:   BatchNorm<5, Tanh>       => Units<5>;
    }
}
sequential! {
    struct Folded, trace FoldedTrace {
        input:                         Maps<2, 6, 7>;
        c1:   Conv2d<2, 4, 3, Relu>    => Maps<4, 4, 5>;
        flat: Flatten                  => Units<80>;
        f2:   Dense<80, 5, Tanh>       => Units<5>;
    }
}

#[test]
fn a_folded_network_computes_the_same() {
    let mut draw = Draw::new(3);
    let mut net = Normalized::<f64>::boxed_zeroed();
    crate::check::draw_params(&mut draw, &mut *net, <Normalized<f64> as Network>::info);
    let mut folded = Folded::<f64>::boxed_zeroed();
    (folded.c1, folded.f2) = (net.c1.clone(), net.f2.clone());
    net.n1.fold(&mut folded.c1);
    net.n2.fold(&mut folded.f2);
    let (mut trace, mut other) = (NormalizedTrace::boxed_zeroed(), FoldedTrace::boxed_zeroed());
    draw.fill(trace.input.cells_mut(), 1.0);
    other.input.clone_from(&trace.input);
    net.forward(&mut trace);
    folded.forward(&mut other);
    for (one, two) in trace.n2.data.iter().zip(other.f2.data) {
        assert!((one - two).abs() < 1e-12, "{one} and {two}");
    }
}

/// Its parameters are rows, as those of the other convolutions.
#[test]
fn a_convolution_along_a_row_is_folded() {
    let mut norm = BatchNormParams::<2, f64>::zeroed();
    (norm.weight, norm.running_mean, norm.running_var) = ([3.0, 1.0], [0.0, 5.0], [9.0 - 1e-5, 4.0 - 1e-5]);
    let mut kernels = Kernels1d { weight: [[[1.0, 2.0]], [[4.0, 6.0]]], bias: [7.0, 9.0] };
    norm.fold(&mut kernels);
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} and {b}");
    kernels.weight.as_flattened().as_flattened().iter().zip([1.0, 2.0, 2.0, 3.0]).for_each(|(a, b)| near(*a, b));
    kernels.bias.iter().zip([7.0, 2.0]).for_each(|(a, b)| near(*a, b));
}

sequential! {
    struct Dropping, trace DroppingTrace {
        input:                Units<400>;
        d1:   Dropout<20>     => Units<400>;
        d2:   Dropout<20>     => Units<400>;
    }
}

#[test]
fn stages_drop_different_numbers() {
    let net = Dropping::<f32>::zeroed();
    let dropped = |seed: u64| {
        let mut trace = DroppingTrace::<Lanes<16>>::boxed_zeroed();
        trace.input.fill(Lanes([1.0; 16]));
        net.forward_training(&mut trace, TrainingPass::whole(16, seed));
        let zeros = |cells: &[Lanes<16>]| cells.iter().flat_map(|cell| cell.0.map(|x| x == 0.0)).collect::<Vec<bool>>();
        (zeros(trace.d1.cells()), zeros(trace.d2.cells()))
    };
    let (first, both) = dropped(1);
    let count = |drops: &[bool]| drops.iter().filter(|d| **d).count();
    // 6,400 numbers; standard deviations of 32 and 38.
    assert!((1150..1410).contains(&count(&first)), "{} are dropped", count(&first));
    assert!((2150..2460).contains(&count(&both)), "{} are dropped by one stage or both", count(&both));
    assert_eq!(dropped(1).0, first);
    assert_ne!(dropped(2).0, first);
    let lanes: Vec<usize> = (0..16).map(|lane| first.iter().skip(lane).step_by(16).filter(|d| **d).count()).collect();
    assert!(lanes.iter().all(|n| (50..110).contains(n)), "of 400 in each lane {lanes:?}");
}

#[test]
fn arrays_that_are_measured() {
    assert!(BatchNormParams::<3>::is_statistic(2) && !BatchNormParams::<3>::is_statistic(1));
    let measured: Vec<bool> = (0..Normalized::<f32>::TENSORS).map(Grad::<Normalized>::is_statistic).collect();
    assert_eq!(measured, [false, false, false, false, true, true, false, false, false, false, true, true]);
}

sequential! {
    struct Branch, trace BranchTrace {
        input:                       Maps<2, 3, 4>;
        c1:   Conv2d<2, 3, 1>        => Maps<3, 3, 4>;
        n1:   BatchNorm<3, Relu>     => Maps<3, 3, 4>;
        c2:   Conv2d<3, 2, 1>        => Maps<2, 3, 4>;
    }
}
sequential! {
    struct Joining, trace JoiningTrace {
        input:                       Maps<2, 3, 4>;
        r1:   Residual<Branch, Relu> => Maps<2, 3, 4>;
        mean: GlobalAvgPool          => Units<2>;
    }
}

/// The arrays that are trained, one after another.
fn trained(net: &Joining<f64>) -> Vec<f64> {
    let arrays = (0..Joining::<f64>::TENSORS).filter(|i| !Joining::<f64>::is_statistic(*i));
    arrays.flat_map(|i| net.tensor(i).to_vec()).collect()
}

sequential! {
    struct Activated<A: Activation = Sigmoid>, trace ActivatedTrace {
        input:                     Units<4>;
        f1:   Dense<4, 5>          => Units<5>;
        n1:   BatchNorm<5, A>      => Units<5>;
        f2:   Dense<5, 3>          => Units<3>;
    }
}

/// A stage behind a normalization that ends in a sigmoid starts as one behind a scaled tanh would, seen from its outputs.
#[test]
fn initial_weights_behind_a_normalized_sigmoid() {
    use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
    let mut sigmoid = Activated::<Sigmoid, f64>::zeroed();
    initialize(&mut sigmoid, Init::SqrtFanIn, &mut ChaCha8Rng::seed_from_u64(1));
    let mut tanh = Activated::<ScaledTanh, f64>::zeroed();
    initialize(&mut tanh, Init::SqrtFanIn, &mut ChaCha8Rng::seed_from_u64(1));
    assert_eq!((sigmoid.n1.weight, sigmoid.n1.running_var, sigmoid.n1.running_mean), ([1.0; 5], [1.0; 5], [0.0; 5]));
    assert_eq!(sigmoid.f1, tanh.f1);
    for (row, (twin, bias)) in sigmoid.f2.weight.iter().zip(tanh.f2.weight.iter().zip(&sigmoid.f2.bias)) {
        assert!(row.iter().zip(twin).all(|(w, t)| (w - 2.0 * ScaledTanh::A * t).abs() < 1e-12));
        assert!((bias + 0.5 * row.iter().sum::<f64>()).abs() < 1e-12 && *bias != 0.0);
    }
}

/// Outside training the statistics stay as they are, and so does the variance of a single number.
#[test]
fn statistics_without_information() {
    let mut net = Normalized::<f32>::boxed_zeroed();
    for i in 0..Normalized::<f32>::TENSORS {
        net.tensor_mut(i).iter_mut().zip(1..).for_each(|(x, n)| *x = 0.1 + (n as f32).sin().abs());
    }
    net.n2.running_var = [0.5; 5];
    let before = net.clone();
    let (mut trace, mut errors) = (NormalizedTrace::<f32>::boxed_zeroed(), NormalizedTrace::boxed_zeroed());
    trace.input.fill(0.5);
    errors.n2.fill(1.0);
    let mut grad = Grad::<Normalized>::boxed_zeroed();
    net.forward(&mut trace);
    net.backward(&trace, &mut errors, &mut grad);
    Sgd::<Normalized>::boxed(0.0, 0.0).step(&mut net, &grad, 0.0);
    assert_eq!(net, before);

    errors.n2.fill(1.0);
    net.forward_training(&mut trace, TrainingPass::whole(1, 0));
    net.backward_training(&trace, &mut errors, &mut grad, TrainingPass::whole(1, 0));
    Sgd::<Normalized>::boxed(0.0, 0.0).step(&mut net, &grad, 0.0);
    assert_eq!(net.n2.running_var, before.n2.running_var);
    assert_ne!(net.n1.running_var, before.n1.running_var);
}

/// One step of PyTorch in training, and inference with what it has measured.
#[test]
fn a_residual_stage_is_pytorchs() {
    let near = |what: &str, got: &[f64], want: &[f64]| {
        assert_eq!(got.len(), want.len(), "{what}");
        for (got, want) in got.iter().zip(want) {
            assert!((got - want).abs() < 1e-12, "{what}: {got}, in PyTorch {want}");
        }
    };
    let mut net = Joining::<f64>::boxed_zeroed();
    let mut numbers = BRANCH_PARAMETERS.iter();
    for i in (0..Joining::<f64>::TENSORS).filter(|i| !Joining::<f64>::is_statistic(*i)) {
        net.tensor_mut(i).fill_with(|| *numbers.next().unwrap());
    }
    net.r1.block.n1.running_var = [1.0; 3];
    let (mut trace, mut errors) = (JoiningTrace::boxed_zeroed(), JoiningTrace::boxed_zeroed());
    trace.input.cells_mut().copy_from_slice(&BRANCH_INPUT);
    let pass = TrainingPass::whole(1, 0);
    near("output", &net.forward_training(&mut trace, pass).data, &BRANCH_OUTPUT);
    errors.mean.data = BRANCH_ERRORS;
    let mut grad = Grad::<Joining<f64>>::boxed_zeroed();
    net.backward_with::<_, _, true>(simd::Scalar, &trace, &mut errors, &mut grad, Mode::Training(pass));
    near("gradients", &trained(&grad.0), &BRANCH_GRADIENTS);
    near("gradient of the input", errors.input.cells(), &BRANCH_INPUT_GRADIENT);

    // A step with a rate of 0 moves the statistics only.
    Sgd::<Joining<f64>>::boxed(0.0, 0.0).step(&mut net, &grad, 0.0);
    near("parameters", &trained(&net), &BRANCH_PARAMETERS);
    near("mean", &net.r1.block.n1.running_mean, &BRANCH_MEAN);
    near("variance", &net.r1.block.n1.running_var, &BRANCH_VARIANCE);
    near("inference", &net.forward(&mut trace).data, &BRANCH_INFERENCE);
}

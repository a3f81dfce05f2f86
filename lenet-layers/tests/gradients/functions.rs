//! Functions as stages: PyTorch's results, gradients and curvatures, precision in `f32`, and extreme inputs.

use crate::check::{self, for_samples};
use crate::golden::*;
use lenet_layers::simd::{Isa, Kernel, One, Scalar, Simd};
use lenet_layers::*;
use proptest::prelude::TestCaseError;
use std::marker::PhantomData;

/// `f(x)`, and `f'(x)` as a backward pass and a curvature pass leave it.
#[derive(Debug)]
struct Computed<E> {
    y: Vec<E>,
    slope: Vec<E>,
    squared: Vec<E>,
}

/// Computes a stage of `N` units.
struct Passes<'a, F, T: Cell, const N: usize>(&'a Tensor<Units<N>, T>, PhantomData<F>);
impl<F: Function, T: Cell, const N: usize> Kernel for Passes<'_, F, T, N> {
    type Output = Computed<T::Element>;
    fn run<S: Simd>(self, simd: S) -> Self::Output {
        type L<F> = Apply<F>;
        let (x, no) = (self.0, NoParams::default());
        let one = T::splat(T::Element::from_f64(1.0));
        let (mut y, mut dy) = (Tensor::<Units<N>, T>::ZERO, Tensor { data: [one; N] });
        let (mut d2y, mut dx, mut d2x) = (dy.clone(), y.clone(), y.clone());
        L::<F>::forward(simd, &no, x, &mut y);
        L::<F>::backward::<_, _, true>(simd, &no, x, &y, &mut dy, &mut dx, &mut NoParams::default());
        L::<F>::curvature(simd, &no, x, &y, &mut d2y, &mut d2x, &mut NoParams::default());
        assert!(format!("{dx:?}") == format!("{dy:?}") && format!("{d2x:?}") == format!("{d2y:?}"));
        let all = |cells: &Tensor<Units<N>, T>| T::elements(&cells.data).to_vec();
        Computed { y: all(&y), slope: all(&dx), squared: all(&d2x) }
    }
}

fn computed<F: Function, T: Cell, const N: usize>(isa: Isa, x: &Tensor<Units<N>, T>) -> Computed<T::Element> {
    isa.dispatch(Passes::<F, T, N>(x, PhantomData))
}

fn near<E: Element>(what: &str, got: &[E], want: &[f64], allowed: f64) {
    for (got, want) in got.iter().zip(want) {
        assert!((got.to_f64() - want).abs() <= allowed * (1.0 + want.abs()), "{what}: {got}, not {want}");
    }
}

fn golden<F: Function>(y: [f64; 19], slope: [f64; 19]) {
    let squared = slope.map(|slope| slope * slope);
    let exact = computed::<F, f64, 19>(Isa::SCALAR, &Tensor { data: INPUTS });
    for isa in Isa::all_available() {
        let single = computed::<F, f32, 19>(isa, &Tensor { data: INPUTS.map(|x| x as f32) });
        // All lanes have the same numbers.
        let lanes = computed::<F, Lanes<16>, 19>(isa, &Tensor { data: INPUTS.map(|x| Lanes::splat(x as f32)) });
        for (i, (one, block)) in single.y.iter().zip(lanes.y.chunks(16)).enumerate() {
            assert!(block.iter().all(|y| y == one), "{} on {isa}: {one} alone, {block:?} in lanes", F::LABEL);
            assert!(lanes.slope[16 * i..][..16].iter().all(|slope| *slope == single.slope[i]), "{}", F::LABEL);
        }
        let what = format!("{} on {isa}", F::LABEL);
        near(&what, &single.y, &y, 5e-7);
        near(&what, &single.slope, &slope, 1e-6);
        near(&what, &single.squared, &squared, 2e-6);
    }
    near(F::LABEL, &exact.y, &y, 1e-15);
    near(F::LABEL, &exact.slope, &slope, 1e-14);
    near(F::LABEL, &exact.squared, &squared, 1e-14);
}

#[test]
fn functions_are_those_of_pytorch() {
    golden::<LeakyRelu>(LEAKY_RELU, LEAKY_RELU_SLOPE);
    golden::<GeluTanh>(GELU, GELU_SLOPE);
    golden::<Silu>(SILU, SILU_SLOPE);
    golden::<HardSwish>(HARDSWISH, HARDSWISH_SLOPE);
    // The formula of an activation function is the same in a stage of its own.
    let x = Tensor::<Units<2>, f64> { data: [-0.5, 2.0] };
    let applied = computed::<Tanh, f64, 2>(Isa::SCALAR, &x);
    near("tanh", &applied.y, &x.data.map(f64::tanh), 1e-15);
    near("tanh", &applied.slope, &x.data.map(|x| 1.0 - x.tanh() * x.tanh()), 1e-15);
}

#[test]
fn gradients() {
    for_samples(48, |sample| {
        for (name, kinks, checks) in [
            ("SiLU", false, [check::layer::<Apply<Silu>, Maps<2, 3, 5>>, check::layer::<Apply<Silu>, Units<7>>]),
            (
                "GELU",
                false,
                [check::layer::<Apply<GeluTanh>, Maps<1, 1, 1>>, check::layer::<Apply<GeluTanh>, Units<33>>],
            ),
            (
                "hard",
                true,
                [check::layer::<Apply<HardSwish>, Maps<3, 4, 2>>, check::layer::<Apply<HardSwish>, Units<5>>],
            ),
            (
                "leaky",
                true,
                [check::layer::<Apply<LeakyRelu>, Maps<3, 4, 2>>, check::layer::<Apply<LeakyRelu>, Units<5>>],
            ),
        ] {
            for check in checks {
                check(sample.seed, kinks).map_err(|why| TestCaseError::fail(format!("{name}: {why}")))?;
            }
        }
        Ok(())
    });
}

/// Returns the largest error of `y` in units of the last place, and of the slope, against `f64`.
struct Precision<F>(PhantomData<F>);
impl<F: Function> Kernel for Precision<F> {
    type Output = (f64, f64);
    fn run<S: Simd>(self, simd: S) -> (f64, f64) {
        let exact = |x: f32| {
            let x = One::<_, f64>::splat(Scalar, x.into());
            let y = F::value(x);
            (y.sum(), F::derivative(x, y).sum())
        };
        let mut worst = (0.0_f64, 0.0_f64);
        let least = f32::MIN_POSITIVE.to_bits();
        for bits in (least..60f32.to_bits()).step_by(9_973) {
            for x in [f32::from_bits(bits), -f32::from_bits(bits)] {
                let v = One::<S, f32>::splat(simd, x);
                let y = F::value(v);
                let (want, slope) = exact(x);
                // The argument of GELU's gate is rounded: an error of one part in z.
                let z =
                    if F::FORMULA == ActivationKind::GeluTanh { 1.0 + 0.2 * f64::from(x).abs().powi(3) } else { 1.0 };
                let near = (want as f32).abs().max(f32::MIN_POSITIVE);
                let ulp = f64::from(f32::from_bits(near.to_bits() + 1)) - f64::from(near);
                // The smallest exponential is 1.6e-38: results close to it have no precision.
                let error = (f64::from(y.sum()) - want).abs();
                let is_small = want.abs() < 1e-30 && error < 1e-30 && f64::from(x) < -9.0;
                worst.0 = worst.0.max(if is_small { 0.0 } else { error / ulp / z });
                worst.1 = worst.1.max((f64::from(F::derivative(v, y).sum()) - slope).abs());
            }
        }
        worst
    }
}

#[test]
fn functions_are_within_a_few_ulp() {
    fn worst<F: Function>(isa: Isa, ulps: f64) {
        let (y, slope) = isa.dispatch(Precision::<F>(PhantomData));
        assert!(y < ulps, "{} on {isa}: {y} ulp", F::LABEL);
        assert!(slope < 5e-7, "{} on {isa}: the slope is wrong by {slope}", F::LABEL);
    }
    for isa in Isa::all_available() {
        worst::<LeakyRelu>(isa, 1.1);
        worst::<Silu>(isa, 4.0);
        worst::<GeluTanh>(isa, 4.0);
        worst::<HardSwish>(isa, 2.5);
    }
}

/// Large inputs have the function's limits, and a NaN is seen.
#[test]
fn extremes() {
    fn check<F: Function>(isa: Isa) {
        let x = Tensor::<Units<6>> { data: [1e30, -1e30, 1e4, -1e4, f32::MAX, f32::NAN] };
        let got = computed::<F, f32, 6>(isa, &x);
        for i in [0, 2, 4] {
            assert_eq!((got.y[i], got.slope[i]), (x.data[i], 1.0), "{} on {isa}: {got:?}", F::LABEL);
        }
        for i in [1, 3] {
            assert!(got.y[i].abs() < 1e-30 && got.slope[i].abs() < 1e-30, "{} on {isa}: {got:?}", F::LABEL);
        }
        assert!(got.y[5].is_nan() && got.slope[5].is_nan(), "{} on {isa}: {got:?}", F::LABEL);
    }
    for isa in Isa::all_available() {
        check::<Silu>(isa);
        check::<GeluTanh>(isa);
        check::<HardSwish>(isa);
    }
}

sequential! {
    struct Net, trace NetTrace {
        input:                       Maps<1, 6, 6>;
        c1:   Conv2d<1, 2, 3>     => Maps<2, 4, 4>;
        a1:   Apply<Silu>         => Maps<2, 4, 4>;
        flat: Flatten             => Units<32>;
        f2:   Dense<32, 5>        => Units<5>;
        a2:   Apply<Sigmoid>      => Units<5>;
        out:  Dense<5, 3, LeakyRelu> => Units<3>;
    }
}

/// Stages say what they compute, and the rule for networks of sigmoids sees those that are stages of their own.
#[test]
fn a_network_with_functions_as_stages() {
    let kinds: Vec<Operation> = Net::<f32>::STAGES.iter().map(|stage| stage.operation).collect();
    assert_eq!(kinds[1], Operation::Function { activation: ActivationKind::Silu });
    assert_eq!(kinds[5], Operation::FullConnection { activation: ActivationKind::LeakyRelu { slope: 0.01 } });
    let words: Vec<String> = Net::<f32>::STAGES.iter().map(|stage| stage.layer().to_string()).collect();
    assert_eq!(words[1..], ["SiLU", "flatten", "full connection, identity", "sigmoid", "full connection, leaky ReLU"]);

    use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
    let mut net = Net::<f64>::boxed_zeroed();
    initialize(&mut *net, Init::SqrtFanIn, &mut ChaCha8Rng::seed_from_u64(1));
    let largest = |weights: &[f64]| weights.iter().fold(0.0, |most: f64, w| most.max(w.abs()));
    // The sigmoid of a half: the weights before it are 2 S as large as they are drawn, those after it 2 A.
    let (before, after) = (largest(net.tensor(2)) / (2.4 / 32f64.sqrt()), largest(net.tensor(4)) / (2.4 / 5f64.sqrt()));
    assert!((0.9..=1.0).contains(&(before / (2.0 * ScaledTanh::S))), "{before}");
    assert!((0.8..=1.0).contains(&(after / (2.0 * ScaledTanh::A))), "{after}");
    assert!(net.out.bias.iter().all(|b| *b != 0.0) && net.f2.bias == [0.0; 5]);
}

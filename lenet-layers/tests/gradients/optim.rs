//! The optimisers against PyTorch, and their steps of slices against the formulas.

use crate::check::{Draw, flat};
use crate::golden::*;
use lenet_layers::*;

type Net<E> = Weights<2, 3, E>;

/// Parameters or gradients with these numbers, in order.
fn filled<P: Params>(numbers: &[f64; 9]) -> P {
    let (mut params, mut next) = (P::zeroed(), numbers.iter());
    for i in 0..P::TENSORS {
        params.tensor_mut(i).fill_with(|| Element::from_f64(*next.next().unwrap()));
    }
    params
}

/// Makes three steps in `E`; `golden` has the parameters after each.
fn steps<E: Element>(
    name: &str,
    golden: &[[f64; 9]; 3],
    allowed: f64,
    mut step: impl FnMut(&mut Net<E>, &Grad<Net<E>>, E),
) {
    let mut params: Net<E> = filled(&PARAMETERS);
    for (number, (gradient, after)) in GRADIENTS.iter().zip(golden).enumerate() {
        step(&mut params, &filled(gradient), E::from_f64(0.125));
        for (i, (got, want)) in flat(&params).into_iter().zip(after).enumerate() {
            let got = got.to_f64();
            assert!((got - want).abs() <= allowed, "{name}, step {number}, [{i}]: {got}, not {want}");
        }
    }
}

fn optimisers<E: Element>(allowed: f64) {
    let e = E::from_f64;
    let mut sgd = Sgd::boxed(e(0.9), e(0.01));
    steps::<E>("SGD", &SGD, allowed, |p, g, rate| sgd.step(p, g, rate));
    let mut nesterov = Sgd::boxed(e(0.9), e(0.01));
    nesterov.nesterov = true;
    steps::<E>("Nesterov", &NESTEROV, allowed, |p, g, rate| nesterov.step(p, g, rate));
    let mut adam = Adam::boxed(0.01);
    steps::<E>("Adam", &ADAM, allowed, |p, g, rate| adam.step(p, g, rate));
    assert_eq!(adam.steps, 3);
    let mut own = Adam::boxed(0.0);
    own.settings = AdamSettings { beta1: 0.5, beta2: 0.75, epsilon: 0.01, weight_decay: 0.0 };
    steps::<E>("Adam with settings", &ADAM_OWN, allowed, |p, g, rate| own.step(p, g, rate));
    let mut adam_w = AdamW::boxed(0.01);
    steps::<E>("AdamW", &ADAM_W, allowed, |p, g, rate| adam_w.step(p, g, rate));
}

#[test]
fn steps_are_those_of_pytorch() {
    optimisers::<f64>(1e-14);
    optimisers::<f32>(5e-7);
}

#[test]
fn clipping_is_that_of_pytorch() {
    let mut grad: Grad<Net<f64>> = filled(&GRADIENTS[0]);
    assert!((clip_norm(&mut grad, 0.5) - NORM).abs() < 1e-15);
    assert!(flat(&grad.0).iter().zip(CLIPPED).all(|(got, want)| (got - want).abs() < 1e-15), "{grad:?}");
    // A gradient that is short enough keeps its bits.
    let mut grad: Grad<Net<f32>> = filled(&GRADIENTS[0]);
    let before = grad.clone();
    assert!((clip_norm(&mut grad, NORM + 1e-3) - NORM).abs() < 1e-6);
    assert_eq!(grad, before);
}

/// Slices of all lengths around the register widths, against the formulas in `f64`.
#[test]
fn every_length_and_number_of_gradients() {
    let mut draw = Draw::new(4);
    let mut numbers = |n: usize| -> Vec<f32> { (0..n).map(|_| draw.within(1.0) as f32).collect() };
    let settings = AdamSettings { weight_decay: 0.1, ..AdamSettings::default() };
    for n in (0..=4 * 16 + 17).chain([1000]) {
        for count in [1, 2, 5] {
            let gradients: Vec<Vec<f32>> = (0..count).map(|_| numbers(n)).collect();
            let gradients: Vec<&[f32]> = gradients.iter().map(Vec::as_slice).collect();
            let sum: Vec<f64> = (0..n).map(|i| gradients.iter().map(|g| f64::from(g[i])).sum()).collect();
            let squared: f64 = sum.iter().map(|g| g * g).sum();
            let got = squared_norm(&gradients);
            assert!((got - squared).abs() <= 1e-6 * squared, "{n} numbers, {count} gradients: {got}, not {squared}");

            let factor = (0.5 / (squared.sqrt() + 1e-6)).min(1.0);
            let (before, mean, square) = (numbers(n), numbers(n), numbers(n).iter().map(|v| v * v).collect::<Vec<_>>());
            let (mut p, mut m, mut v) = (before.clone(), mean.clone(), square.clone());
            let update = AdamUpdate::decoupled(settings, 0.25, 3);
            Clipped::new(update, got, 0.5).step(&mut p, [&mut m, &mut v], &gradients);
            for i in 0..n {
                let g = factor * sum[i];
                let mean = 0.9 * f64::from(mean[i]) + 0.1 * g;
                let square = 0.999 * f64::from(square[i]) + 0.001 * g * g;
                let root = (square / (1.0 - 0.999f64.powi(3))).sqrt() + 1e-8;
                let wanted = f64::from(before[i]) * 0.975 - 0.25 * mean / (1.0 - 0.9f64.powi(3)) / root;
                assert!((f64::from(m[i]) - mean).abs() < 1e-6, "m[{i}] of {n}");
                assert!((f64::from(v[i]) - square).abs() < 1e-6, "v[{i}] of {n}");
                let error = (f64::from(p[i]) - wanted).abs();
                assert!(error <= 2e-6 * (1.0 + wanted.abs()), "p[{i}] of {n}: {}, not {wanted}", p[i]);
            }
        }
    }
}

/// The statistics of batch normalization follow their gradient, whatever the optimiser, and are not clipped.
#[test]
fn statistics_are_no_parameters() {
    type Params2 = BatchNormParams<2, f64>;
    let (start, batch) = ([1.0, -2.0], [3.0, 0.5]); // what is there, and how far the batch is from it
    let fresh = || Params2 { weight: [1.0; 2], bias: [0.0; 2], running_mean: start, running_var: start };
    let grad = || Grad(Params2 { weight: [3.0, 0.0], bias: [0.0, 4.0], running_mean: batch, running_var: batch });
    let mut clipped = grad();
    assert_eq!(clip_norm(&mut clipped, 0.5), 5.0);
    assert_eq!((clipped.0.running_mean, clipped.0.running_var), (batch, batch));
    assert!((clipped.0.weight[0] - 0.3).abs() < 1e-6);

    let (mut sgd, mut adam, mut adam_w) = (Sgd::boxed(0.9, 0.1), Adam::boxed(0.1), AdamW::boxed(0.1));
    type Step<'a> = &'a mut dyn FnMut(&mut Params2, &Grad<Params2>);
    let mut steps: [Step<'_>; 3] =
        [&mut |p, g| sgd.step(p, g, 0.5), &mut |p, g| adam.step(p, g, 0.5), &mut |p, g| adam_w.step(p, g, 0.5)];
    for step in &mut steps {
        let mut p = fresh();
        step(&mut p, &grad());
        assert!(p.weight[0] < 0.7 && p.bias[1] < -0.4, "{p:?}");
        for (got, (start, batch)) in p.running_mean.iter().chain(&p.running_var).zip(start.iter().zip(batch).cycle()) {
            assert!((got - (start + STATISTIC_MOMENTUM * batch)).abs() < 1e-15, "{p:?}");
        }
    }
}

/// The squares of these numbers are no `f32`.
#[test]
fn large_gradients_are_clipped_too() {
    let mut grad = Grad(Weights::<2, 1> { weight: [[3e30, 0.0]], bias: [-4e30] });
    let norm = clip_norm(&mut grad, 1.0);
    assert!((norm / 5e30 - 1.0).abs() < 1e-6, "{norm}");
    assert!((grad.0.weight[0][0] - 0.6).abs() < 1e-6 && (grad.0.bias[0] + 0.8).abs() < 1e-6, "{grad:?}");
    // More gradients than are added in registers.
    let (many, one) = ([&[1.0_f32, -1.0][..]; 40], [&[40.0_f32, -40.0][..]]);
    assert_eq!(squared_norm(&many), squared_norm(&one));
    assert_eq!(squared_norm::<f32>(&[]), 0.0);
}

#[test]
fn a_gradient_that_is_no_number_is_not_hidden() {
    for (bad, norm_is_nan) in [(f32::NAN, true), (f32::INFINITY, false)] {
        let mut grad = Grad(Weights::<2, 1> { weight: [[bad, 1.0]], bias: [0.0] });
        let norm = clip_norm(&mut grad, 1.0);
        assert!(norm.is_nan() == norm_is_nan && !norm.is_finite(), "{norm}");
        assert!(grad.0.weight[0][0].is_nan(), "{grad:?}");
    }
}

#[test]
fn slices_of_different_lengths_are_refused() {
    let update = AdamUpdate::coupled(AdamSettings::default(), 0.1, 1);
    let refused: [fn(AdamUpdate<f64>); 3] = [
        |update| update.step(&mut [0.0], [&mut [0.0], &mut []], &[&[0.0]]),
        |update| update.step(&mut [0.0], [&mut [0.0], &mut [0.0]], &[&[0.0], &[]]),
        |_| assert_eq!(squared_norm::<f64>(&[&[0.0], &[]]), 0.0),
    ];
    for step in refused {
        let why = std::panic::catch_unwind(|| step(update)).unwrap_err();
        assert_eq!(why.downcast_ref::<&str>(), Some(&"slices of one length"));
    }
}

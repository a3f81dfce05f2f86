//! Stochastic gradient descent against its formula.

use crate::check::{Draw, flat, for_samples};
use crate::networks::Sparse;
use lenet_layers::*;
use proptest::prelude::*;

#[test]
fn steps_are_those_of_the_formula() {
    for_samples(32, |sample| {
        let (momentum, decay) = (sample.choose(0, &[0.0, 0.5, 0.9]), sample.choose(1, &[0.0, 1e-3, 0.1]));
        type Net = Sparse<f64>;
        let mut draw = Draw::new(sample.seed);
        let (mut net, mut grad) = (Net::boxed_zeroed(), Grad::<Net>::boxed_zeroed());
        (0..Net::TENSORS).for_each(|i| draw.fill(net.tensor_mut(i), 1.0));
        let mut sgd = Sgd::<Net>::boxed(momentum, decay);
        let mut p = flat(&*net);
        let mut v = vec![0.0; Net::LEN];
        for step in 1..=4 {
            (0..Net::TENSORS).for_each(|i| draw.fill(grad.tensor_mut(i), 1.0));
            let rate = 0.1 / f64::from(step);
            sgd.step(&mut net, &grad, rate);
            let g = flat(&grad.0);
            for i in 0..Net::LEN {
                v[i] = momentum * v[i] + g[i] + decay * p[i];
                p[i] -= rate * v[i];
            }
        }
        for (got, want) in flat(&*net).iter().zip(&p) {
            prop_assert!((got - want).abs() <= 1e-14 * (1.0 + want.abs()), "{} is not {}", got, want);
        }
        // Without momentum the velocity is not updated.
        let kept = if momentum == 0.0 { 0 } else { Net::LEN };
        for (got, want) in flat(&sgd.velocity).iter().zip(&v).take(kept) {
            prop_assert!((got - want).abs() <= 1e-14 * (1.0 + want.abs()), "{} is not {}", got, want);
        }
        Ok(())
    });
}

/// Without momentum and decay, a step is only p - rate g.
#[test]
fn plain_descent() {
    let mut net = Sparse::<f32>::boxed_zeroed();
    let mut grad = Grad::<Sparse>::boxed_zeroed();
    grad.0.out.bias[2] = 4.0;
    let mut sgd = Sgd::<Sparse>::boxed(0.0, 0.0);
    for _ in 0..3 {
        sgd.step(&mut net, &grad, 0.25);
    }
    assert_eq!(net.out.bias, [0.0, 0.0, -3.0, 0.0, 0.0]);
    assert_eq!(flat(&*net).iter().filter(|p| **p != 0.0).count(), 1);
}

/// Tests a step of slices, for every length around the register widths and for several gradients, number by number.
#[test]
fn every_length_and_number_of_gradients() {
    let mut draw = Draw::new(3);
    let mut numbers = |n: usize| -> Vec<f32> { (0..n).map(|_| draw.within(1.0) as f32).collect() };
    for n in (0..=4 * 16 + 17).chain([1000]) {
        for (count, momentum, weight_decay) in [(1, 0.0, 0.0), (1, 0.9, 0.0), (2, 0.0, 0.1), (5, 0.5, 0.01)] {
            let descent = Descent { rate: 0.25, momentum, weight_decay };
            let (before, velocity) = (numbers(n), numbers(n));
            let gradients: Vec<Vec<f32>> = (0..count).map(|_| numbers(n)).collect();
            let (mut p, mut v) = (before.clone(), velocity.clone());
            descent.step(&mut p, [&mut v], &gradients.iter().map(Vec::as_slice).collect::<Vec<_>>());
            for i in 0..n {
                let g: f64 = gradients.iter().map(|g| f64::from(g[i])).sum();
                let step =
                    f64::from(momentum) * f64::from(velocity[i]) + g + f64::from(weight_decay) * f64::from(before[i]);
                assert!((f64::from(p[i]) - (f64::from(before[i]) - 0.25 * step)).abs() < 1e-6, "p[{i}] of {n}");
                let kept = if momentum == 0.0 { f64::from(velocity[i]) } else { step };
                assert!((f64::from(v[i]) - kept).abs() < 2e-6, "v[{i}] of {n}");
            }
        }
    }
}

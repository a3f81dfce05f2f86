//! The stochastic diagonal Levenberg-Marquardt method against its formula.

use crate::check::{Draw, flat, for_samples};
use crate::networks::Sparse;
use lenet_layers::simd::{Isa, Kernel, Simd};
use lenet_layers::*;
use proptest::prelude::*;

#[test]
fn rates_and_steps_are_those_of_the_formula() {
    for_samples(32, |sample| {
        let patterns = sample.choose(0, &[1usize, 7, 500]);
        let (eta, mu) = (sample.choose(1, &[5e-4, 1e-5]), sample.choose(2, &[0.02, 1.0]));
        type Net = Sparse<f64>;
        let mut draw = Draw::new(sample.seed);
        let (mut net, mut grad, mut h) =
            (Net::boxed_zeroed(), Grad::<Net>::boxed_zeroed(), Curvature::<Net>::boxed_zeroed());
        let mut sdlm = Sdlm::<Net>::boxed_zeroed();
        prop_assert_eq!(sdlm.range(), (0.0, 0.0));
        (0..Net::TENSORS).for_each(|i| draw.fill(net.tensor_mut(i), 1.0));
        let mut p = flat(&*net);
        // If the rates are set again, the old rates have no effect.
        for _ in 0..2 {
            (0..Net::TENSORS).for_each(|i| h.tensor_mut(i).fill_with(|| patterns as f64 * draw.within(2.0).abs()));
            sdlm.set_rates(&h, patterns, eta, mu);
            let rates: Vec<f64> = flat(&h.0).iter().map(|h| eta / (mu + h / patterns as f64)).collect();
            for (got, want) in flat(&sdlm.rates).iter().zip(&rates) {
                prop_assert!((got - want).abs() <= 1e-14 * want, "{} is not {}", got, want);
                prop_assert!(*got <= eta / mu);
            }
            let (least, most) = sdlm.range();
            prop_assert!((least - rates.iter().copied().fold(f64::INFINITY, f64::min)).abs() <= 1e-14 * least);
            prop_assert!((most - rates.iter().copied().fold(0.0, f64::max)).abs() <= 1e-14 * most);
            prop_assert!(flat(&sdlm.rates).contains(&least));
            prop_assert!(flat(&sdlm.rates).contains(&most));

            for _ in 0..3 {
                (0..Net::TENSORS).for_each(|i| draw.fill(grad.tensor_mut(i), 1.0));
                sdlm.step(&mut net, &grad);
                p.iter_mut().zip(&rates).zip(flat(&grad.0)).for_each(|((p, rate), g)| *p -= rate * g);
            }
            for (got, want) in flat(&*net).iter().zip(&p) {
                prop_assert!((got - want).abs() <= 1e-14 * (1.0 + want.abs()), "{} is not {}", got, want);
            }
        }
        Ok(())
    });
}

/// Zero patterns count as one: a curvature of zero yields the rate eta / mu.
#[test]
fn without_curvature_mu_bounds_the_rate() {
    let mut sdlm = Sdlm::<Weights<3, 2>>::boxed_zeroed();
    sdlm.set_rates(&Curvature::zeroed(), 0, 0.5, 0.25);
    assert_eq!(sdlm.range(), (2.0, 2.0));
    assert_eq!(Sdlm::<NoParams<f32>>::boxed_zeroed().range(), (0.0, 0.0));
}

/// Runs the update of a step with every instruction set, one register of numbers or fewer at a time.
struct Steps {
    n: usize,
    seed: u64,
}
impl Kernel for Steps {
    type Output = ();
    fn run<S: Simd>(self, simd: S) {
        fn on<S: Simd, E: Element>(simd: S, n: usize, seed: u64, rounding: f64) {
            let mut draw = Draw::new(seed);
            let mut numbers = || -> Vec<E> { (0..n).map(|_| E::from_f64(draw.within(1.0))).collect() };
            let (before, rates, g) = (numbers(), numbers(), numbers());
            let (mut p, mut kept) = (before.clone(), rates.clone());
            let width = <E::Row<S> as Vector>::LANES;
            for ((p, rates), g) in p.chunks_mut(width).zip(kept.chunks_mut(width)).zip(g.chunks(width)) {
                let g = if g.len() == width { Vector::load(simd, g) } else { Vector::load_few(simd, g) };
                Diagonal.one(simd, g, p, [rates]);
            }
            right(&before, &rates, &[&g], &p, rounding);
            assert!(
                kept.iter().zip(&rates).all(|(kept, rate)| kept.to_f64() == rate.to_f64()),
                "a step changed a rate"
            );
        }
        on::<S, f32>(simd, self.n, self.seed, 2e-7);
        on::<S, f64>(simd, self.n, self.seed, 4e-16);
    }
}

/// Checks p = p - rate g, number by number.
fn right<E: Element>(before: &[E], rates: &[E], gradients: &[&[E]], after: &[E], rounding: f64) {
    for i in 0..before.len() {
        let g: f64 = gradients.iter().map(|g| g[i].to_f64()).sum();
        let want = before[i].to_f64() - rates[i].to_f64() * g;
        assert!((after[i].to_f64() - want).abs() <= rounding, "{i} of {}: {}, not {want}", before.len(), after[i]);
    }
}

#[test]
fn steps_on_every_instruction_set() {
    for isa in Isa::all_available() {
        for n in (0..=33).chain([100]) {
            isa.dispatch(Steps { n, seed: n as u64 });
        }
    }
}

/// Tests a step of slices, for every length around the register widths and for several gradients.
#[test]
fn every_length_and_number_of_gradients() {
    let mut draw = Draw::new(4);
    let mut numbers = |n: usize| -> Vec<f32> { (0..n).map(|_| draw.within(1.0) as f32).collect() };
    for n in (0..=4 * 16 + 17).chain([1000]) {
        for count in [1, 2, 5] {
            let (before, rates) = (numbers(n), numbers(n));
            let gradients: Vec<Vec<f32>> = (0..count).map(|_| numbers(n)).collect();
            let gradients: Vec<&[f32]> = gradients.iter().map(Vec::as_slice).collect();
            let (mut p, mut kept) = (before.clone(), rates.clone());
            Diagonal.step(&mut p, [&mut kept], &gradients);
            right(&before, &rates, &gradients, &p, 1e-6);
            assert_eq!(kept, rates, "a step changed a rate");
        }
    }
}

#[test]
#[should_panic(expected = "slices of one length")]
fn slices_of_several_lengths_are_refused() {
    Diagonal.step(&mut [0.0f32; 3], [&mut [0.0; 3]], &[&[0.0; 3], &[0.0; 2]]);
}

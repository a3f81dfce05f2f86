//! Tests layers of many shapes, for single examples and in lanes, on every instruction set, against the reference loops
//! in `f64`.

use crate::against::everywhere;
use crate::check::{Draw, Sample, draw_arrays, for_samples};
use crate::subject::{Case, Dispatched, Reference, Subject};
use crate::tables::{Gaps, Own};
use lenet_layers::simd::Isa;
use lenet_layers::*;

/// Runs `f64` through the loops of each instruction set, where a register is one number, and compares the results with
/// the reference loops.
fn doubles(case: &mut dyn Subject<f64>, reference: &mut dyn Subject<f64>, isa: Isa, seed: u64) -> Result<(), String> {
    let (mut draw, arrays) = (Draw::new(seed), case.arrays());
    draw_arrays(&mut draw, case);
    draw.fill(case.x(), 1.0);
    draw.fill(case.dy(), 1.0);
    (0..arrays).for_each(|i| reference.params(i).copy_from_slice(case.params(i)));
    reference.x().copy_from_slice(case.x());
    reference.dy().copy_from_slice(case.dy());
    case.forward(isa);
    case.backward(isa, true);
    reference.forward(isa);
    reference.backward(isa, true);
    let same = |what: &str, got: &[f64], want: &[f64]| {
        let largest = want.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
        let close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-12 * largest;
        if got.iter().zip(want).all(close) { Ok(()) } else { Err(format!("{what} differs")) }
    };
    same("y", case.y(), reference.y())?;
    same("dx", case.dx(), reference.dx())?;
    (0..arrays).try_for_each(|i| same(case.info(i).name, case.grad(i), reference.grad(i)))
}

#[test]
fn doubles_take_the_same_ways() {
    fn check<L: Layer<I> + LayerInfo, I: Shape>() {
        for isa in Isa::all_available() {
            for seed in 0..4 {
                let mut case = Case::<L, I, f64, Dispatched>::boxed_zeroed();
                let mut reference = Case::<L, I, f64, Reference>::boxed_zeroed();
                doubles(&mut *case, &mut *reference, isa, seed).unwrap_or_else(|why| panic!("{isa}: {why}"));
            }
        }
    }
    check::<Conv2d<3, 7, 3, ScaledTanh>, Maps<3, 8, 9>>();
    check::<SparseConv2d<6, 16, 60, 5, Table1, Tanh>, Maps<6, 9, 7>>();
    check::<SparseConv2d<4, 3, 5, 2, Gaps, Sigmoid>, Maps<4, 5, 3>>();
    check::<Conv1d<3, 7, 5, ScaledTanh, SamePadding, 2>, Maps<3, 1, 19>>();
    check::<Subsample<3, 2, Tanh>, Maps<3, 6, 4>>();
    check::<Dense<37, 5, Tanh>, Units<37>>();
}

#[test]
fn convolutions() {
    for_samples(24, |&Sample { seed, .. }| {
        everywhere::<Conv2d<1, 6, 5, ScaledTanh>, Maps<1, 9, 12>, Lanes<16>>(seed)?;
        everywhere::<Conv2d<3, 5, 2, Relu>, Maps<3, 4, 6>, Lanes<16>>(seed)?;
        everywhere::<Conv2d<3, 5, 2, Relu>, Maps<3, 4, 6>, f32>(seed)?;
        everywhere::<Conv2d<2, 7, 3, Tanh>, Maps<2, 3, 3>, Lanes<16>>(seed)?;
        everywhere::<Conv2d<2, 7, 3, Tanh>, Maps<2, 3, 3>, f32>(seed)?;
        everywhere::<SparseConv2d<6, 16, 60, 3, Table1, Tanh>, Maps<6, 5, 6>, Lanes<16>>(seed)?;
        everywhere::<SparseConv2d<4, 3, 5, 2, Gaps, Sigmoid>, Maps<4, 5, 3>, Lanes<16>>(seed)?;
        everywhere::<SparseConv2d<4, 3, 5, 2, Gaps, Sigmoid>, Maps<4, 5, 3>, f32>(seed)?;
        everywhere::<Conv2d<2, 3, 3, Tanh>, Maps<2, 5, 6>, Lanes<32>>(seed)?;
        everywhere::<SparseConv2d<6, 16, 60, 2, Table1, Tanh>, Maps<6, 2, 2>, Lanes<16>>(seed)?;
        everywhere::<SparseConv2d<6, 16, 60, 2, Table1, Tanh>, Maps<6, 2, 2>, f32>(seed)?;
        Ok(())
    });
}

#[test]
fn pools() {
    for_samples(24, |&Sample { seed, .. }| {
        everywhere::<Subsample<3, 2, ScaledTanh>, Maps<3, 6, 4>, Lanes<16>>(seed)?;
        everywhere::<Subsample<2, 3, Sigmoid>, Maps<2, 3, 9>, f32>(seed)?;
        everywhere::<AvgPool<2>, Maps<3, 6, 4>, Lanes<16>>(seed)?;
        everywhere::<AvgPool<3>, Maps<2, 3, 9>, f32>(seed)?;
        // Numbers on the grid have many ties.
        everywhere::<MaxPool<2>, Maps<3, 6, 4>, Lanes<16>>(seed)?;
        everywhere::<MaxPool<3>, Maps<2, 3, 9>, f32>(seed)?;
        everywhere::<Flatten, Maps<3, 2, 5>, Lanes<16>>(seed)?;
        everywhere::<Repeat<3>, Maps<2, 1, 7>, Lanes<32>>(seed)?;
        everywhere::<Apply<Silu>, Maps<2, 3, 7>, Lanes<16>>(seed)?;
        everywhere::<Apply<GeluTanh>, Units<37>, f32>(seed)?;
        everywhere::<Apply<HardSwish>, Units<3>, Lanes<32>>(seed)?;
        Ok(())
    });
}

#[test]
fn full_connections() {
    for_samples(24, |&Sample { seed, .. }| {
        everywhere::<Dense<65, 7, Tanh>, Units<65>, Lanes<16>>(seed)?;
        everywhere::<Dense<130, 9, Relu>, Units<130>, Lanes<16>>(seed)?;
        everywhere::<Dense<130, 9, Relu>, Units<130>, f32>(seed)?;
        everywhere::<Dense<5, 4, Sigmoid>, Units<5>, Lanes<16>>(seed)?;
        everywhere::<Dense<5, 6>, Units<5>, Lanes<32>>(seed)?;
        everywhere::<Rbf<5, 3, Own>, Units<5>, Lanes<32>>(seed)?;
        Ok(())
    });
}

//! Compares a layer in `f32`, for single examples and in lanes, with the same layer in `f64`.
//!
//! The random numbers are multiples of 1/32, so the weighted sums are exact in both, and ReLU is on the same side of
//! its kink in both. The difference is the rounding of the activation functions (3.6 ulp) and of sums of up to a few
//! thousand products of gradients, each within 2^-24 and of either sign. Together this is a few 1e-6 of the largest
//! number, less than [`TOLERANCE`].
//!
//! The `f64` side runs the reference loops, so this also tests that every fast kernel agrees with them. The shapes in
//! the list of kernels are chosen to reach every path of the fast kernels; a test case draws which of them it runs.

use crate::check::Draw;
use crate::subject::{Case, Dispatched, Reference, Subject, UNTOUCHED};
use lenet_layers::simd::Isa;
use lenet_layers::*;
use proptest::prelude::TestCaseError;

/// Relative to the largest number of the tensor.
const TOLERANCE: f64 = 1e-5;

/// The absolute rounding error of a sum of numbers of size one, times the square root of their number. It matters if a
/// whole tensor cancels, as the only bias of a single unit can.
const ROUNDING: f64 = 5e-7;

/// Runs several examples through a layer, at once in `f32` and one by one in `f64`.
fn against(case: &mut dyn Subject<f32>, reference: &mut dyn Subject<f64>, isa: Isa, seed: u64) -> Result<(), String> {
    let (mut draw, lanes, arrays) = (Draw::new(seed), case.lanes(), case.arrays());
    for i in 0..arrays {
        // More inputs get smaller weights, so that not everything saturates; a power of two keeps the sums exact.
        let info = case.info(i);
        let fan_in = (info.fan_in)(0) as f64;
        let unit = 0.5f64.powi(fan_in.sqrt().log2().round() as i32);
        for (w, n) in reference.params(i).iter_mut().zip(case.params(i)) {
            *w = draw.on_grid() * unit;
            if info.role == Role::Variance {
                *w = w.abs() + 0.25;
            }
            *n = *w as f32;
        }
    }
    case.x().fill_with(|| draw.on_grid() as f32);
    case.dy().fill_with(|| draw.on_grid() as f32);
    let g = case.dy().to_vec();
    case.dx().fill(f32::NAN);
    // The gradient is added to the previous contents.
    for i in 0..arrays {
        for (narrow, wide) in case.grad(i).iter_mut().zip(reference.grad(i)) {
            *wide = draw.on_grid();
            *narrow = *wide as f32;
        }
    }
    case.forward(isa);
    case.backward(isa, true);

    // Without `TO_INPUT` the gradients with respect to the parameters are the same, and `dx` is left as it is.
    let grad: Vec<Vec<f32>> = (0..arrays).map(|i| case.grad(i).to_vec()).collect();
    case.dy().copy_from_slice(&g);
    let dx = case.dx().to_vec();
    case.dx().fill(UNTOUCHED as f32);
    case.backward(isa, false);
    if case.dx().iter().any(|dx| *dx != UNTOUCHED as f32) {
        return Err("the gradient with respect to the input was computed unasked".into());
    }
    case.dx().copy_from_slice(&dx);
    for (i, grad) in grad.iter().enumerate() {
        let once = grad.iter().zip(reference.grad(i)).map(|(now, before)| f64::from(*now) - *before);
        let twice: Vec<f64> = once.zip(grad).map(|(g, now)| f64::from(*now) + g).collect();
        near_sum(&format!("{} without TO_INPUT", case.info(i)), g.len(), case.grad(i), &twice)?;
    }

    for lane in 0..lanes {
        let of = |cells: &[f32]| cells.iter().skip(lane).step_by(lanes).copied().collect::<Vec<f32>>();
        for (to, from) in reference.x().iter_mut().zip(of(case.x())) {
            *to = f64::from(from);
        }
        for (to, from) in reference.dy().iter_mut().zip(of(&g)) {
            *to = f64::from(from);
        }
        reference.forward(isa);
        reference.backward(isa, true);
        near(&format!("y of lane {lane}"), &of(case.y()), reference.y())?;
        near(&format!("dx of lane {lane}"), &of(case.dx()), reference.dx())?;
    }
    (0..arrays).try_for_each(|i| near_sum(&case.info(i).to_string(), g.len(), &grad[i], reference.grad(i)))
}

pub(crate) fn take<I: Shape, T: Cell<Element = f32>>(from: &Tensor<I, T>, lane: usize, to: &mut Tensor<I, f64>) {
    for (to, from) in to.cells_mut().iter_mut().zip(from.cells()) {
        *to = f64::from(from.lanes()[lane]);
    }
}

pub(crate) fn near(what: &str, got: &[f32], want: &[f64]) -> Result<(), String> {
    within(what, got, want, 0.0)
}
/// The same for sums over `n` cells and lanes.
pub(crate) fn near_sum(what: &str, n: usize, got: &[f32], want: &[f64]) -> Result<(), String> {
    within(what, got, want, ROUNDING * (n as f64).sqrt())
}
fn within(what: &str, got: &[f32], want: &[f64], rounding: f64) -> Result<(), String> {
    let largest = want.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        let distance = (f64::from(*got) - want).abs();
        if distance.is_nan() || distance > TOLERANCE * largest + rounding {
            return Err(format!("{what}[{i}]: {got}, in f64 {want}; the largest is {largest}"));
        }
    }
    Ok(())
}

pub(crate) fn everywhere<L: Layer<I> + LayerInfo, I: Shape, T: Cell<Element = f32>>(
    seed: u64,
) -> Result<(), TestCaseError> {
    on_each_set(Case::<L, I, T, Dispatched>::boxed_zeroed, Case::<L, I, f64, Reference>::boxed_zeroed, seed)
}

fn on_each_set(
    case: fn() -> Box<dyn Subject<f32>>,
    reference: fn() -> Box<dyn Subject<f64>>,
    seed: u64,
) -> Result<(), TestCaseError> {
    for isa in Isa::all_available() {
        let (mut case, mut reference) = (case(), reference());
        against(&mut *case, &mut *reference, isa, seed)
            .map_err(|why| TestCaseError::fail(format!("{isa}, {} lanes: {why}", case.lanes())))?;
    }
    Ok(())
}

pub(crate) type Everywhere = fn(u64) -> Result<(), TestCaseError>;

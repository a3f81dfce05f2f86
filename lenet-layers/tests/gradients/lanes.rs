//! The layer in `f32`, alone and in lanes, on every instruction set, against the same layer in `f64`.
//!
//! The numbers drawn are multiples of 1/32, so the weighted sums are exact in both and ReLU takes the same side of its
//! kink in both. What differs is the rounding of the squashing functions (3.6 ulp) and of sums of up to some thousand
//! products of gradients, each within 2^-24 and of either sign: together a few 1e-6 of the largest, and [`TOLERANCE`] leaves room.
//!
//! The `f64` side runs the reference loops, so this is also the test that every fast kernel does what they say. The shapes of
//! [`KERNELS`] are chosen to reach every way through the fast kernels; which of them a case runs is drawn.

use crate::check::{Draw, draw_arrays};
use crate::layers::{Gaps, Own};
use crate::losses::LOSSES;
use crate::subject::{Case, Dispatched, Reference, Subject};
use lenet_layers::simd::{Isa, Scalar};
use lenet_layers::*;
use proptest::prelude::*;

/// Of the largest number of the tensor.
const TOLERANCE: f64 = 1e-5;

/// What rounding leaves of a sum of numbers of size one, times the root of how many they are, whatever the sum is; it matters
/// where a whole tensor cancels, as the one bias of a single unit can.
const ROUNDING: f64 = 5e-7;

/// Several examples through a layer, at once in `f32` and one by one in `f64`.
fn against(case: &mut dyn Subject<f32>, reference: &mut dyn Subject<f64>, isa: Isa, seed: u64) -> Result<(), String> {
    let (mut draw, lanes, arrays) = (Draw::new(seed), case.lanes(), case.arrays());
    for i in 0..arrays {
        // Smaller weights for more inputs, or everything saturates; a power of two keeps the sums exact.
        let fan_in = (case.info(i).fan_in)(0) as f64;
        let unit = 0.5f64.powi(fan_in.sqrt().log2().round() as i32);
        for (w, n) in reference.params(i).iter_mut().zip(case.params(i)) {
            *w = draw.on_grid() * unit;
            *n = *w as f32;
        }
    }
    case.x().fill_with(|| draw.on_grid() as f32);
    case.dy().fill_with(|| draw.on_grid() as f32);
    let g = case.dy().to_vec();
    case.dx().fill(f32::NAN);
    // What lies in the gradient stays there.
    for i in 0..arrays {
        for (narrow, wide) in case.grad(i).iter_mut().zip(reference.grad(i)) {
            *wide = draw.on_grid();
            *narrow = *wide as f32;
        }
    }
    case.forward(isa);
    case.backward(isa, true);

    // Without `dx` the parameters' gradients are the same.
    let grad: Vec<Vec<f32>> = (0..arrays).map(|i| case.grad(i).to_vec()).collect();
    case.dy().copy_from_slice(&g);
    case.backward(isa, false);
    for (i, grad) in grad.iter().enumerate() {
        let once = grad.iter().zip(reference.grad(i)).map(|(now, before)| f64::from(*now) - *before);
        let twice: Vec<f64> = once.zip(grad).map(|(g, now)| f64::from(*now) + g).collect();
        near_sum(&format!("{} without dx", case.info(i)), g.len(), case.grad(i), &twice)?;
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
/// The same of sums over `n` cells and lanes.
fn near_sum(what: &str, n: usize, got: &[f32], want: &[f64]) -> Result<(), String> {
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

fn everywhere<L: Layer<I> + Described, I: Shape, T: Cell<Element = f32>>(seed: u64) -> Result<(), TestCaseError> {
    on_each_set(Case::<L, I, T, Dispatched>::boxed, Case::<L, I, f64, Reference>::boxed, seed)
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

type Everywhere = fn(u64) -> Result<(), TestCaseError>;

/// Each layer in lanes and alone.
macro_rules! both {
    ($($layer:ty, on $input:ty;)+) => {
        &[$(everywhere::<$layer, $input, Lanes<16>>, everywhere::<$layer, $input, f32>),+]
    };
}

const KERNELS: &[Everywhere] = both! {
    Conv2d<1, 6, 5, Tanh>, on Maps<1, 32, 32>; // several tiles of columns, several bands of rows
    Conv2d<6, 16, 5, Tanh>, on Maps<6, 14, 14>; // output maps fill a register, tiles of four
    SparseConv2d<6, 16, 60, 5, Table1, Tanh>, on Maps<6, 14, 14>; // the same with gaps
    SparseConv2d<4, 16, 18, 2, Few, Tanh>, on Maps<4, 6, 7>; // few enough connections to go one by one
    Conv2d<2, 32, 3, Tanh>, on Maps<2, 8, 9>; // two registers of output maps
    Conv2d<3, 7, 3, ScaledTanh>, on Maps<3, 23, 17>; // nothing is a multiple of anything
    Conv2d<5, 2, 9, Relu>, on Maps<5, 11, 20>; // a wide kernel, more input than output maps
    Conv2d<7, 11, 5, Tanh>, on Maps<7, 9, 11>; // a short last tile of input maps and of output maps
    Conv2d<3, 5, 1, Tanh>, on Maps<3, 4, 20>; // a kernel of one cell
    Conv2d<2, 3, 13, Tanh>, on Maps<2, 15, 22>; // a row of taps fills a tile
    Conv2d<1, 2, 24, Tanh>, on Maps<1, 26, 28>; // the widest kernel that has tiles
    Conv2d<1, 3, 25, Tanh>, on Maps<1, 27, 30>; // and one too wide for them
    Conv2d<20, 3, 2, Tanh>, on Maps<20, 3, 12>; // more input than output maps
    Conv2d<2, 20, 2, Tanh>, on Maps<2, 4, 18>; // more output maps than are laid out at once
    Subsample<3, 2, Tanh>, on Maps<3, 28, 34>; // windows: a register and a bit
    Subsample<2, 2, Tanh>, on Maps<2, 10, 10>; // and less than one
    AvgPool<2>, on Maps<2, 4, 64>;
    AvgPool<2>, on Maps<1, 2, 2>;
    Dense<400, 120, Tanh>, on Units<400>;
    Dense<187, 37, Relu>, on Units<187>;
    Dense<16, 1, Tanh>, on Units<16>;
    Dense<1, 43>, on Units<1>;
    Rbf<84, 10, Bitmaps>, on Units<84>;
    Repeat<2>, on Maps<3, 4, 5>;
};

connection_table! {
    /// One or two input maps for each output map, in every place of a tile of four.
    struct Few: 4 -> 16, 18;
    "X . . ."
    "X . . ."
    ". X . ."
    ". X . ."
    ". . X ."
    ". . . X"
    ". X X ."
    ". . . ."
    "X . . X"
    ". . X ."
    ". . . X"
    ". . . X"
    ". X . ."
    "X . . ."
    ". X . ."
    "X . . X"
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn kernels(check in prop::sample::select(KERNELS), seed: u64) {
        check(seed)?;
    }
}

/// Each at least once: what is drawn may leave one out.
#[test]
fn every_kernel_once() {
    for check in KERNELS {
        check(1).unwrap();
    }
}

/// `f64` through the loops of each instruction set, where a register is one number, against the reference loops.
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
    fn check<L: Layer<I> + Described, I: Shape>() {
        for isa in Isa::all_available() {
            for seed in 0..4 {
                let mut case = Case::<L, I, f64, Dispatched>::boxed();
                let mut reference = Case::<L, I, f64, Reference>::boxed();
                doubles(&mut *case, &mut *reference, isa, seed).unwrap_or_else(|why| panic!("{isa}: {why}"));
            }
        }
    }
    check::<Conv2d<3, 7, 3, ScaledTanh>, Maps<3, 8, 9>>();
    check::<SparseConv2d<6, 16, 60, 5, Table1, Tanh>, Maps<6, 9, 7>>();
    check::<SparseConv2d<4, 3, 5, 2, Gaps, Sigmoid>, Maps<4, 5, 3>>();
    check::<Subsample<3, 2, Tanh>, Maps<3, 6, 4>>();
    check::<Dense<37, 5, Tanh>, Units<37>>();
}

/// Layers that are too large for the quickest way: what a kernel lays out must fit the stack of any thread.
#[test]
fn large_layers_need_little_stack() {
    const LARGE: &[Everywhere] = &[
        everywhere::<Conv2d<48, 16, 5, Tanh>, Maps<48, 6, 7>, f32>,
        everywhere::<Conv2d<1, 6, 3, Tanh>, Maps<1, 80, 90>, f32>,
        everywhere::<Conv2d<2, 18, 3, Tanh>, Maps<2, 40, 50>, f32>,
        everywhere::<Conv2d<8, 240, 5, Tanh>, Maps<8, 6, 6>, f32>,
        everywhere::<Conv2d<1, 5, 3, Tanh>, Maps<1, 200, 210>, f32>,
    ];
    let thread = std::thread::Builder::new().stack_size(512 * 1024);
    let checked = thread.spawn(|| LARGE.iter().try_for_each(|check| check(1).map_err(|e| e.to_string())));
    checked.unwrap().join().unwrap().unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn convolutions(seed: u64) {
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
    }

    #[test]
    fn pools(seed: u64) {
        everywhere::<Subsample<3, 2, ScaledTanh>, Maps<3, 6, 4>, Lanes<16>>(seed)?;
        everywhere::<Subsample<2, 3, Sigmoid>, Maps<2, 3, 9>, f32>(seed)?;
        everywhere::<AvgPool<2>, Maps<3, 6, 4>, Lanes<16>>(seed)?;
        everywhere::<AvgPool<3>, Maps<2, 3, 9>, f32>(seed)?;
        // On the grid there are ties in plenty.
        everywhere::<MaxPool<2>, Maps<3, 6, 4>, Lanes<16>>(seed)?;
        everywhere::<MaxPool<3>, Maps<2, 3, 9>, f32>(seed)?;
        everywhere::<Flatten, Maps<3, 2, 5>, Lanes<16>>(seed)?;
        everywhere::<Repeat<3>, Maps<2, 1, 7>, Lanes<32>>(seed)?;
    }

    #[test]
    fn full_connections(seed: u64) {
        everywhere::<Dense<65, 7, Tanh>, Units<65>, Lanes<16>>(seed)?;
        everywhere::<Dense<130, 9, Relu>, Units<130>, Lanes<16>>(seed)?;
        everywhere::<Dense<130, 9, Relu>, Units<130>, f32>(seed)?;
        everywhere::<Dense<5, 4, Sigmoid>, Units<5>, Lanes<16>>(seed)?;
        everywhere::<Dense<5, 6>, Units<5>, Lanes<32>>(seed)?;
        everywhere::<Rbf<5, 3, Own>, Units<5>, Lanes<32>>(seed)?;
    }

    /// Fewer targets than lanes give the gradient of a smaller batch, whatever lies in the lanes that are left.
    #[test]
    fn masked_lanes_do_not_count(count in 0..=16usize, loss in prop::sample::select(&LOSSES), seed: u64) {
        let mut draw = Draw::new(seed);
        let mut net = Masked::<f32>::boxed();
        for i in 0..Masked::<f32>::TENSORS {
            net.tensor_mut(i).fill_with(|| draw.within(0.4) as f32);
        }
        let mut block = MaskedTrace::<Lanes<16>>::boxed();
        block.input.cells_mut().iter_mut().for_each(|cell| cell.0.fill_with(|| draw.within(1.0) as f32));
        let targets: Vec<Class<3>> = (0..count).map(|_| Class::new(draw.below(3)).unwrap()).collect();

        let gradient = |block: &mut MaskedTrace<Lanes<16>>| {
            let (mut errors, mut grad) = (MaskedTrace::<Lanes<16>>::boxed(), Grad::<Masked>::boxed());
            net.forward(block);
            loss.evaluate_with(Scalar, &block.out, &targets, 1.0, &mut errors.out);
            net.backward(block, &mut errors, &mut grad);
            grad
        };
        let masked = gradient(&mut block);
        let mut single = Grad::<Masked>::boxed();
        for (lane, target) in targets.iter().enumerate() {
            let (mut trace, mut errors) = (MaskedTrace::<f32>::boxed(), MaskedTrace::<f32>::boxed());
            for (x, block) in trace.input.cells_mut().iter_mut().zip(block.input.cells()) {
                *x = block.0[lane];
            }
            net.forward(&mut trace);
            loss.evaluate_with(Scalar, &trace.out, &[*target], 1.0, &mut errors.out);
            net.backward(&trace, &mut errors, &mut single);
        }
        for i in 0..Masked::<f32>::TENSORS {
            let want: Vec<f64> = single.tensor(i).iter().map(|g| f64::from(*g)).collect();
            near_sum(&Masked::<f32>::info(i).to_string(), 16, masked.tensor(i), &want).map_err(TestCaseError::fail)?;
        }
        for cell in block.input.cells_mut() {
            cell.0[count..].fill(0.0);
        }
        let cleared = gradient(&mut block);
        for i in 0..Masked::<f32>::TENSORS {
            prop_assert_eq!(masked.tensor(i), cleared.tensor(i), "what lies in a masked lane matters");
        }
    }
}

sequential! {
    pub(crate) struct Masked, trace MaskedTrace {
        input:                       Maps<2, 6, 4>;
        c1:   Conv2d<2, 3, 3, Tanh>  => Maps<3, 4, 2>;
        s2:   Subsample<3, 2, Tanh>  => Maps<3, 2, 1>;
        flat: Flatten                => Units<6>;
        out:  Dense<6, 3>            => Units<3>;
    }
}

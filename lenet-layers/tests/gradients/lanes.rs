//! The layer in `f32`, alone and in lanes, on every instruction set, against the same layer in `f64`.
//!
//! The numbers drawn are multiples of 1/32, so the weighted sums are exact in both and ReLU takes the same side of its
//! kink in both. What differs is the rounding of the squashing functions (2.5 ulp) and of sums of at most a few hundred
//! products of gradients, each within 2^-24: together a few 1e-6 of the largest, and [`TOLERANCE`] leaves room.

use crate::check::{Draw, backward, forward};
use crate::layers::Gaps;
use crate::losses::LOSSES;
use lenet_layers::simd::{Isa, Kernel, Scalar, Simd};
use lenet_layers::*;
use proptest::prelude::*;
use std::marker::PhantomData;

/// Of the largest number of the tensor.
const TOLERANCE: f64 = 1e-5;

/// `T::LANES` examples through layer `L`, at once and one by one.
struct Against<L, I, T>(u64, PhantomData<(L, I, T)>);

impl<L: Layer<I> + Described, I: Shape, T: Cell<Element = f32>> Kernel for Against<L, I, T> {
    type Output = Result<(), String>;
    fn run<S: Simd>(self, simd: S) -> Self::Output {
        let mut draw = Draw::new(self.0);
        let (mut wide, mut narrow) = (L::Params::<f64>::boxed(), L::Params::<f32>::boxed());
        for i in 0..L::Params::<f64>::TENSORS {
            // Smaller weights for more inputs, or everything saturates; a power of two keeps the sums exact.
            let fan_in = (L::info(i).fan_in)(0) as f64;
            let unit = 0.5f64.powi(fan_in.sqrt().log2().round() as i32);
            for (w, n) in wide.tensor_mut(i).iter_mut().zip(narrow.tensor_mut(i)) {
                *w = draw.on_grid() * unit;
                *n = *w as f32;
            }
        }
        let mut x = Tensor::<I, T>::boxed();
        let mut g = Tensor::<L::Out, T>::boxed();
        for cell in x.cells_mut().iter_mut().chain(g.cells_mut()) {
            cell.lanes_mut().fill_with(|| draw.on_grid() as f32);
        }
        let (mut y, mut dx, mut dy) = (Tensor::<L::Out, T>::boxed(), Tensor::<I, T>::boxed(), g.clone());
        dx.fill(T::splat(f32::NAN));
        let mut grad = L::Params::<f32>::boxed();
        L::forward(simd, &narrow, &x, &mut y);
        L::backward(simd, &narrow, &x, &y, &mut dy, Some(&mut dx), &mut grad);

        let mut sum = L::Params::<f64>::boxed();
        for lane in 0..T::LANES {
            let (mut x1, mut y1) = (Tensor::<I, f64>::boxed(), Tensor::<L::Out, f64>::boxed());
            let (mut dx1, mut dy1) = (Tensor::<I, f64>::boxed(), Tensor::<L::Out, f64>::boxed());
            take(&x, lane, &mut x1);
            take(&g, lane, &mut dy1);
            forward::<L, I>(&wide, &x1, &mut y1);
            backward::<L, I>(&wide, &x1, &y1, &mut dy1, Some(&mut dx1), &mut sum);
            let of = |cells: &[T]| cells.iter().map(|c| c.lanes()[lane]).collect::<Vec<f32>>();
            near(&format!("y of lane {lane}"), &of(y.cells()), y1.cells())?;
            near(&format!("dx of lane {lane}"), &of(dx.cells()), dx1.cells())?;
        }
        for i in 0..L::Params::<f64>::TENSORS {
            near(&L::info(i).to_string(), grad.tensor(i), sum.tensor(i))?;
        }
        Ok(())
    }
}

fn take<I: Shape, T: Cell<Element = f32>>(from: &Tensor<I, T>, lane: usize, to: &mut Tensor<I, f64>) {
    for (to, from) in to.cells_mut().iter_mut().zip(from.cells()) {
        *to = f64::from(from.lanes()[lane]);
    }
}

fn near(what: &str, got: &[f32], want: &[f64]) -> Result<(), String> {
    let largest = want.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        let distance = (f64::from(*got) - want).abs();
        if distance.is_nan() || distance > TOLERANCE * largest {
            return Err(format!("{what}[{i}]: {got}, in f64 {want}; the largest is {largest}"));
        }
    }
    Ok(())
}

fn everywhere<L: Layer<I> + Described, I: Shape, T: Cell<Element = f32>>(seed: u64) -> Result<(), TestCaseError> {
    for isa in Isa::all_available() {
        isa.dispatch(Against::<L, I, T>(seed, PhantomData))
            .map_err(|why| TestCaseError::fail(format!("{isa}, {} lanes: {why}", T::LANES)))?;
    }
    Ok(())
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
    }

    #[test]
    fn full_connections(seed: u64) {
        everywhere::<Dense<65, 7, Tanh>, Units<65>, Lanes<16>>(seed)?;
        everywhere::<Dense<130, 9, Relu>, Units<130>, Lanes<16>>(seed)?;
        everywhere::<Dense<130, 9, Relu>, Units<130>, f32>(seed)?;
        everywhere::<Dense<5, 4, Sigmoid>, Units<5>, Lanes<16>>(seed)?;
        everywhere::<Dense<5, 6>, Units<5>, Lanes<32>>(seed)?;
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
            near(&Masked::<f32>::info(i).to_string(), masked.tensor(i), &want).map_err(TestCaseError::fail)?;
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

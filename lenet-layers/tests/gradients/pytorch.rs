//! Compares convolutions with PyTorch's: outputs and gradients, on every instruction set of this machine.
//! `tests/golden/make_convolutions.py` made the numbers and has the same list of geometries.

use crate::subject::{Case, Dispatched, Reference, Subject, Way};
use lenet_layers::simd::Isa;
use lenet_layers::*;

/// In `f32` and in `f64`.
type Both = [fn(&mut &[f64], Isa); 2];

fn compare<L: Layer<I> + LayerInfo, I: Shape, E: Cell<Element = E> + Element, W: Way>(numbers: &mut &[f64], isa: Isa) {
    against(&mut *Case::<L, I, E, W>::boxed_zeroed(), numbers, isa, if size_of::<E>() == 8 { 1e-12 } else { 1e-5 });
}

fn against<E: Element>(case: &mut dyn Subject<E>, numbers: &mut &[f64], isa: Isa, tolerance: f64) {
    fn set<E: Element>(to: &mut [E], from: &mut &[f64]) {
        let own = from.split_off(..to.len()).expect("as many numbers");
        to.iter_mut().zip(own).for_each(|(to, from)| *to = E::from_f64(*from));
    }
    set(case.x(), numbers);
    (0..2).for_each(|i| set(case.params(i), numbers));
    set(case.dy(), numbers);
    case.forward(isa);
    case.backward(isa, true);
    let mut same = |what: &str, got: &[E]| {
        let want = numbers.split_off(..got.len()).expect("as many numbers");
        let largest = want.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
        for (i, (got, want)) in got.iter().zip(want).enumerate() {
            assert!((got.to_f64() - want).abs() <= tolerance * largest, "{isa}, {what}[{i}]: {got:?}, PyTorch {want}");
        }
    };
    same("y", case.y());
    same("dx", case.dx());
    same("weight", case.grad(0));
    same("bias", case.grad(1));
}

macro_rules! list {
    ($($layer:ty, on $input:ty;)+) => {
        &[$([compare::<$layer, $input, f32, Dispatched>, compare::<$layer, $input, f64, Reference>]),+]
    };
}

const GEOMETRIES: &[Both] = list! {
    Conv2d<2, 3, 3, Identity, SamePadding>, on Maps<2, 5, 7>;
    Conv2d<1, 2, 5, Identity, SamePadding>, on Maps<1, 6, 5>;
    Conv2d<2, 2, 3, Identity, SamePadding, 2>, on Maps<2, 7, 6>;
    Conv2d<2, 3, 3, Identity, Unpadded, 3>, on Maps<2, 8, 9>;
    Conv2d<1, 2, 4, Identity, Zeros<1>, 2>, on Maps<1, 7, 8>;
    Conv2d<2, 2, 3, Identity, Zeros<2>>, on Maps<2, 4, 5>;
    Conv2d<2, 3, 3, Identity, Edge<1>>, on Maps<2, 5, 6>;
    Conv2d<1, 2, 5, Identity, Edge<2>, 2>, on Maps<1, 6, 7>;
    Conv2d<2, 2, 1, Identity, Unpadded, 2>, on Maps<2, 7, 7>;
    GroupConv2d<2, 3, 2, 3, Identity, SamePadding>, on Maps<6, 4, 5>;
    DepthwiseConv2d<4, 3, Identity, SamePadding, 2>, on Maps<4, 6, 5>;
    GroupConv2d<3, 1, 2, 3, Identity, Edge<1>>, on Maps<3, 5, 4>;
    Conv1d<2, 3, 4>, on Maps<2, 1, 11>;
    Conv1d<3, 2, 5, Identity, SamePadding, 2>, on Maps<3, 1, 8>;
    Conv1d<2, 2, 3, Identity, Zeros<2>, 3>, on Maps<2, 1, 7>;
    Conv1d<1, 3, 5, Identity, Edge<2>>, on Maps<1, 1, 6>;
};

#[test]
fn convolutions_are_pytorchs() {
    let bytes = include_bytes!("../golden/convolutions.f64");
    let (numbers, rest) = bytes.as_chunks();
    assert!(rest.is_empty());
    let numbers: Vec<f64> = numbers.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
    for isa in Isa::all_available() {
        for cell in 0..2 {
            let mut left = &numbers[..];
            GEOMETRIES.iter().for_each(|both| both[cell](&mut left, isa));
            assert!(left.is_empty(), "{} numbers of no geometry", left.len());
        }
    }
}

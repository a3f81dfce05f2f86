//! A sparse convolution equals a dense one whose missing kernels are zero.

use crate::check::{Draw, draw_params, for_samples};
use crate::tables::{Fan, Gaps};
use lenet_layers::simd::{Isa, Kernel, Scalar, Simd};
use lenet_layers::*;

/// Compares the sparse layer `P` with the dense layer `D` on the same numbers.
fn same<P, D, I: Shape>(seed: u64)
where
    P: Layer<I> + LayerInfo,
    D: Layer<I, Out = P::Out>,
{
    let mut draw = Draw::new(seed);
    let (mut sparse, mut dense) = (P::Params::<f64>::boxed_zeroed(), D::Params::<f64>::boxed_zeroed());
    draw_params(&mut draw, &mut *sparse, P::info);
    for i in 0..2 {
        for (position, weight) in P::info(i).positions().zip(sparse.tensor(i)) {
            dense.tensor_mut(i)[position] = *weight;
        }
    }
    let mut x = Tensor::<I, f64>::boxed_zeroed();
    draw.fill(x.cells_mut(), 1.0);
    let mut g = Tensor::<P::Out, f64>::boxed_zeroed();
    draw.fill(g.cells_mut(), 1.0);
    let (mut y, mut full_y) = (g.clone(), g.clone());
    P::forward(Scalar, &sparse, &x, &mut y);
    D::forward(Scalar, &dense, &x, &mut full_y);
    // The sums have a different order if the dense layer is a matrix product.
    near(y.cells(), full_y.cells());

    let (mut dx, mut full_dx) = (Tensor::<I, f64>::boxed_zeroed(), Tensor::<I, f64>::boxed_zeroed());
    let (mut grad, mut full_grad) = (P::Params::<f64>::boxed_zeroed(), D::Params::<f64>::boxed_zeroed());
    P::backward::<_, _, true>(Scalar, &sparse, &x, &y, &mut g.clone(), &mut dx, &mut grad);
    D::backward::<_, _, true>(Scalar, &dense, &x, &full_y, &mut g, &mut full_dx, &mut full_grad);
    near(dx.cells(), full_dx.cells());
    for i in 0..2 {
        let connected: Vec<f64> = P::info(i).positions().map(|position| full_grad.tensor(i)[position]).collect();
        near(grad.tensor(i), &connected);
    }
}

fn near(a: &[f64], b: &[f64]) {
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(b) {
        assert!((a - b).abs() <= 1e-12 * (1.0 + b.abs()), "{a} and {b}");
    }
}

#[test]
fn sparse_is_dense_with_zeros() {
    for_samples(32, |sample| {
        let seed = sample.seed;
        same::<SparseConv2d<6, 16, 60, 5, Table1, Tanh>, Conv2d<6, 16, 5, Tanh>, Maps<6, 7, 6>>(seed);
        same::<SparseConv2d<4, 3, 5, 2, Gaps, Sigmoid>, Conv2d<4, 3, 2, Sigmoid>, Maps<4, 2, 2>>(seed);
        same::<SparseConv2d<2, 5, 6, 3, Fan>, Conv2d<2, 5, 3>, Maps<2, 4, 6>>(seed);
        Ok(())
    });
}

/// A layer used directly may declare another number of kernels than its table has: the table counts.
#[test]
fn the_table_says_what_is_connected() {
    type Right = SparseConv2d<4, 3, 5, 2, Gaps, Tanh>;
    type Wrong = SparseConv2d<4, 3, 12, 2, Gaps, Tanh>;
    struct Both;
    impl Kernel for Both {
        type Output = ();
        fn run<S: Simd>(self, simd: S) {
            let (mut right, mut wrong) =
                (SparseKernels::<3, 5, 2>::boxed_zeroed(), SparseKernels::<3, 12, 2>::boxed_zeroed());
            for (k, w) in right.weight.as_flattened_mut().as_flattened_mut().iter_mut().enumerate() {
                *w = 0.1 * k as f32 - 1.0;
            }
            wrong.weight[..5].copy_from_slice(&right.weight);
            let mut x = Tensor::<Maps<4, 6, 7>, Lanes<16>>::boxed_zeroed();
            for (k, x) in x.cells_mut().iter_mut().enumerate() {
                *x = Lanes::splat((k % 13) as f32 * 0.1 - 0.6);
            }
            let (mut y, mut z) = (
                Tensor::<Maps<3, 5, 6>, Lanes<16>>::boxed_zeroed(),
                Tensor::<Maps<3, 5, 6>, Lanes<16>>::boxed_zeroed(),
            );
            Right::forward(simd, &right, &x, &mut y);
            Wrong::forward(simd, &wrong, &x, &mut z);
            assert!(y == z);
        }
    }
    Isa::all_available().for_each(|isa| isa.dispatch(Both));
}

//! Each stage of LeNet-5 forward and backward, in GFLOP/s and as a fraction of the machine's limit.
//!
//! Criterion's throughput is in floating-point operations, two for each multiply-add ("Gelem/s" means GFLOP/s).

use benches::{group, limit, operations};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use lenet_layers::simd::{Isa, Kernel, Simd};
use lenet_layers::{
    AvgPool, Cell, Conv2d, Dense, DepthwiseConv2d, Edge, Element, GroupConv2d, Identity, Lanes, Layer, Maps, Params,
    SamePadding, Shape, SparseConv2d, Subsample, Table1, Tanh, Tensor, Units,
};
use std::marker::PhantomData;

/// A layer forward and backward, to its parameters and, unless it is the first, to its input.
struct Stage<'a, 'b, T> {
    group: &'a mut BenchmarkGroup<'b, WallTime>,
    limit: f64,
    cell: PhantomData<T>,
}

impl<T: Cell> Stage<'_, '_, T> {
    fn run<L: Layer<I>, I: Shape>(&mut self, name: &str, is_first: bool) {
        let mut params = <L::Params<T::Element> as Params>::boxed_zeroed();
        for i in 0..<L::Params<T::Element> as Params>::TENSORS {
            spread(params.tensor_mut(i), 0.1);
        }
        let (mut x, mut dx, mut y) =
            (Tensor::<I, T>::boxed_zeroed(), Tensor::<I, T>::boxed_zeroed(), Tensor::<L::Out, T>::boxed_zeroed());
        spread(T::elements_mut(x.cells_mut()), 1.0);
        let flop = 2 * T::LANES * L::MULTIPLY_ADDS;
        let isa = Isa::current();
        let forward = || isa.dispatch(Forward::<L, I, T> { params: &params, x: &x, y: &mut y });
        operations(self.group, &format!("{name} forward"), flop, self.limit, forward);
        assert!(y.cells().iter().all(|y| y.sum().is_finite()));
        // Each call consumes the gradient; with outputs of zero the slope is one, so the gradient keeps its value.
        y.fill(T::ZERO);
        let mut dy = Tensor::<L::Out, T>::boxed_zeroed();
        spread(T::elements_mut(dy.cells_mut()), 0.01);
        let mut grad = <L::Params<T::Element> as Params>::boxed_zeroed();
        let backward = || {
            let (dy, dx, grad) = (&mut *dy, &mut *dx, &mut *grad);
            let pass = Backward::<L, I, T> { params: &params, x: &x, y: &y, dy, dx, grad, to_input: !is_first };
            isa.dispatch(pass);
        };
        let times = if is_first { 1 } else { 2 };
        operations(self.group, &format!("{name} backward"), times * flop, self.limit, backward);
        assert!(grad.is_finite());
    }

    /// LeNet-5, with dense and sparse C3, with average pooling and trainable subsampling.
    fn all(&mut self) {
        self.run::<Conv2d<1, 6, 5, Tanh>, Maps<1, 32, 32>>("C1", true);
        self.run::<Subsample<6, 2, Tanh>, Maps<6, 28, 28>>("S2", false);
        self.run::<AvgPool<2>, Maps<6, 28, 28>>("S2 as average pooling", false);
        self.run::<SparseConv2d<6, 16, 60, 5, Table1, Tanh>, Maps<6, 14, 14>>("C3", false);
        self.run::<Conv2d<6, 16, 5, Tanh>, Maps<6, 14, 14>>("C3 as dense convolution", false);
        self.run::<Subsample<16, 2, Tanh>, Maps<16, 10, 10>>("S4", false);
        self.run::<Conv2d<16, 120, 5, Tanh>, Maps<16, 5, 5>>("C5", false);
        self.run::<Dense<120, 84, Tanh>, Units<120>>("F6", false);
        self.run::<Dense<84, 10>, Units<84>>("output", false);
        // Layers as another network may have them: no size is a multiple of a register.
        self.run::<Conv2d<3, 7, 3, Tanh>, Maps<3, 23, 17>>("odd convolution, 3@23x17 to 7@21x15", false);
        self.run::<Conv2d<7, 11, 5, Tanh>, Maps<7, 21, 15>>("odd convolution, 7@21x15 to 11@17x11", false);
        self.run::<Dense<187, 37, Tanh>, Units<187>>("odd full connection, 187 to 37", false);
        self.geometries();
    }

    /// The same convolution with and without padding, and with strides and groups.
    fn geometries(&mut self) {
        self.run::<Conv2d<16, 16, 3>, Maps<16, 34, 34>>("3x3, 16@34x34 to 16@32x32", false);
        self.run::<Conv2d<16, 16, 3, Identity, SamePadding>, Maps<16, 32, 32>>("the same padded with zeros", false);
        self.run::<Conv2d<16, 16, 3, Identity, Edge<1>>, Maps<16, 32, 32>>("the same padded with the edge", false);
        self.run::<Conv2d<32, 32, 3, Identity, SamePadding>, Maps<32, 16, 16>>(
            "3x3, 32@16x16, padded with zeros",
            false,
        );
        self.run::<Conv2d<64, 64, 3, Identity, SamePadding>, Maps<64, 8, 8>>("3x3, 64@8x8, padded with zeros", false);
        self.run::<Conv2d<16, 32, 3, Identity, SamePadding, 2>, Maps<16, 32, 32>>("3x3, stride 2, to 32@16x16", false);
        self.run::<Conv2d<16, 16, 1>, Maps<16, 32, 32>>("1x1, 16@32x32", false);
        self.run::<GroupConv2d<4, 4, 4, 3, Identity, SamePadding>, Maps<16, 32, 32>>("3x3 in 4 groups", false);
        self.run::<DepthwiseConv2d<16, 3, Identity, SamePadding>, Maps<16, 32, 32>>("3x3, each map by itself", false);
    }
}

/// Numbers from -`most` to `most`.
fn spread<E: Element>(numbers: &mut [E], most: f64) {
    for (k, x) in numbers.iter_mut().enumerate() {
        *x = E::from_f64(most * ((k * 37 % 101) as f64 / 50.0 - 1.0));
    }
}

struct Forward<'a, L: Layer<I>, I: Shape, T: Cell> {
    params: &'a L::Params<T::Element>,
    x: &'a Tensor<I, T>,
    y: &'a mut Tensor<L::Out, T>,
}
impl<L: Layer<I>, I: Shape, T: Cell> Kernel for Forward<'_, L, I, T> {
    type Output = ();
    fn run<S: Simd>(self, simd: S) {
        L::forward(simd, self.params, self.x, self.y);
    }
}

struct Backward<'a, L: Layer<I>, I: Shape, T: Cell> {
    params: &'a L::Params<T::Element>,
    x: &'a Tensor<I, T>,
    y: &'a Tensor<L::Out, T>,
    dy: &'a mut Tensor<L::Out, T>,
    dx: &'a mut Tensor<I, T>,
    grad: &'a mut L::Params<T::Element>,
    to_input: bool,
}
impl<L: Layer<I>, I: Shape, T: Cell> Kernel for Backward<'_, L, I, T> {
    type Output = ();
    fn run<S: Simd>(self, simd: S) {
        let backward = if self.to_input { L::backward::<S, T, true> } else { L::backward::<S, T, false> };
        backward(simd, self.params, self.x, self.y, self.dy, self.dx, self.grad);
    }
}

fn stages(c: &mut Criterion) {
    let limit = limit(c);
    let mut lanes = group(c, "stages, one thread, sixteen examples in lanes");
    Stage::<Lanes<16>> { group: &mut lanes, limit, cell: PhantomData }.all();
    lanes.finish();
    let mut one = group(c, "stages, one thread, one example");
    Stage::<f32> { group: &mut one, limit, cell: PhantomData }.all();
    one.finish();
}

criterion_group!(benches, stages);
criterion_main!(benches);

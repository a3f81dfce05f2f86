//! A layer under test as a trait object: its numbers are slices and its passes are method calls. A check is then
//! compiled once. Compiling it for each layer, cell and instruction set took three minutes.

use lenet_layers::simd::{Isa, Kernel, Scalar, Simd};
use lenet_layers::{zerocopy, *};
use std::marker::PhantomData;

/// What the gradient of an input holds before a pass that must leave it as it is.
pub(crate) const UNTOUCHED: f64 = 77.0;

/// A layer with an input, an output and their gradients.
pub(crate) trait Subject<E> {
    /// The number of examples in each cell of the slices below.
    fn lanes(&self) -> usize;
    /// The number of arrays of parameters.
    fn arrays(&self) -> usize;
    fn info(&self, index: usize) -> ParamInfo;
    /// Whether an array is measured and has no gradient.
    fn is_statistic(&self, index: usize) -> bool;
    fn params(&mut self, index: usize) -> &mut [E];
    fn grad(&mut self, index: usize) -> &mut [E];
    fn x(&mut self) -> &mut [E];
    fn dx(&mut self) -> &mut [E];
    fn y(&mut self) -> &mut [E];
    fn dy(&mut self) -> &mut [E];
    fn forward(&mut self, isa: Isa);
    /// Overwrites `dy` and adds to the gradient; overwrites `dx` if `to_input` is set.
    fn backward(&mut self, isa: Isa, to_input: bool);
}

/// The code that a pass runs.
pub(crate) trait Way: 'static {
    const MODE: Mode = Mode::Inference;
    fn run<K: Kernel>(isa: Isa, kernel: K) -> K::Output;
}
/// The reference loops, for every instruction set.
pub(crate) struct Reference;
impl Way for Reference {
    fn run<K: Kernel>(_: Isa, kernel: K) -> K::Output {
        kernel.run(Scalar)
    }
}
/// The reference loops, for one example in training.
pub(crate) struct Learning;
impl Way for Learning {
    const MODE: Mode = Mode::Training(TrainingPass { examples: 1, batch: 4, seed: 5 });
    fn run<K: Kernel>(_: Isa, kernel: K) -> K::Output {
        kernel.run(Scalar)
    }
}
/// The code for the instruction set.
pub(crate) struct Dispatched;
impl Way for Dispatched {
    fn run<K: Kernel>(isa: Isa, kernel: K) -> K::Output {
        isa.dispatch(kernel)
    }
}

/// The layer `L` on an input of shape `I`, in cells `T`. It is allocated on the heap as a whole, because it may be large.
#[derive(zerocopy::FromZeros)]
#[zerocopy(crate = "lenet_layers::zerocopy")]
#[repr(C)]
pub(crate) struct Case<L: Layer<I>, I: Shape, T: Cell, W> {
    params: L::Params<T::Element>,
    grad: L::Params<T::Element>,
    x: Tensor<I, T>,
    dx: Tensor<I, T>,
    y: Tensor<L::Out, T>,
    dy: Tensor<L::Out, T>,
    way: PhantomData<W>,
}

impl<L: Layer<I> + LayerInfo, I: Shape, T: Cell, W: Way> Case<L, I, T, W> {
    pub(crate) fn boxed_zeroed() -> Box<dyn Subject<T::Element>> {
        <Self as zerocopy::FromZeros>::new_box_zeroed().expect("memory for a layer")
    }
}

struct Forward<'a, L: Layer<I>, I: Shape, T: Cell, W>(&'a mut Case<L, I, T, W>);
impl<L: Layer<I>, I: Shape, T: Cell, W: Way> Kernel for Forward<'_, L, I, T, W> {
    type Output = ();
    fn run<S: Simd>(self, simd: S) {
        L::forward_in(simd, &self.0.params, &self.0.x, &mut self.0.y, W::MODE);
    }
}

struct Backward<'a, L: Layer<I>, I: Shape, T: Cell, W>(&'a mut Case<L, I, T, W>, bool);
impl<L: Layer<I>, I: Shape, T: Cell, W: Way> Kernel for Backward<'_, L, I, T, W> {
    type Output = ();
    fn run<S: Simd>(self, simd: S) {
        let Case { params, grad, x, dx, y, dy, .. } = self.0;
        let backward = if self.1 { L::backward_in::<S, T, true> } else { L::backward_in::<S, T, false> };
        backward(simd, params, x, y, dy, dx, grad, W::MODE);
    }
}

impl<L: Layer<I> + LayerInfo, I: Shape, T: Cell, W: Way> Subject<T::Element> for Case<L, I, T, W> {
    fn lanes(&self) -> usize {
        T::LANES
    }
    fn arrays(&self) -> usize {
        L::Params::<T::Element>::TENSORS
    }
    fn info(&self, index: usize) -> ParamInfo {
        L::info(index)
    }
    fn is_statistic(&self, index: usize) -> bool {
        L::Params::<T::Element>::is_statistic(index)
    }
    fn params(&mut self, index: usize) -> &mut [T::Element] {
        self.params.tensor_mut(index)
    }
    fn grad(&mut self, index: usize) -> &mut [T::Element] {
        self.grad.tensor_mut(index)
    }
    fn x(&mut self) -> &mut [T::Element] {
        T::elements_mut(self.x.cells_mut())
    }
    fn dx(&mut self) -> &mut [T::Element] {
        T::elements_mut(self.dx.cells_mut())
    }
    fn y(&mut self) -> &mut [T::Element] {
        T::elements_mut(self.y.cells_mut())
    }
    fn dy(&mut self) -> &mut [T::Element] {
        T::elements_mut(self.dy.cells_mut())
    }
    fn forward(&mut self, isa: Isa) {
        W::run(isa, Forward(self));
    }
    fn backward(&mut self, isa: Isa, to_input: bool) {
        W::run(isa, Backward(self, to_input));
    }
}

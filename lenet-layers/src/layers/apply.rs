//! A function of every cell, as a stage of its own.

use crate::{Curved, Function, Layer, LayerInfo, NoParams, Operation, ParamInfo, Trainable, function};
use core::fmt;
use core::marker::PhantomData;
use lenet_tensor::{Cell, Element, Shape, Tensor, simd::Simd};

/// Applies the function `F` to every cell, for maps and units of any size: `y = f(x)`.
///
/// An activation function is usually a parameter of the layer before. This stage is for functions whose slope cannot be
/// computed from their output alone ([`Silu`](crate::Silu), [`GeluTanh`](crate::GeluTanh),
/// [`HardSwish`](crate::HardSwish)), and for those that follow a layer without one.
///
/// ```
/// use lenet_layers::*;
/// sequential! {
///     pub struct Net, trace NetTrace {
///         input:              Units<2>;
///         f1:  Dense<2, 3>    => Units<3>;
///         act: Apply<Silu>    => Units<3>;
///         out: Dense<3, 1>    => Units<1>;
///     }
/// }
/// let mut net = Net::<f32>::zeroed();
/// net.f1.bias = [0.0, 20.0, -200.0];
/// let mut trace = NetTrace::<f32>::zeroed();
/// net.forward(&mut trace);
/// assert_eq!(trace.act.data[..2], [0.0, 20.0]);
/// assert_eq!(Net::<f32>::STAGES[1].layer().to_string(), "SiLU");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Apply<F>(PhantomData<F>);

impl<F: Send + Sync + 'static> Trainable for Apply<F> {
    type Params<E: Element> = NoParams<E>;
}

impl<F: Function> LayerInfo for Apply<F> {
    const OPERATION: Operation = Operation::Function { activation: F::FORMULA };
    fn info(index: usize) -> ParamInfo {
        panic!("no parameter {index}: Apply has none")
    }
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(F::LABEL)
    }
}

impl<F: Function, In: Shape> Layer<In> for Apply<F> {
    type Out = In;
    const CONNECTIONS: usize = 0;
    const MULTIPLY_ADDS: usize = 0;

    fn forward<S: Simd, T: Cell>(simd: S, _: &NoParams<T::Element>, x: &Tensor<In, T>, y: &mut Tensor<In, T>) {
        function::apply::<F, S, _>(simd, T::elements(x.cells()), T::elements_mut(y.cells_mut()));
    }

    fn backward<S: Simd, T: Cell, const TO_INPUT: bool>(
        simd: S,
        _: &NoParams<T::Element>,
        x: &Tensor<In, T>,
        y: &Tensor<In, T>,
        dy: &mut Tensor<In, T>,
        dx: &mut Tensor<In, T>,
        _: &mut NoParams<T::Element>,
    ) {
        let (x, y, slopes) = (T::elements(x.cells()), T::elements(y.cells()), T::elements_mut(dy.cells_mut()));
        function::apply_slope::<F, S, _, false>(simd, x, y, slopes);
        if TO_INPUT {
            dx.cells_mut().copy_from_slice(dy.cells());
        }
    }
}

impl<F: Function, In: Shape> Curved<In> for Apply<F> {
    fn curvature<S: Simd, T: Cell>(
        simd: S,
        _: &NoParams<T::Element>,
        x: &Tensor<In, T>,
        y: &Tensor<In, T>,
        d2y: &mut Tensor<In, T>,
        d2x: &mut Tensor<In, T>,
        _: &mut NoParams<T::Element>,
    ) {
        let (x, y, slopes) = (T::elements(x.cells()), T::elements(y.cells()), T::elements_mut(d2y.cells_mut()));
        function::apply_slope::<F, S, _, true>(simd, x, y, slopes);
        d2x.cells_mut().copy_from_slice(d2y.cells());
    }
}

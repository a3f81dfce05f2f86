//! Maps read as a row of units.

use crate::{Curved, Layer, LayerInfo, NoParams, Operation, ParamInfo, Trainable};
use core::fmt;
use lenet_tensor::{Cell, Element, Flattened, Maps, Size, Tensor, Units, simd::Simd};

/// `Maps<C, H, W>` read as `Units<C * H * W>`; the last axis varies fastest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flatten;

impl Trainable for Flatten {
    type Params<E: Element> = NoParams<E>;
}

impl LayerInfo for Flatten {
    const OPERATION: Operation = Operation::Flatten;
    fn info(index: usize) -> ParamInfo {
        panic!("no parameter {index}: Flatten has none")
    }
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("flatten")
    }
}

impl<const C: usize, const H: usize, const W: usize, const N: usize> Layer<Maps<C, H, W>> for Flatten
where
    Size<C>: Flattened<H, W, Out = Size<N>>,
{
    type Out = Units<N>;
    const CONNECTIONS: usize = 0;
    const MULTIPLY_ADDS: usize = 0;

    fn forward<S: Simd, T: Cell>(
        _: S,
        _: &NoParams<T::Element>,
        x: &Tensor<Maps<C, H, W>, T>,
        y: &mut Tensor<Units<N>, T>,
    ) {
        y.data.copy_from_slice(x.cells());
    }

    fn backward<S: Simd, T: Cell, const TO_INPUT: bool>(
        _: S,
        _: &NoParams<T::Element>,
        _: &Tensor<Maps<C, H, W>, T>,
        _: &Tensor<Units<N>, T>,
        dy: &mut Tensor<Units<N>, T>,
        dx: &mut Tensor<Maps<C, H, W>, T>,
        _: &mut NoParams<T::Element>,
    ) {
        if TO_INPUT {
            dx.cells_mut().copy_from_slice(&dy.data);
        }
    }
}

impl<const C: usize, const H: usize, const W: usize, const N: usize> Curved<Maps<C, H, W>> for Flatten
where
    Size<C>: Flattened<H, W, Out = Size<N>>,
{
    fn curvature<S: Simd, T: Cell>(
        _: S,
        _: &NoParams<T::Element>,
        _: &Tensor<Maps<C, H, W>, T>,
        _: &Tensor<Units<N>, T>,
        d2y: &mut Tensor<Units<N>, T>,
        d2x: &mut Tensor<Maps<C, H, W>, T>,
        _: &mut NoParams<T::Element>,
    ) {
        d2x.cells_mut().copy_from_slice(&d2y.data);
    }
}

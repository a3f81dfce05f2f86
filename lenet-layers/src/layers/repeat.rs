//! Repeats maps, so that the next layer sees each several times.

use crate::{Curved, Layer, LayerInfo, NoParams, Operation, ParamInfo, Trainable};
use core::fmt;
use lenet_tensor::{Cell, Element, Maps, Size, Tensor, Times, simd::Simd};

/// Repeats every map `N` times, with its copies next to each other: `Maps<C, H, W>` to `Maps<C * N, H, W>`. If the next
/// layer has one output map for each input map, as [`Subsample`](crate::Subsample) does, it then has `N` maps for each
/// original map: the "subsampling maps connected in pairs" of LeNet-4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repeat<const N: usize>;

impl<const N: usize> Trainable for Repeat<N> {
    type Params<E: Element> = NoParams<E>;
}

impl<const N: usize> LayerInfo for Repeat<N> {
    const OPERATION: Operation = Operation::Repeat { times: N };
    fn info(index: usize) -> ParamInfo {
        panic!("no parameter {index}: Repeat has none")
    }
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "every map {N} times")
    }
}

impl<const N: usize, const C: usize, const CN: usize, const H: usize, const W: usize> Layer<Maps<C, H, W>> for Repeat<N>
where
    Size<C>: Times<N, Out = Size<CN>>,
{
    type Out = Maps<CN, H, W>;
    const CONNECTIONS: usize = 0;
    const MULTIPLY_ADDS: usize = 0;

    fn forward<S: Simd, T: Cell>(
        _: S,
        _: &NoParams<T::Element>,
        x: &Tensor<Maps<C, H, W>, T>,
        y: &mut Tensor<Self::Out, T>,
    ) {
        for (copy, y) in y.data.iter_mut().enumerate() {
            y.clone_from(&x.data[copy / N]);
        }
    }

    fn backward<S: Simd, T: Cell, const TO_INPUT: bool>(
        simd: S,
        _: &NoParams<T::Element>,
        _: &Tensor<Maps<C, H, W>, T>,
        _: &Tensor<Self::Out, T>,
        dy: &mut Tensor<Self::Out, T>,
        dx: &mut Tensor<Maps<C, H, W>, T>,
        _: &mut NoParams<T::Element>,
    ) {
        if !TO_INPUT {
            return;
        }
        simd.vectorize(
            #[inline(always)]
            || {
                dx.cells_mut().fill(T::ZERO);
                for (copy, dy) in dy.data.iter().enumerate() {
                    let dx = dx.data[copy / N].as_flattened_mut();
                    for (dx, dy) in dx.iter_mut().zip(dy.as_flattened()) {
                        *dx = dx.plus(*dy);
                    }
                }
            },
        );
    }
}

impl<const N: usize, const C: usize, const CN: usize, const H: usize, const W: usize> Curved<Maps<C, H, W>>
    for Repeat<N>
where
    Size<C>: Times<N, Out = Size<CN>>,
{
    fn curvature<S: Simd, T: Cell>(
        simd: S,
        nothing: &NoParams<T::Element>,
        x: &Tensor<Maps<C, H, W>, T>,
        y: &Tensor<Self::Out, T>,
        d2y: &mut Tensor<Self::Out, T>,
        d2x: &mut Tensor<Maps<C, H, W>, T>,
        h: &mut NoParams<T::Element>,
    ) {
        // Every slope is 1.
        Self::backward::<S, T, true>(simd, nothing, x, y, d2y, d2x, h);
    }
}

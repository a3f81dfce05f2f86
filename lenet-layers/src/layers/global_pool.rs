//! The mean of each map.

use crate::{Curved, Layer, LayerInfo, NoParams, Operation, ParamInfo, Trainable};
use core::fmt;
use lenet_tensor::simd::{Simd, Vector};
use lenet_tensor::{Cell, Element, Maps, Tensor, Units};

/// Reduces every map to its mean: `Maps<C, H, W>` to `Units<C>` (Lin, Chen, Yan 2013, "Network In Network", section 3.2).
///
/// ```
/// use lenet_layers::{GlobalAvgPool, Layer, Maps, NoParams, Tensor, Units, simd::Scalar};
/// let x = Tensor::<Maps<2, 1, 3>> { data: [[[1.0, 2.0, 6.0]], [[5.0, 5.0, 5.0]]] };
/// let mut y = Tensor::<Units<2>>::ZERO;
/// GlobalAvgPool::forward(Scalar, &NoParams::default(), &x, &mut y);
/// assert_eq!(y.data, [3.0, 5.0]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GlobalAvgPool;

impl Trainable for GlobalAvgPool {
    type Params<E: Element> = NoParams<E>;
}

impl LayerInfo for GlobalAvgPool {
    const OPERATION: Operation = Operation::GlobalAveragePool;
    fn info(index: usize) -> ParamInfo {
        panic!("no parameter {index}: GlobalAvgPool has none")
    }
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("mean of each map")
    }
}

impl<const C: usize, const H: usize, const W: usize> Layer<Maps<C, H, W>> for GlobalAvgPool {
    type Out = Units<C>;
    const CONNECTIONS: usize = C * H * W;
    const MULTIPLY_ADDS: usize = C;

    fn forward<S: Simd, T: Cell>(
        simd: S,
        _: &NoParams<T::Element>,
        x: &Tensor<Maps<C, H, W>, T>,
        y: &mut Tensor<Units<C>, T>,
    ) {
        let share = T::Element::from_f64(1.0 / (H * W) as f64);
        simd.vectorize(
            #[inline(always)]
            || {
                for (x, y) in x.data.iter().zip(&mut y.data) {
                    for part in 0..T::parts::<S>() {
                        let mut sum = T::Vector::splat(simd, Default::default());
                        for x in x.as_flattened() {
                            sum = sum + x.part(simd, part);
                        }
                        y.set_part(part, sum * Vector::splat(simd, share));
                    }
                }
            },
        );
    }

    fn backward<S: Simd, T: Cell, const TO_INPUT: bool>(
        _: S,
        _: &NoParams<T::Element>,
        _: &Tensor<Maps<C, H, W>, T>,
        _: &Tensor<Units<C>, T>,
        dy: &mut Tensor<Units<C>, T>,
        dx: &mut Tensor<Maps<C, H, W>, T>,
        _: &mut NoParams<T::Element>,
    ) {
        if TO_INPUT {
            spread(T::Element::from_f64(1.0 / (H * W) as f64), dy, dx);
        }
    }
}

impl<const C: usize, const H: usize, const W: usize> Curved<Maps<C, H, W>> for GlobalAvgPool {
    fn curvature<S: Simd, T: Cell>(
        _: S,
        _: &NoParams<T::Element>,
        _: &Tensor<Maps<C, H, W>, T>,
        _: &Tensor<Units<C>, T>,
        d2y: &mut Tensor<Units<C>, T>,
        d2x: &mut Tensor<Maps<C, H, W>, T>,
        _: &mut NoParams<T::Element>,
    ) {
        let share = 1.0 / (H * W) as f64;
        spread(T::Element::from_f64(share * share), d2y, d2x);
    }
}

/// Writes `share` times the cell of each map to all its cells.
fn spread<T: Cell, const C: usize, const H: usize, const W: usize>(
    share: T::Element,
    dy: &Tensor<Units<C>, T>,
    dx: &mut Tensor<Maps<C, H, W>, T>,
) {
    for (dy, dx) in dy.data.iter().zip(&mut dx.data) {
        dx.as_flattened_mut().fill(dy.map(|dy| share * dy));
    }
}

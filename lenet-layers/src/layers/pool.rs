//! Pooling without parameters: the mean or the maximum of a window.

use crate::activation::map_rows;
use crate::kernels::windows;
use crate::{Curved, Layer, LayerInfo, NoParams, Operation, ParamInfo, Trainable};
use core::fmt;
use lenet_tensor::simd::{Simd, Vector};
use lenet_tensor::{Cell, Element, Maps, Size, Tensor, Tiled};

/// Reduces every map to the means of its non-overlapping windows of `R` rows and `K` columns; they are square unless `R`
/// is given.
///
/// ```
/// use lenet_layers::{AvgPool, Layer, Maps, NoParams, Tensor, simd::Scalar};
/// let x = Tensor::<Maps<1, 2, 4>> { data: [[[1.0, 2.0, 5.0, 5.0], [3.0, 6.0, 5.0, 5.0]]] };
/// let mut y = Tensor::<Maps<1, 1, 2>>::ZERO;
/// AvgPool::<2>::forward(Scalar, &NoParams::default(), &x, &mut y);
/// assert_eq!(y.data, [[[3.0, 5.0]]]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AvgPool<const K: usize, const R: usize = K>;

/// Reduces every map to the largest cells of its non-overlapping windows of `R` rows and `K` columns; they are square
/// unless `R` is given. If several cells are equal, the gradient goes to the first one, row by row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MaxPool<const K: usize, const R: usize = K>;

/// Reduces every row to the means of its non-overlapping windows of `K` cells: `Maps<C, 1, W>` to `Maps<C, 1, W / K>`.
pub type AvgPool1d<const K: usize> = AvgPool<K, 1>;

/// Reduces every row to the largest cells of its non-overlapping windows of `K` cells: `Maps<C, 1, W>` to
/// `Maps<C, 1, W / K>`.
///
/// ```
/// use lenet_layers::{Layer, Maps, MaxPool1d, NoParams, Tensor, simd::Scalar};
/// let x = Tensor::<Maps<1, 1, 6>> { data: [[[1.0, 7.0, 2.0, 3.0, 0.0, 5.0]]] };
/// let mut y = Tensor::<Maps<1, 1, 2>>::ZERO;
/// MaxPool1d::<3>::forward(Scalar, &NoParams::default(), &x, &mut y);
/// assert_eq!(y.data, [[[7.0, 5.0]]]);
/// ```
pub type MaxPool1d<const K: usize> = MaxPool<K, 1>;

impl<const K: usize, const R: usize> Trainable for AvgPool<K, R> {
    type Params<E: Element> = NoParams<E>;
}

impl<const K: usize, const R: usize> LayerInfo for AvgPool<K, R> {
    const OPERATION: Operation = Operation::AveragePool { window: [R, K] };
    fn info(index: usize) -> ParamInfo {
        panic!("no parameter {index}: AvgPool has none")
    }
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "average pooling {R}x{K}")
    }
}

/// The larger of two numbers; NaN if one of them is. Both comparisons become masks: a branch for each lane would take
/// several times as long as the rest of the layer.
#[inline(always)]
fn larger<E: Element>(a: E, b: E) -> E {
    let larger = if b > a { b } else { a };
    // Only NaN differs from itself.
    #[expect(clippy::eq_op)]
    if b == b { larger } else { b }
}

/// 1 if two numbers are equal, otherwise 0.
#[inline(always)]
fn is_equal<E: Element>(a: E, b: E) -> E {
    if a == b { E::from_f64(1.0) } else { E::from_f64(0.0) }
}

impl<const K: usize, const R: usize> Trainable for MaxPool<K, R> {
    type Params<E: Element> = NoParams<E>;
}

impl<const K: usize, const R: usize> LayerInfo for MaxPool<K, R> {
    const OPERATION: Operation = Operation::MaxPool { window: [R, K] };
    fn info(index: usize) -> ParamInfo {
        panic!("no parameter {index}: MaxPool has none")
    }
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "max pooling {R}x{K}")
    }
}

impl<const K: usize, const R: usize, const C: usize, const H: usize, const W: usize, const OH: usize, const OW: usize>
    Layer<Maps<C, H, W>> for AvgPool<K, R>
where
    Size<H>: Tiled<R, Out = Size<OH>>,
    Size<W>: Tiled<K, Out = Size<OW>>,
{
    type Out = Maps<C, OH, OW>;
    const CONNECTIONS: usize = C * OH * OW * R * K;
    const MULTIPLY_ADDS: usize = C * OH * OW;

    fn forward<S: Simd, T: Cell>(
        simd: S,
        _: &NoParams<T::Element>,
        x: &Tensor<Maps<C, H, W>, T>,
        y: &mut Tensor<Self::Out, T>,
    ) {
        windows::sums::<S, T, R, K, C, H, W, OH, OW>(simd, &x.data, &mut y.data);
        let share = T::Element::from_f64(1.0 / (R * K) as f64);
        map_rows(
            simd,
            T::elements_mut(y.cells_mut()),
            #[inline(always)]
            |sum| sum * Vector::splat(simd, share),
        );
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
        if TO_INPUT {
            let share = T::Element::from_f64(1.0 / (R * K) as f64);
            windows::spread::<S, T, R, K, C, H, W, OH, OW>(simd, &[share; C], &dy.data, &mut dx.data);
        }
    }
}

impl<const K: usize, const R: usize, const C: usize, const H: usize, const W: usize, const OH: usize, const OW: usize>
    Curved<Maps<C, H, W>> for AvgPool<K, R>
where
    Size<H>: Tiled<R, Out = Size<OH>>,
    Size<W>: Tiled<K, Out = Size<OW>>,
{
    fn curvature<S: Simd, T: Cell>(
        simd: S,
        _: &NoParams<T::Element>,
        _: &Tensor<Maps<C, H, W>, T>,
        _: &Tensor<Self::Out, T>,
        d2y: &mut Tensor<Self::Out, T>,
        d2x: &mut Tensor<Maps<C, H, W>, T>,
        _: &mut NoParams<T::Element>,
    ) {
        let squared_share = T::Element::from_f64(1.0 / (R * K * R * K) as f64);
        windows::spread::<S, T, R, K, C, H, W, OH, OW>(simd, &[squared_share; C], &d2y.data, &mut d2x.data);
    }
}

impl<const K: usize, const R: usize, const C: usize, const H: usize, const W: usize, const OH: usize, const OW: usize>
    Layer<Maps<C, H, W>> for MaxPool<K, R>
where
    Size<H>: Tiled<R, Out = Size<OH>>,
    Size<W>: Tiled<K, Out = Size<OW>>,
{
    type Out = Maps<C, OH, OW>;
    const CONNECTIONS: usize = C * OH * OW * R * K;
    const MULTIPLY_ADDS: usize = 0;

    fn forward<S: Simd, T: Cell>(
        simd: S,
        _: &NoParams<T::Element>,
        x: &Tensor<Maps<C, H, W>, T>,
        y: &mut Tensor<Self::Out, T>,
    ) {
        simd.vectorize(
            #[inline(always)]
            || {
                for (x, y) in x.data.iter().zip(&mut y.data) {
                    for r in 0..OH {
                        for c in 0..OW {
                            let mut largest = x[R * r][K * c];
                            for u in 0..R {
                                for v in 0..K {
                                    largest = largest.zip(x[R * r + u][K * c + v], larger);
                                }
                            }
                            y[r][c] = largest;
                        }
                    }
                }
            },
        );
    }

    fn backward<S: Simd, T: Cell, const TO_INPUT: bool>(
        simd: S,
        _: &NoParams<T::Element>,
        x: &Tensor<Maps<C, H, W>, T>,
        y: &Tensor<Self::Out, T>,
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
                for m in 0..C {
                    for r in 0..OH {
                        for c in 0..OW {
                            // The gradient that is not yet assigned; the first cell that equals the largest takes it.
                            let (largest, mut left) = (y.data[m][r][c], dy.data[m][r][c]);
                            for u in 0..R {
                                for v in 0..K {
                                    let takes = x.data[m][R * r + u][K * c + v].zip(largest, is_equal);
                                    let taken = left.times(takes);
                                    dx.data[m][R * r + u][K * c + v] = taken;
                                    left = left.zip(taken, |left, taken| left - taken);
                                }
                            }
                        }
                    }
                }
            },
        );
    }
}

impl<const K: usize, const R: usize, const C: usize, const H: usize, const W: usize, const OH: usize, const OW: usize>
    Curved<Maps<C, H, W>> for MaxPool<K, R>
where
    Size<H>: Tiled<R, Out = Size<OH>>,
    Size<W>: Tiled<K, Out = Size<OW>>,
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
        // The slope is 1 or 0, and so is its square.
        Self::backward::<S, T, true>(simd, nothing, x, y, d2y, d2x, h);
    }
}

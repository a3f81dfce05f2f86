//! The loops of a convolution, shared by the dense, the sparse and the grouped layer.
//!
//! a\[o\]\[r\]\[c\] = bias\[o\] + sum of kernel(o, i)\[u\]\[v\] x\[i\]\[Sr+u-P\]\[Sc+v-P\] over i, u, v, with a stride of S and P
//! cells of padding ([`geometry`](self::geometry)). Both are constants: the code for S = 1 and P = 0 has neither. A kernel
//! has R rows and K columns, and the rows may have a stride and a padding of their own: a convolution along a row
//! has R = 1.
//!
//! There are several versions: plain loops ([`reference`](self::reference), the specification, which the scalar
//! instruction set runs), loops over several examples in the lanes of a register ([`lanes`](self::lanes)), and three
//! for one example. A register of these holds neighbouring cells of a map ([`single`](self::single)) or, if they fill
//! it, neighbouring output maps ([`channels`](self::channels)) or the taps of a row of the kernels
//! ([`taps`](self::taps)). No version depends on the activation function.
//!
//! The versions agree on finite numbers. Infinities and NaNs may spread further than in the reference loops where a
//! missing kernel or an unused cell is computed as zero: 0 times infinity is NaN.

mod channels;
mod geometry;
mod lanes;
mod reference;
mod single;
mod taps;

use crate::activation::{SquaredSlope, apply_activation, apply_slope, square};
use crate::kernels::matrix::{self, Cube};
use crate::{Activation, Params};
use core::marker::PhantomData;
use lenet_tensor::{Cell, Element, Maps, Tensor, simd::Simd};

/// Access to the kernel of a pair of maps, which differs between the layers, and where the kernels lie on the input.
pub(crate) trait Bank<const CI: usize, const CO: usize, const R: usize, const K: usize>: 'static {
    /// The parameters.
    type Params<E: Element>: Params<Element = E>;
    /// The number of output maps that each input map is connected with.
    const FAN_OUT: [usize; CI];
    /// The number of connected pairs of maps.
    const KERNELS: usize = {
        let (mut connected, mut i) = (0, 0);
        while i < CI {
            connected += Self::FAN_OUT[i];
            i += 1;
        }
        connected
    };
    /// `true` if the kernels of each output map are stored as a row of one matrix, which [`whole`](Self::whole) and
    /// [`whole_mut`](Self::whole_mut) return.
    const WHOLE: bool = false;
    /// The numbers of input and of output maps in a group. Maps of different groups are not connected.
    const GROUP: [usize; 2] = [CI, CO];
    /// `true` if every pair of maps of a group is connected.
    const FULL: bool = Self::KERNELS == CI * Self::GROUP[1];
    /// `true` if so many pairs are connected that computing the others with zeros costs less than testing each pair.
    const MOSTLY_FULL: bool = 2 * Self::KERNELS >= CI * Self::GROUP[1];
    /// The distance from a window to the next one in a row.
    const STRIDE: usize = 1;
    /// The distance from a row of windows to the next one.
    const ROW_STRIDE: usize = Self::STRIDE;
    /// The number of cells of padding at each end of a row. It is less than `K`.
    const PADDING: usize = 0;
    /// The number of rows of padding at each end of a column. It is less than `R`.
    const ROW_PADDING: usize = Self::PADDING;
    /// `true` if these cells repeat the cell at the border; otherwise they are zeros.
    const EDGE: bool = false;
    /// Returns the kernel from input map `i` to output map `o`, if they are connected.
    fn kernel<E: Element>(params: &Self::Params<E>, o: usize, i: usize) -> Option<&[[E; K]; R]>;
    /// The same, mutable.
    fn kernel_mut<E: Element>(params: &mut Self::Params<E>, o: usize, i: usize) -> Option<&mut [[E; K]; R]>;
    /// Returns the biases.
    fn bias<E: Element>(params: &Self::Params<E>) -> &[E; CO];
    /// Returns the biases, mutable.
    fn bias_mut<E: Element>(params: &mut Self::Params<E>) -> &mut [E; CO];
    /// Returns all kernels as the rows of one matrix.
    ///
    /// # Panics
    /// If they are not stored so.
    fn whole<E: Element>(_: &Self::Params<E>) -> &[E] {
        panic!("these kernels are not the rows of a matrix")
    }
    /// Returns all kernels and all biases, mutable.
    ///
    /// # Panics
    /// If they are not stored so.
    fn whole_mut<E: Element>(_: &mut Self::Params<E>) -> (&mut [E], &mut [E; CO]) {
        panic!("these kernels are not the rows of a matrix")
    }
}

/// The limit for arrays that a loop lays out on the stack, in bytes; above it, another loop is used.
const ROOM: usize = 128 * 1024;

/// Returns the maps of one example as plain numbers.
#[inline(always)]
fn elements<T: Cell, const C: usize, const H: usize, const W: usize>(
    maps: &[[[T; W]; H]; C],
) -> &[[[T::Element; W]; H]; C] {
    zerocopy::FromBytes::ref_from_bytes(zerocopy::IntoBytes::as_bytes(maps)).expect("one number in each cell")
}

/// A convolution of these sizes with its kernels in the bank `B`. The sibling files implement its loops.
pub(crate) struct Convolution<
    B,
    const CI: usize,
    const CO: usize,
    const R: usize,
    const K: usize,
    const H: usize,
    const W: usize,
    const OH: usize,
    const OW: usize,
>(PhantomData<B>);

impl<
    B: Bank<CI, CO, R, K>,
    const CI: usize,
    const CO: usize,
    const R: usize,
    const K: usize,
    const H: usize,
    const W: usize,
    const OH: usize,
    const OW: usize,
> Convolution<B, CI, CO, R, K, H, W, OH, OW>
{
    /// Returns `true` if a layer of these sizes runs the reference loops. With the scalar instruction set, all layers
    /// do. With the others, layers with kernels that are too wide for the tiles do; for one example, layers with maps
    /// that are too small for a register or too large to be laid out do too.
    const fn plain<S: Simd, T: Cell>() -> bool {
        matrix::plain::<S>()
            || K > lanes::MOST_TAPS
            || R > lanes::MOST_TAPS
            || T::LANES == 1 && !Self::single_fits::<S, T::Element>()
    }

    /// `true` if the only window of each output map is the whole input, as C5's: the convolution is then computed as a
    /// matrix product.
    const IS_PRODUCT: bool = H == R && W == K && !Self::PADS && B::GROUP[1] == CO && B::WHOLE;

    /// Computes `y` from `x`.
    #[inline]
    pub(crate) fn forward<A: Activation, S: Simd, T: Cell>(
        simd: S,
        params: &B::Params<T::Element>,
        x: &Tensor<Maps<CI, H, W>, T>,
        y: &mut Tensor<Maps<CO, OH, OW>, T>,
    ) {
        if const { Self::IS_PRODUCT } {
            let (weight, bias) = (B::whole(params), B::bias(params));
            matrix::forward::<A, S, T, Cube<CI, R, K>, CO>(simd, weight, bias, x.cells(), y.cells_mut());
        } else if const { Self::plain::<S, T>() } {
            Self::plain_forward(simd, params, &x.data, &mut y.data);
            apply_activation::<A, S, _>(simd, T::elements_mut(y.cells_mut()));
        } else if const { T::LANES == 1 } {
            let (x, y) = (elements(&x.data), T::elements_mut(y.cells_mut()));
            if const { Self::channels_fit::<S, T::Element>() } {
                Self::channels_forward(simd, params, x, y);
            } else {
                Self::single_forward(simd, params, x, y);
            }
            apply_activation::<A, S, _>(simd, y);
        } else {
            for r in 0..OH {
                Self::lanes_forward_row(simd, params, &x.data, r, &mut y.data);
                // While the row is in the cache.
                for y in &mut y.data {
                    apply_activation::<A, S, _>(simd, T::elements_mut(&mut y[r]));
                }
            }
        }
    }

    /// Computes the gradients; see [`Layer::backward`](crate::Layer::backward).
    #[inline]
    pub(crate) fn backward<A: Activation, S: Simd, T: Cell, const TO_INPUT: bool>(
        simd: S,
        params: &B::Params<T::Element>,
        x: &Tensor<Maps<CI, H, W>, T>,
        y: &Tensor<Maps<CO, OH, OW>, T>,
        dy: &mut Tensor<Maps<CO, OH, OW>, T>,
        dx: &mut Tensor<Maps<CI, H, W>, T>,
        grad: &mut B::Params<T::Element>,
    ) {
        if const { Self::IS_PRODUCT } {
            let (weight, (dw, db)) = (B::whole(params), B::whole_mut(grad));
            let (x, y, da, dx) = (x.cells(), y.cells(), dy.cells_mut(), dx.cells_mut());
            return matrix::backward::<A, S, T, Cube<CI, R, K>, CO, TO_INPUT>(simd, weight, x, y, da, dx, dw, db);
        }
        for (o, (y, dy)) in y.data.iter().zip(&mut dy.data).enumerate() {
            let (y, dy) = (T::elements(y.as_flattened()), T::elements_mut(dy.as_flattened_mut()));
            B::bias_mut(grad)[o] += apply_slope::<A, S, _>(simd, y, dy);
        }
        Self::weight_gradient(simd, x, dy, grad);
        if TO_INPUT {
            Self::input_gradient(simd, params, dy, dx);
        }
    }

    /// Computes the curvatures; see [`Layer::curvature`](crate::Layer::curvature). The loops are those of the gradient,
    /// applied to squares. The squares of the inputs are stored where the curvature with respect to the inputs will be
    /// written.
    #[inline]
    pub(crate) fn curvature<A: Activation, S: Simd, T: Cell>(
        simd: S,
        squared: &B::Params<T::Element>,
        x: &Tensor<Maps<CI, H, W>, T>,
        y: &Tensor<Maps<CO, OH, OW>, T>,
        d2y: &mut Tensor<Maps<CO, OH, OW>, T>,
        d2x: &mut Tensor<Maps<CI, H, W>, T>,
        h: &mut B::Params<T::Element>,
    ) {
        if const { Self::IS_PRODUCT } {
            let (weight, (d2w, d2b)) = (B::whole(squared), B::whole_mut(h));
            let (x, y, d2a, d2x) = (x.cells(), y.cells(), d2y.cells_mut(), d2x.cells_mut());
            return matrix::curvature::<A, S, T, Cube<CI, R, K>, CO>(simd, weight, x, y, d2a, d2x, d2w, d2b);
        }
        for (o, (y, d2y)) in y.data.iter().zip(&mut d2y.data).enumerate() {
            let (y, d2y) = (T::elements(y.as_flattened()), T::elements_mut(d2y.as_flattened_mut()));
            B::bias_mut(h)[o] += apply_slope::<SquaredSlope<A>, S, _>(simd, y, d2y);
        }
        square(simd, T::elements(x.cells()), T::elements_mut(d2x.cells_mut()));
        Self::weight_gradient(simd, d2x, d2y, h);
        Self::input_gradient(simd, squared, d2y, d2x);
    }

    /// Adds the gradient with respect to the kernels.
    #[inline]
    fn weight_gradient<S: Simd, T: Cell>(
        simd: S,
        x: &Tensor<Maps<CI, H, W>, T>,
        da: &Tensor<Maps<CO, OH, OW>, T>,
        grad: &mut B::Params<T::Element>,
    ) {
        if const { Self::plain::<S, T>() } {
            Self::plain_weight_gradient(simd, &x.data, &da.data, grad);
        } else if const { T::LANES > 1 } {
            Self::lanes_weight_gradient(simd, &x.data, &da.data, grad);
        } else if const { Self::channels_fit::<S, T::Element>() } {
            Self::channels_weight_gradient(simd, elements(&x.data), T::elements(da.cells()), grad);
        } else {
            Self::single_weight_gradient(simd, elements(&x.data), T::elements(da.cells()), grad);
        }
    }

    /// Computes the gradient with respect to the input.
    #[inline]
    fn input_gradient<S: Simd, T: Cell>(
        simd: S,
        params: &B::Params<T::Element>,
        da: &Tensor<Maps<CO, OH, OW>, T>,
        dx: &mut Tensor<Maps<CI, H, W>, T>,
    ) {
        if const { Self::plain::<S, T>() } {
            Self::plain_input_gradient(simd, params, &da.data, &mut dx.data);
        } else if const { T::LANES > 1 } {
            Self::lanes_input_gradient(simd, params, &da.data, &mut dx.data);
        } else if const { Self::taps_fit::<S, T::Element>() } {
            Self::taps_input_gradient(simd, params, T::elements(da.cells()), T::elements_mut(dx.cells_mut()));
        } else {
            Self::single_input_gradient(simd, params, T::elements(da.cells()), T::elements_mut(dx.cells_mut()));
        }
    }
}

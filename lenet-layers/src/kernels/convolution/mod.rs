//! The loops of a convolution, "valid", stride 1, one set for the dense and the sparse layer.
//!
//! a\[o\]\[r\]\[c\] = bias\[o\] + sum of kernel(o, i)\[u\]\[v\] x\[i\]\[r+u\]\[c+v\] over i, u, v.
//!
//! They come several times: as plain loops ([`reference`](self::reference), the specification, which the scalar instruction
//! set runs), with examples side by side in the lanes of a register ([`lanes`](self::lanes)), and for one example, with
//! neighbours of a map side by side ([`single`](self::single)) or, where they fill registers, with neighbouring output maps
//! ([`channels`](self::channels)) or the taps of a row of the kernels ([`taps`](self::taps)). None knows the activation function.
//!
//! They agree on finite numbers. What is not finite may spread further than in the reference loops, where a missing kernel or a
//! cell that does not count is computed with as zero: 0 times infinity is NaN.

mod channels;
mod lanes;
mod reference;
mod single;
mod taps;

use crate::activation::{SquaredSlope, apply_activation, apply_slope, square};
use crate::kernels::matrix::{self, Cube};
use crate::{Activation, Params};
use core::marker::PhantomData;
use lenet_tensor::{Cell, Element, Maps, Tensor, simd::Simd};

/// Where a convolution keeps the kernel of a pair of maps: what tells the dense layer from the sparse one.
pub(crate) trait Bank<const CI: usize, const CO: usize, const K: usize>: 'static {
    /// The parameters.
    type Params<E: Element>: Params<Element = E>;
    /// How many pairs of maps are connected.
    const KERNELS: usize;
    /// Whether every pair of maps is connected.
    const FULL: bool = Self::KERNELS == CI * CO;
    /// Whether so many are that computing with zeros for the others costs less than asking each time.
    const MOSTLY_FULL: bool = 2 * Self::KERNELS >= CI * CO;
    /// The kernel from input map `i` to output map `o`, if they are connected.
    fn kernel<E: Element>(params: &Self::Params<E>, o: usize, i: usize) -> Option<&[[E; K]; K]>;
    /// The same, to write to.
    fn kernel_mut<E: Element>(params: &mut Self::Params<E>, o: usize, i: usize) -> Option<&mut [[E; K]; K]>;
    /// The biases.
    fn bias<E: Element>(params: &Self::Params<E>) -> &[E; CO];
    /// The biases, to write to.
    fn bias_mut<E: Element>(params: &mut Self::Params<E>) -> &mut [E; CO];
    /// All kernels as the rows of one matrix, if they are kept so.
    fn whole<E: Element>(_: &Self::Params<E>) -> Option<&[E]> {
        None
    }
    /// All kernels and all biases to write to, if they are kept so.
    fn whole_mut<E: Element>(_: &mut Self::Params<E>) -> Option<(&mut [E], &mut [E; CO])> {
        None
    }
}

/// What a loop may lay out on the stack, in bytes; where it would be more, another way is taken.
const ROOM: usize = 128 * 1024;

/// The maps of one example as plain numbers.
#[inline(always)]
fn elements<T: Cell, const C: usize, const H: usize, const W: usize>(
    maps: &[[[T; W]; H]; C],
) -> &[[[T::Element; W]; H]; C] {
    zerocopy::FromBytes::ref_from_bytes(zerocopy::IntoBytes::as_bytes(maps)).expect("one number in each cell")
}

/// A convolution of these sizes, its kernels in the bank `B`. The files beside this one give it their loops.
pub(crate) struct Convolution<
    B,
    const CI: usize,
    const CO: usize,
    const K: usize,
    const H: usize,
    const W: usize,
    const OH: usize,
    const OW: usize,
>(PhantomData<B>);

impl<
    B: Bank<CI, CO, K>,
    const CI: usize,
    const CO: usize,
    const K: usize,
    const H: usize,
    const W: usize,
    const OH: usize,
    const OW: usize,
> Convolution<B, CI, CO, K, H, W, OH, OW>
{
    /// Whether a layer of these sizes runs the reference loops: with the scalar instruction set all do, and with others those
    /// whose kernels are too wide for the tiles, and for one example those whose maps are too small for a register or too
    /// large to be laid out.
    const fn plain<S: Simd, T: Cell>() -> bool {
        matrix::plain::<S>() || K > lanes::MOST_TAPS || T::LANES == 1 && !Self::single_fits::<S, T::Element>()
    }

    /// `y` from `x`. A convolution that comes down to one cell a map, as C5's, is a matrix product and computed as one.
    #[inline]
    pub(crate) fn forward<A: Activation, S: Simd, T: Cell>(
        simd: S,
        params: &B::Params<T::Element>,
        x: &Tensor<Maps<CI, H, W>, T>,
        y: &mut Tensor<Maps<CO, OH, OW>, T>,
    ) {
        if const { OH * OW == 1 }
            && let Some(weight) = B::whole(params)
        {
            return matrix::forward::<A, S, T, Cube<CI, K>, CO>(
                simd,
                weight,
                B::bias(params),
                x.cells(),
                y.cells_mut(),
            );
        }
        if const { Self::plain::<S, T>() } {
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
                // While the row is at hand.
                for y in &mut y.data {
                    apply_activation::<A, S, _>(simd, T::elements_mut(&mut y[r]));
                }
            }
        }
    }

    /// The gradients; see [`Layer::backward`](crate::Layer::backward).
    #[inline]
    pub(crate) fn backward<A: Activation, S: Simd, T: Cell>(
        simd: S,
        params: &B::Params<T::Element>,
        x: &Tensor<Maps<CI, H, W>, T>,
        y: &Tensor<Maps<CO, OH, OW>, T>,
        dy: &mut Tensor<Maps<CO, OH, OW>, T>,
        dx: Option<&mut Tensor<Maps<CI, H, W>, T>>,
        grad: &mut B::Params<T::Element>,
    ) {
        if const { OH * OW == 1 }
            && let (Some(weight), Some((dw, db))) = (B::whole(params), B::whole_mut(grad))
        {
            let (x, y, da, dx) = (x.cells(), y.cells(), dy.cells_mut(), dx.map(|dx| dx.cells_mut()));
            return matrix::backward::<A, S, T, Cube<CI, K>, CO>(simd, weight, x, y, da, dx, dw, db);
        }
        for (o, (y, dy)) in y.data.iter().zip(&mut dy.data).enumerate() {
            let (y, dy) = (T::elements(y.as_flattened()), T::elements_mut(dy.as_flattened_mut()));
            B::bias_mut(grad)[o] += apply_slope::<A, S, _>(simd, y, dy);
        }
        Self::weight_gradient(simd, x, dy, grad);
        if let Some(dx) = dx {
            Self::input_gradient(simd, params, dy, dx);
        }
    }

    /// The curvatures; see [`Layer::curvature`](crate::Layer::curvature). The loops are the gradient's, over squares; those of
    /// the inputs lie where the curvature by the inputs will.
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
        if const { OH * OW == 1 }
            && let (Some(weight), Some((d2w, d2b))) = (B::whole(squared), B::whole_mut(h))
        {
            let (x, y, d2a, d2x) = (x.cells(), y.cells(), d2y.cells_mut(), d2x.cells_mut());
            return matrix::curvature::<A, S, T, Cube<CI, K>, CO>(simd, weight, x, y, d2a, d2x, d2w, d2b);
        }
        for (o, (y, d2y)) in y.data.iter().zip(&mut d2y.data).enumerate() {
            let (y, d2y) = (T::elements(y.as_flattened()), T::elements_mut(d2y.as_flattened_mut()));
            B::bias_mut(h)[o] += apply_slope::<SquaredSlope<A>, S, _>(simd, y, d2y);
        }
        square(simd, T::elements(x.cells()), T::elements_mut(d2x.cells_mut()));
        Self::weight_gradient(simd, d2x, d2y, h);
        Self::input_gradient(simd, squared, d2y, d2x);
    }

    /// Adds the gradient by the kernels.
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

    /// The gradient by the input.
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

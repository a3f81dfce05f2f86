//! The loops of a convolution, "valid", stride 1, one set for the dense and the sparse layer.
//!
//! a\[o\]\[r\]\[c\] = bias\[o\] + sum of kernel(o, i)\[u\]\[v\] x\[i\]\[r+u\]\[c+v\] over i, u, v; y = f(a).

use crate::activation::{squash, unsquash};
use crate::{Activation, Trainable, dense};
use lenet_tensor::{Cell, Element, Maps, Tensor, simd::Simd};

/// Where a convolution keeps the kernel of a pair of maps: what tells the dense layer from the sparse one.
pub(crate) trait Bank<const CI: usize, const CO: usize, const K: usize>: Trainable {
    /// The squashing function.
    type Activation: Activation;
    /// The kernel from input map `i` to output map `o`, if they are connected.
    fn kernel<E: Element>(params: &Self::Params<E>, o: usize, i: usize) -> Option<&[[E; K]; K]>;
    /// The same, to write to.
    fn kernel_mut<E: Element>(params: &mut Self::Params<E>, o: usize, i: usize) -> Option<&mut [[E; K]; K]>;
    /// The biases.
    fn bias<E: Element>(params: &Self::Params<E>) -> &[E; CO];
    /// The biases, to write to.
    fn bias_mut<E: Element>(params: &mut Self::Params<E>) -> &mut [E; CO];
    /// All kernels as the rows of one matrix, if every pair of maps is connected.
    fn whole<E: Element>(_: &Self::Params<E>) -> Option<&[E]> {
        None
    }
    /// All kernels and all biases to write to, if every pair of maps is connected.
    fn whole_mut<E: Element>(_: &mut Self::Params<E>) -> Option<(&mut [E], &mut [E])> {
        None
    }
}

/// Walks along a row in tiles of four columns, then one by one: the tile is an array in registers, and its unrolled
/// loops leave the compiler no column loop to vectorise (it would, by gathering, at a tenth of the speed).
macro_rules! for_tiles {
    ($width:expr, $c:ident, $N:ident => $body:block) => {
        let mut $c = 0;
        {
            const $N: usize = 4;
            while $c + $N <= $width {
                $body
                $c += $N;
            }
        }
        const $N: usize = 1;
        while $c < $width {
            $body
            $c += $N;
        }
    };
}

/// `y` from `x`. A convolution that comes down to one cell a map, as C5's, is a matrix product and computed as one.
#[inline]
pub(crate) fn forward<
    B,
    S,
    T,
    const CI: usize,
    const CO: usize,
    const K: usize,
    const H: usize,
    const W: usize,
    const OH: usize,
    const OW: usize,
>(
    simd: S,
    params: &B::Params<T::Element>,
    x: &Tensor<Maps<CI, H, W>, T>,
    y: &mut Tensor<Maps<CO, OH, OW>, T>,
) where
    B: Bank<CI, CO, K>,
    S: Simd,
    T: Cell,
{
    if OH * OW == 1
        && let Some(weight) = B::whole(params)
    {
        return dense::forward::<B::Activation, S, T>(simd, weight, B::bias(params), x.cells(), y.cells_mut());
    }
    simd.vectorize(
        #[inline(always)]
        || {
            for (o, y) in y.data.iter_mut().enumerate() {
                for (r, y) in y.iter_mut().enumerate() {
                    for_tiles!(OW, c, N => {
                        let sums = sums::<B, S, T, N, CI, CO, K, H, W>(simd, params, &x.data, o, r, c);
                        for t in 0..N {
                            y[c + t] = squash::<B::Activation, S, T>(simd, sums[t]);
                        }
                    });
                }
            }
        },
    );
}

/// The weighted sums of `N` neighbours: output map `o`, row `r`, from column `c`.
#[inline(always)]
fn sums<B, S, T, const N: usize, const CI: usize, const CO: usize, const K: usize, const H: usize, const W: usize>(
    simd: S,
    params: &B::Params<T::Element>,
    x: &[[[T; W]; H]; CI],
    o: usize,
    r: usize,
    c: usize,
) -> [T; N]
where
    B: Bank<CI, CO, K>,
    S: Simd,
    T: Cell,
{
    let mut sums = [T::splat(B::bias(params)[o]); N];
    for i in 0..CI {
        let Some(kernel) = B::kernel(params, o, i) else { continue };
        for u in 0..K {
            let row = &x[i][r + u][c..][..N + K - 1];
            for v in 0..K {
                let w = T::splat(kernel[u][v]);
                for t in 0..N {
                    sums[t] = row[v + t].mul_add(simd, w, sums[t]);
                }
            }
        }
    }
    sums
}

/// The gradients; see [`Layer::backward`](crate::Layer::backward).
#[inline]
pub(crate) fn backward<
    B,
    S,
    T,
    const CI: usize,
    const CO: usize,
    const K: usize,
    const H: usize,
    const W: usize,
    const OH: usize,
    const OW: usize,
>(
    simd: S,
    params: &B::Params<T::Element>,
    x: &Tensor<Maps<CI, H, W>, T>,
    y: &Tensor<Maps<CO, OH, OW>, T>,
    dy: &mut Tensor<Maps<CO, OH, OW>, T>,
    dx: Option<&mut Tensor<Maps<CI, H, W>, T>>,
    grad: &mut B::Params<T::Element>,
) where
    B: Bank<CI, CO, K>,
    S: Simd,
    T: Cell,
{
    if OH * OW == 1
        && let (Some(weight), Some((dw, db))) = (B::whole(params), B::whole_mut(grad))
    {
        let dx = dx.map(|dx| dx.cells_mut());
        return dense::backward::<B::Activation, S, T>(simd, weight, x.cells(), y.cells(), dy.cells_mut(), dx, dw, db);
    }
    simd.vectorize(
        #[inline(always)]
        || {
            unsquash::<B::Activation, T>(y.cells(), dy.cells_mut());
            for (o, da) in dy.data.iter().enumerate() {
                let all = da.as_flattened().iter().fold(T::ZERO, |sum, d| sum.plus(*d));
                B::bias_mut(grad)[o] += all.sum();
                for i in 0..CI {
                    if let Some(kernel) = B::kernel_mut(grad, o, i) {
                        weight_gradient(simd, &x.data[i], da, kernel);
                    }
                }
            }
            let Some(dx) = dx else { return };
            for (i, dx) in dx.data.iter_mut().enumerate() {
                for (row, dx) in dx.iter_mut().enumerate() {
                    let mut sums = [T::ZERO; W];
                    for (o, da) in dy.data.iter().enumerate() {
                        if let Some(kernel) = B::kernel(params, o, i) {
                            spread_row(simd, kernel, da, row, &mut sums);
                        }
                    }
                    *dx = sums;
                }
            }
        },
    );
}

/// Adds the gradient by one kernel, `da` correlated with its input map.
#[inline(always)]
fn weight_gradient<
    S: Simd,
    T: Cell,
    const K: usize,
    const H: usize,
    const W: usize,
    const OH: usize,
    const OW: usize,
>(
    simd: S,
    x: &[[T; W]; H],
    da: &[[T; OW]; OH],
    grad: &mut [[T::Element; K]; K],
) {
    for u in 0..K {
        let mut sums = [T::ZERO; K];
        for r in 0..OH {
            for c in 0..OW {
                for v in 0..K {
                    sums[v] = x[r + u][c + v].mul_add(simd, da[r][c], sums[v]);
                }
            }
        }
        for v in 0..K {
            grad[u][v] += sums[v].sum();
        }
    }
}

/// Adds to one row of `dx` what one output map sends back: each cell of `da` spreads over the window it was made from.
#[inline(always)]
fn spread_row<S: Simd, T: Cell, const K: usize, const W: usize, const OH: usize, const OW: usize>(
    simd: S,
    kernel: &[[T::Element; K]; K],
    da: &[[T; OW]; OH],
    row: usize,
    sums: &mut [T; W],
) {
    for u in (row + 1).saturating_sub(OH)..K.min(row + 1) {
        let da = &da[row - u];
        for_tiles!(OW, c, N => {
            let window = &mut sums[c..][..N + K - 1];
            for v in 0..K {
                let w = T::splat(kernel[u][v]);
                for t in 0..N {
                    window[v + t] = da[c + t].mul_add(simd, w, window[v + t]);
                }
            }
        });
    }
}

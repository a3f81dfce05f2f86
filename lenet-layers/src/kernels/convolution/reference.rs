//! The convolution as plain loops: the other loops must agree with it. They are not inlined, so that they are compiled once
//! for each size and not in every network.

use super::{Bank, Convolution};
use lenet_tensor::{Cell, simd::Simd};

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
    /// Computes the weighted sums.
    #[inline(never)]
    pub(super) fn plain_forward<S: Simd, T: Cell>(
        simd: S,
        params: &B::Params<T::Element>,
        x: &[[[T; W]; H]; CI],
        y: &mut [[[T; OW]; OH]; CO],
    ) {
        simd.vectorize(
            #[inline(always)]
            || {
                for o in 0..CO {
                    for r in 0..OH {
                        for c in 0..OW {
                            let mut sum = T::splat(B::bias(params)[o]);
                            for i in Self::inputs(o..o + 1) {
                                let Some(kernel) = B::kernel(params, o, i) else { continue };
                                for u in 0..R {
                                    for v in 0..K {
                                        let (Some(row), Some(column)) =
                                            (Self::ROWS.cell(r, u), Self::COLUMNS.cell(c, v))
                                        else {
                                            continue;
                                        };
                                        sum = x[i][row][column].mul_add(simd, T::splat(kernel[u][v]), sum);
                                    }
                                }
                            }
                            y[o][r][c] = sum;
                        }
                    }
                }
            },
        );
    }

    /// Adds the gradient with respect to the kernels.
    #[inline(never)]
    pub(super) fn plain_weight_gradient<S: Simd, T: Cell>(
        simd: S,
        x: &[[[T; W]; H]; CI],
        da: &[[[T; OW]; OH]; CO],
        grad: &mut B::Params<T::Element>,
    ) {
        simd.vectorize(
            #[inline(always)]
            || {
                for o in 0..CO {
                    for i in Self::inputs(o..o + 1) {
                        let Some(kernel) = B::kernel_mut(grad, o, i) else { continue };
                        for u in 0..R {
                            for v in 0..K {
                                let mut sum = T::ZERO;
                                for r in 0..OH {
                                    for c in 0..OW {
                                        let (Some(row), Some(column)) =
                                            (Self::ROWS.cell(r, u), Self::COLUMNS.cell(c, v))
                                        else {
                                            continue;
                                        };
                                        sum = x[i][row][column].mul_add(simd, da[o][r][c], sum);
                                    }
                                }
                                kernel[u][v] += sum.sum();
                            }
                        }
                    }
                }
            },
        );
    }

    /// Computes the gradient with respect to the input.
    #[inline(never)]
    pub(super) fn plain_input_gradient<S: Simd, T: Cell>(
        simd: S,
        params: &B::Params<T::Element>,
        da: &[[[T; OW]; OH]; CO],
        dx: &mut [[[T; W]; H]; CI],
    ) {
        simd.vectorize(
            #[inline(always)]
            || {
                dx.as_flattened_mut().as_flattened_mut().fill(T::ZERO);
                for o in 0..CO {
                    for i in Self::inputs(o..o + 1) {
                        let Some(kernel) = B::kernel(params, o, i) else { continue };
                        for r in 0..OH {
                            for c in 0..OW {
                                for u in 0..R {
                                    for v in 0..K {
                                        let (Some(row), Some(column)) =
                                            (Self::ROWS.cell(r, u), Self::COLUMNS.cell(c, v))
                                        else {
                                            continue;
                                        };
                                        let dx = &mut dx[i][row][column];
                                        *dx = da[o][r][c].mul_add(simd, T::splat(kernel[u][v]), *dx);
                                    }
                                }
                            }
                        }
                    }
                }
            },
        );
    }
}

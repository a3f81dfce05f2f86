//! The trainable subsampling of 1998.

use crate::activation::{squash, unsquash};
use crate::params::params;
use crate::{Activation, Described, Identity, Layer, ParamInfo, Role, Trainable};
use core::{fmt, marker::PhantomData};
use lenet_tensor::{Cell, Dim, Element, Maps, Tensor, Tiled, simd::Simd};

/// `C` maps, each reduced by windows of `K` x `K` that lie side by side: the *sum* of the window times the map's
/// coefficient, plus the map's bias, through the squashing function `A` (LeCun et al. 1998, section II.B).
pub struct Subsample<const C: usize, const K: usize, A = Identity>(PhantomData<A>);

params! {
    /// The parameters of a [`Subsample`] layer.
    Coefficients<const C> {
        0 /// Multiplies the sum of a window; one for each map.
          coefficient: [E; C] = C,
        1 /// One for each map.
          bias: [E; C] = C,
    }
}

impl<const C: usize, const K: usize, A: Send + Sync + 'static> Trainable for Subsample<C, K, A> {
    type Params<E: Element> = Coefficients<C, E>;
}

impl<const C: usize, const K: usize, A: Activation> Described for Subsample<C, K, A> {
    fn info(index: usize) -> ParamInfo {
        let bias =
            ParamInfo { stage: "", name: "bias", dims: &[C], role: Role::Bias, connected: &[], fan_in: |_| K * K };
        match index {
            0 => ParamInfo { name: "coefficient", role: Role::Coefficient { window: K * K }, ..bias },
            1 => bias,
            _ => panic!("no parameter {index} in a subsampling layer"),
        }
    }
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "subsampling {K}x{K}, {}", A::NAME)
    }
}

/// The sum of the window whose output is row `r`, column `c`.
#[inline(always)]
fn window<T: Cell, const K: usize, const H: usize, const W: usize>(x: &[[T; W]; H], r: usize, c: usize) -> T {
    let mut sum = T::ZERO;
    for u in 0..K {
        for v in 0..K {
            sum = sum.plus(x[K * r + u][K * c + v]);
        }
    }
    sum
}

#[diagnostic::do_not_recommend]
impl<const C: usize, const K: usize, A, const H: usize, const W: usize, const OH: usize, const OW: usize>
    Layer<Maps<C, H, W>> for Subsample<C, K, A>
where
    A: Activation,
    Dim<H>: Tiled<K, Out = Dim<OH>>,
    Dim<W>: Tiled<K, Out = Dim<OW>>,
{
    type Out = Maps<C, OH, OW>;
    const CONNECTIONS: usize = C * OH * OW * (K * K + 1);
    const MULTIPLY_ADDS: usize = C * OH * OW;

    fn forward<S: Simd, T: Cell>(
        simd: S,
        params: &Self::Params<T::Element>,
        x: &Tensor<Maps<C, H, W>, T>,
        y: &mut Tensor<Self::Out, T>,
    ) {
        simd.vectorize(
            #[inline(always)]
            || {
                for m in 0..C {
                    let (coefficient, bias) = (T::splat(params.coefficient[m]), T::splat(params.bias[m]));
                    for r in 0..OH {
                        for c in 0..OW {
                            let a = window::<T, K, H, W>(&x.data[m], r, c).mul_add(simd, coefficient, bias);
                            y.data[m][r][c] = squash::<A, S, T>(simd, a);
                        }
                    }
                }
            },
        );
    }

    fn backward<S: Simd, T: Cell>(
        simd: S,
        params: &Self::Params<T::Element>,
        x: &Tensor<Maps<C, H, W>, T>,
        y: &Tensor<Self::Out, T>,
        dy: &mut Tensor<Self::Out, T>,
        dx: Option<&mut Tensor<Maps<C, H, W>, T>>,
        grad: &mut Self::Params<T::Element>,
    ) {
        simd.vectorize(
            #[inline(always)]
            || {
                unsquash::<A, T>(y.cells(), dy.cells_mut());
                for m in 0..C {
                    let (mut by_coefficient, mut by_bias) = (T::ZERO, T::ZERO);
                    for r in 0..OH {
                        for c in 0..OW {
                            let da = dy.data[m][r][c];
                            by_coefficient = window::<T, K, H, W>(&x.data[m], r, c).mul_add(simd, da, by_coefficient);
                            by_bias = by_bias.plus(da);
                        }
                    }
                    grad.coefficient[m] += by_coefficient.sum();
                    grad.bias[m] += by_bias.sum();
                }
                let Some(dx) = dx else { return };
                for m in 0..C {
                    let coefficient = T::splat(params.coefficient[m]);
                    for r in 0..H {
                        for c in 0..W {
                            dx.data[m][r][c] = dy.data[m][r / K][c / K].times(coefficient);
                        }
                    }
                }
            },
        );
    }
}

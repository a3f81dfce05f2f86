//! The trainable subsampling layer of 1998.

use crate::activation::{SquaredSlope, apply_slope, map_rows};
use crate::kernels::windows;
use crate::params::params;
use crate::{Activation, Curved, Identity, Layer, LayerInfo, Operation, ParamInfo, Role, Trainable};
use core::{fmt, marker::PhantomData};
use lenet_tensor::simd::{Simd, Vector};
use lenet_tensor::{Cell, Element, Maps, Size, Tensor, Tiled};

/// Reduces `C` maps by non-overlapping windows of `K` x `K`: the *sum* of the window times the map's coefficient, plus
/// the map's bias, through the activation function `A` (LeCun et al. 1998, section II.B).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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

impl<const C: usize, const K: usize, A: Activation> LayerInfo for Subsample<C, K, A> {
    const OPERATION: Operation = Operation::Subsampling { window: K, activation: A::KIND };
    fn info(index: usize) -> ParamInfo {
        let bias = ParamInfo::new("bias", &[C], Role::Bias, |_| K * K);
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

impl<const C: usize, const K: usize, A, const H: usize, const W: usize, const OH: usize, const OW: usize>
    Layer<Maps<C, H, W>> for Subsample<C, K, A>
where
    A: Activation,
    Size<H>: Tiled<K, Out = Size<OH>>,
    Size<W>: Tiled<K, Out = Size<OW>>,
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
        windows::sums::<S, T, K, K, C, H, W, OH, OW>(simd, &x.data, &mut y.data);
        for (m, y) in y.data.iter_mut().enumerate() {
            let (coefficient, bias) = (params.coefficient[m], params.bias[m]);
            scale_and_apply::<A, S, _>(simd, coefficient, bias, T::elements_mut(y.as_flattened_mut()));
        }
    }

    fn backward<S: Simd, T: Cell, const TO_INPUT: bool>(
        simd: S,
        params: &Self::Params<T::Element>,
        x: &Tensor<Maps<C, H, W>, T>,
        y: &Tensor<Self::Out, T>,
        dy: &mut Tensor<Self::Out, T>,
        dx: &mut Tensor<Maps<C, H, W>, T>,
        grad: &mut Self::Params<T::Element>,
    ) {
        for (m, (y, dy)) in y.data.iter().zip(&mut dy.data).enumerate() {
            let (y, dy) = (T::elements(y.as_flattened()), T::elements_mut(dy.as_flattened_mut()));
            grad.bias[m] += apply_slope::<A, S, _>(simd, y, dy);
        }
        windows::dot::<false, S, T, K, K, C, H, W, OH, OW>(simd, &x.data, &dy.data, &mut grad.coefficient);
        if TO_INPUT {
            windows::spread::<S, T, K, K, C, H, W, OH, OW>(simd, &params.coefficient, &dy.data, &mut dx.data);
        }
    }
}

impl<const C: usize, const K: usize, A, const H: usize, const W: usize, const OH: usize, const OW: usize>
    Curved<Maps<C, H, W>> for Subsample<C, K, A>
where
    A: Activation,
    Size<H>: Tiled<K, Out = Size<OH>>,
    Size<W>: Tiled<K, Out = Size<OW>>,
{
    fn curvature<S: Simd, T: Cell>(
        simd: S,
        squared: &Self::Params<T::Element>,
        x: &Tensor<Maps<C, H, W>, T>,
        y: &Tensor<Self::Out, T>,
        d2y: &mut Tensor<Self::Out, T>,
        d2x: &mut Tensor<Maps<C, H, W>, T>,
        h: &mut Self::Params<T::Element>,
    ) {
        for (m, (y, d2y)) in y.data.iter().zip(&mut d2y.data).enumerate() {
            let (y, d2y) = (T::elements(y.as_flattened()), T::elements_mut(d2y.as_flattened_mut()));
            h.bias[m] += apply_slope::<SquaredSlope<A>, S, _>(simd, y, d2y);
        }
        // A coefficient has one connection to each unit, from the window's sum. If each cell counted as a connection of
        // its own, the second derivative would be up to K * K times too small, and training with the paper's learning
        // rates would not converge (docs/paper.md).
        windows::dot::<true, S, T, K, K, C, H, W, OH, OW>(simd, &x.data, &d2y.data, &mut h.coefficient);
        windows::spread::<S, T, K, K, C, H, W, OH, OW>(simd, &squared.coefficient, &d2y.data, &mut d2x.data);
    }
}

/// Converts the sums of one map to outputs, in place.
#[inline(never)]
fn scale_and_apply<A: Activation, S: Simd, E: Element>(simd: S, coefficient: E, bias: E, sums: &mut [E]) {
    map_rows(
        simd,
        sums,
        #[inline(always)]
        |sum| A::apply(sum.mul_add(Vector::splat(simd, coefficient), Vector::splat(simd, bias))),
    );
}

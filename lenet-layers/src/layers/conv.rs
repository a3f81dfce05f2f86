//! The convolution in which every output map sees every input map.

use crate::kernels::convolution::{Bank, Convolution};
use crate::params::{flat, flat_mut, params};
use crate::{Activation, Curved, Identity, Layer, LayerInfo, Operation, ParamInfo, Role, Trainable};
use core::{fmt, marker::PhantomData};
use lenet_tensor::{Cell, Element, Maps, Size, Tensor, Valid, simd::Simd};

/// A convolution of `CI` maps into `CO` maps with kernels of `K` x `K`, a bias for each map, and the activation
/// function `A`: `Maps<CI, H, W>` to `Maps<CO, H - K + 1, W - K + 1>`.
///
/// y\[o\]\[r\]\[c\] = A(bias\[o\] + sum of weight\[o\]\[i\]\[u\]\[v\] x\[i\]\[r+u\]\[c+v\] over i, u, v)
///
/// ```
/// use lenet_layers::{Conv2d, Kernels, Layer, Maps, Params, Tensor, simd::Scalar};
/// // A kernel that finds the places where a picture grows darker to the right.
/// let mut kernels = Kernels::<1, 1, 2>::zeroed();
/// kernels.weight[0][0] = [[-1.0, 1.0], [-1.0, 1.0]];
/// let x = Tensor::<Maps<1, 2, 4>> { data: [[[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 1.0]]] };
/// let mut y = Tensor::<Maps<1, 1, 3>>::ZERO;
/// Conv2d::<1, 1, 2>::forward(Scalar, &kernels, &x, &mut y);
/// assert_eq!(y.data, [[[0.0, 2.0, 0.0]]]);
/// assert_eq!(<Conv2d<1, 6, 5> as Layer<Maps<1, 32, 32>>>::CONNECTIONS, 122_304); // C1 of LeNet-5
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conv2d<const CI: usize, const CO: usize, const K: usize, A = Identity>(PhantomData<A>);

params! {
    /// The parameters of a [`Conv2d`].
    Kernels<const CI, const CO, const K> {
        0 /// `[output map][input map][row][column]`.
          weight: [[[[E; K]; K]; CI]; CO] = CO * CI * K * K,
        1 /// One for each output map.
          bias: [E; CO] = CO,
    }
}

impl<const CI: usize, const CO: usize, const K: usize, A: Send + Sync + 'static> Trainable for Conv2d<CI, CO, K, A> {
    type Params<E: Element> = Kernels<CI, CO, K, E>;
}

impl<const CI: usize, const CO: usize, const K: usize, A: Activation> LayerInfo for Conv2d<CI, CO, K, A> {
    const OPERATION: Operation = Operation::Convolution { kernel: K, activation: A::KIND };
    fn info(index: usize) -> ParamInfo {
        let fan_in: fn(usize) -> usize = |_| CI * K * K;
        let info = ParamInfo::new("weight", &[CO, CI, K, K], Role::Weight, fan_in);
        match index {
            0 => info,
            1 => ParamInfo { name: "bias", dims: &[CO], role: Role::Bias, ..info },
            _ => panic!("no parameter {index} in a convolution"),
        }
    }
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "convolution {K}x{K}, {}", A::NAME)
    }
}

/// Every pair of maps is connected.
pub(crate) struct Full;
impl<const CI: usize, const CO: usize, const K: usize> Bank<CI, CO, K> for Full {
    type Params<E: Element> = Kernels<CI, CO, K, E>;
    const FAN_OUT: [usize; CI] = [CO; CI];
    const WHOLE: bool = true;
    #[inline(always)]
    fn kernel<E: Element>(params: &Kernels<CI, CO, K, E>, o: usize, i: usize) -> Option<&[[E; K]; K]> {
        Some(&params.weight[o][i])
    }
    #[inline(always)]
    fn kernel_mut<E: Element>(params: &mut Kernels<CI, CO, K, E>, o: usize, i: usize) -> Option<&mut [[E; K]; K]> {
        Some(&mut params.weight[o][i])
    }
    #[inline(always)]
    fn bias<E: Element>(params: &Kernels<CI, CO, K, E>) -> &[E; CO] {
        &params.bias
    }
    #[inline(always)]
    fn bias_mut<E: Element>(params: &mut Kernels<CI, CO, K, E>) -> &mut [E; CO] {
        &mut params.bias
    }
    #[inline(always)]
    fn whole<E: Element>(params: &Kernels<CI, CO, K, E>) -> &[E] {
        flat(&params.weight)
    }
    #[inline(always)]
    fn whole_mut<E: Element>(params: &mut Kernels<CI, CO, K, E>) -> (&mut [E], &mut [E; CO]) {
        (flat_mut(&mut params.weight), &mut params.bias)
    }
}

impl<
    const CI: usize,
    const CO: usize,
    const K: usize,
    A,
    const H: usize,
    const W: usize,
    const OH: usize,
    const OW: usize,
> Layer<Maps<CI, H, W>> for Conv2d<CI, CO, K, A>
where
    A: Activation,
    Size<H>: Valid<K, Out = Size<OH>>,
    Size<W>: Valid<K, Out = Size<OW>>,
{
    type Out = Maps<CO, OH, OW>;
    const CONNECTIONS: usize = OH * OW * (CI * CO * K * K + CO);
    const MULTIPLY_ADDS: usize = OH * OW * CI * CO * K * K;

    fn forward<S: Simd, T: Cell>(
        simd: S,
        params: &Self::Params<T::Element>,
        x: &Tensor<Maps<CI, H, W>, T>,
        y: &mut Tensor<Self::Out, T>,
    ) {
        Convolution::<Full, CI, CO, K, H, W, OH, OW>::forward::<A, S, T>(simd, params, x, y);
    }

    fn backward<S: Simd, T: Cell, const TO_INPUT: bool>(
        simd: S,
        params: &Self::Params<T::Element>,
        x: &Tensor<Maps<CI, H, W>, T>,
        y: &Tensor<Self::Out, T>,
        dy: &mut Tensor<Self::Out, T>,
        dx: &mut Tensor<Maps<CI, H, W>, T>,
        grad: &mut Self::Params<T::Element>,
    ) {
        Convolution::<Full, CI, CO, K, H, W, OH, OW>::backward::<A, S, T, TO_INPUT>(simd, params, x, y, dy, dx, grad);
    }
}

impl<
    const CI: usize,
    const CO: usize,
    const K: usize,
    A,
    const H: usize,
    const W: usize,
    const OH: usize,
    const OW: usize,
> Curved<Maps<CI, H, W>> for Conv2d<CI, CO, K, A>
where
    A: Activation,
    Size<H>: Valid<K, Out = Size<OH>>,
    Size<W>: Valid<K, Out = Size<OW>>,
{
    fn curvature<S: Simd, T: Cell>(
        simd: S,
        squared: &Self::Params<T::Element>,
        x: &Tensor<Maps<CI, H, W>, T>,
        y: &Tensor<Self::Out, T>,
        d2y: &mut Tensor<Self::Out, T>,
        d2x: &mut Tensor<Maps<CI, H, W>, T>,
        h: &mut Self::Params<T::Element>,
    ) {
        Convolution::<Full, CI, CO, K, H, W, OH, OW>::curvature::<A, S, T>(simd, squared, x, y, d2y, d2x, h);
    }
}

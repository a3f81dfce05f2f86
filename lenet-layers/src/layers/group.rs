//! The convolution whose maps are divided into groups.

use crate::kernels::convolution::{Bank, Convolution};
use crate::layers::conv::describe_convolution;
use crate::layers::padding::Windows;
use crate::params::{flat, flat_mut, params};
use crate::{
    Activation, Curved, Fill, Identity, Layer, LayerInfo, Operation, Padding, ParamInfo, Role, Rows, Trainable,
    Unpadded,
};
use core::{fmt, marker::PhantomData};
use lenet_tensor::{Cell, Element, Groups, Maps, Size, Tensor, Times, simd::Simd};

/// A convolution in `G` groups, each of `CI` maps into `CO` maps: `Maps<G * CI, H, W>` to `Maps<G * CO, OH, OW>`. Each
/// group is a [`Conv2d`](crate::Conv2d) by itself, with the same kernel side, activation function, padding and stride.
///
/// y\[g CO + o\]\[r\]\[c\] = A(bias\[g\]\[o\] + sum of weight\[g\]\[o\]\[i\]\[u\]\[v\] x\[g CI + i\]\[S r + u - p\]\[S c + v - p\]
/// over i, u, v)
///
/// The parameters are in memory as those of PyTorch's `Conv2d(G * CI, G * CO, K, groups=G)`.
///
/// ```
/// use lenet_layers::{GroupConv2d, GroupKernels, Layer, Maps, Params, Tensor, simd::Scalar};
/// // Two groups, each of which adds its two maps.
/// let mut kernels = GroupKernels::<2, 2, 1, 1>::zeroed();
/// kernels.weight = [[[[[1.0]], [[1.0]]]]; 2];
/// let x = Tensor::<Maps<4, 1, 1>> { data: [[[1.0]], [[2.0]], [[3.0]], [[4.0]]] };
/// let mut y = Tensor::<Maps<2, 1, 1>>::ZERO;
/// GroupConv2d::<2, 2, 1, 1>::forward(Scalar, &kernels, &x, &mut y);
/// assert_eq!(y.data, [[[3.0]], [[7.0]]]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupConv2d<
    const G: usize,
    const CI: usize,
    const CO: usize,
    const K: usize,
    A = Identity,
    P = Unpadded,
    const S: usize = 1,
>(PhantomData<(A, P)>);

/// A convolution of each of `C` maps by itself into one map: `Maps<C, H, W>` to `Maps<C, OH, OW>`. With a
/// `Conv2d<C, D, 1>` after it, it makes a "depthwise separable" convolution.
///
/// ```
/// use lenet_layers::*;
/// sequential! {
///     /// Much fewer multiply-adds than a convolution of eight maps into sixteen.
///     pub struct Separable, trace SeparableTrace {
///         input:                                        Maps<8, 12, 12>;
///         depthwise: DepthwiseConv2d<8, 3, Relu, SamePadding>  => Maps<8, 12, 12>;
///         pointwise: Conv2d<8, 16, 1, Relu>             => Maps<16, 12, 12>;
///     }
/// }
/// const _: () = assert!(Separable::<f32>::MULTIPLY_ADDS == 12 * 12 * (8 * 9 + 8 * 16));
/// const _: () = assert!(<Conv2d<8, 16, 3, Relu, SamePadding> as Layer<Maps<8, 12, 12>>>::MULTIPLY_ADDS == 12 * 12 * 8 * 9 * 16);
/// ```
pub type DepthwiseConv2d<const C: usize, const K: usize, A = Identity, P = Unpadded, const S: usize = 1> =
    GroupConv2d<C, 1, 1, K, A, P, S>;

params! {
    /// The parameters of a [`GroupConv2d`].
    GroupKernels<const G, const CI, const CO, const K> {
        0 /// `[group][output map][input map][row][column]`.
          weight: [[[[[E; K]; K]; CI]; CO]; G] = G * CO * CI * K * K,
        1 /// One for each output map: `[group][output map]`.
          bias: [[E; CO]; G] = G * CO,
    }
}

impl<const O: usize, const G: usize, const CI: usize, const CO: usize, const K: usize, E: Element> Rows<O, E>
    for GroupKernels<G, CI, CO, K, E>
{
    fn rows(&mut self) -> (&mut [E], &mut [E; O]) {
        const { assert!(O == G * CO, "a group convolution has G * CO output maps") };
        let bias = self.bias.as_flattened_mut().try_into().expect("as many biases as output maps");
        (flat_mut(&mut self.weight), bias)
    }
}

impl<
    const G: usize,
    const CI: usize,
    const CO: usize,
    const K: usize,
    A: Send + Sync + 'static,
    P: Send + Sync + 'static,
    const S: usize,
> Trainable for GroupConv2d<G, CI, CO, K, A, P, S>
{
    type Params<E: Element> = GroupKernels<G, CI, CO, K, E>;
}

impl<const G: usize, const CI: usize, const CO: usize, const K: usize, A: Activation, P: Padding<K>, const S: usize>
    LayerInfo for GroupConv2d<G, CI, CO, K, A, P, S>
{
    const OPERATION: Operation = Operation::Convolution {
        kernel: [K; 2],
        stride: [S; 2],
        padding: [P::CELLS; 2],
        fill: P::FILL,
        groups: G,
        activation: A::KIND,
    };
    fn info(index: usize) -> ParamInfo {
        let (dims, fan_in): (&[usize], fn(usize) -> usize) = (const { &[G * CO, CI, K, K] }, |_| CI * K * K);
        let info = ParamInfo::new("weight", dims, Role::Weight, fan_in);
        match index {
            0 => info,
            1 => ParamInfo { name: "bias", dims: &dims[..1], role: Role::Bias, ..info },
            _ => panic!("no parameter {index} in a convolution in groups"),
        }
    }
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        describe_convolution(f, format_args!("{K}x{K}"), Self::OPERATION, A::NAME)
    }
}

/// Every pair of maps of a group of `GI` input maps and `GO` output maps is connected.
pub(crate) struct InGroups<P, const G: usize, const GI: usize, const GO: usize, const S: usize>(PhantomData<P>);
impl<
    const CI: usize,
    const CO: usize,
    const K: usize,
    P: Padding<K>,
    const G: usize,
    const GI: usize,
    const GO: usize,
    const S: usize,
> Bank<CI, CO, K, K> for InGroups<P, G, GI, GO, S>
{
    type Params<E: Element> = GroupKernels<G, GI, GO, K, E>;
    const FAN_OUT: [usize; CI] = [GO; CI];
    const WHOLE: bool = true;
    const GROUP: [usize; 2] = [GI, GO];
    const STRIDE: usize = S;
    const PADDING: usize = P::CELLS;
    const EDGE: bool = matches!(P::FILL, Fill::Edge);
    #[inline(always)]
    fn kernel<E: Element>(params: &Self::Params<E>, o: usize, i: usize) -> Option<&[[E; K]; K]> {
        (o / GO == i / GI).then(|| &params.weight[o / GO][o % GO][i % GI])
    }
    #[inline(always)]
    fn kernel_mut<E: Element>(params: &mut Self::Params<E>, o: usize, i: usize) -> Option<&mut [[E; K]; K]> {
        (o / GO == i / GI).then(|| &mut params.weight[o / GO][o % GO][i % GI])
    }
    #[inline(always)]
    fn bias<E: Element>(params: &Self::Params<E>) -> &[E; CO] {
        params.bias.as_flattened().try_into().expect("as many biases as output maps")
    }
    #[inline(always)]
    fn bias_mut<E: Element>(params: &mut Self::Params<E>) -> &mut [E; CO] {
        params.bias.as_flattened_mut().try_into().expect("as many biases as output maps")
    }
    #[inline(always)]
    fn whole<E: Element>(params: &Self::Params<E>) -> &[E] {
        flat(&params.weight)
    }
    #[inline(always)]
    fn whole_mut<E: Element>(params: &mut Self::Params<E>) -> (&mut [E], &mut [E; CO]) {
        params.rows()
    }
}

impl<
    const G: usize,
    const GI: usize,
    const GO: usize,
    const CI: usize,
    const CO: usize,
    const K: usize,
    A,
    P,
    const S: usize,
    const H: usize,
    const W: usize,
    const OH: usize,
    const OW: usize,
> Layer<Maps<CI, H, W>> for GroupConv2d<G, GI, GO, K, A, P, S>
where
    A: Activation,
    Size<CI>: Groups<G, GI>,
    Size<GO>: Times<G, Out = Size<CO>>,
    P: Windows<H, W, K, S, Rows = Size<OH>, Columns = Size<OW>>,
{
    type Out = Maps<CO, OH, OW>;
    const CONNECTIONS: usize = OH * OW * (CO * GI * K * K + CO);
    const MULTIPLY_ADDS: usize = OH * OW * CO * GI * K * K;

    fn forward<I: Simd, T: Cell>(
        simd: I,
        params: &Self::Params<T::Element>,
        x: &Tensor<Maps<CI, H, W>, T>,
        y: &mut Tensor<Self::Out, T>,
    ) {
        Convolution::<InGroups<P, G, GI, GO, S>, CI, CO, K, K, H, W, OH, OW>::forward::<A, I, T>(simd, params, x, y);
    }

    fn backward<I: Simd, T: Cell, const TO_INPUT: bool>(
        simd: I,
        params: &Self::Params<T::Element>,
        x: &Tensor<Maps<CI, H, W>, T>,
        y: &Tensor<Self::Out, T>,
        dy: &mut Tensor<Self::Out, T>,
        dx: &mut Tensor<Maps<CI, H, W>, T>,
        grad: &mut Self::Params<T::Element>,
    ) {
        Convolution::<InGroups<P, G, GI, GO, S>, CI, CO, K, K, H, W, OH, OW>::backward::<A, I, T, TO_INPUT>(
            simd, params, x, y, dy, dx, grad,
        );
    }
}

impl<
    const G: usize,
    const GI: usize,
    const GO: usize,
    const CI: usize,
    const CO: usize,
    const K: usize,
    A,
    P,
    const S: usize,
    const H: usize,
    const W: usize,
    const OH: usize,
    const OW: usize,
> Curved<Maps<CI, H, W>> for GroupConv2d<G, GI, GO, K, A, P, S>
where
    A: Activation,
    Size<CI>: Groups<G, GI>,
    Size<GO>: Times<G, Out = Size<CO>>,
    P: Windows<H, W, K, S, Rows = Size<OH>, Columns = Size<OW>>,
{
    fn curvature<I: Simd, T: Cell>(
        simd: I,
        squared: &Self::Params<T::Element>,
        x: &Tensor<Maps<CI, H, W>, T>,
        y: &Tensor<Self::Out, T>,
        d2y: &mut Tensor<Self::Out, T>,
        d2x: &mut Tensor<Maps<CI, H, W>, T>,
        h: &mut Self::Params<T::Element>,
    ) {
        Convolution::<InGroups<P, G, GI, GO, S>, CI, CO, K, K, H, W, OH, OW>::curvature::<A, I, T>(
            simd, squared, x, y, d2y, d2x, h,
        );
    }
}

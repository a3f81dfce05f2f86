//! The convolution in which every output map sees every input map.

use crate::kernels::convolution::{Bank, Convolution};
use crate::layers::padding::Windows;
use crate::params::{flat, flat_mut, params};
use crate::{
    Activation, Curved, Fill, Identity, Layer, LayerInfo, Operation, Padding, ParamInfo, Role, Trainable, Unpadded,
};
use core::{fmt, marker::PhantomData};
use lenet_tensor::{Cell, Element, Maps, Size, Tensor, simd::Simd};

/// A convolution of `CI` maps into `CO` maps with kernels of `K` x `K`, a bias for each map, the activation function
/// `A`, the [`Padding`] `P` and a stride of `S`: `Maps<CI, H, W>` to `Maps<CO, OH, OW>`. Without padding and with a
/// stride of 1, these are H - K + 1 and W - K + 1; with p cells of padding, floor((H + 2p - K) / S) + 1 and
/// floor((W + 2p - K) / S) + 1.
///
/// y\[o\]\[r\]\[c\] = A(bias\[o\] + sum of weight\[o\]\[i\]\[u\]\[v\] x\[i\]\[S r + u - p\]\[S c + v - p\] over i, u, v)
///
/// Beyond its border, x is zero or, with [`Edge`](crate::Edge), the nearest cell.
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
///
/// With padding the border counts, and with a stride of 2 every second window:
///
/// ```
/// use lenet_layers::{Conv2d, Identity, Kernels, Layer, Maps, Params, SamePadding, Tensor, simd::Scalar};
/// let mut kernels = Kernels::<1, 1, 3>::zeroed();
/// kernels.weight[0][0] = [[1.0; 3]; 3];
/// let x = Tensor::<Maps<1, 3, 3>> { data: [[[1.0; 3]; 3]] };
/// let mut y = Tensor::<Maps<1, 3, 3>>::ZERO;
/// Conv2d::<1, 1, 3, Identity, SamePadding>::forward(Scalar, &kernels, &x, &mut y);
/// assert_eq!(y.data, [[[4.0, 6.0, 4.0], [6.0, 9.0, 6.0], [4.0, 6.0, 4.0]]]);
/// let mut y = Tensor::<Maps<1, 2, 2>>::ZERO;
/// Conv2d::<1, 1, 3, Identity, SamePadding, 2>::forward(Scalar, &kernels, &x, &mut y);
/// assert_eq!(y.data, [[[4.0, 4.0], [4.0, 4.0]]]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conv2d<const CI: usize, const CO: usize, const K: usize, A = Identity, P = Unpadded, const S: usize = 1>(
    PhantomData<(A, P)>,
);

params! {
    /// The parameters of a [`Conv2d`].
    Kernels<const CI, const CO, const K> {
        0 /// `[output map][input map][row][column]`.
          weight: [[[[E; K]; K]; CI]; CO] = CO * CI * K * K,
        1 /// One for each output map.
          bias: [E; CO] = CO,
    }
}

impl<
    const CI: usize,
    const CO: usize,
    const K: usize,
    A: Send + Sync + 'static,
    P: Send + Sync + 'static,
    const S: usize,
> Trainable for Conv2d<CI, CO, K, A, P, S>
{
    type Params<E: Element> = Kernels<CI, CO, K, E>;
}

impl<const CI: usize, const CO: usize, const K: usize, A: Activation, P: Padding<K>, const S: usize> LayerInfo
    for Conv2d<CI, CO, K, A, P, S>
{
    const OPERATION: Operation = Operation::Convolution {
        kernel: [K; 2],
        stride: [S; 2],
        padding: [P::CELLS; 2],
        fill: P::FILL,
        groups: 1,
        activation: A::KIND,
    };
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
        describe_convolution(f, format_args!("{K}x{K}"), Self::OPERATION, A::NAME)
    }
}

/// Writes a convolution's name for a summary. Stride and padding are those of the columns.
pub(crate) fn describe_convolution(
    f: &mut fmt::Formatter<'_>,
    kernel: fmt::Arguments<'_>,
    operation: Operation,
    activation: &str,
) -> fmt::Result {
    let Operation::Convolution { stride: [_, stride], padding: [_, padding], fill, groups, .. } = operation else {
        return Ok(());
    };
    write!(f, "convolution {kernel}")?;
    if groups > 1 {
        write!(f, ", {groups} groups")?;
    }
    if stride > 1 {
        write!(f, ", stride {stride}")?;
    }
    match (padding, fill) {
        (0, _) => {}
        (cells, Fill::Zeros) => write!(f, ", padding {cells}")?,
        (cells, Fill::Edge) => write!(f, ", edge padding {cells}")?,
    }
    write!(f, ", {activation}")
}

/// Every pair of maps is connected.
pub(crate) struct Full<P, const S: usize>(PhantomData<P>);
impl<const CI: usize, const CO: usize, const K: usize, P: Padding<K>, const S: usize> Bank<CI, CO, K, K>
    for Full<P, S>
{
    type Params<E: Element> = Kernels<CI, CO, K, E>;
    const FAN_OUT: [usize; CI] = [CO; CI];
    const WHOLE: bool = true;
    const STRIDE: usize = S;
    const PADDING: usize = P::CELLS;
    const EDGE: bool = matches!(P::FILL, Fill::Edge);
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
    P,
    const S: usize,
    const H: usize,
    const W: usize,
    const OH: usize,
    const OW: usize,
> Layer<Maps<CI, H, W>> for Conv2d<CI, CO, K, A, P, S>
where
    A: Activation,
    P: Windows<H, W, K, S, Rows = Size<OH>, Columns = Size<OW>>,
{
    type Out = Maps<CO, OH, OW>;
    const CONNECTIONS: usize = OH * OW * (CI * CO * K * K + CO);
    const MULTIPLY_ADDS: usize = OH * OW * CI * CO * K * K;

    fn forward<I: Simd, T: Cell>(
        simd: I,
        params: &Self::Params<T::Element>,
        x: &Tensor<Maps<CI, H, W>, T>,
        y: &mut Tensor<Self::Out, T>,
    ) {
        Convolution::<Full<P, S>, CI, CO, K, K, H, W, OH, OW>::forward::<A, I, T>(simd, params, x, y);
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
        Convolution::<Full<P, S>, CI, CO, K, K, H, W, OH, OW>::backward::<A, I, T, TO_INPUT>(
            simd, params, x, y, dy, dx, grad,
        );
    }
}

impl<
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
> Curved<Maps<CI, H, W>> for Conv2d<CI, CO, K, A, P, S>
where
    A: Activation,
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
        Convolution::<Full<P, S>, CI, CO, K, K, H, W, OH, OW>::curvature::<A, I, T>(simd, squared, x, y, d2y, d2x, h);
    }
}

//! The convolution of signals: maps of one row.

use crate::kernels::convolution::{Bank, Convolution};
use crate::layers::conv::describe_convolution;
use crate::layers::padding::Windows;
use crate::params::{flat, flat_mut, params};
use crate::{
    Activation, Curved, Fill, Identity, Layer, LayerInfo, Operation, Padding, ParamInfo, Role, Trainable, Unpadded,
};
use core::{array, fmt, marker::PhantomData};
use lenet_tensor::{Cell, Element, Maps, Size, Tensor, simd::Simd};

/// A convolution of `CI` signals into `CO` signals with kernels of `K` numbers, a bias for each output, the activation
/// function `A`, the [`Padding`] `P` and a stride of `S`: `Maps<CI, 1, W>` to `Maps<CO, 1, OW>`. A signal is a map of
/// one row, so all other layers of maps take signals too.
///
/// y\[o\]\[c\] = A(bias\[o\] + sum of weight\[o\]\[i\]\[v\] x\[i\]\[S c + v - p\] over i, v)
///
/// Padding and stride are along the row, and OW is the W of a [`Conv2d`](crate::Conv2d) with the same padding and
/// stride. The parameters are in memory as those of PyTorch's `Conv1d(CI, CO, K)`.
///
/// ```
/// use lenet_layers::{Conv1d, Identity, Kernels1d, Layer, Maps, Params, SamePadding, Tensor, simd::Scalar};
/// // The difference between the next number and the last one.
/// let mut kernels = Kernels1d::<1, 1, 3>::zeroed();
/// kernels.weight[0][0] = [-1.0, 0.0, 1.0];
/// let x = Tensor::<Maps<1, 1, 6>> { data: [[[0.0, 1.0, 4.0, 9.0, 16.0, 25.0]]] };
/// let mut y = Tensor::<Maps<1, 1, 4>>::ZERO;
/// Conv1d::<1, 1, 3>::forward(Scalar, &kernels, &x, &mut y);
/// assert_eq!(y.data, [[[4.0, 8.0, 12.0, 16.0]]]);
/// // The same around every second number, with a zero beyond each end.
/// let mut y = Tensor::<Maps<1, 1, 3>>::ZERO;
/// Conv1d::<1, 1, 3, Identity, SamePadding, 2>::forward(Scalar, &kernels, &x, &mut y);
/// assert_eq!(y.data, [[[1.0, 8.0, 16.0]]]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conv1d<const CI: usize, const CO: usize, const K: usize, A = Identity, P = Unpadded, const S: usize = 1>(
    PhantomData<(A, P)>,
);

params! {
    /// The parameters of a [`Conv1d`].
    Kernels1d<const CI, const CO, const K> {
        0 /// `[output signal][input signal][tap]`.
          weight: [[[E; K]; CI]; CO] = CO * CI * K,
        1 /// One for each output signal.
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
> Trainable for Conv1d<CI, CO, K, A, P, S>
{
    type Params<E: Element> = Kernels1d<CI, CO, K, E>;
}

impl<const CI: usize, const CO: usize, const K: usize, A: Activation, P: Padding<K>, const S: usize> LayerInfo
    for Conv1d<CI, CO, K, A, P, S>
{
    const OPERATION: Operation = Operation::Convolution {
        kernel: [1, K],
        stride: [1, S],
        padding: [0, P::CELLS],
        fill: P::FILL,
        groups: 1,
        activation: A::KIND,
    };
    fn info(index: usize) -> ParamInfo {
        let info = ParamInfo::new("weight", &[CO, CI, K], Role::Weight, |_| CI * K);
        match index {
            0 => info,
            1 => ParamInfo { name: "bias", dims: &[CO], role: Role::Bias, ..info },
            _ => panic!("no parameter {index} in a convolution along a row"),
        }
    }
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        describe_convolution(f, format_args!("of {K}"), Self::OPERATION, A::NAME)
    }
}

/// Every pair of signals is connected, by a kernel of one row.
pub(crate) struct InRows<P, const S: usize>(PhantomData<P>);
impl<const CI: usize, const CO: usize, const K: usize, P: Padding<K>, const S: usize> Bank<CI, CO, 1, K>
    for InRows<P, S>
{
    type Params<E: Element> = Kernels1d<CI, CO, K, E>;
    const FAN_OUT: [usize; CI] = [CO; CI];
    const WHOLE: bool = true;
    const STRIDE: usize = S;
    const ROW_STRIDE: usize = 1;
    const PADDING: usize = P::CELLS;
    const ROW_PADDING: usize = 0;
    const EDGE: bool = matches!(P::FILL, Fill::Edge);
    #[inline(always)]
    fn kernel<E: Element>(params: &Kernels1d<CI, CO, K, E>, o: usize, i: usize) -> Option<&[[E; K]; 1]> {
        Some(array::from_ref(&params.weight[o][i]))
    }
    #[inline(always)]
    fn kernel_mut<E: Element>(params: &mut Kernels1d<CI, CO, K, E>, o: usize, i: usize) -> Option<&mut [[E; K]; 1]> {
        Some(array::from_mut(&mut params.weight[o][i]))
    }
    #[inline(always)]
    fn bias<E: Element>(params: &Kernels1d<CI, CO, K, E>) -> &[E; CO] {
        &params.bias
    }
    #[inline(always)]
    fn bias_mut<E: Element>(params: &mut Kernels1d<CI, CO, K, E>) -> &mut [E; CO] {
        &mut params.bias
    }
    #[inline(always)]
    fn whole<E: Element>(params: &Kernels1d<CI, CO, K, E>) -> &[E] {
        flat(&params.weight)
    }
    #[inline(always)]
    fn whole_mut<E: Element>(params: &mut Kernels1d<CI, CO, K, E>) -> (&mut [E], &mut [E; CO]) {
        (flat_mut(&mut params.weight), &mut params.bias)
    }
}

// The arithmetic of a padding is that of rows and columns: here both are the row, so that what does not fit is one
// error.
impl<const CI: usize, const CO: usize, const K: usize, A, P, const S: usize, const W: usize, const OW: usize>
    Layer<Maps<CI, 1, W>> for Conv1d<CI, CO, K, A, P, S>
where
    A: Activation,
    P: Windows<W, W, K, S, Columns = Size<OW>>,
{
    type Out = Maps<CO, 1, OW>;
    const CONNECTIONS: usize = OW * (CI * CO * K + CO);
    const MULTIPLY_ADDS: usize = OW * CI * CO * K;

    fn forward<I: Simd, T: Cell>(
        simd: I,
        params: &Self::Params<T::Element>,
        x: &Tensor<Maps<CI, 1, W>, T>,
        y: &mut Tensor<Self::Out, T>,
    ) {
        Convolution::<InRows<P, S>, CI, CO, 1, K, 1, W, 1, OW>::forward::<A, I, T>(simd, params, x, y);
    }

    fn backward<I: Simd, T: Cell, const TO_INPUT: bool>(
        simd: I,
        params: &Self::Params<T::Element>,
        x: &Tensor<Maps<CI, 1, W>, T>,
        y: &Tensor<Self::Out, T>,
        dy: &mut Tensor<Self::Out, T>,
        dx: &mut Tensor<Maps<CI, 1, W>, T>,
        grad: &mut Self::Params<T::Element>,
    ) {
        Convolution::<InRows<P, S>, CI, CO, 1, K, 1, W, 1, OW>::backward::<A, I, T, TO_INPUT>(
            simd, params, x, y, dy, dx, grad,
        );
    }
}

impl<const CI: usize, const CO: usize, const K: usize, A, P, const S: usize, const W: usize, const OW: usize>
    Curved<Maps<CI, 1, W>> for Conv1d<CI, CO, K, A, P, S>
where
    A: Activation,
    P: Windows<W, W, K, S, Columns = Size<OW>>,
{
    fn curvature<I: Simd, T: Cell>(
        simd: I,
        squared: &Self::Params<T::Element>,
        x: &Tensor<Maps<CI, 1, W>, T>,
        y: &Tensor<Self::Out, T>,
        d2y: &mut Tensor<Self::Out, T>,
        d2x: &mut Tensor<Maps<CI, 1, W>, T>,
        h: &mut Self::Params<T::Element>,
    ) {
        Convolution::<InRows<P, S>, CI, CO, 1, K, 1, W, 1, OW>::curvature::<A, I, T>(simd, squared, x, y, d2y, d2x, h);
    }
}

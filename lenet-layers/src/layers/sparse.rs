//! A convolution with a table of connected maps, such as C3 of LeNet-5.

use crate::kernels::convolution::{Bank, Convolution};
use crate::layers::connections::{ConnectionTable, Numbered};
use crate::params::params;
use crate::{Activation, Connections, Curved, Fill, Identity, Layer, LayerInfo, Operation, ParamInfo, Role, Trainable};
use core::{fmt, marker::PhantomData};
use lenet_tensor::{Cell, Element, Maps, Size, Tensor, Valid, simd::Simd};

/// A convolution of `CI` maps into `CO` maps through the `N` connections of the table `C`, with kernels of `K` x `K`, a
/// bias for each output map, and the activation function `A` (LeCun et al. 1998, section II.B and table I).
///
/// It computes the same as a [`Conv2d`](crate::Conv2d) whose unconnected kernels are zero, with fewer multiply-adds and
/// without parameters for the unconnected pairs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SparseConv2d<const CI: usize, const CO: usize, const N: usize, const K: usize, C, A = Identity>(
    PhantomData<(C, A)>,
);

params! {
    /// The parameters of a [`SparseConv2d`].
    SparseKernels<const CO, const N, const K> {
        0 /// Only the connected kernels, by output map, then by input map: `[connection][row][column]`.
          weight: [[[E; K]; K]; N] = N * K * K,
        1 /// One for each output map.
          bias: [E; CO] = CO,
    }
}

impl<
    const CI: usize,
    const CO: usize,
    const N: usize,
    const K: usize,
    C: Send + Sync + 'static,
    A: Send + Sync + 'static,
> Trainable for SparseConv2d<CI, CO, N, K, C, A>
{
    type Params<E: Element> = SparseKernels<CO, N, K, E>;
}

impl<const CI: usize, const CO: usize, const N: usize, const K: usize, C, A> LayerInfo
    for SparseConv2d<CI, CO, N, K, C, A>
where
    C: Connections<CI, CO, N>,
    A: Activation,
{
    const OPERATION: Operation = Operation::Convolution {
        kernel: [K; 2],
        stride: [1; 2],
        padding: [0; 2],
        fill: Fill::Zeros,
        groups: 1,
        activation: A::KIND,
    };
    fn info(index: usize) -> ParamInfo {
        /// Returns the fan-in of the output map that kernel number `n` feeds: K x K for each map that it sees.
        fn fan_in<const CI: usize, const CO: usize>(table: &[[Option<usize>; CI]; CO], n: usize, k: usize) -> usize {
            let row = table.iter().find(|row| row.contains(&Some(n)));
            row.map_or(0, |row| row.iter().flatten().count() * k * k)
        }
        let fan_in: fn(usize) -> usize = |position| fan_in(&Numbered::<C, CI, CO>::KERNEL, position / (K * K), K);
        let weight = ParamInfo::new("weight", &[CO, CI, K, K], Role::Weight, fan_in);
        match index {
            0 => ParamInfo { connected: C::TABLE.as_flattened(), ..weight },
            1 => ParamInfo { name: "bias", dims: &[CO], role: Role::Bias, ..weight },
            _ => panic!("no parameter {index} in a sparse convolution"),
        }
    }
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "convolution {K}x{K}, {N} of {} kernels, {}", CI * CO, A::NAME)
    }
}

/// Connects the pairs of maps that the table `C` draws. Here and in `Layer` the table may have any size. Only the bound
/// of `LayerInfo` requires the right size; if it were required twice, a wrong table would be two errors.
pub(crate) struct Table<C, const N: usize>(PhantomData<C>);
impl<const CI: usize, const CO: usize, const N: usize, const K: usize, C: ConnectionTable> Bank<CI, CO, K, K>
    for Table<C, N>
{
    type Params<E: Element> = SparseKernels<CO, N, K, E>;
    const FAN_OUT: [usize; CI] = {
        let (mut fan_out, mut mark) = ([0; CI], 0);
        while mark < C::MARKS.len() {
            fan_out[mark % CI] += C::MARKS[mark] as usize;
            mark += 1;
        }
        fan_out
    };
    #[inline(always)]
    fn kernel<E: Element>(params: &SparseKernels<CO, N, K, E>, o: usize, i: usize) -> Option<&[[E; K]; K]> {
        Numbered::<C, CI, CO>::KERNEL[o][i].map(|n| &params.weight[n])
    }
    #[inline(always)]
    fn kernel_mut<E: Element>(params: &mut SparseKernels<CO, N, K, E>, o: usize, i: usize) -> Option<&mut [[E; K]; K]> {
        Numbered::<C, CI, CO>::KERNEL[o][i].map(|n| &mut params.weight[n])
    }
    #[inline(always)]
    fn bias<E: Element>(params: &SparseKernels<CO, N, K, E>) -> &[E; CO] {
        &params.bias
    }
    #[inline(always)]
    fn bias_mut<E: Element>(params: &mut SparseKernels<CO, N, K, E>) -> &mut [E; CO] {
        &mut params.bias
    }
}

impl<
    const CI: usize,
    const CO: usize,
    const N: usize,
    const K: usize,
    C,
    A,
    const H: usize,
    const W: usize,
    const OH: usize,
    const OW: usize,
> Layer<Maps<CI, H, W>> for SparseConv2d<CI, CO, N, K, C, A>
where
    C: ConnectionTable,
    A: Activation,
    Size<H>: Valid<K, Out = Size<OH>>,
    Size<W>: Valid<K, Out = Size<OW>>,
{
    type Out = Maps<CO, OH, OW>;
    const CONNECTIONS: usize = OH * OW * (N * K * K + CO);
    const MULTIPLY_ADDS: usize = OH * OW * N * K * K;

    fn forward<S: Simd, T: Cell>(
        simd: S,
        params: &Self::Params<T::Element>,
        x: &Tensor<Maps<CI, H, W>, T>,
        y: &mut Tensor<Self::Out, T>,
    ) {
        Convolution::<Table<C, N>, CI, CO, K, K, H, W, OH, OW>::forward::<A, S, T>(simd, params, x, y);
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
        Convolution::<Table<C, N>, CI, CO, K, K, H, W, OH, OW>::backward::<A, S, T, TO_INPUT>(
            simd, params, x, y, dy, dx, grad,
        );
    }
}

impl<
    const CI: usize,
    const CO: usize,
    const N: usize,
    const K: usize,
    C,
    A,
    const H: usize,
    const W: usize,
    const OH: usize,
    const OW: usize,
> Curved<Maps<CI, H, W>> for SparseConv2d<CI, CO, N, K, C, A>
where
    C: ConnectionTable,
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
        Convolution::<Table<C, N>, CI, CO, K, K, H, W, OH, OW>::curvature::<A, S, T>(simd, squared, x, y, d2y, d2x, h);
    }
}

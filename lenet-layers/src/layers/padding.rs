//! Padding: what a convolution sees beyond the border of a map.

use lenet_tensor::{Centred, Padded, Size, Strided};

/// What a convolution with kernels of side `K` sees beyond the border of a map: a type without values, the parameter
/// `P` of [`Conv2d`](crate::Conv2d), [`GroupConv2d`](crate::GroupConv2d) and [`Conv1d`](crate::Conv1d), which pads rows
/// alone.
///
/// | padding | cells at each end | a side of N becomes, with a stride of S |
/// |---|---|---|
/// | [`Unpadded`] | none | floor((N - K) / S) + 1 |
/// | [`SamePadding`] | (K - 1) / 2 zeros | ceil(N / S): with a stride of 1, N |
/// | [`Zeros<P>`](Zeros) | P zeros | floor((N + 2P - K) / S) + 1 |
/// | [`Edge<P>`](Edge) | P copies of the cell at the border | floor((N + 2P - K) / S) + 1 |
///
/// These are the paddings that there are: the kernels know them by [`CELLS`](Padding::CELLS) and
/// [`FILL`](Padding::FILL) alone.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a padding",
    note = "choose Unpadded, SamePadding, Zeros<1> or Edge<1>, with any number of cells"
)]
pub trait Padding<const K: usize>: Send + Sync + 'static {
    /// The number of cells at each end of a row and of a column.
    const CELLS: usize;
    /// What is in them.
    const FILL: Fill;
}

/// What is in the cells of a padding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fill {
    /// Zeros.
    #[default]
    Zeros,
    /// The nearest cell of the map. PyTorch calls it "replicate".
    Edge,
}

/// No padding: every window lies within the map ("valid").
///
/// ```
/// use lenet_layers::{Conv2d, Layer, Maps};
/// fn is<L: Layer<Maps<1, 32, 28>, Out = Maps<6, 28, 24>>>() {}
/// is::<Conv2d<1, 6, 5>>();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unpadded;

/// As many zeros around a map as put the middle of a window on each of its cells: (K - 1) / 2. K is odd.
///
/// With a stride of 1, the output has the sides of the input. With a stride of S, they are divided by S and rounded up,
/// and the first window has its middle on the first cell, as in PyTorch with `padding=(K - 1) // 2`. (TensorFlow's
/// "same" distributes the zeros differently.)
///
/// ```
/// use lenet_layers::{Conv2d, Identity, Layer, Maps, SamePadding};
/// fn is<L: Layer<Maps<1, 28, 27>, Out = Maps<6, H, W>>, const H: usize, const W: usize>() {}
/// is::<Conv2d<1, 6, 5, Identity, SamePadding>, 28, 27>();
/// is::<Conv2d<1, 6, 5, Identity, SamePadding, 2>, 14, 14>();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SamePadding;

/// `P` cells of zeros at each end of a row and of a column. There are fewer of them than a kernel has cells in a row.
///
/// ```
/// use lenet_layers::{Conv2d, Identity, Layer, Maps, Zeros};
/// fn is<L: Layer<Maps<1, 28, 28>, Out = Maps<6, 30, 30>>>() {}
/// is::<Conv2d<1, 6, 3, Identity, Zeros<2>>>();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Zeros<const P: usize>;

/// `P` copies of the cell at the border, at each end of a row and of a column: PyTorch's `padding_mode="replicate"`.
/// There are fewer of them than a kernel has cells in a row.
///
/// ```
/// use lenet_layers::{Conv2d, Edge, Identity, Kernels, Layer, Maps, Params, Tensor, simd::Scalar};
/// let mut kernels = Kernels::<1, 1, 3>::zeroed();
/// kernels.weight[0][0][1] = [1.0, 0.0, 1.0]; // the neighbours in the row
/// let x = Tensor::<Maps<1, 1, 4>> { data: [[[1.0, 2.0, 3.0, 4.0]]] };
/// let mut y = Tensor::<Maps<1, 1, 4>>::ZERO;
/// Conv2d::<1, 1, 3, Identity, Edge<1>>::forward(Scalar, &kernels, &x, &mut y);
/// assert_eq!(y.data, [[[1.0 + 2.0, 4.0, 6.0, 3.0 + 4.0]]]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Edge<const P: usize>;

impl<const K: usize> Padding<K> for Unpadded {
    const CELLS: usize = 0;
    const FILL: Fill = Fill::Zeros;
}
impl<const K: usize> Padding<K> for SamePadding {
    const CELLS: usize = (K - 1) / 2;
    const FILL: Fill = Fill::Zeros;
}
impl<const P: usize, const K: usize> Padding<K> for Zeros<P> {
    const CELLS: usize = P;
    const FILL: Fill = Fill::Zeros;
}
impl<const P: usize, const K: usize> Padding<K> for Edge<P> {
    const CELLS: usize = P;
    const FILL: Fill = Fill::Edge;
}

/// The arithmetic of a padding: the number of windows of side `K` with a stride of `S` along sides of `H` and `W` cells.
/// One trait has both, so that a type that is not a padding is one error.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a padding",
    label = "not a padding",
    note = "choose Unpadded, SamePadding, Zeros<1> or Edge<1>, with any number of cells"
)]
pub trait Windows<const H: usize, const W: usize, const K: usize, const S: usize>: Padding<K> {
    type Rows;
    type Columns;
}

impl<const H: usize, const W: usize, const K: usize, const S: usize> Windows<H, W, K, S> for Unpadded
where
    Size<H>: Strided<K, S>,
    Size<W>: Strided<K, S>,
{
    type Rows = <Size<H> as Strided<K, S>>::Out;
    type Columns = <Size<W> as Strided<K, S>>::Out;
}
impl<const H: usize, const W: usize, const K: usize, const S: usize> Windows<H, W, K, S> for SamePadding
where
    Size<H>: Centred<K, S>,
    Size<W>: Centred<K, S>,
{
    type Rows = <Size<H> as Centred<K, S>>::Out;
    type Columns = <Size<W> as Centred<K, S>>::Out;
}
impl<const P: usize, const H: usize, const W: usize, const K: usize, const S: usize> Windows<H, W, K, S> for Zeros<P>
where
    Size<H>: Padded<P, K, S>,
    Size<W>: Padded<P, K, S>,
{
    type Rows = <Size<H> as Padded<P, K, S>>::Out;
    type Columns = <Size<W> as Padded<P, K, S>>::Out;
}
impl<const P: usize, const H: usize, const W: usize, const K: usize, const S: usize> Windows<H, W, K, S> for Edge<P>
where
    Size<H>: Padded<P, K, S>,
    Size<W>: Padded<P, K, S>,
{
    type Rows = <Size<H> as Padded<P, K, S>>::Out;
    type Columns = <Size<W> as Padded<P, K, S>>::Out;
}

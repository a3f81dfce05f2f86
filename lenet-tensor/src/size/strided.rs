//! The sides that convolutions with a stride or with padding leave.

use super::{Fits, FromNum, Num, Size, ToNum};
use core::ops::{Add, Div, Sub};
use typenum::{Add1, B1, Diff, Quot, Sum, UInt, UTerm};

/// A convolution with a kernel of side `K` and a stride of `S`: `N -> floor((N - K) / S) + 1`.
///
/// ```
/// use lenet_tensor::{Size, Strided};
/// fn is<A: Strided<3, 2, Out = Size<15>>>() {}
/// is::<Size<31>>();
/// is::<Size<32>>(); // no window reaches the last cell
/// ```
pub trait Strided<const K: usize, const S: usize> {
    /// The number of windows.
    type Out;
}

impl<const N: usize, const K: usize, const S: usize> Strided<K, S> for Size<N>
where
    Size<N>: ToNum,
    Size<K>: ToNum,
    Size<S>: ToNum,
    Size<N>: Fits<K>,
    Num<S>: Steps<<Size<N> as Fits<K>>::Beyond>,
    <Num<S> as Steps<<Size<N> as Fits<K>>::Beyond>>::Count: FromNum,
{
    type Out = <<Num<S> as Steps<<Size<N> as Fits<K>>::Beyond>>::Count as FromNum>::Size;
}

/// The same with `P` cells of padding at each end: `N -> floor((N + 2 P - K) / S) + 1`.
///
/// ```
/// use lenet_tensor::{Padded, Size};
/// fn is<A: Padded<1, 3, 2, Out = Size<16>>>() {}
/// is::<Size<31>>();
/// is::<Size<32>>();
/// ```
pub trait Padded<const P: usize, const K: usize, const S: usize> {
    /// The number of windows.
    type Out;
}

impl<const N: usize, const P: usize, const K: usize, const S: usize> Padded<P, K, S> for Size<N>
where
    Size<N>: ToNum,
    Size<P>: ToNum,
    Size<K>: ToNum,
    Size<S>: ToNum,
    Size<K>: WiderThan<P>,
    Size<N>: FitsPadded<P, K>,
    Num<S>: Steps<<Size<N> as FitsPadded<P, K>>::Beyond>,
    <Num<S> as Steps<<Size<N> as FitsPadded<P, K>>::Beyond>>::Count: FromNum,
{
    type Out = <<Num<S> as Steps<<Size<N> as FitsPadded<P, K>>::Beyond>>::Count as FromNum>::Size;
}

/// A convolution with a window around every `S`th cell, with a kernel of side `K` that has a cell in its middle:
/// `N -> ceil(N / S)`.
///
/// ```
/// use lenet_tensor::{Centred, Size};
/// fn is<A: Centred<3, S, Out = Size<N>>, const S: usize, const N: usize>() {}
/// is::<Size<31>, 1, 31>();
/// is::<Size<31>, 2, 16>();
/// ```
pub trait Centred<const K: usize, const S: usize> {
    /// The number of windows.
    type Out;
}

impl<const N: usize, const K: usize, const S: usize> Centred<K, S> for Size<N>
where
    Size<N>: ToNum,
    Size<K>: ToNum,
    Size<S>: ToNum,
    Size<K>: Odd,
    Num<N>: Sub<B1>,
    Num<S>: Steps<Diff<Num<N>, B1>>,
    <Num<S> as Steps<Diff<Num<N>, B1>>>::Count: FromNum,
{
    type Out = <<Num<S> as Steps<Diff<Num<N>, B1>>>::Count as FromNum>::Size;
}

/// Padding that is narrower than the kernel: every window has a cell that is not padding, if the map is not smaller.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "padding of {P} cells is not narrower than the kernel, whose side is `{Self}`",
    label = "the padding is as wide as the kernel",
    note = "the window in the corner would have nothing but padding in it"
)]
pub trait WiderThan<const P: usize> {}

#[diagnostic::do_not_recommend]
impl<const K: usize, const P: usize> WiderThan<P> for Size<K>
where
    Size<K>: ToNum,
    Size<P>: ToNum,
    Num<P>: Add<B1>,
    Num<K>: Sub<Add1<Num<P>>>,
{
}

/// The arithmetic of [`Padded`] for sizes in the table. The padded side need not be in it.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a kernel of side {K} does not fit in a side of `{Self}` with {P} cells of padding at each end",
    label = "the kernel is larger than the padded side"
)]
pub trait FitsPadded<const P: usize, const K: usize> {
    /// The cells beyond the first window.
    type Beyond;
}

#[diagnostic::do_not_recommend]
impl<const N: usize, const P: usize, const K: usize> FitsPadded<P, K> for Size<N>
where
    Size<N>: ToNum,
    Size<P>: ToNum,
    Size<K>: ToNum,
    Size<N>: Grown<P>,
    <Size<N> as Grown<P>>::Num: Sub<Num<K>>,
    // Always true. Where a kernel does not fit, the compiler would otherwise report the difference, in typenum's words.
    Diff<<Size<N> as Grown<P>>::Num, Num<K>>: Add<B1>,
{
    type Beyond = Diff<<Size<N> as Grown<P>>::Num, Num<K>>;
}

/// `N + 2 P`.
#[doc(hidden)]
pub trait Grown<const P: usize> {
    type Num;
}

impl<const N: usize, const P: usize> Grown<P> for Size<N>
where
    Size<N>: ToNum,
    Size<P>: ToNum,
    Num<N>: Add<Num<P>>,
    Sum<Num<N>, Num<P>>: Add<Num<P>>,
{
    type Num = Sum<Sum<Num<N>, Num<P>>, Num<P>>;
}

/// An odd side.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a kernel with an even side, `{Self}`, has no cell in its middle",
    label = "`SamePadding` needs a kernel with an odd side",
    note = "give the padding in cells: `Zeros<1>` makes maps with a kernel of side 2 larger by one, and 4 smaller by one"
)]
pub trait Odd {}

#[diagnostic::do_not_recommend]
impl<const K: usize, U> Odd for Size<K> where Size<K>: ToNum<Num = UInt<U, B1>> {}

/// The number of windows, if the last one begins at most `Beyond` cells after the first: `floor(Beyond / Self) + 1`.
#[doc(hidden)]
pub trait Steps<Beyond> {
    type Count;
}

// A stride of 1 takes no division, which typenum does digit by digit.
impl<D: Add<B1>> Steps<D> for UInt<UTerm, B1> {
    type Count = Add1<D>;
}

impl<D, U, B, C> Steps<D> for UInt<UInt<U, B>, C>
where
    D: Div<UInt<UInt<U, B>, C>>,
    Quot<D, UInt<UInt<U, B>, C>>: Add<B1>,
{
    type Count = Add1<Quot<D, UInt<UInt<U, B>, C>>>;
}

//! Sizes as types: `Dim<N>` is the const-generic face, typenum does the sums.
//!
//! Stable Rust cannot write `N - K + 1` in a type. typenum can, but its integers make error messages nobody reads. So
//! public signatures carry `usize` parameters, and a two-way table translates to typenum and back inside a
//! `where` clause.

use core::ops::{Add, Mul, Sub};
use typenum::{Add1, B0, B1, Diff, PartialDiv, Prod, UInt, Unsigned};

/// A size known at compile time.
pub struct Dim<const N: usize>;

/// `Dim<N>` to typenum's integer; the way back is [`FromNum`].
#[diagnostic::on_unimplemented(
    message = "the size of `{Self}` is outside the table of sizes this crate can do arithmetic on",
    note = "sizes 0..=512 and every multiple of 16 up to 4096 are in the table"
)]
pub trait ToNum {
    /// The same size as a typenum integer.
    type Num: Unsigned;
}

/// typenum's integer to `Dim<N>`.
#[diagnostic::on_unimplemented(
    message = "the result of this size arithmetic is outside the table of sizes this crate knows",
    note = "sizes 0..=512 and every multiple of 16 up to 4096 are in the table"
)]
pub trait FromNum {
    /// The same size as a [`Dim`].
    type Dim;
}

/// The typenum integer of the size `N`.
pub type Num<const N: usize> = <Dim<N> as ToNum>::Num;

/// A "valid" convolution of stride 1 with a kernel of side `K`: `N -> N - K + 1`.
///
/// ```
/// use lenet_tensor::{Dim, Valid};
/// fn is<A: Valid<5, Out = Dim<28>>>() {}
/// is::<Dim<32>>();
/// ```
#[diagnostic::on_unimplemented(
    message = "a kernel of side {K} does not fit in a side of `{Self}`",
    label = "the kernel is larger than its input"
)]
pub trait Valid<const K: usize> {
    /// The side that is left.
    type Out;
}

#[diagnostic::do_not_recommend]
impl<const N: usize, const K: usize> Valid<K> for Dim<N>
where
    Dim<N>: ToNum,
    Dim<K>: ToNum,
    Num<N>: Add<B1>,
    Num<K>: typenum::NonZero,
    Add1<Num<N>>: Sub<Num<K>>,
    Diff<Add1<Num<N>>, Num<K>>: typenum::NonZero + FromNum,
{
    type Out = <Diff<Add1<Num<N>>, Num<K>> as FromNum>::Dim;
}

/// Windows of side `K` that lie side by side and cover a side exactly: `N -> N / K`.
///
/// ```
/// use lenet_tensor::{Dim, Tiled};
/// fn is<A: Tiled<2, Out = Dim<14>>>() {}
/// is::<Dim<28>>();
/// ```
#[diagnostic::on_unimplemented(
    message = "windows of side {K} do not tile a side of `{Self}` exactly",
    label = "the side is not a multiple of {K}"
)]
pub trait Tiled<const K: usize> {
    /// How many windows there are.
    type Out;
}

#[diagnostic::do_not_recommend]
impl<const N: usize, const K: usize> Tiled<K> for Dim<N>
where
    Dim<N>: ToNum,
    Dim<K>: ToNum,
    Num<N>: PartialDiv<Num<K>>,
    <Num<N> as PartialDiv<Num<K>>>::Output: FromNum,
{
    type Out = <<Num<N> as PartialDiv<Num<K>>>::Output as FromNum>::Dim;
}

/// The product of two sizes: `N -> N * M`.
///
/// ```
/// use lenet_tensor::{Dim, Times};
/// fn is<A: Times<25, Out = Dim<400>>>() {}
/// is::<Dim<16>>();
/// ```
#[diagnostic::on_unimplemented(
    message = "the product of `{Self}` and {M} is outside the table of sizes this crate can do arithmetic on",
    note = "sizes 0..=512 and every multiple of 16 up to 4096 are in the table"
)]
pub trait Times<const M: usize> {
    /// The product.
    type Out;
}

#[diagnostic::do_not_recommend]
impl<const N: usize, const M: usize> Times<M> for Dim<N>
where
    Dim<N>: ToNum,
    Dim<M>: ToNum,
    Num<N>: Mul<Num<M>>,
    Prod<Num<N>, Num<M>>: FromNum,
{
    type Out = <Prod<Num<N>, Num<M>> as FromNum>::Dim;
}

macro_rules! table {
    ($($n:literal $u:ident),* $(,)?) => {$(
        impl ToNum for Dim<$n> { type Num = typenum::$u; }
        const _: () = assert!(<Num<$n> as Unsigned>::USIZE == $n);
        impl FromNum for typenum::$u { type Dim = Dim<$n>; }
    )*};
}
/// Sixteen times a typenum integer: four zero bits appended.
type Sixteen<U> = UInt<UInt<UInt<UInt<U, B0>, B0>, B0>, B0>;
macro_rules! sixteens {
    ($($n:literal $u:ident),* $(,)?) => {$(
        impl ToNum for Dim<$n> { type Num = Sixteen<typenum::$u>; }
        const _: () = assert!(<Num<$n> as Unsigned>::USIZE == $n);
        impl FromNum for Sixteen<typenum::$u> { type Dim = Dim<$n>; }
    )*};
}
include!("dim_table.rs");

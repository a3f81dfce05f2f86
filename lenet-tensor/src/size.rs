//! Sizes as types: `Size<N>` is the const-generic interface, and typenum does the arithmetic.
//!
//! Stable Rust cannot write `N - K + 1` in a type. typenum can, but error messages about its integers are unreadable.
//! Public signatures therefore have `usize` parameters. Inside a `where` clause, a table translates them to typenum's
//! integers and back.

mod from_num;
mod strided;
mod to_num;

pub use strided::{Centred, Padded, Strided};

use core::ops::{Add, Mul, Sub};
use typenum::{Add1, B1, Diff, PartialDiv, Prod, Sum, Unsigned};

/// A size known at compile time.
///
/// The compiler can compute with the sizes in a table:
///
/// | sizes | in the table |
/// |---|---|
/// | sides, numbers of maps, kernels | 1 to 1,280; multiples of 8 to 4,096 |
/// | results of arithmetic, including the units of flattened maps | 1 to 1,280; multiples of 8 to 10,240, of 64 to 81,920, of 512 to 655,360, of 4,096 to 5,242,880 |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size<const N: usize>;

/// Converts `Size<N>` to typenum's integer. [`FromNum`] is the inverse.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is outside the table of sizes",
    label = "a size outside the table",
    note = "sides, numbers of maps and kernels are 1 to 1280, or multiples of 8 to 4096"
)]
pub trait ToNum {
    /// The same size as a typenum integer.
    type Num: Unsigned;
}

/// Converts typenum's integer to `Size<N>`.
#[diagnostic::on_unimplemented(
    message = "the result of this arithmetic is outside the table of sizes",
    label = "the result is outside the table",
    note = "results are 1 to 1280, or multiples of 8 to 10240, of 64 to 81920, of 512 to 655360, of 4096 to 5242880"
)]
pub trait FromNum {
    /// The same size as a [`Size`].
    type Size;
}

/// The typenum integer of the size `N`.
pub type Num<const N: usize> = <Size<N> as ToNum>::Num;

/// A "valid" convolution of stride 1 with a kernel of side `K`: `N -> N - K + 1`.
///
/// ```
/// use lenet_tensor::{Size, Valid};
/// fn is<A: Valid<5, Out = Size<28>>>() {}
/// is::<Size<32>>();
/// ```
pub trait Valid<const K: usize> {
    /// The remaining side.
    type Out;
}

impl<const N: usize, const K: usize> Valid<K> for Size<N>
where
    Size<N>: ToNum,
    Size<K>: ToNum,
    Size<N>: Fits<K>,
{
    type Out = <Size<N> as Fits<K>>::Left;
}

/// The arithmetic of [`Valid`] for sizes in the table. It is a separate trait so that the error says which is wrong: a
/// size outside the table, or a kernel that does not fit.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a kernel of side {K} does not fit in a side of `{Self}`",
    label = "the kernel is larger than the side"
)]
pub trait Fits<const K: usize> {
    type Left;
    /// The cells beyond the first window.
    type Beyond;
}

#[diagnostic::do_not_recommend]
impl<const N: usize, const K: usize> Fits<K> for Size<N>
where
    Size<N>: ToNum,
    Size<K>: ToNum,
    Num<N>: Sub<Num<K>>,
    Diff<Num<N>, Num<K>>: Add<B1>,
    Add1<Diff<Num<N>, Num<K>>>: FromNum,
{
    type Left = <Add1<Diff<Num<N>, Num<K>>> as FromNum>::Size;
    type Beyond = Diff<Num<N>, Num<K>>;
}

/// Non-overlapping windows of side `K` that cover a side exactly: `N -> N / K`.
///
/// ```
/// use lenet_tensor::{Size, Tiled};
/// fn is<A: Tiled<2, Out = Size<14>>>() {}
/// is::<Size<28>>();
/// ```
pub trait Tiled<const K: usize> {
    /// The number of windows.
    type Out;
}

impl<const N: usize, const K: usize> Tiled<K> for Size<N>
where
    Size<N>: ToNum,
    Size<K>: ToNum,
    Size<N>: Divides<K>,
{
    type Out = <Size<N> as Divides<K>>::Quotient;
}

/// The arithmetic of [`Tiled`] for sizes in the table.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "windows of side {K} do not tile a side of `{Self}` exactly",
    label = "the side is not a multiple of {K}"
)]
pub trait Divides<const K: usize> {
    type Quotient;
}

#[diagnostic::do_not_recommend]
impl<const N: usize, const K: usize> Divides<K> for Size<N>
where
    Size<N>: ToNum,
    Size<K>: ToNum,
    Num<N>: PartialDiv<Num<K>>,
    <Num<N> as PartialDiv<Num<K>>>::Output: FromNum,
{
    type Quotient = <<Num<N> as PartialDiv<Num<K>>>::Output as FromNum>::Size;
}

/// The product of two sizes: `N -> N * M`.
///
/// ```
/// use lenet_tensor::{Size, Times};
/// fn is<A: Times<25, Out = Size<400>>>() {}
/// is::<Size<16>>();
/// ```
pub trait Times<const M: usize> {
    /// The product.
    type Out;
}

impl<const N: usize, const M: usize> Times<M> for Size<N>
where
    Size<N>: ToNum,
    Size<M>: ToNum,
    Num<N>: Mul<Num<M>>,
    Prod<Num<N>, Num<M>>: FromNum,
{
    type Out = <Prod<Num<N>, Num<M>> as FromNum>::Size;
}

/// The sum of two sizes: `N -> N + M`.
///
/// ```
/// use lenet_tensor::{Size, Plus};
/// fn is<A: Plus<16, Out = Size<48>>>() {}
/// is::<Size<32>>();
/// ```
pub trait Plus<const M: usize> {
    /// The sum.
    type Out;
}

impl<const N: usize, const M: usize> Plus<M> for Size<N>
where
    Size<N>: ToNum,
    Size<M>: ToNum,
    Num<N>: Add<Num<M>>,
    Sum<Num<N>, Num<M>>: FromNum,
{
    type Out = <Sum<Num<N>, Num<M>> as FromNum>::Size;
}

/// Maps in `G` groups of `M`, and no maps left over.
///
/// ```
/// use lenet_tensor::{Groups, Size};
/// fn are<A: Groups<3, 4>>() {}
/// are::<Size<12>>();
/// ```
#[diagnostic::on_unimplemented(
    message = "{G} groups of {M} maps are not `{Self}`",
    label = "this layer takes {G} groups of {M} maps"
)]
pub trait Groups<const G: usize, const M: usize> {}

#[diagnostic::do_not_recommend]
impl<const N: usize, const G: usize, const M: usize> Groups<G, M> for Size<N>
where
    Size<N>: ToNum,
    Size<G>: ToNum,
    Size<M>: ToNum,
    Num<M>: Mul<Num<G>>,
    Prod<Num<M>, Num<G>>: Is<Num<N>>,
{
}

/// Equality of types.
#[doc(hidden)]
pub trait Is<T> {}
impl<T> Is<T> for T {}

/// The number of cells of `N` maps of `H` x `W`: `N -> N * H * W`. Only the result has to be in the table; the product
/// of two of the sizes does not.
///
/// ```
/// use lenet_tensor::{Size, Flattened};
/// fn is<A: Flattened<224, 224, Out = Size<3_211_264>>>() {}
/// is::<Size<64>>();
/// ```
pub trait Flattened<const H: usize, const W: usize> {
    /// The number of cells.
    type Out;
}

impl<const N: usize, const H: usize, const W: usize> Flattened<H, W> for Size<N>
where
    Size<N>: ToNum,
    Size<H>: ToNum,
    Size<W>: ToNum,
    Num<N>: Mul<Num<H>>,
    Prod<Num<N>, Num<H>>: Mul<Num<W>>,
    Prod<Prod<Num<N>, Num<H>>, Num<W>>: FromNum,
{
    type Out = <Prod<Prod<Num<N>, Num<H>>, Num<W>> as FromNum>::Size;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tests every digit of every row of the table, and the first and last sizes of each row.
    #[test]
    fn integers_come_back_as_the_sizes_they_were() {
        /// Returns `A * B` as typenum and the table compute it.
        fn product<const A: usize, const B: usize, const P: usize>()
        where
            Size<A>: Times<B, Out = Size<P>>,
        {
            assert_eq!(A * B, P);
        }
        macro_rules! rows {
            ($($n:literal)*) => {$(
                product::<$n, 1, $n>();
                product::<$n, 8, { 8 * $n }>();
                product::<$n, 64, { 64 * $n }>();
                product::<$n, 512, { 512 * $n }>();
                product::<$n, 4096, { 4096 * $n }>();
            )*};
        }
        rows!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 63 64 65 511 512 513 1023 1024 1025 1279 1280);
    }
}

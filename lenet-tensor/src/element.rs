//! The element type of tensors and parameters: `f32`, or `f64` to check gradients.

use crate::simd::{One, Simd, Vector};
use crate::{Cell, math};
use core::fmt::{Debug, Display};
use core::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// A floating-point number: `f32` for speed, `f64` for checking. There are no other implementations.
///
/// A function whose code depends on the instruction set takes a [`Simd`] token. The whole computation around the call
/// is then compiled for that set.
pub trait Element:
    Cell<Element = Self>
    + Default
    + Debug
    + Display
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + FromBytes
    + IntoBytes
    + Immutable
    + KnownLayout
{
    /// A register of neighbouring array elements: as many `f32` as fit, or a single `f64`.
    type Row<S: Simd>: Vector<Simd = S, Element = Self>;

    /// The nearest value to `x`.
    fn from_f64(x: f64) -> Self;
    /// The same value as an `f64`.
    fn to_f64(self) -> f64;
    /// `e^self`. In `f32` the error is at most 2 ulp from -87 to 88. Arguments outside this range return the value at
    /// its nearer end (1.6e-38 or 1.7e38).
    fn exp<S: Simd>(self, simd: S) -> Self;
    /// Natural logarithm. In `f32` the error is at most 0.8 ulp, and subnormal numbers count as zero.
    fn ln<S: Simd>(self, simd: S) -> Self;
    /// Returns `true` if the number is neither infinite nor NaN.
    fn is_finite(self) -> bool;
}

macro_rules! element {
    ($t:ty, $S:ident => $Row:ty, $exp:expr, $ln:expr) => {
        impl Element for $t {
            type Row<$S: Simd> = $Row;
            #[inline(always)]
            fn from_f64(x: f64) -> Self {
                x as $t
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn exp<S: Simd>(self, simd: S) -> Self {
                $exp(simd, self)
            }
            #[inline(always)]
            fn ln<S: Simd>(self, simd: S) -> Self {
                $ln(simd, self)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                <$t>::is_finite(self)
            }
        }
    };
}
element!(f32, S => S::F32, math::exp, math::ln);
element!(f64, S => One<S, f64>, |_, x| libm::exp(x), |_, x| libm::log(x));

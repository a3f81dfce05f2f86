//! What a parameter is made of: `f32`, or `f64` where gradients are checked.

use crate::{Cell, math, simd::Simd};
use core::fmt::{Debug, Display};
use core::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// A floating-point number: `f32` for speed, `f64` for checking.
///
/// The functions that an instruction set changes take its token, [`Simd`], so that the whole computation around
/// them is compiled for that set.
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
    /// The nearest value to `x`.
    fn from_f64(x: f64) -> Self;
    /// The same value, widened.
    fn to_f64(self) -> f64;
    /// Hyperbolic tangent. In `f32` within 2.5 ulp over the whole range, the same function for one example and for
    /// many; in `f64` libm's.
    fn tanh<S: Simd>(self, simd: S) -> Self;
    /// `e^self`. In `f32` within 2 ulp from -87 to 88; arguments beyond give the value at the end (1.6e-38,
    /// 1.7e38).
    fn exp<S: Simd>(self, simd: S) -> Self;
    /// Natural logarithm.
    fn ln(self) -> Self;
    /// Neither infinite nor NaN.
    fn is_finite(self) -> bool;
}

macro_rules! element {
    ($t:ty, $tanh:expr, $exp:expr, $ln:path) => {
        impl Element for $t {
            #[inline(always)]
            fn from_f64(x: f64) -> Self {
                x as $t
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn tanh<S: Simd>(self, simd: S) -> Self {
                $tanh(simd, self)
            }
            #[inline(always)]
            fn exp<S: Simd>(self, simd: S) -> Self {
                $exp(simd, self)
            }
            #[inline]
            fn ln(self) -> Self {
                $ln(self)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                <$t>::is_finite(self)
            }
        }
    };
}
element!(f32, math::tanh, math::exp, libm::logf);
element!(f64, |_, x| libm::tanh(x), |_, x| libm::exp(x), libm::log);

//! The vector trait: one register of numbers, of any width.

use super::Simd;
use crate::Element;
use crate::sealed::Sealed;
use core::ops::{Add, Div, Mul, Neg, Sub};

/// Several numbers that are processed at once. A value proves that its instruction set is available, because the first
/// vector of a computation is made with a [`Simd`] token.
///
/// Kernels and activation functions are generic over `Vector`. The compiler generates a version for each register, down
/// to the single `f64` of a gradient check. Only this crate implements the trait.
pub trait Vector:
    Sealed
    + Copy
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// The instruction set that the vector belongs to.
    type Simd: Simd;
    /// The type of each lane.
    type Element: Element;
    /// The number of lanes.
    const LANES: usize;

    /// Returns a vector with the same number in every lane.
    fn splat(simd: Self::Simd, x: Self::Element) -> Self;
    /// Loads the first `LANES` numbers of a slice.
    ///
    /// # Panics
    /// If there are fewer.
    fn load(simd: Self::Simd, from: &[Self::Element]) -> Self;
    /// Loads all of a slice that is shorter than a register, and fills the remaining lanes with zeros.
    ///
    /// # Panics
    /// If the slice is not shorter than a register.
    #[inline(always)]
    fn load_few(simd: Self::Simd, few: &[Self::Element]) -> Self {
        assert!(few.len() < Self::LANES, "the slice must be shorter than a register");
        let mut row = [Self::Element::default(); WIDEST];
        row[..few.len()].copy_from_slice(few);
        Self::load(simd, &row)
    }
    /// Writes the first lanes to a slice that is shorter than a register, as many as fit.
    ///
    /// # Panics
    /// If the slice is not shorter than a register.
    #[inline(always)]
    fn store_few(self, few: &mut [Self::Element]) {
        assert!(few.len() < Self::LANES, "the slice must be shorter than a register");
        let mut row = [Self::Element::default(); WIDEST];
        self.store(&mut row);
        few.copy_from_slice(&row[..few.len()]);
    }
    /// Loads the first `LANES` bytes of a slice and converts them to numbers.
    ///
    /// # Panics
    /// If there are fewer.
    fn load_bytes(simd: Self::Simd, from: &[u8]) -> Self;
    /// Writes the lanes to the start of a slice.
    ///
    /// # Panics
    /// If the slice has fewer than `LANES` numbers.
    fn store(self, to: &mut [Self::Element]);
    /// Returns the token that this vector was made with.
    fn simd(self) -> Self::Simd;
    /// Returns `self * a + b`, fused if the instruction set has the instruction. Without std, a vector of a single
    /// number rounds twice, because core has no `mul_add`.
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// Returns `b - self * a`, fused under the same conditions.
    fn neg_mul_add(self, a: Self, b: Self) -> Self;
    /// The smaller of each pair; NaN where `self` is NaN. Where only `other` is NaN, the result depends on the
    /// instruction set.
    fn min(self, other: Self) -> Self;
    /// The larger of each pair; NaN where `self` is NaN. Where only `other` is NaN, the result depends on the
    /// instruction set.
    fn max(self, other: Self) -> Self;
    /// Returns `self / q` within 0.6 ulp of the exact quotient. `q` must be normal, and the quotient finite and well
    /// above the smallest floats. The result has the same bits for every width, and is faster than `/` where division
    /// is slow. A zero may lose its sign.
    #[inline(always)]
    fn ratio(self, q: Self) -> Self {
        self / q
    }
    /// The square root, correctly rounded; NaN below zero.
    fn sqrt(self) -> Self;
    /// Hyperbolic tangent. In `f32` the error is at most 3.6 ulp over the whole range (5 without fused multiply-add),
    /// and the result has the same bits for every width (without std, only where a single number is fused too). In
    /// `f64` it is libm's.
    fn tanh(self) -> Self;
    /// Applies `f` to each lane, one at a time: for functions that have no vector instruction.
    #[inline(always)]
    fn map(self, f: impl Fn(Self::Element) -> Self::Element) -> Self {
        let mut lanes = [Self::Element::default(); WIDEST];
        self.store(&mut lanes);
        for x in &mut lanes[..Self::LANES] {
            *x = f(*x);
        }
        Self::load(self.simd(), &lanes)
    }
    /// Returns the sum of the lanes, added in a fixed order.
    fn sum(self) -> Self::Element;
    /// Interleaves the lanes: returns the first half of `a0 b0 a1 b1 ...`, and the second half.
    fn interleave(self, other: Self) -> (Self, Self);
    /// The inverse of [`Vector::interleave`]: of the lanes of `self` followed by those of `other`, returns the lanes
    /// with even numbers, then the lanes with odd numbers.
    fn deinterleave(self, other: Self) -> (Self, Self);

    /// Returns a vector of the same type with `x` in every lane.
    #[inline(always)]
    fn like(self, x: f64) -> Self {
        Self::splat(self.simd(), Self::Element::from_f64(x))
    }
}

/// The largest number of lanes of a register, over all instruction sets.
pub const WIDEST: usize = 16;

/// Transposes the square of the first `LANES` vectors: lane `i` of vector `j` becomes lane `j` of vector `i`.
#[inline(always)]
pub fn transpose<V: Vector>(rows: &mut [V; WIDEST]) {
    // Each round is a perfect shuffle: it interleaves the first half of the rows with the second. log2(LANES) rounds
    // transpose the square.
    let (mut round, half) = (1, V::LANES / 2);
    while round < V::LANES {
        let before = *rows;
        for i in 0..half {
            (rows[2 * i], rows[2 * i + 1]) = before[i].interleave(before[i + half]);
        }
        round *= 2;
    }
}

/// A vector of one number.
#[derive(Clone, Copy, Debug)]
pub struct One<S, E>(E, S);

macro_rules! one {
    ($e:ty, $tanh:expr, $ratio:expr, $sqrt:expr) => {
        one!(@operator $e, Add, add, +);
        one!(@operator $e, Sub, sub, -);
        one!(@operator $e, Mul, mul, *);
        one!(@operator $e, Div, div, /);
        impl<S: Simd> Neg for One<S, $e> {
            type Output = Self;
            #[inline(always)]
            fn neg(self) -> Self {
                One(-self.0, self.1)
            }
        }
        impl<S: Simd> Sealed for One<S, $e> {}
        impl<S: Simd> Vector for One<S, $e> {
            type Simd = S;
            type Element = $e;
            const LANES: usize = 1;
            #[inline(always)]
            fn splat(simd: S, x: $e) -> Self {
                One(x, simd)
            }
            #[inline(always)]
            fn load(simd: S, from: &[$e]) -> Self {
                One(from[0], simd)
            }
            #[inline(always)]
            fn load_bytes(simd: S, from: &[u8]) -> Self {
                One(<$e>::from(from[0]), simd)
            }
            #[inline(always)]
            fn store(self, to: &mut [$e]) {
                to[0] = self.0;
            }
            #[inline(always)]
            fn simd(self) -> S {
                self.1
            }
            #[inline(always)]
            fn mul_add(self, a: Self, b: Self) -> Self {
                // Without the FMA instruction, `mul_add` is a call into libm.
                #[cfg(feature = "std")]
                if S::FMA {
                    return One(<$e>::mul_add(self.0, a.0, b.0), self.1);
                }
                One(self.0 * a.0 + b.0, self.1)
            }
            #[inline(always)]
            fn neg_mul_add(self, a: Self, b: Self) -> Self {
                (-self).mul_add(a, b)
            }
            #[inline(always)]
            fn min(self, other: Self) -> Self {
                if other.0 < self.0 { other } else { self }
            }
            #[inline(always)]
            fn max(self, other: Self) -> Self {
                if other.0 > self.0 { other } else { self }
            }
            #[inline(always)]
            fn ratio(self, q: Self) -> Self {
                $ratio(self, q)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                One($sqrt(self.0), self.1)
            }
            #[inline(always)]
            fn tanh(self) -> Self {
                $tanh(self)
            }
            #[inline(always)]
            fn map(self, f: impl Fn($e) -> $e) -> Self {
                One(f(self.0), self.1)
            }
            #[inline(always)]
            fn sum(self) -> $e {
                self.0
            }
            #[inline(always)]
            fn interleave(self, other: Self) -> (Self, Self) {
                (self, other)
            }
            #[inline(always)]
            fn deinterleave(self, other: Self) -> (Self, Self) {
                (self, other)
            }
        }
    };
    (@operator $e:ty, $Trait:ident, $method:ident, $op:tt) => {
        impl<S: Simd> $Trait for One<S, $e> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                One(self.0 $op other.0, self.1)
            }
        }
    };
}
#[cfg(feature = "std")]
one!(f32, crate::math::tanh, ratio_in_register, f32::sqrt);
#[cfg(feature = "std")]
one!(f64, |x: Self| One(libm::tanh(x.0), x.1), |p: Self, q: Self| p / q, f64::sqrt);
// core has no square root; libm's gives the same bits.
#[cfg(not(feature = "std"))]
one!(f32, crate::math::tanh, ratio_in_register, libm::sqrtf);
#[cfg(not(feature = "std"))]
one!(f64, |x: Self| One(libm::tanh(x.0), x.1), |p: Self, q: Self| p / q, libm::sqrt);

/// Returns the quotient with the same bits as a register's.
#[inline(always)]
fn ratio_in_register<S: Simd>(p: One<S, f32>, q: One<S, f32>) -> One<S, f32> {
    if S::F32::LANES == 1 {
        return p / q;
    }
    let mut lanes = [0.0; WIDEST];
    S::F32::splat(p.1, p.0).ratio(Vector::splat(q.1, q.0)).store(&mut lanes);
    One(lanes[0], p.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{Isa, Kernel};

    struct Transpose;
    impl Kernel for Transpose {
        type Output = ();
        fn run<S: Simd>(self, simd: S) {
            let n = S::F32::LANES;
            let square: [[f32; WIDEST]; WIDEST] =
                core::array::from_fn(|i| core::array::from_fn(|j| (100 * i + j) as f32));
            let mut rows = square.map(|row| S::F32::load(simd, &row));
            transpose(&mut rows);
            for (i, row) in rows.into_iter().enumerate().take(n) {
                let mut lanes = [0.0; WIDEST];
                row.store(&mut lanes);
                for j in 0..n {
                    assert_eq!(lanes[j], square[j][i]);
                }
            }
        }
    }

    struct Arithmetic;
    impl Kernel for Arithmetic {
        type Output = ();
        /// Compares every operation, lane by lane, with the same operation on plain `f32`.
        fn run<S: Simd>(self, simd: S) {
            let n = S::F32::LANES;
            let (a, b): ([f32; WIDEST], [f32; WIDEST]) =
                (core::array::from_fn(|i| i as f32 * 0.75 - 5.0), core::array::from_fn(|i| 3.25 - i as f32));
            let (x, y) = (S::F32::load(simd, &a), S::F32::load(simd, &b));
            let check = |v: S::F32, expected: fn(f32, f32) -> f32| {
                let mut lanes = [0.0; WIDEST];
                v.store(&mut lanes);
                for i in 0..n {
                    assert_eq!(lanes[i], expected(a[i], b[i]), "lane {i}");
                }
            };
            check(x + y, |a, b| a + b);
            check(x - y, |a, b| a - b);
            check(x * y, |a, b| a * b);
            check(x / y, |a, b| a / b);
            check(-x, |a, _| -a);
            check(x.min(y), f32::min);
            check(x.max(y), f32::max);
            check((x * x + y * y).sqrt(), |a, b| (a * a + b * b).sqrt());
            // Exact in `f32`, so the fused and the unfused result are equal.
            check(x.mul_add(y, x), |a, b| a * b + a);
            check(x.neg_mul_add(y, x), |a, b| a - a * b);
            check(x.map(|a| a + 1.0), |a, _| a + 1.0);
            let (first, second) = x.interleave(y);
            let (even, odd) = first.deinterleave(second);
            check(even, |a, _| a);
            check(odd, |_, b| b);
            for few in 0..n {
                let (mut padded, mut stored) = ([9.0; WIDEST], [9.0; WIDEST]);
                S::F32::load_few(simd, &a[..few]).store(&mut padded);
                x.store_few(&mut stored[..few]);
                for i in 0..n {
                    assert_eq!(padded[i], if i < few { a[i] } else { 0.0 });
                    assert_eq!(stored[i], if i < few { a[i] } else { 9.0 });
                }
            }
            assert_eq!(x.sum(), a[..n].iter().sum());
            assert!(S::F32::splat(simd, f32::NAN).max(x).sum().is_nan());
            assert!(S::F32::splat(simd, f32::NAN).min(x).sum().is_nan());
            assert!(S::F32::splat(simd, -1.0).sqrt().sum().is_nan());
        }
    }

    struct Ratio;
    impl Kernel for Ratio {
        type Output = f64;
        /// Returns the largest error in ulp; a register and a single number must agree to the bit.
        fn run<S: Simd>(self, simd: S) -> f64 {
            let mut worst: f64 = 0.0;
            for k in 0..200_000u32 {
                // Evenly spread mantissas, many exponents of p, both signs of p and q.
                let p = f32::from_bits((0x3000_0000 + k.wrapping_mul(0x9e37_79b9) % 0x2000_0000) | (k << 31));
                let q = f32::from_bits((0x3f00_0000 + k.wrapping_mul(0x85eb_ca6b) % 0x0100_0000) | ((k >> 1) << 31));
                let mut lanes = [0.0; WIDEST];
                S::F32::splat(simd, p).ratio(S::F32::splat(simd, q)).store(&mut lanes);
                assert_eq!(lanes[S::F32::LANES - 1], One::splat(simd, p).ratio(One::splat(simd, q)).0, "{p} / {q}");
                let exact = f64::from(p) / f64::from(q);
                let near = (exact as f32).abs();
                let ulp = f64::from(f32::from_bits(near.to_bits() + 1)) - f64::from(near);
                worst = worst.max((f64::from(lanes[0]) - exact).abs() / ulp);
            }
            worst
        }
    }

    #[test]
    fn a_ratio_is_within_0_6_ulp() {
        for isa in Isa::all_available() {
            let worst = isa.dispatch(Ratio);
            assert!(worst < 0.6, "{isa}: {worst} ulp");
        }
    }

    #[test]
    fn every_register_computes_like_plain_numbers() {
        for isa in Isa::all_available() {
            isa.dispatch(Transpose);
            isa.dispatch(Arithmetic);
        }
    }
}

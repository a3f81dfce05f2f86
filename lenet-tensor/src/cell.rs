//! The cell type of a tensor: one number, or one number for each of several examples.

use crate::Element;
use crate::sealed::Sealed;
use crate::simd::{One, Simd, Vector};
use core::fmt::Debug;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// One cell of a tensor: an `f32`, an `f64`, or [`Lanes`] with one `f32` for each example of a block.
///
/// A layer is declared once over `Cell`. A single image, an `f64` gradient check and a block of 16 follow the same
/// rule, although the loops of a convolution differ between one example and several. Only this crate implements the
/// trait.
pub trait Cell:
    Sealed + Copy + Debug + PartialEq + Send + Sync + 'static + FromBytes + IntoBytes + Immutable + KnownLayout
{
    /// The type of the number in each lane.
    type Element: Element;
    /// The number of examples in one cell.
    const LANES: usize;
    /// Zero in every lane.
    const ZERO: Self;
    /// A register that holds a part of the cell, or all of it.
    type Vector<S: Simd>: Vector<Simd = S, Element = Self::Element>;
    /// Returns a cell with the same number in every lane.
    fn splat(x: Self::Element) -> Self;
    /// Returns the lanes as a slice, example 0 first.
    fn lanes(&self) -> &[Self::Element];
    /// Returns the lanes as a mutable slice.
    fn lanes_mut(&mut self) -> &mut [Self::Element];
    /// Applies `f` to every lane.
    fn map(self, f: impl Fn(Self::Element) -> Self::Element) -> Self;
    /// Applies `f` to every pair of lanes.
    fn zip(self, other: Self, f: impl Fn(Self::Element, Self::Element) -> Self::Element) -> Self;
    /// Returns `self * a + b` in every lane, fused if the instruction set has the instruction. Without std the result
    /// is rounded twice, because core has no `mul_add`.
    fn mul_add<S: Simd>(self, simd: S, a: Self, b: Self) -> Self;
    /// Returns the sum of the lanes, added pairwise in a fixed order.
    fn sum(self) -> Self::Element;

    /// The number of registers that the cell fills: with sixteen lanes, 1 for AVX-512 and 2 for AVX2.
    #[inline(always)]
    #[must_use]
    fn parts<S: Simd>() -> usize {
        const {
            assert!(
                Self::LANES.is_multiple_of(<Self::Vector<S> as Vector>::LANES),
                "the lanes must fill whole registers: 16, 32, 64, ..."
            )
        };
        Self::LANES / <Self::Vector<S> as Vector>::LANES
    }
    /// Returns part number `part`, modulo [`Cell::parts`].
    #[inline(always)]
    fn part<S: Simd>(&self, simd: S, part: usize) -> Self::Vector<S> {
        // The remainder shows the compiler that the slice is in bounds.
        Vector::load(simd, &self.lanes()[part % Self::parts::<S>() * <Self::Vector<S> as Vector>::LANES..])
    }
    /// Writes part number `part`, modulo [`Cell::parts`].
    #[inline(always)]
    fn set_part<S: Simd>(&mut self, part: usize, vector: Self::Vector<S>) {
        vector.store(&mut self.lanes_mut()[part % Self::parts::<S>() * <Self::Vector<S> as Vector>::LANES..]);
    }
    /// Returns the lanes of all cells as one slice.
    #[inline(always)]
    fn elements(cells: &[Self]) -> &[Self::Element] {
        <[Self::Element]>::ref_from_bytes(cells.as_bytes()).expect("a cell is a row of elements")
    }
    /// Returns the lanes of all cells as one mutable slice.
    #[inline(always)]
    fn elements_mut(cells: &mut [Self]) -> &mut [Self::Element] {
        <[Self::Element]>::mut_from_bytes(cells.as_mut_bytes()).expect("a cell is a row of elements")
    }

    /// Returns `self + other`, lane by lane.
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
    /// Returns `self * other`, lane by lane.
    #[inline(always)]
    fn times(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
}

macro_rules! one_number {
    ($t:ty) => {
        impl Sealed for $t {}
        impl Cell for $t {
            type Element = $t;
            const LANES: usize = 1;
            const ZERO: Self = 0.0;
            type Vector<S: Simd> = One<S, $t>;
            #[inline(always)]
            fn splat(x: $t) -> Self {
                x
            }
            #[inline(always)]
            fn lanes(&self) -> &[$t] {
                core::slice::from_ref(self)
            }
            #[inline(always)]
            fn lanes_mut(&mut self) -> &mut [$t] {
                core::slice::from_mut(self)
            }
            #[inline(always)]
            fn map(self, f: impl Fn($t) -> $t) -> Self {
                f(self)
            }
            #[inline(always)]
            fn zip(self, other: Self, f: impl Fn($t, $t) -> $t) -> Self {
                f(self, other)
            }
            #[inline(always)]
            fn mul_add<S: Simd>(self, _: S, a: Self, b: Self) -> Self {
                // Without the FMA instruction, `mul_add` is a call into libm for each number.
                #[cfg(feature = "std")]
                if S::FMA {
                    return <$t>::mul_add(self, a, b);
                }
                self * a + b
            }
            #[inline(always)]
            fn sum(self) -> $t {
                self
            }
        }
    };
}
one_number!(f32);
one_number!(f64);

/// One `f32` for each of `L` examples. `L` is a power of two of at least 16, so that a cell fills whole registers of
/// every instruction set. With `L` = 16, a cell is one AVX-512 register and one cache line.
#[derive(Clone, Copy, Debug, PartialEq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(transparent)]
pub struct Lanes<const L: usize>(pub [f32; L]);

impl<const L: usize> Sealed for Lanes<L> {}
impl<const L: usize> Cell for Lanes<L> {
    type Element = f32;
    const LANES: usize = L;
    const ZERO: Self = Lanes([0.0; L]);
    type Vector<S: Simd> = S::F32;
    #[inline(always)]
    fn splat(x: f32) -> Self {
        Lanes([x; L])
    }
    #[inline(always)]
    fn lanes(&self) -> &[f32] {
        &self.0
    }
    #[inline(always)]
    fn lanes_mut(&mut self) -> &mut [f32] {
        &mut self.0
    }
    #[inline(always)]
    fn map(mut self, f: impl Fn(f32) -> f32) -> Self {
        for lane in 0..L {
            self.0[lane] = f(self.0[lane]);
        }
        self
    }
    #[inline(always)]
    fn zip(mut self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        for lane in 0..L {
            self.0[lane] = f(self.0[lane], other.0[lane]);
        }
        self
    }
    #[inline(always)]
    fn mul_add<S: Simd>(mut self, simd: S, a: Self, b: Self) -> Self {
        for lane in 0..L {
            self.0[lane] = Cell::mul_add(self.0[lane], simd, a.0[lane], b.0[lane]);
        }
        self
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        const { assert!(L.is_power_of_two(), "the number of lanes must be a power of two: they are added pairwise") };
        let mut x = self.0;
        let mut half = L / 2;
        while half > 0 {
            for lane in 0..half {
                x[lane] += x[lane + half];
            }
            half /= 2;
        }
        x[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_are_independent_and_sum_to_the_total() {
        let x = Lanes::<16>(core::array::from_fn(|i| i as f32));
        assert_eq!(x.sum(), 120.0);
        assert_eq!(x.map(|v| v * v).lanes()[5], 25.0);
        assert_eq!(x.plus(Lanes::splat(1.0)).times(x).lanes()[3], 12.0);
        assert_eq!(Cell::mul_add(x, crate::simd::Scalar, x, Lanes::splat(0.5)).lanes()[4], 16.5);
    }
}

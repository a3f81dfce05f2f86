//! The registers of WebAssembly's SIMD: four `f32`. A module with these instructions runs only where they exist, so the
//! target features of the build decide, and every call is safe.

use super::{Simd128, Vector};
use core::arch::wasm32::*;
use core::ops::{Add, Div, Mul, Neg, Sub};

/// Four `f32` in a WebAssembly register.
#[derive(Clone, Copy, Debug)]
pub struct F32x4(v128, Simd128);

macro_rules! operator {
    ($Trait:ident, $method:ident, $intrinsic:ident) => {
        impl $Trait for F32x4 {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                F32x4($intrinsic(self.0, other.0), self.1)
            }
        }
    };
}
operator!(Add, add, f32x4_add);
operator!(Sub, sub, f32x4_sub);
operator!(Mul, mul, f32x4_mul);
operator!(Div, div, f32x4_div);

impl Neg for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        F32x4(f32x4_neg(self.0), self.1)
    }
}

impl crate::sealed::Sealed for F32x4 {}
impl Vector for F32x4 {
    type Simd = Simd128;
    type Element = f32;
    const LANES: usize = 4;
    #[inline(always)]
    fn splat(simd: Simd128, x: f32) -> Self {
        F32x4(f32x4_splat(x), simd)
    }
    #[inline(always)]
    fn load(simd: Simd128, from: &[f32]) -> Self {
        let from = from[..4].as_ptr();
        #[allow(unsafe_code)]
        // SAFETY: the slice above has four numbers; otherwise the indexing would have panicked. The instruction does not
        // need an aligned address.
        let v = unsafe { v128_load(from.cast()) };
        F32x4(v, simd)
    }
    #[inline(always)]
    fn load_bytes(simd: Simd128, from: &[u8]) -> Self {
        let from = from[..4].as_ptr();
        #[allow(unsafe_code)]
        // SAFETY: the slice above has four bytes; otherwise the indexing would have panicked. The instruction does not
        // need an aligned address.
        let bytes = unsafe { v128_load32_zero(from.cast()) };
        let numbers = u32x4_extend_low_u16x8(u16x8_extend_low_u8x16(bytes));
        F32x4(f32x4_convert_u32x4(numbers), simd)
    }
    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        let to = to[..4].as_mut_ptr();
        #[allow(unsafe_code)]
        // SAFETY: the slice above has four numbers; otherwise the indexing would have panicked. The instruction does not
        // need an aligned address.
        unsafe {
            v128_store(to.cast(), self.0)
        }
    }
    #[inline(always)]
    fn simd(self) -> Simd128 {
        self.1
    }
    // There is a fused multiply-add in the relaxed instructions only, whose result may depend on the machine.
    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        self * a + b
    }
    #[inline(always)]
    fn neg_mul_add(self, a: Self, b: Self) -> Self {
        b - self * a
    }
    // The pseudo-minimum is a comparison and a selection, one instruction on most machines; `f32x4_min` is several.
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        F32x4(f32x4_pmin(self.0, other.0), self.1)
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        F32x4(f32x4_pmax(self.0, other.0), self.1)
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        F32x4(f32x4_sqrt(self.0), self.1)
    }
    #[inline(always)]
    fn tanh(self) -> Self {
        crate::math::tanh(self)
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        let swapped = i32x4_shuffle::<1, 0, 3, 2>(self.0, self.0);
        let pairs = f32x4_add(self.0, swapped);
        f32x4_extract_lane::<0>(pairs) + f32x4_extract_lane::<2>(pairs)
    }
    #[inline(always)]
    fn interleave(self, other: Self) -> (Self, Self) {
        let low = i32x4_shuffle::<0, 4, 1, 5>(self.0, other.0);
        let high = i32x4_shuffle::<2, 6, 3, 7>(self.0, other.0);
        (F32x4(low, self.1), F32x4(high, self.1))
    }
    #[inline(always)]
    fn deinterleave(self, other: Self) -> (Self, Self) {
        let even = i32x4_shuffle::<0, 2, 4, 6>(self.0, other.0);
        let odd = i32x4_shuffle::<1, 3, 5, 7>(self.0, other.0);
        (F32x4(even, self.1), F32x4(odd, self.1))
    }
}

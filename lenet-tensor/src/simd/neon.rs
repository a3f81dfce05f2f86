//! The registers of NEON: four `f32`. NEON is part of aarch64, so every call is safe.

use super::{Neon, Vector};
use core::arch::aarch64::*;
use core::ops::{Add, Div, Mul, Neg, Sub};

/// Four `f32` in a NEON register.
#[derive(Clone, Copy, Debug)]
pub struct F32x4(float32x4_t, Neon);

/// Calls a NEON intrinsic.
macro_rules! call {
    ($intrinsic:ident($($argument:expr),*)) => {{
        #[allow(unsafe_code, unused_unsafe)]
        // SAFETY: the intrinsic requires nothing but NEON. Every caller holds the NEON token or a vector, and a vector
        // can only be made with the token.
        unsafe { $intrinsic($($argument),*) }
    }};
}

macro_rules! operator {
    ($Trait:ident, $method:ident, $intrinsic:ident) => {
        impl $Trait for F32x4 {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                F32x4(call!($intrinsic(self.0, other.0)), self.1)
            }
        }
    };
}
operator!(Add, add, vaddq_f32);
operator!(Sub, sub, vsubq_f32);
operator!(Mul, mul, vmulq_f32);
operator!(Div, div, vdivq_f32);

impl Neg for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        F32x4(call!(vnegq_f32(self.0)), self.1)
    }
}

impl crate::sealed::Sealed for F32x4 {}
impl Vector for F32x4 {
    type Simd = Neon;
    type Element = f32;
    const LANES: usize = 4;
    #[inline(always)]
    fn splat(simd: Neon, x: f32) -> Self {
        F32x4(call!(vdupq_n_f32(x)), simd)
    }
    #[inline(always)]
    fn load(simd: Neon, from: &[f32]) -> Self {
        let from = from[..4].as_ptr();
        #[allow(unsafe_code)]
        // SAFETY: the slice above has four numbers; otherwise the indexing would have panicked.
        let v = unsafe { vld1q_f32(from) };
        F32x4(v, simd)
    }
    #[inline(always)]
    fn load_bytes(simd: Neon, from: &[u8]) -> Self {
        Self::load(simd, &[from[0], from[1], from[2], from[3]].map(f32::from))
    }
    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        let to = to[..4].as_mut_ptr();
        #[allow(unsafe_code)]
        // SAFETY: the slice above has four numbers; otherwise the indexing would have panicked.
        unsafe {
            vst1q_f32(to, self.0)
        }
    }
    #[inline(always)]
    fn simd(self) -> Neon {
        self.1
    }
    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        F32x4(call!(vfmaq_f32(b.0, self.0, a.0)), self.1)
    }
    #[inline(always)]
    fn neg_mul_add(self, a: Self, b: Self) -> Self {
        F32x4(call!(vfmsq_f32(b.0, self.0, a.0)), self.1)
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        F32x4(call!(vminq_f32(self.0, other.0)), self.1)
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        F32x4(call!(vmaxq_f32(self.0, other.0)), self.1)
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        F32x4(call!(vsqrtq_f32(self.0)), self.1)
    }
    #[inline(always)]
    fn tanh(self) -> Self {
        crate::math::tanh(self)
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        call!(vaddvq_f32(self.0))
    }
    #[inline(always)]
    fn interleave(self, other: Self) -> (Self, Self) {
        let (low, high) = (call!(vzip1q_f32(self.0, other.0)), call!(vzip2q_f32(self.0, other.0)));
        (F32x4(low, self.1), F32x4(high, self.1))
    }
    #[inline(always)]
    fn deinterleave(self, other: Self) -> (Self, Self) {
        let (even, odd) = (call!(vuzp1q_f32(self.0, other.0)), call!(vuzp2q_f32(self.0, other.0)));
        (F32x4(even, self.1), F32x4(odd, self.1))
    }
}

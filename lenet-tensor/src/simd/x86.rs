//! The registers of x86-64: eight `f32` with AVX2, sixteen with AVX-512.

use super::{Avx2, Avx512, Vector};
use core::arch::x86_64::*;
use core::ops::{Add, Div, Mul, Neg, Sub};

/// Eight `f32` in an AVX2 register.
#[derive(Clone, Copy, Debug)]
pub struct F32x8(__m256, Avx2);

/// Sixteen `f32` in an AVX-512 register.
#[derive(Clone, Copy, Debug)]
pub struct F32x16(__m512, Avx512);

/// Calls an intrinsic of the token's instruction set.
macro_rules! call {
    ($intrinsic:ident $(::<$($n:literal),+>)? ($($argument:expr),*)) => {{
        #[allow(unsafe_code)]
        // SAFETY: the intrinsic requires nothing but its instruction set. Every function and closure in this file that
        // calls one holds the token of the set or a vector, which can only be made with the token, or is called by one
        // that does.
        unsafe { $intrinsic $(::<$($n),+>)? ($($argument),*) }
    }};
}

macro_rules! operator {
    ($V:ident, $Trait:ident, $method:ident, $intrinsic:ident) => {
        impl $Trait for $V {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                $V(call!($intrinsic(self.0, other.0)), self.1)
            }
        }
    };
}

/// The masked load of each width; the two take their arguments in different orders.
macro_rules! maskload {
    ($from:expr, $mask:expr) => {
        _mm256_maskload_ps($from, $mask)
    };
}
macro_rules! maskz_loadu {
    ($from:expr, $mask:expr) => {
        _mm512_maskz_loadu_ps($mask, $from)
    };
}

/// The code that both widths share. The `min` and `max` intrinsics return their second operand if either is NaN, so
/// `self` is passed second.
macro_rules! vector {
    ($V:ident, $S:ident, $n:literal, [$add:ident $sub:ident $mul:ident $div:ident $sqrt:ident], [$splat:ident $load:ident $store:ident],
     [$fma:ident $fnma:ident $min:ident $max:ident $xor:expr], $ratio:expr, $sum:expr, $interleave:expr, $deinterleave:expr, $widen:expr, [$mask:expr, $load_few:ident, $store_few:ident]) => {
        operator!($V, Add, add, $add);
        operator!($V, Sub, sub, $sub);
        operator!($V, Mul, mul, $mul);
        operator!($V, Div, div, $div);
        impl Neg for $V {
            type Output = Self;
            #[inline(always)]
            fn neg(self) -> Self {
                $xor(self, Self::splat(self.1, -0.0))
            }
        }
        impl crate::sealed::Sealed for $V {}
        impl Vector for $V {
            type Simd = $S;
            type Element = f32;
            const LANES: usize = $n;
            #[inline(always)]
            fn splat(simd: $S, x: f32) -> Self {
                $V(call!($splat(x)), simd)
            }
            #[inline(always)]
            fn load(simd: $S, from: &[f32]) -> Self {
                let from = from[..$n].as_ptr();
                #[allow(unsafe_code)]
                // SAFETY: the slice above has $n numbers; otherwise the indexing would have panicked. `simd` proves the
                // set.
                let v = unsafe { $load(from) };
                $V(v, simd)
            }
            #[inline(always)]
            fn load_few(simd: $S, few: &[f32]) -> Self {
                assert!(few.len() < $n, "the slice must be shorter than a register");
                let (mask, few) = ($mask(few.len()), few.as_ptr());
                #[allow(unsafe_code)]
                // SAFETY: the mask prevents reads past the end of the slice. `simd` proves the set.
                let v = unsafe { $load_few!(few, mask) };
                $V(v, simd)
            }
            #[inline(always)]
            fn store_few(self, few: &mut [f32]) {
                assert!(few.len() < $n, "the slice must be shorter than a register");
                let (mask, few) = ($mask(few.len()), few.as_mut_ptr());
                #[allow(unsafe_code)]
                // SAFETY: the mask prevents writes past the end of the slice. `self` proves the set.
                unsafe {
                    $store_few(few, mask, self.0)
                }
            }
            #[inline(always)]
            fn load_bytes(simd: $S, from: &[u8]) -> Self {
                let mut bytes = [0; 16];
                bytes[..$n].copy_from_slice(&from[..$n]);
                #[allow(unsafe_code)]
                // SAFETY: the array has the sixteen bytes that are read, and SSE2 is part of x86-64.
                let bytes = unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) };
                $V($widen(bytes), simd)
            }
            #[inline(always)]
            fn store(self, to: &mut [f32]) {
                let to = to[..$n].as_mut_ptr();
                #[allow(unsafe_code)]
                // SAFETY: the slice above has $n numbers; otherwise the indexing would have panicked. `self` proves the
                // set.
                unsafe {
                    $store(to, self.0)
                }
            }
            #[inline(always)]
            fn simd(self) -> $S {
                self.1
            }
            #[inline(always)]
            fn mul_add(self, a: Self, b: Self) -> Self {
                $V(call!($fma(self.0, a.0, b.0)), self.1)
            }
            #[inline(always)]
            fn neg_mul_add(self, a: Self, b: Self) -> Self {
                $V(call!($fnma(self.0, a.0, b.0)), self.1)
            }
            #[inline(always)]
            fn min(self, other: Self) -> Self {
                $V(call!($min(other.0, self.0)), self.1)
            }
            #[inline(always)]
            fn max(self, other: Self) -> Self {
                $V(call!($max(other.0, self.0)), self.1)
            }
            #[inline(always)]
            fn ratio(self, q: Self) -> Self {
                $ratio(self, q)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                $V(call!($sqrt(self.0)), self.1)
            }
            #[inline(always)]
            fn tanh(self) -> Self {
                crate::math::tanh(self)
            }
            #[inline(always)]
            fn sum(self) -> f32 {
                $sum(self)
            }
            #[inline(always)]
            fn interleave(self, other: Self) -> (Self, Self) {
                let (low, high) = $interleave(self.0, other.0);
                ($V(low, self.1), $V(high, self.1))
            }
            #[inline(always)]
            fn deinterleave(self, other: Self) -> (Self, Self) {
                let (even, odd) = $deinterleave(self.0, other.0);
                ($V(even, self.1), $V(odd, self.1))
            }
        }
    };
}

vector!(
    F32x8, Avx2, 8,
    [_mm256_add_ps _mm256_sub_ps _mm256_mul_ps _mm256_div_ps _mm256_sqrt_ps],
    [_mm256_set1_ps _mm256_loadu_ps _mm256_storeu_ps],
    [_mm256_fmadd_ps _mm256_fnmadd_ps _mm256_min_ps _mm256_max_ps
     |a: Self, b: Self| F32x8(call!(_mm256_xor_ps(a.0, b.0)), a.1)],
    |p: Self, q: Self| p / q,
    |v: Self| sum_of_eight(v),
    |a: __m256, b: __m256| {
        let (low, high) = (call!(_mm256_unpacklo_ps(a, b)), call!(_mm256_unpackhi_ps(a, b)));
        (call!(_mm256_permute2f128_ps::<0x20>(low, high)), call!(_mm256_permute2f128_ps::<0x31>(low, high)))
    },
    |a: __m256, b: __m256| {
        let (even, odd) = (call!(_mm256_shuffle_ps::<0x88>(a, b)), call!(_mm256_shuffle_ps::<0xdd>(a, b)));
        (pairs_in_order(even), pairs_in_order(odd))
    },
    |bytes: __m128i| {
        let numbers = call!(_mm256_cvtepu8_epi32(bytes));
        call!(_mm256_cvtepi32_ps(numbers))
    },
    [
        |n: usize| {
            let (n, lanes) = (call!(_mm256_set1_epi32(n as i32)), call!(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)));
            call!(_mm256_cmpgt_epi32(n, lanes))
        },
        maskload, _mm256_maskstore_ps
    ]
);

vector!(
    F32x16, Avx512, 16,
    [_mm512_add_ps _mm512_sub_ps _mm512_mul_ps _mm512_div_ps _mm512_sqrt_ps],
    [_mm512_set1_ps _mm512_loadu_ps _mm512_storeu_ps],
    [_mm512_fmadd_ps _mm512_fnmadd_ps _mm512_min_ps _mm512_max_ps
     |a: Self, b: Self| F32x16(call!(_mm512_xor_ps(a.0, b.0)), a.1)],
    ratio_by_reciprocal,
    |v: Self| {
        let (low, high) = (call!(_mm512_castps512_ps256(v.0)), call!(_mm512_extractf32x8_ps::<1>(v.0)));
        sum_of_eight(F32x8(call!(_mm256_add_ps(low, high)), v.1.avx2()))
    },
    |a: __m512, b: __m512| {
        let low = call!(_mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
        let high = call!(_mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
        (call!(_mm512_permutex2var_ps(a, low, b)), call!(_mm512_permutex2var_ps(a, high, b)))
    },
    |a: __m512, b: __m512| {
        let even = call!(_mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30));
        let odd = call!(_mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31));
        (call!(_mm512_permutex2var_ps(a, even, b)), call!(_mm512_permutex2var_ps(a, odd, b)))
    },
    |bytes: __m128i| {
        let numbers = call!(_mm512_cvtepu8_epi32(bytes));
        call!(_mm512_cvtepi32_ps(numbers))
    },
    [|n: usize| (1u16 << n) - 1, maskz_loadu, _mm512_mask_storeu_ps]
);

/// Reorders pairs of lanes from 0 2 1 3 to 0 1 2 3. Only the methods of an AVX2 vector call it.
#[inline(always)]
fn pairs_in_order(v: __m256) -> __m256 {
    let pairs = call!(_mm256_castps_pd(v));
    let ordered = call!(_mm256_permute4x64_pd::<0b11_01_10_00>(pairs));
    call!(_mm256_castpd_ps(ordered))
}

/// Returns the sum of eight numbers, added pairwise.
#[inline(always)]
fn sum_of_eight(v: F32x8) -> f32 {
    let (low, high) = (call!(_mm256_castps256_ps128(v.0)), call!(_mm256_extractf128_ps::<1>(v.0)));
    let four = call!(_mm_add_ps(low, high));
    let upper = call!(_mm_movehl_ps(four, four));
    let two = call!(_mm_add_ps(four, upper));
    let odd = call!(_mm_shuffle_ps::<1>(two, two));
    let one = call!(_mm_add_ss(two, odd));
    call!(_mm_cvtss_f32(one))
}

/// Computes p / q from the 14-bit reciprocal r. The quotient p r leaves a remainder, and adding the remainder's own
/// quotient makes the result correct to 28 bits, more than an `f32` has. This takes three instructions after the
/// reciprocal; a division takes sixteen cycles.
#[inline(always)]
fn ratio_by_reciprocal(p: F32x16, q: F32x16) -> F32x16 {
    let r = F32x16(call!(_mm512_rcp14_ps(q.0)), q.1);
    let t = p * r;
    q.neg_mul_add(t, p).mul_add(r, t)
}

//! Tokens that prove that an instruction set is available.

#[cfg(any(target_arch = "aarch64", all(target_arch = "wasm32", target_feature = "simd128")))]
use super::F32x4;
#[cfg(target_arch = "x86_64")]
use super::{F32x8, F32x16};
use super::{One, Vector};
use crate::sealed::Sealed;
use core::fmt::Debug;

/// Proof that the CPU supports an instruction set, and the way to compile for it.
pub trait Simd: Copy + Debug + Send + Sync + 'static + Sealed {
    /// A register of `f32`.
    type F32: Vector<Simd = Self, Element = f32>;
    /// The number of such registers. Kernels keep as many sums in them as fit.
    const REGISTERS: usize;
    /// `true` if `a * b + c` is one instruction.
    const FMA: bool;

    /// Runs `f` compiled for this instruction set.
    ///
    /// Only code that is inlined into `f` is compiled for it: mark the closure and the functions that it calls
    /// `#[inline(always)]`.
    fn vectorize<R>(self, f: impl FnOnce() -> R) -> R;
}

/// Scalar code, available on every target. With this token the layers run their reference loops. The compiler may still
/// vectorise these with the instructions that the target always has (SSE2 on x86-64).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scalar;
impl Sealed for Scalar {}
impl Simd for Scalar {
    type F32 = One<Scalar, f32>;
    const REGISTERS: usize = 16;
    const FMA: bool = false;
    #[inline]
    fn vectorize<R>(self, f: impl FnOnce() -> R) -> R {
        f()
    }
}

/// Declares a token: its features, how they are detected, and the function compiled with them.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! token {
    ($(#[$doc:meta])* $name:ident, $F32:ty, $registers:literal, $features:literal, $detect:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name(());
        impl $name {
            /// Returns the token if the CPU has the features. Without std, the compilation target decides.
            pub fn detect() -> Option<Self> {
                $detect.then_some($name(()))
            }
        }
        impl Sealed for $name {}
        impl Simd for $name {
            type F32 = $F32;
            const REGISTERS: usize = $registers;
            const FMA: bool = true;
            #[inline]
            fn vectorize<R>(self, f: impl FnOnce() -> R) -> R {
                #[target_feature(enable = $features)]
                fn compiled<R>(f: impl FnOnce() -> R) -> R {
                    f()
                }
                #[allow(unsafe_code)]
                // SAFETY: the field is private, and `detect` creates a value only after it has detected every feature
                // in the list below.
                unsafe {
                    compiled(f)
                }
            }
        }
    };
}

#[cfg(all(target_arch = "x86_64", feature = "std"))]
macro_rules! has {
    ($($feature:tt),*) => { $(std::arch::is_x86_feature_detected!($feature))&&* };
}
#[cfg(all(target_arch = "x86_64", not(feature = "std")))]
macro_rules! has {
    ($($feature:tt),*) => { $(cfg!(target_feature = $feature))&&* };
}

#[cfg(target_arch = "x86_64")]
token!(
    /// AVX2 with FMA: eight `f32` in a register.
    Avx2, F32x8, 16, "avx2,fma", has!("avx2", "fma")
);
#[cfg(target_arch = "x86_64")]
token!(
    /// AVX-512 (F, VL, BW, DQ) with FMA: sixteen `f32` in a register.
    Avx512, F32x16, 32,
    "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma",
    has!("avx512f", "avx512vl", "avx512bw", "avx512dq", "avx2", "fma")
);
#[cfg(target_arch = "x86_64")]
impl Avx512 {
    /// Returns the AVX2 token. AVX-512 includes AVX2: [`Avx512::detect`] has detected its features too.
    pub(super) fn avx2(self) -> Avx2 {
        Avx2(())
    }
}
#[cfg(target_arch = "aarch64")]
token!(
    /// NEON: four `f32` in a register.
    Neon, F32x4, 32, "neon", cfg!(target_feature = "neon")
);

/// WebAssembly's SIMD: four `f32` in a register. It exists only in a build with the target feature `simd128`, and such a build
/// runs only where the instructions exist.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Simd128(());
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
impl Simd128 {
    /// Returns the token: the build has the feature.
    #[must_use]
    pub fn detect() -> Option<Self> {
        Some(Simd128(()))
    }
}
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
impl Sealed for Simd128 {}
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
impl Simd for Simd128 {
    type F32 = F32x4;
    // WebAssembly has no limit; x86-64 without AVX-512, on which most modules run, has sixteen.
    const REGISTERS: usize = 16;
    const FMA: bool = false;
    #[inline(always)]
    fn vectorize<R>(self, f: impl FnOnce() -> R) -> R {
        f()
    }
}

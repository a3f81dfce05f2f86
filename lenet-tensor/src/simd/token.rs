//! Tokens that prove an instruction set.

#[cfg(target_arch = "aarch64")]
use super::F32x4;
#[cfg(target_arch = "x86_64")]
use super::{F32x8, F32x16};
use super::{One, Vector};
use crate::sealed::Sealed;
use core::fmt::Debug;

/// Proof that the processor has an instruction set, and the way to compile for it.
pub trait Simd: Copy + Debug + Send + Sync + 'static + Sealed {
    /// A register of `f32`.
    type F32: Vector<Simd = Self, Element = f32>;
    /// How many such registers there are. Kernels hold as many sums in them as fit.
    const REGISTERS: usize;
    /// Whether `a * b + c` is one instruction.
    const FMA: bool;

    /// Runs `f` compiled for this instruction set.
    ///
    /// Only what is inlined into `f` is compiled so: mark the closure and what it calls `#[inline(always)]`.
    fn vectorize<R>(self, f: impl FnOnce() -> R) -> R;
}

/// What every target has, number by number. With it the layers run their plain reference loops, which the compiler may
/// still vectorise by what the target has without asking (SSE2 on x86-64).
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

/// One token: its features, how they are asked for, and the function compiled with them.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! token {
    ($(#[$doc:meta])* $name:ident, $F32:ty, $registers:literal, $features:literal, $detect:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name(());
        impl $name {
            /// The token, if the processor has the features. Without std the compiler's target decides.
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
                // SAFETY: the field is private and `detect` makes the only values, after it has seen every
                // feature of the list below.
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
    /// The token of the smaller set, which is part of this one: [`Avx512::detect`] has seen its features too.
    pub(super) fn avx2(self) -> Avx2 {
        Avx2(())
    }
}
#[cfg(target_arch = "aarch64")]
token!(
    /// NEON: four `f32` in a register.
    Neon, F32x4, 32, "neon", cfg!(target_feature = "neon")
);

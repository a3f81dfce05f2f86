//! The instruction set, chosen when the program runs.
//!
//! A token such as [`Avx512`] can only be had where the processor has the features, so owning one proves them.
//! [`Simd::vectorize`] runs a closure compiled with these features; [`Isa`] picks the token.
//! This is the one module of the project with `unsafe` code.

mod isa;
mod token;

pub use isa::{Isa, IsaError, Kernel};
#[cfg(target_arch = "aarch64")]
pub use token::Neon;
#[cfg(target_arch = "x86_64")]
pub use token::{Avx2, Avx512};
pub use token::{Scalar, Simd};

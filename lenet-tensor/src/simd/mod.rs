//! The instruction set, chosen at run time.
//!
//! A token such as [`Avx512`] can only be created if the CPU has the features, so owning one proves that they are
//! available. [`Simd::vectorize`] runs a closure compiled with these features, [`Isa`] chooses the token, and a
//! [`Vector`] is one register of the instruction set. This is the only module of the project with `unsafe` blocks.

mod isa;
#[cfg(target_arch = "aarch64")]
mod neon;
mod token;
mod vector;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use isa::{Isa, IsaError, Kernel};
#[cfg(target_arch = "aarch64")]
pub use neon::F32x4;
#[cfg(target_arch = "aarch64")]
pub use token::Neon;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub use token::Simd128;
#[cfg(target_arch = "x86_64")]
pub use token::{Avx2, Avx512};
pub use token::{Scalar, Simd};
pub use vector::{One, Vector, WIDEST, transpose};
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub use wasm::F32x4;
#[cfg(target_arch = "x86_64")]
pub use x86::{F32x8, F32x16};

//! The traits that this crate alone implements: kernels rely on their implementations.

/// A supertrait that cannot be named outside this crate.
pub trait Sealed {}

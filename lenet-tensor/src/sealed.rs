//! Seals the traits that only this crate may implement, because kernels rely on their implementations.

/// A supertrait that cannot be named outside this crate.
pub trait Sealed {}

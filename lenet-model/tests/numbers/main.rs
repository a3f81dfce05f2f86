//! The tests of what the networks compute, in one binary.

#[cfg(feature = "train")]
mod golden;
#[cfg(feature = "train")]
mod gradients;
mod lay;

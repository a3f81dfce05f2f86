//! The loops: convolutions, matrix products and windows, for one example and for blocks of them.

pub(crate) mod convolution;
pub(crate) mod matrix;
pub(crate) mod tile;
mod turn;
pub(crate) mod windows;

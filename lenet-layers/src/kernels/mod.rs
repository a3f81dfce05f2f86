//! The loops: convolutions, matrix products, windows and normalization, for one example and for blocks of them.

pub(crate) mod convolution;
pub(crate) mod matrix;
pub(crate) mod normalization;
pub(crate) mod tile;
mod turn;
pub(crate) mod windows;

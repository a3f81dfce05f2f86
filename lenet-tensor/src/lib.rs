#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(unsafe_code)] // allowed in `simd` alone, block by block

#[cfg(feature = "alloc")]
extern crate alloc;

mod cell;
mod element;
#[cfg(feature = "nalgebra")]
mod interop;
mod math;
mod sealed;
mod shape;
pub mod simd;
mod size;
mod tensor;

pub use cell::{Cell, Lanes};
pub use element::Element;
#[cfg(feature = "nalgebra")]
pub use nalgebra;
pub use shape::{Maps, Shape, Units};
pub use size::{Centred, Flattened, FromNum, Groups, Num, Padded, Plus, Size, Strided, Tiled, Times, ToNum, Valid};
pub use tensor::Tensor;

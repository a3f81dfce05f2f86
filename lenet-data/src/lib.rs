#![cfg_attr(feature = "builtin", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "builtin"),
    doc = "MNIST and sets like it, read from IDX, npz and CSV files and folders of pictures. The front page needs the feature `builtin`."
)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![warn(clippy::must_use_candidate, clippy::missing_errors_doc)]

mod bounded;
#[cfg(feature = "builtin")]
mod builtin;
pub mod cifar;
mod classes;
mod csv;
mod dataset;
mod distortion;
mod elastic;
mod error;
#[cfg(feature = "fetch")]
pub mod fetch;
mod files;
mod folder;
pub mod idx;
#[cfg(feature = "mnist")]
mod interop;
mod labelled_images;
mod picture;
mod split;
pub mod strings;

pub use classes::ClassNames;
pub use csv::{CsvImages, is_csv, read_csv};
pub use dataset::{Dataset, ReadOptions, Transpose};
pub use distortion::{Distortion, shrink, warp};
pub use error::DataError;
pub use labelled_images::{Image, LabelledImages};
pub use picture::{
    Found, FoundLine, Picture, PictureError, Prepared, Region, Steps, centred, digits, lines, prepare, prepare_in_steps,
};
pub use split::Split;

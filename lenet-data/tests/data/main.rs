//! The tests of lenet-data, as one binary: otherwise each file would be compiled and linked separately.

#[cfg(feature = "builtin")]
mod builtin;
mod cifar;
mod distortion;
#[cfg(feature = "http")]
mod fetch;
#[cfg(all(feature = "npz", feature = "images"))]
mod files;
mod folder;
#[cfg(feature = "images")]
mod formats;
mod idx;
#[cfg(feature = "mnist")]
mod interop;
mod lines;
mod picture;
mod split;
mod strings;

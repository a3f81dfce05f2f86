#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(unsafe_code)]
#![warn(missing_debug_implementations, clippy::must_use_candidate, clippy::missing_errors_doc)]

#[cfg(feature = "engine")]
pub mod engine;

/// The page: one HTML file with everything in it. `lenet page` writes it.
///
/// ```
/// assert!(lenet_web::PAGE.starts_with(b"<!doctype html>"));
/// assert!(lenet_web::PAGE.len() < 1_500_000);
/// ```
#[cfg(feature = "page")]
pub static PAGE: &[u8] = include_bytes!("../lenet5.html");

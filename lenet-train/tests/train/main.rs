//! The trainer with networks of its own: determinism, resuming, regression, files, and what is refused.

mod common;
mod course;
mod data;
mod determinism;
mod errors;
mod files;
mod modes;
mod regression;
mod resume;
mod runs;
mod strings;

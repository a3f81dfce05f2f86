//! The terminal: messages and bars, shades, Ctrl-C.

pub(crate) mod interrupt;
pub(crate) mod progress;
pub(crate) mod shades;
pub(crate) mod words;

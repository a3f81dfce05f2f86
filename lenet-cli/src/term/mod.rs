//! The terminal: messages, progress bars, pictures in characters, Ctrl-C.

pub(crate) mod interrupt;
pub(crate) mod progress;
pub(crate) mod shades;
pub(crate) mod words;

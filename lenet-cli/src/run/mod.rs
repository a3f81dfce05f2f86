//! What a run learns from and leaves on disk.

pub(crate) mod distorted;
pub(crate) mod folder;
pub(crate) mod misread;

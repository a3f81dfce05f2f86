//! What a run learns from and leaves on disk.

pub(crate) mod chance;
pub(crate) mod data;
pub(crate) mod describe;
pub(crate) mod distorted;
pub(crate) mod folder;
pub(crate) mod readings;

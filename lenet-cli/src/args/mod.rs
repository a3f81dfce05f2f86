//! What the arguments of several commands have in common.

pub(crate) mod data;
pub(crate) mod model;
pub(crate) mod place;
pub(crate) mod threads;

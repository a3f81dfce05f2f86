//! From data to drawings, one figure per file.

pub(crate) mod codes;
pub(crate) mod confusion;
pub(crate) mod curves;
pub(crate) mod filters;
pub(crate) mod maps;
pub(crate) mod misread;
pub(crate) mod misses;
pub(crate) mod model;
pub(crate) mod reading;

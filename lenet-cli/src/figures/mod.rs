//! From data to drawings: each file says what one figure shows.

pub(crate) mod codes;
pub(crate) mod confusion;
pub(crate) mod curves;
pub(crate) mod filters;
pub(crate) mod maps;
pub(crate) mod misread;
pub(crate) mod misses;
pub(crate) mod model;

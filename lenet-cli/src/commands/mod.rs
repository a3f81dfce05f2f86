//! The commands, one per file or folder: its arguments and what it does.

pub(crate) mod datasets;
pub(crate) mod eval;
pub(crate) mod export;
pub(crate) mod page;
pub(crate) mod reading;
pub(crate) mod reproduce;
pub(crate) mod summary;
pub(crate) mod train;
pub(crate) mod train_reader;
pub(crate) mod view;

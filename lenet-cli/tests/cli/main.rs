//! The tests of the program `lenet`, as one binary: otherwise each file would be linked separately.

mod cheque;
mod common;
mod corpus;
mod data;
mod eval;
mod export;
mod hostile;
mod page;
mod predict;
mod read;
mod readme;
mod reproduce;
mod resume;
mod summary;
mod train;
mod train_reader;
mod view;

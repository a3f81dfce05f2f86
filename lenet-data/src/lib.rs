//! lenet-data

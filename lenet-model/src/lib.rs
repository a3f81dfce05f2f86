//! lenet-model

//! lenet-layers

//! lenet-tensor

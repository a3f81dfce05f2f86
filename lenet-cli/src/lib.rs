//! lenet-cli

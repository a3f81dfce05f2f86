//! A network without stages.
use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input: Maps<1, 32, 32>;
    }
}

fn main() {}

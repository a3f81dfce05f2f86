//! The name of the trace is missing.
use lenet_layers::*;

sequential! {
    pub struct Net {
        input:             Units<32>;
        f1: Dense<32, 4> => Units<4>;
    }
}

fn main() {}

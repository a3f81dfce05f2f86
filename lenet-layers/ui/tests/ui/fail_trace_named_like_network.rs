//! The network and its trace have the same name.
use lenet_layers::*;

sequential! {
    pub struct Net, trace Net {
        input:             Units<32>;
        f1: Dense<32, 4> => Units<4>;
    }
}

fn main() {}

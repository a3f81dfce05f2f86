//! A layer of no outputs.
use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input:             Units<10>;
        f1: Dense<10, 0>  => Units<0>;
    }
}

fn main() {}

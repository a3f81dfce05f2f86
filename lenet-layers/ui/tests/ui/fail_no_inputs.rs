//! A layer of no inputs.
use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input:            Units<0>;
        f1: Dense<0, 10> => Units<10>;
    }
}

fn main() {}

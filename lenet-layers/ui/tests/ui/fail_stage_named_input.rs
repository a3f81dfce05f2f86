//! A stage with the name of the input.
use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input:                    Units<32>;
        input: Dense<32, 4, Tanh> => Units<4>;
    }
}

fn main() {}

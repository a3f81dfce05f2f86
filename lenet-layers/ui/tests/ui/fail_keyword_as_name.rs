//! A keyword as the name of a stage.
use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input:               Units<32>;
        f1:   Dense<32, 8>  => Units<8>;
        type: Dense<8, 4>   => Units<4>;
    }
}

fn main() {}

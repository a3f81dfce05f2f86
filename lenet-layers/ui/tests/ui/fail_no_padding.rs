//! An activation function stands where the padding belongs.
use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input:                                           Maps<4, 12, 12>;
        c1:   Conv2d<4, 8, 3, Tanh, Relu> => Maps<8, 12, 12>;
    }
}

fn main() {}

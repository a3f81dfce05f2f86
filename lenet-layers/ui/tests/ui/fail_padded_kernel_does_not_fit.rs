//! A kernel of side 16 on maps of 12 x 12 with a padding of 1.
use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input:                                           Maps<4, 12, 12>;
        c1:   Conv2d<4, 8, 16, Tanh, Zeros<1>> => Maps<8, 1, 1>;
    }
}

fn main() {}

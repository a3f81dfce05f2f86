//! A padding of no cells, which is called Unpadded.
use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input:                                           Maps<4, 12, 12>;
        c1:   Conv2d<4, 8, 3, Tanh, Zeros<0>> => Maps<8, 10, 10>;
    }
}

fn main() {}

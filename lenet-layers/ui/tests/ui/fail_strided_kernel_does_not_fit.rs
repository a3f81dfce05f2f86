//! A kernel of side 13 with a stride on maps of 12 x 12.
use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input:                                           Maps<4, 12, 12>;
        c1:   Conv2d<4, 8, 13, Tanh, Unpadded, 2> => Maps<8, 1, 1>;
    }
}

fn main() {}

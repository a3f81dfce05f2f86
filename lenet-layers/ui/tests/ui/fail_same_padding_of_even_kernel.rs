//! A kernel with an even side has no cell in its middle.
use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input:                                           Maps<4, 12, 12>;
        c1:   Conv2d<4, 8, 4, Tanh, SamePadding> => Maps<8, 12, 12>;
    }
}

fn main() {}

//! Padding for a kernel of one cell.
use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input:                                           Maps<4, 12, 12>;
        c1:   Conv2d<4, 8, 1, Tanh, Edge<1>> => Maps<8, 14, 14>;
    }
}

fn main() {}

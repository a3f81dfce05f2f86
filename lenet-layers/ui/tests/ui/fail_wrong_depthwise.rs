//! A kernel for each of eight maps, on four maps.
use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input:                                           Maps<4, 12, 12>;
        c1:   DepthwiseConv2d<8, 3, Tanh> => Maps<8, 10, 10>;
    }
}

fn main() {}

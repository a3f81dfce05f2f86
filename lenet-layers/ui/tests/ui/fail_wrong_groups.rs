//! Three groups of two maps on four maps.
use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input:                                           Maps<4, 12, 12>;
        c1:   GroupConv2d<3, 2, 2, 3, Tanh> => Maps<6, 10, 10>;
    }
}

fn main() {}

//! A stride of 2 halves the maps.
use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input:                                           Maps<4, 12, 12>;
        c1:   Conv2d<4, 8, 3, Tanh, SamePadding, 2> => Maps<8, 12, 12>;
    }
}

fn main() {}

//! Two groups of three output maps are six, not four.
use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input:                                           Maps<4, 12, 12>;
        c1:   GroupConv2d<2, 2, 3, 3, Tanh> => Maps<4, 10, 10>;
    }
}

fn main() {}

//! Three zeros around maps for a kernel of side 3.
use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input:                                           Maps<4, 12, 12>;
        c1:   Conv2d<4, 8, 3, Tanh, Zeros<3>> => Maps<8, 16, 16>;
    }
}

fn main() {}

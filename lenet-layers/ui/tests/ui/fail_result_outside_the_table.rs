//! A side of 1,920 is in the table of sizes, but not the 1,916 that a kernel of side 5 leaves of it.
use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input:                    Maps<1, 1920, 1080>;
        c1: Conv2d<1, 4, 5, Tanh> => Maps<4, 1916, 1076>;
    }
}

fn main() {}

//! A side of 5,000, which is not in the table of sizes.
use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input:                 Maps<1, 5000, 32>;
        c1: Conv2d<1, 6, 5>    => Maps<6, 4996, 28>;
    }
}

fn main() {}

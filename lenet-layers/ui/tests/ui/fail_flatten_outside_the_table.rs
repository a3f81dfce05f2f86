//! 3 x 100 x 101 is 30,300 units, which is not a multiple of 64.
use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input:                 Maps<1, 100, 101>;
        c1: Conv2d<1, 3, 1>    => Maps<3, 100, 101>;
        flat: Flatten          => Units<30_300>;
    }
}

fn main() {}

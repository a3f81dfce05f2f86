//! 16 x 27 x 27 is 11,664 units: a multiple of 8, and too large for those.
use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input:                 Maps<1, 27, 27>;
        c1: Conv2d<1, 16, 1>   => Maps<16, 27, 27>;
        flat: Flatten          => Units<11_664>;
    }
}

fn main() {}

//! 6 x 28 x 28 is 4,704 units: arithmetic ends at 4,096.
use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input:                 Maps<1, 32, 32>;
        c1: Conv2d<1, 6, 5>    => Maps<6, 28, 28>;
        flat: Flatten          => Units<4704>;
        out: Dense<4704, 10>   => Units<10>;
    }
}

fn main() {}

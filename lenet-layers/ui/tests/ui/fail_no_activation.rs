//! An element stands where the activation function belongs.
use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input:                      Maps<1, 32, 32>;
        c1:   Conv2d<1, 4, 5, f32> => Maps<4, 28, 28>;
        s2:   AvgPool<2>           => Maps<4, 14, 14>;
    }
}

fn main() {}

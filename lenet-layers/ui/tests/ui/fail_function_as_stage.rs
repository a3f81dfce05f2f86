//! A function as a stage: `Apply` applies it.
use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input:                   Maps<1, 32, 32>;
        c1:   Conv2d<1, 6, 5>  => Maps<6, 28, 28>;
        a1:   Silu             => Maps<6, 28, 28>;
        s2:   AvgPool<2>       => Maps<6, 14, 14>;
    }
}

fn main() {}

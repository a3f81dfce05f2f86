//! `->` in place of `=>` is one error that names the stage.

use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input:                         Maps<1, 32, 32>;
        c1:   Conv2d<1, 6, 5, Tanh> => Maps<6, 28, 28>;
        s2:   Subsample<6, 2, Tanh> -> Maps<6, 14, 14>;
    }
}

fn main() {}

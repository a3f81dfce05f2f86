//! Normalizes 8 maps; the stage above has 6.
use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input:                  Maps<1, 8, 8>;
        c1: Conv2d<1, 6, 3>     => Maps<6, 6, 6>;
        n1: BatchNorm<8, Relu>  => Maps<8, 6, 6>;
    }
}

fn main() {
    let _ = Net::<f32>::LEN;
}

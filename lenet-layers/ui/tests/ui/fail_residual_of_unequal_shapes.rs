//! The output of the block has other maps than its input.
use lenet_layers::*;

sequential! {
    pub struct Block, trace BlockTrace {
        input:                      Maps<16, 8, 8>;
        c1: Conv2d<16, 32, 1, Relu> => Maps<32, 8, 8>;
    }
}
sequential! {
    pub struct Net, trace NetTrace {
        input:               Maps<16, 8, 8>;
        r1: Residual<Block>  => Maps<32, 8, 8>;
    }
}

fn main() {
    let _ = Net::<f32>::LEN;
}

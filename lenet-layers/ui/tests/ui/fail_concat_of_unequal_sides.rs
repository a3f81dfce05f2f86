//! The maps of the block are smaller than those of the input.
use lenet_layers::*;

sequential! {
    pub struct Block, trace BlockTrace {
        input:                     Maps<16, 8, 8>;
        c1: Conv2d<16, 8, 3, Relu> => Maps<8, 6, 6>;
    }
}
sequential! {
    pub struct Net, trace NetTrace {
        input:             Maps<16, 8, 8>;
        d1: Concat<Block>  => Maps<24, 8, 8>;
    }
}

fn main() {
    let _ = Net::<f32>::LEN;
}

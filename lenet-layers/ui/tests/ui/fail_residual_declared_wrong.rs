//! The sum has 16 maps; 8 are declared.
use lenet_layers::*;

sequential! {
    pub struct Block, trace BlockTrace {
        input:                      Maps<16, 8, 8>;
        c1: Conv2d<16, 16, 1, Relu> => Maps<16, 8, 8>;
    }
}
sequential! {
    pub struct Net, trace NetTrace {
        input:                     Maps<16, 8, 8>;
        r1: Residual<Block, Relu>  => Maps<8, 8, 8>;
    }
}

fn main() {
    let _ = Net::<f32>::LEN;
}

//! A convolution along a row, on maps of three rows.
use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input:                              Maps<2, 3, 16>;
        c1:   Conv1d<2, 4, 5, Tanh> => Maps<4, 3, 12>;
    }
}

fn main() {}

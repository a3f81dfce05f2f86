//! A kernel that is longer than the signal.
use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input:                              Maps<2, 1, 16>;
        c1:   Conv1d<2, 4, 17, Tanh> => Maps<4, 1, 1>;
    }
}

fn main() {}

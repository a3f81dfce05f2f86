//! Something that is no function, in place of one.
use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input:                         Units<4>;
        a1:   Apply<Maps<1, 1, 1>>  => Units<4>;
    }
}

fn main() {}

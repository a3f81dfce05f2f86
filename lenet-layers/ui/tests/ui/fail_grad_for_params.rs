//! Gradients given where parameters belong.
use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input:              Maps<1, 8, 12>;
        c1:   Conv2d<1, 2, 3> => Maps<2, 6, 10>;
        flat: Flatten         => Units<120>;
        out:  Dense<120, 4>   => Units<4>;
    }
}

sequential! {
    pub struct Other, trace OtherTrace {
        input:            Units<3>;
        out: Dense<3, 4>  => Units<4>;
    }
}

fn main() {
    let mut net = Net::<f32>::boxed_zeroed();
    let grad = Grad::<Net>::boxed_zeroed();
    net.copy_from(&grad);
}

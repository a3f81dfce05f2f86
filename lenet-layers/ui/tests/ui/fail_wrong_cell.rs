//! Parameters in f32, a trace in f64.
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
    let net = Net::<f32>::boxed_zeroed();
    let mut trace = NetTrace::<f64>::boxed_zeroed();
    net.forward(&mut trace);
}

//! A loss of units, given maps.
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
    let trace = NetTrace::<f32>::boxed_zeroed();
    let mut errors = NetTrace::<f32>::boxed_zeroed();
    let target = [Class::<4>::new(1).unwrap()];
    MeanSquared.evaluate(&trace.c1, &target, 1.0, &mut errors.c1);
}

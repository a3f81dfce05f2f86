//! C3 expects three maps; S2 has six.
use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input:                                              Maps<1, 32, 32>;
        c1:   Conv2d<1, 6, 5, Tanh>                      => Maps<6, 28, 28>;
        s2:   Subsample<6, 2, Tanh>                      => Maps<6, 14, 14>;
        c3:   Conv2d<3, 16, 5, Tanh>                     => Maps<16, 10, 10>;
        s4:   AvgPool<2>                                 => Maps<16, 5, 5>;
        flat: Flatten                                    => Units<400>;
        c5:   Dense<400, 120, Tanh>                      => Units<120>;
        f6:   Dense<120, 84, Tanh>                       => Units<84>;
        out:  Dense<84, 10>                              => Units<10>;
    }
}

fn main() {}

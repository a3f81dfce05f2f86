//! The network, a file of its own because `benches/peers/resnet` measures it.

use lenet_layers::*;

/// A convolution without an activation function, before batch normalization.
type Conv<const CI: usize, const CO: usize, const K: usize, const S: usize = 1> =
    Conv2d<CI, CO, K, Identity, SamePadding, S>;

/// A block whose output has the form of its input.
macro_rules! block {
    ($Name:ident, $Trace:ident: $c:literal x $side:literal) => {
        sequential! { pub struct $Name, trace $Trace {
            input:                     Maps<$c, $side, $side>;
            c1: Conv<$c, $c, 3>     => Maps<$c, $side, $side>;
            n1: BatchNorm<$c, Relu> => Maps<$c, $side, $side>;
            c2: Conv<$c, $c, 3>     => Maps<$c, $side, $side>;
            n2: BatchNorm<$c>       => Maps<$c, $side, $side>;
        } }
    };
}
/// A block that halves the sides, and the projection beside it.
macro_rules! halve {
    ($Name:ident, $Trace:ident, $Skip:ident, $SkipTrace:ident: $c:literal x $side:literal => $d:literal x $half:literal) => {
        sequential! { pub struct $Name, trace $Trace {
            input:                     Maps<$c, $side, $side>;
            c1: Conv<$c, $d, 3, 2>  => Maps<$d, $half, $half>;
            n1: BatchNorm<$d, Relu> => Maps<$d, $half, $half>;
            c2: Conv<$d, $d, 3>     => Maps<$d, $half, $half>;
            n2: BatchNorm<$d>       => Maps<$d, $half, $half>;
        } }
        sequential! { pub struct $Skip, trace $SkipTrace {
            input:                     Maps<$c, $side, $side>;
            c1: Conv<$c, $d, 1, 2>  => Maps<$d, $half, $half>;
            n1: BatchNorm<$d>       => Maps<$d, $half, $half>;
        } }
    };
}
block!(Block16, Block16Trace: 16 x 32);
halve!(Half32, Half32Trace, Skip32, Skip32Trace: 16 x 32 => 32 x 16);
halve!(Half64, Half64Trace, Skip64, Skip64Trace: 32 x 16 => 64 x 8);

sequential! {
    /// Eight layers with weights on the longest way, 78,378 parameters and 672 measured numbers.
    pub struct ResNet8, trace ResNet8Trace {
        input:                             Maps<3, 32, 32>;
        c1:   Conv<3, 16, 3>            => Maps<16, 32, 32>;
        n1:   BatchNorm<16, Relu>       => Maps<16, 32, 32>;
        r1:   Residual<Block16, Relu>   => Maps<16, 32, 32>;
        r2:   Residual<Half32, Relu, Skip32> => Maps<32, 16, 16>;
        r3:   Residual<Half64, Relu, Skip64> => Maps<64, 8, 8>;
        mean: GlobalAvgPool             => Units<64>;
        out:  Dense<64, 10>             => Units<10>;
    }
}

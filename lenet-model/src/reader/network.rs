//! The network that sweeps over a line.

use lenet_layers::{Activation, Conv2d, Maps, MaxPool, Network, Relu, sequential};

/// The height of a line, and the field of vision of an output column.
pub const LINE_HEIGHT: usize = 32;
/// The width of the part of a line that is swept at a time.
pub const TILE: usize = 160;
/// The distance between the fields of vision of two output columns: two subsampling layers of 2.
pub const STRIDE: usize = 4;
/// The output columns of a tile.
pub const TILE_COLUMNS: usize = (TILE - LINE_HEIGHT) / STRIDE + 1;

sequential! {
    /// A space displacement network (LeCun et al. 1998, section VII): the network of a single digit, with convolutions
    /// in place of its full connections, so that it gives an answer at every fourth column of a line. The eleventh
    /// class is the blank between digits.
    pub struct Sweep<A: Activation = Relu>, trace SweepTrace {
        input:                               Maps<1, 32, 160>;
        c1:     Conv2d<1, 10, 5, A>        => Maps<10, 28, 156>;
        s2:     MaxPool<2>                => Maps<10, 14, 78>;
        c3:     Conv2d<10, 32, 5, A>       => Maps<32, 10, 74>;
        s4:     MaxPool<2>                => Maps<32, 5, 37>;
        c5:     Conv2d<32, 200, 5, A>     => Maps<200, 1, 33>;
        f6:     Conv2d<200, 84, 1, A>     => Maps<84, 1, 33>;
        output: Conv2d<84, 11, 1>         => Maps<11, 1, 33>;
    }
}

const _: () = assert!(TILE_COLUMNS == 33 && <Sweep as lenet_layers::Params>::LEN == 186_311);
const _: () = assert!(<Sweep as Network>::MULTIPLY_ADDS < 14_000_000);

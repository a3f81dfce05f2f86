//! The network that sweeps over a line.

use lenet_layers::{Activation, Conv1d, Conv2d, Maps, MaxPool, Network, Relu, sequential};

/// The height of a line, and the field of vision of a column of C5.
pub const LINE_HEIGHT: usize = 32;
/// The width of the part of a line that is swept at a time.
pub const TILE: usize = 160;
/// The distance between the fields of vision of two output columns: two subsampling layers of 2.
pub const STRIDE: usize = 4;
/// The output columns of a tile.
pub const TILE_COLUMNS: usize = (TILE - LINE_HEIGHT) / STRIDE + 1;
/// F6 sees one column of C5 on either side: the pixels that an output column sees besides those of its own column of C5, on
/// each side. A tile is swept with so many columns of its neighbours, or of the ground around the line.
pub(super) const MARGIN: usize = STRIDE;

sequential! {
    /// A space displacement network (LeCun et al. 1998, section VII): the network of a single digit, with convolutions
    /// in place of its full connections, so that it gives an answer at every fourth column of a line. The eleventh
    /// class is the blank between digits. F6 sees three columns, so that a digit can be told from what is beside it.
    pub struct Sweep<A: Activation = Relu>, trace SweepTrace {
        input:                               Maps<1, 32, 168>;
        c1:     Conv2d<1, 10, 5, A>        => Maps<10, 28, 164>;
        s2:     MaxPool<2>                => Maps<10, 14, 82>;
        c3:     Conv2d<10, 32, 5, A>       => Maps<32, 10, 78>;
        s4:     MaxPool<2>                => Maps<32, 5, 39>;
        c5:     Conv2d<32, 200, 5, A>     => Maps<200, 1, 35>;
        f6:     Conv1d<200, 84, 3, A>     => Maps<84, 1, 33>;
        output: Conv2d<84, 11, 1>         => Maps<11, 1, 33>;
    }
}

const _: () = assert!(TILE_COLUMNS == 33 && <Sweep as lenet_layers::Params>::LEN == 219_911);
const _: () = assert!(<Sweep as Network>::MULTIPLY_ADDS < 16_000_000);

//! Tests every path of the fast kernels, on every instruction set, against the reference loops in `f64`.

/// Each layer in lanes and for a single example.
macro_rules! both {
    ($($layer:ty, on $input:ty;)+) => {
        &[$(everywhere::<$layer, $input, Lanes<16>>, everywhere::<$layer, $input, f32>),+]
    };
}

#[allow(dead_code, reason = "shared with the gradient checks")]
#[path = "../shared/against.rs"]
mod against;
#[allow(dead_code, reason = "shared with the gradient checks")]
#[path = "../shared/check.rs"]
mod check;
mod geometries;
mod lanes;
#[path = "../shared/subject.rs"]
mod subject;
#[allow(dead_code, reason = "shared with the gradient checks")]
#[path = "../shared/tables.rs"]
mod tables;

use against::{Everywhere, everywhere};
use check::for_samples;
use lenet_layers::*;

const KERNELS: &[Everywhere] = both! {
    Conv2d<1, 6, 5, Tanh>, on Maps<1, 32, 32>; // several tiles of columns, several bands of rows
    Conv2d<6, 16, 5, Tanh>, on Maps<6, 14, 14>; // output maps fill a register, tiles of four
    SparseConv2d<6, 16, 60, 5, Table1, Tanh>, on Maps<6, 14, 14>; // the same with missing connections
    SparseConv2d<4, 16, 18, 2, Few, Tanh>, on Maps<4, 6, 7>; // few enough connections to process one by one
    Conv2d<2, 32, 3, Tanh>, on Maps<2, 8, 9>; // two registers of output maps
    Conv2d<3, 7, 3, ScaledTanh>, on Maps<3, 23, 17>; // no size is a multiple of a register or tile
    Conv2d<5, 2, 9, Relu>, on Maps<5, 11, 20>; // a wide kernel, more input than output maps
    Conv2d<7, 11, 5, Tanh>, on Maps<7, 9, 11>; // a short last tile of input maps and of output maps
    Conv2d<3, 5, 1, Tanh>, on Maps<3, 4, 20>; // a kernel of one cell
    Conv2d<2, 3, 13, Tanh>, on Maps<2, 15, 22>; // a row of taps fills a tile
    Conv2d<1, 2, 24, Tanh>, on Maps<1, 26, 28>; // the widest kernel that has tiles
    Conv2d<1, 3, 25, Tanh>, on Maps<1, 27, 30>; // one that is too wide for them
    Conv2d<20, 3, 2, Tanh>, on Maps<20, 3, 12>; // more input than output maps
    Conv2d<2, 20, 2, Tanh>, on Maps<2, 4, 18>; // more output maps than are laid out at once
    Subsample<3, 2, Tanh>, on Maps<3, 28, 34>; // windows: more than one register
    Subsample<2, 2, Tanh>, on Maps<2, 10, 10>; // and less than one register
    AvgPool<2>, on Maps<2, 4, 64>;
    AvgPool<2>, on Maps<1, 2, 2>;
    Dense<400, 120, Tanh>, on Units<400>;
    Dense<187, 37, Relu>, on Units<187>;
    Dense<16, 1, Tanh>, on Units<16>;
    Dense<1, 43>, on Units<1>;
    Rbf<84, 10, Bitmaps>, on Units<84>;
    Repeat<2>, on Maps<3, 4, 5>;
    BatchNorm<3, Tanh>, on Maps<3, 5, 7>;
    BatchNorm<19>, on Units<19>;
    GlobalAvgPool, on Maps<3, 5, 7>;
    Dropout<50>, on Units<5>;
};

connection_table! {
    /// One or two input maps for each output map, at every position of a tile of four.
    struct Few: 4 -> 16, 18;
    "X . . ."
    "X . . ."
    ". X . ."
    ". X . ."
    ". . X ."
    ". . . X"
    ". X X ."
    ". . . ."
    "X . . X"
    ". . X ."
    ". . . X"
    ". . . X"
    ". X . ."
    "X . . ."
    ". X . ."
    "X . . X"
}

#[test]
fn kernels() {
    for_samples(64, |sample| sample.choose(0, KERNELS)(sample.seed));
}

/// Runs each check at least once: the random draw may leave one out.
#[test]
fn every_kernel_once() {
    for check in KERNELS {
        check(1).unwrap();
    }
}

/// Layers that are too large for the fastest path: the arrays that a kernel lays out must fit the stack of any thread.
#[test]
fn large_layers_need_little_stack() {
    const LARGE: &[Everywhere] = &[
        everywhere::<Conv2d<48, 16, 5, Tanh>, Maps<48, 6, 7>, f32>,
        everywhere::<Conv2d<1, 6, 3, Tanh>, Maps<1, 80, 90>, f32>,
        everywhere::<Conv2d<2, 18, 3, Tanh>, Maps<2, 40, 50>, f32>,
        everywhere::<Conv2d<8, 240, 5, Tanh>, Maps<8, 6, 6>, f32>,
        everywhere::<Conv2d<1, 5, 3, Tanh>, Maps<1, 200, 210>, f32>,
    ];
    let thread = std::thread::Builder::new().stack_size(512 * 1024);
    let checked = thread.spawn(|| LARGE.iter().try_for_each(|check| check(1).map_err(|e| e.to_string())));
    checked.unwrap().join().unwrap().unwrap();
}

//! Strides, paddings, groups and kernels of one row.
//!
//! Every check compiles a layer for every instruction set. So each is for several examples in lanes or for a single one,
//! whichever has a path of its own for it; `gradients` checks more geometries in the reference loops.

use crate::against::{Everywhere, everywhere};
use crate::check::for_samples;
use lenet_layers::*;

/// Each layer in cells of one type.
macro_rules! each {
    ($T:ty: $($layer:ty, on $input:ty;)+) => {
        &[$(everywhere::<$layer, $input, $T>),+]
    };
}

const IN_LANES: &[Everywhere] = each! { Lanes<16>:
    Conv2d<2, 8, 3, Tanh, SamePadding>, on Maps<2, 7, 40>; // tiles between the first and the last
    Conv2d<2, 4, 15, Tanh, SamePadding>, on Maps<2, 5, 19>; // a border wider than a tile, a kernel larger than the map
    Conv2d<3, 7, 3, ScaledTanh, Edge<1>>, on Maps<3, 23, 17>; // no size is a multiple of a register or tile
    Conv2d<2, 3, 3, Tanh, Zeros<2>>, on Maps<2, 9, 13>; // larger maps out
    Conv2d<2, 3, 5, Tanh, Zeros<1>>, on Maps<2, 9, 13>; // smaller ones
    Conv2d<3, 5, 3, Tanh, Unpadded, 2>, on Maps<3, 10, 21>; // a row and a column left over
    Conv2d<2, 3, 2, Tanh, Unpadded, 3>, on Maps<2, 9, 34>; // cells between the windows
    Conv2d<2, 5, 3, Tanh, Edge<1>, 2>, on Maps<2, 12, 43>;
    Conv2d<2, 3, 5, Tanh, Zeros<4>, 3>, on Maps<2, 7, 20>; // windows that meet only the corner
    Conv2d<2, 3, 25, Tanh, SamePadding>, on Maps<2, 4, 6>; // too wide for the tiles
    Conv2d<2, 3, 3, Tanh, SamePadding>, on Maps<2, 1, 1>; // all but the middle of the kernel on the padding
    Conv2d<2, 3, 3, Tanh, Edge<2>>, on Maps<2, 1, 18>; // one row, which is the edge at both ends
    Conv2d<7, 11, 1, Tanh, Unpadded, 2>, on Maps<7, 5, 39>; // kernels of one cell
    Conv2d<3, 16, 3, Tanh, SamePadding>, on Maps<3, 4, 16>; // output maps a page apart
    Conv2d<3, 40, 3, Tanh, SamePadding, 2>, on Maps<3, 7, 31>; // the same, more than are used together
    GroupConv2d<2, 4, 12, 3, Tanh, Edge<1>>, on Maps<8, 4, 16>; // and in groups
    GroupConv2d<2, 3, 5, 3, Tanh, SamePadding>, on Maps<6, 7, 19>; // tiles that end in the middle of a group
    GroupConv2d<3, 5, 6, 1, Tanh>, on Maps<15, 3, 6>;
    DepthwiseConv2d<5, 3, Tanh, SamePadding>, on Maps<5, 9, 26>;
    Conv1d<2, 3, 5, Tanh>, on Maps<2, 1, 75>; // several tiles along the row
    Conv1d<3, 7, 4, ScaledTanh, Zeros<1>, 3>, on Maps<3, 1, 47>;
    Conv1d<2, 5, 7, Tanh, Edge<3>, 2>, on Maps<2, 1, 29>;
    Conv1d<3, 8, 5, Tanh, SamePadding>, on Maps<3, 1, 64>; // output signals a page apart
    MaxPool1d<4>, on Maps<3, 1, 36>;
    AvgPool<2, 3>, on Maps<2, 9, 34>;
};

const ALONE: &[Everywhere] = each! { f32:
    Conv2d<2, 4, 15, Tanh, SamePadding>, on Maps<2, 5, 19>;
    Conv2d<16, 16, 3, Relu, SamePadding>, on Maps<16, 6, 26>; // maps fill registers
    Conv2d<2, 32, 5, Tanh, Edge<2>>, on Maps<2, 8, 31>;
    Conv2d<16, 16, 3, Tanh, Edge<1>>, on Maps<16, 5, 8>;
    Conv2d<3, 7, 3, ScaledTanh, Edge<1>>, on Maps<3, 23, 17>;
    Conv2d<3, 16, 3, Tanh, Unpadded, 2>, on Maps<3, 9, 41>;
    Conv2d<2, 3, 2, Tanh, Unpadded, 3>, on Maps<2, 9, 34>;
    Conv2d<2, 3, 3, Tanh, Unpadded, 2>, on Maps<2, 4, 4>; // one window on a larger map
    Conv2d<16, 32, 3, Tanh, SamePadding, 2>, on Maps<16, 9, 14>;
    Conv2d<2, 5, 3, Tanh, Edge<1>, 2>, on Maps<2, 12, 43>;
    Conv2d<2, 3, 3, Tanh, Edge<2>>, on Maps<2, 1, 18>;
    GroupConv2d<2, 4, 16, 3, Tanh, SamePadding, 2>, on Maps<8, 7, 30>; // groups that fill registers
    GroupConv2d<2, 5, 2, 5, Tanh, Edge<2>>, on Maps<10, 9, 12>; // more input than output maps
    DepthwiseConv2d<20, 5, Tanh>, on Maps<20, 5, 5>; // one cell out
    Conv1d<3, 16, 9, Tanh, SamePadding>, on Maps<3, 1, 40>; // output signals fill a register
    Conv1d<16, 32, 3, Tanh, SamePadding, 2>, on Maps<16, 1, 64>; // and input signals too
    Conv1d<4, 3, 13, Tanh, SamePadding>, on Maps<4, 1, 20>;
    Conv1d<2, 20, 2, Tanh>, on Maps<2, 1, 18>; // more output signals than are laid out at once
    Conv1d<5, 6, 3, Tanh>, on Maps<5, 1, 4>; // less than a register
    Conv1d<6, 17, 8, Tanh>, on Maps<6, 1, 8>; // one number out: the matrix product
    AvgPool1d<2>, on Maps<2, 1, 70>; // more than a register
    MaxPool<2, 3>, on Maps<2, 9, 34>;
};

#[test]
fn geometries() {
    for_samples(64, |sample| {
        sample.choose(0, IN_LANES)(sample.seed)?;
        sample.choose(1, ALONE)(sample.seed)
    });
}

#[test]
fn every_geometry_once() {
    for (cells, checks) in [("lanes", IN_LANES), ("f32", ALONE)] {
        for (number, check) in checks.iter().enumerate() {
            check(1).unwrap_or_else(|why| panic!("geometry {number} in {cells}: {why}"));
        }
    }
}

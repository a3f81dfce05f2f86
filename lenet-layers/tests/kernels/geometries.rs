//! Strides, paddings and groups.

use crate::against::{Everywhere, everywhere};
use crate::check::for_samples;
use lenet_layers::*;

const GEOMETRIES: &[Everywhere] = both! {
    Conv2d<2, 8, 3, Tanh, SamePadding>, on Maps<2, 7, 40>; // tiles between the first and the last
    Conv2d<2, 4, 15, Tanh, SamePadding>, on Maps<2, 5, 19>; // a border wider than a tile, a kernel larger than the map
    Conv2d<16, 16, 3, Relu, SamePadding>, on Maps<16, 6, 26>; // maps fill registers
    Conv2d<2, 32, 5, Tanh, Edge<2>>, on Maps<2, 8, 31>;
    Conv2d<16, 16, 3, Tanh, Edge<1>>, on Maps<16, 5, 8>;
    Conv2d<3, 7, 3, ScaledTanh, Edge<1>>, on Maps<3, 23, 17>; // no size is a multiple of a register or tile
    Conv2d<2, 3, 3, Tanh, Zeros<2>>, on Maps<2, 9, 13>; // larger maps out
    Conv2d<2, 3, 5, Tanh, Zeros<1>>, on Maps<2, 9, 13>; // smaller ones
    Conv2d<3, 5, 3, Tanh, Unpadded, 2>, on Maps<3, 10, 21>; // a row and a column left over
    Conv2d<3, 16, 3, Tanh, Unpadded, 2>, on Maps<3, 9, 41>;
    Conv2d<2, 3, 2, Tanh, Unpadded, 3>, on Maps<2, 9, 34>; // cells between the windows
    Conv2d<2, 3, 3, Tanh, Unpadded, 2>, on Maps<2, 4, 4>; // one window on a larger map
    Conv2d<16, 32, 3, Tanh, SamePadding, 2>, on Maps<16, 9, 14>;
    Conv2d<2, 5, 3, Tanh, Edge<1>, 2>, on Maps<2, 12, 43>;
    Conv2d<2, 3, 5, Tanh, Zeros<4>, 3>, on Maps<2, 7, 20>; // windows that meet only the corner
    Conv2d<2, 3, 25, Tanh, SamePadding>, on Maps<2, 4, 6>; // too wide for the tiles
    Conv2d<2, 3, 3, Tanh, SamePadding>, on Maps<2, 1, 1>; // all but the middle of the kernel on the padding
    Conv2d<2, 3, 3, Tanh, Edge<2>>, on Maps<2, 1, 18>; // one row, which is the edge at both ends
    Conv2d<7, 11, 1, Tanh, Unpadded, 2>, on Maps<7, 5, 39>; // kernels of one cell
    GroupConv2d<2, 3, 5, 3, Tanh, SamePadding>, on Maps<6, 7, 19>; // tiles that end in the middle of a group
    GroupConv2d<2, 4, 16, 3, Tanh, SamePadding, 2>, on Maps<8, 7, 30>; // groups that fill registers
    GroupConv2d<2, 5, 2, 5, Tanh, Edge<2>>, on Maps<10, 9, 12>; // more input than output maps
    GroupConv2d<3, 5, 6, 1, Tanh>, on Maps<15, 3, 6>;
    DepthwiseConv2d<5, 3, Tanh, SamePadding>, on Maps<5, 9, 26>;
    DepthwiseConv2d<20, 5, Tanh>, on Maps<20, 5, 5>; // one cell out
};

#[test]
fn geometries() {
    for_samples(64, |sample| sample.choose(0, GEOMETRIES)(sample.seed));
}

#[test]
fn every_geometry_once() {
    for (number, check) in GEOMETRIES.iter().enumerate() {
        check(1).unwrap_or_else(|why| {
            panic!("geometry {} in {} of the list: {why}", number / 2, ["lanes", "f32"][number % 2])
        });
    }
}

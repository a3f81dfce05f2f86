//! Strides, paddings and groups.

use crate::against::{Everywhere, everywhere};
use crate::check::for_samples;
use lenet_layers::*;

const GEOMETRIES: &[Everywhere] = both! {
    Conv2d<3, 5, 3, Tanh, SamePadding>, on Maps<3, 9, 11>; // every tile at a border
    Conv2d<2, 8, 3, Tanh, SamePadding>, on Maps<2, 7, 40>; // tiles between the first and the last
    Conv2d<2, 3, 5, Tanh, SamePadding>, on Maps<2, 6, 31>;
    Conv2d<3, 16, 3, Tanh, SamePadding>, on Maps<3, 8, 9>; // output maps fill a register
    Conv2d<16, 16, 3, Relu, SamePadding>, on Maps<16, 10, 60>; // and input maps too: the gradient along rows of taps
    Conv2d<2, 32, 5, Tanh, Edge<2>>, on Maps<2, 8, 31>;
    Conv2d<16, 16, 3, Tanh, Edge<1>>, on Maps<16, 5, 30>;
    Conv2d<3, 7, 3, ScaledTanh, Edge<1>>, on Maps<3, 23, 17>; // no size is a multiple of a register or tile
    Conv2d<2, 7, 7, Tanh, Edge<3>>, on Maps<2, 12, 29>;
    Conv2d<2, 3, 3, Tanh, Zeros<2>>, on Maps<2, 9, 13>; // larger maps out
    Conv2d<2, 3, 5, Tanh, Zeros<1>>, on Maps<2, 9, 13>; // smaller ones
    Conv2d<3, 5, 3, Tanh, Unpadded, 2>, on Maps<3, 10, 21>; // a row and a column left over
    Conv2d<3, 16, 3, Tanh, Unpadded, 2>, on Maps<3, 9, 41>;
    Conv2d<2, 5, 5, Tanh, Unpadded, 3>, on Maps<2, 16, 30>;
    Conv2d<3, 4, 1, Tanh, Unpadded, 2>, on Maps<3, 9, 24>; // cells that no window sees
    Conv2d<2, 3, 2, Tanh, Unpadded, 3>, on Maps<2, 9, 34>; // the same between the windows
    Conv2d<2, 3, 3, Tanh, Unpadded, 2>, on Maps<2, 4, 4>; // one window on a larger map
    Conv2d<3, 6, 3, Tanh, SamePadding, 2>, on Maps<3, 11, 20>;
    Conv2d<16, 32, 3, Tanh, SamePadding, 2>, on Maps<16, 9, 14>;
    Conv2d<2, 5, 3, Tanh, Edge<1>, 2>, on Maps<2, 12, 43>;
    Conv2d<2, 16, 5, Tanh, Edge<2>, 3>, on Maps<2, 13, 34>;
    Conv2d<2, 3, 5, Tanh, Zeros<4>, 3>, on Maps<2, 7, 20>; // windows that meet only the corner
    Conv2d<2, 3, 13, Tanh, SamePadding>, on Maps<2, 5, 19>; // a kernel larger than the map
    Conv2d<2, 3, 25, Tanh, SamePadding>, on Maps<2, 4, 6>; // too wide for the tiles
    Conv2d<2, 3, 3, Tanh, SamePadding>, on Maps<2, 1, 1>; // all but the middle of the kernel on the padding
    Conv2d<2, 3, 3, Tanh, Edge<1>>, on Maps<2, 1, 18>;
    Conv2d<2, 3, 3, Tanh, Edge<2>>, on Maps<2, 2, 1>;
    Conv2d<7, 11, 1, Tanh>, on Maps<7, 3, 20>; // pointwise
    GroupConv2d<3, 2, 4, 3, Tanh>, on Maps<6, 9, 21>;
    GroupConv2d<2, 3, 5, 3, Tanh, SamePadding>, on Maps<6, 7, 19>; // tiles that end in the middle of a group
    GroupConv2d<2, 4, 16, 3, Tanh, SamePadding, 2>, on Maps<8, 7, 30>; // groups that fill registers
    GroupConv2d<3, 16, 32, 1, Tanh>, on Maps<48, 3, 6>;
    GroupConv2d<2, 5, 2, 5, Tanh, Edge<2>>, on Maps<10, 9, 12>; // more input than output maps
    DepthwiseConv2d<5, 3, Tanh, SamePadding>, on Maps<5, 9, 26>;
    DepthwiseConv2d<33, 3, Tanh, SamePadding, 2>, on Maps<33, 8, 11>;
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

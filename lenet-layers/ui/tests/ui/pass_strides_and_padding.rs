//! Convolutions with strides, padding and groups.
use lenet_layers::*;

/// A stride at which the last cells are in no window.
type Left = Conv2d<4, 8, 3, Tanh, Unpadded, 2>;
/// Padding with which the only window is larger than the map.
type Around = Conv2d<4, 8, 5, Tanh, Zeros<2>>;
/// The largest side of the table: the padded side is not in it.
type Large = Conv2d<1, 1, 3, Tanh, SamePadding>;

fn comes_out<L: Layer<I, Out = O>, I: Shape, O: Shape>() {}

#[test]
fn shapes_are_those_of_pytorch() {
    comes_out::<Left, Maps<4, 12, 12>, Maps<8, 5, 5>>();
    comes_out::<Left, Maps<4, 11, 12>, Maps<8, 5, 5>>();
    comes_out::<Around, Maps<4, 1, 3>, Maps<8, 1, 3>>();
    comes_out::<Large, Maps<1, 1280, 4096>, Maps<1, 1280, 4096>>();
    comes_out::<Conv2d<3, 64, 7, Relu, SamePadding, 2>, Maps<3, 224, 224>, Maps<64, 112, 112>>();
    comes_out::<Conv2d<3, 96, 4, Identity, Unpadded, 4>, Maps<3, 224, 224>, Maps<96, 56, 56>>();
    comes_out::<Conv2d<3, 96, 4, Identity, Edge<3>, 3>, Maps<3, 20, 21>, Maps<96, 8, 8>>();
    comes_out::<GroupConv2d<32, 4, 4, 3, Relu, SamePadding>, Maps<128, 56, 56>, Maps<128, 56, 56>>();
    comes_out::<Conv1d<1, 8, 9, Relu, SamePadding, 2>, Maps<1, 1, 128>, Maps<8, 1, 64>>();
    comes_out::<Conv1d<2, 3, 4, Identity, Zeros<1>, 3>, Maps<2, 1, 20>, Maps<3, 1, 7>>();
    comes_out::<MaxPool1d<4>, Maps<8, 1, 64>, Maps<8, 1, 16>>();
    comes_out::<DepthwiseConv2d<96, 7, Identity, SamePadding>, Maps<96, 7, 8>, Maps<96, 7, 8>>();
}

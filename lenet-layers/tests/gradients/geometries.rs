//! Checks strides, paddings and groups against differences, and some of their cells by hand.

use crate::check::{Check, Drawn, for_samples, layer};
use lenet_layers::*;
use proptest::prelude::TestCaseError;

macro_rules! checks {
    ($($layer:ty, on $input:ty;)+) => { &[$(layer::<$layer, $input>),+] };
}

const GEOMETRIES: &[Check] = checks! {
    Conv2d<2, 3, 3, Drawn, SamePadding>, on Maps<2, 5, 7>;
    Conv2d<1, 2, 5, Drawn, SamePadding>, on Maps<1, 3, 6>; // a kernel larger than the map
    Conv2d<2, 2, 3, Drawn, SamePadding, 2>, on Maps<2, 5, 6>; // an odd and an even side
    Conv2d<2, 2, 1, Drawn, SamePadding, 3>, on Maps<2, 5, 7>; // cells that no window sees
    Conv2d<2, 3, 3, Drawn, Zeros<2>>, on Maps<2, 4, 3>;
    Conv2d<1, 2, 4, Drawn, Zeros<1>, 2>, on Maps<1, 7, 6>; // an even kernel
    Conv2d<2, 2, 3, Drawn, Unpadded, 2>, on Maps<2, 6, 7>;
    Conv2d<2, 2, 2, Drawn, Unpadded, 3>, on Maps<2, 7, 8>;
    Conv2d<1, 2, 5, Drawn, Zeros<2>, 3>, on Maps<1, 8, 7>;
    Conv2d<2, 2, 3, Drawn, Edge<1>>, on Maps<2, 4, 5>;
    Conv2d<1, 3, 5, Drawn, Edge<2>, 2>, on Maps<1, 6, 5>;
    Conv2d<2, 2, 3, Drawn, Edge<2>, 3>, on Maps<2, 1, 4>; // one row, which is the edge on both sides
    GroupConv2d<2, 2, 3, 3, Drawn>, on Maps<4, 4, 5>;
    GroupConv2d<3, 2, 1, 3, Drawn, SamePadding, 2>, on Maps<6, 4, 3>;
    GroupConv2d<2, 1, 2, 1, Drawn>, on Maps<2, 3, 2>;
    DepthwiseConv2d<3, 3, Drawn, SamePadding>, on Maps<3, 4, 5>;
    DepthwiseConv2d<5, 5, Drawn, Edge<2>, 2>, on Maps<5, 5, 4>;
    Conv1d<2, 3, 4, Drawn>, on Maps<2, 1, 11>;
    Conv1d<3, 2, 5, Drawn, SamePadding, 2>, on Maps<3, 1, 8>;
    Conv1d<2, 2, 3, Drawn, Zeros<2>, 3>, on Maps<2, 1, 7>;
    Conv1d<1, 3, 5, Drawn, Edge<2>>, on Maps<1, 1, 6>;
    Conv1d<3, 4, 6, Drawn>, on Maps<3, 1, 6>; // one number out: the matrix product
    Conv1d<1, 1, 1, Drawn>, on Maps<1, 1, 1>;
};

#[test]
fn strides_paddings_and_groups() {
    for_samples(64, |sample| {
        let (number, activation) = (sample.below(0, GEOMETRIES.len()), sample.below(1, 5));
        Drawn::choose(activation);
        GEOMETRIES[number](sample.seed, activation == Drawn::RELU)
            .map_err(|why| TestCaseError::fail(format!("geometry {number}, {}: {why}", Drawn::NAMES[activation])))
    });
}

#[test]
fn every_geometry_once() {
    Drawn::choose(2);
    for (number, check) in GEOMETRIES.iter().enumerate() {
        check(1998, false).unwrap_or_else(|why| panic!("geometry {number}: {why}"));
    }
}

/// Sums of windows of a row of four cells: what lies beyond the border, and where each window begins.
#[test]
fn windows_by_hand() {
    fn sums<L, const N: usize>() -> [f32; N]
    where
        L: Layer<Maps<1, 1, 5>, Out = Maps<1, 1, N>>,
    {
        let mut params = L::Params::<f32>::boxed_zeroed();
        params.tensor_mut(0).fill(1.0);
        let x = Tensor { data: [[[1.0, 10.0, 100.0, 1000.0, 10_000.0]]] };
        let mut y = Tensor::<Maps<1, 1, N>, f32>::boxed_zeroed();
        L::forward(simd::Scalar, &params, &x, &mut y);
        y.data[0][0]
    }
    assert_eq!(sums::<Conv2d<1, 1, 3, Identity, SamePadding>, 5>(), [11.0, 111.0, 1110.0, 11_100.0, 11_000.0]);
    assert_eq!(sums::<Conv2d<1, 1, 3, Identity, SamePadding, 2>, 3>(), [11.0, 1110.0, 11_000.0]);
    assert_eq!(sums::<Conv2d<1, 1, 3, Identity, SamePadding, 3>, 2>(), [11.0, 11_100.0]);
    // Three rows are the one row.
    assert_eq!(sums::<Conv2d<1, 1, 3, Identity, Edge<1>, 2>, 3>(), [36.0, 3330.0, 63_000.0]);
    assert_eq!(sums::<Conv2d<1, 1, 1, Identity, Unpadded, 2>, 3>(), [1.0, 100.0, 10_000.0]);
    assert_eq!(sums::<Conv2d<1, 1, 1, Identity, Unpadded, 3>, 2>(), [1.0, 1000.0]);
    assert_eq!(sums::<Conv1d<1, 1, 2>, 4>(), [11.0, 110.0, 1100.0, 11_000.0]);
    assert_eq!(sums::<Conv1d<1, 1, 3, Identity, SamePadding, 2>, 3>(), [11.0, 1110.0, 11_000.0]);
    // The one row is not repeated.
    assert_eq!(sums::<Conv1d<1, 1, 3, Identity, Edge<1>, 2>, 3>(), [12.0, 1110.0, 21_000.0]);
}

/// A convolution along a row computes the same bits as one of maps whose kernels have zeros in their other rows.
#[test]
fn a_row_is_a_map_of_one_row() {
    let mut params = Kernels1d::<3, 4, 5>::boxed_zeroed();
    for i in 0..2 {
        params.tensor_mut(i).iter_mut().enumerate().for_each(|(k, w)| *w = (k * 37 % 101) as f32 / 101.0 - 0.5);
    }
    let mut square = Kernels::<3, 4, 5>::boxed_zeroed();
    square.bias = params.bias;
    for (o, i) in (0..4).flat_map(|o| (0..3).map(move |i| (o, i))) {
        square.weight[o][i][2] = params.weight[o][i];
    }
    let mut x = Tensor::<Maps<3, 1, 19>, f32>::boxed_zeroed();
    x.cells_mut().iter_mut().enumerate().for_each(|(k, x)| *x = (k * 29 % 97) as f32 / 97.0 - 0.5);
    let (mut row, mut map) = (Tensor::<Maps<4, 1, 10>>::ZERO, Tensor::<Maps<4, 1, 10>>::ZERO);
    Conv1d::<3, 4, 5, Tanh, SamePadding, 2>::forward(simd::Scalar, &params, &x, &mut row);
    Conv2d::<3, 4, 5, Tanh, SamePadding, 2>::forward(simd::Scalar, &square, &x, &mut map);
    assert_eq!(row.data, map.data);
    let [weight, bias] = [0, 1].map(Conv1d::<3, 4, 5>::info);
    assert_eq!((weight.dims, bias.dims, (weight.fan_in)(0)), (&[4, 3, 5][..], &[4][..], 15));
    assert_eq!(<Conv1d<3, 4, 5> as Layer<Maps<3, 1, 19>>>::CONNECTIONS, 15 * (3 * 4 * 5 + 4));
}

/// The parameters of a group are those of a convolution by itself.
#[test]
fn groups_are_convolutions_by_themselves() {
    type Groups = GroupConv2d<3, 2, 4, 3, Tanh, SamePadding>;
    type One = Conv2d<2, 4, 3, Tanh, SamePadding>;
    let mut params = GroupKernels::<3, 2, 4, 3>::boxed_zeroed();
    for i in 0..2 {
        params.tensor_mut(i).iter_mut().enumerate().for_each(|(k, w)| *w = (k * 37 % 101) as f32 / 101.0 - 0.5);
    }
    let mut x = Tensor::<Maps<6, 5, 4>, f32>::boxed_zeroed();
    x.cells_mut().iter_mut().enumerate().for_each(|(k, x)| *x = (k * 29 % 97) as f32 / 97.0 - 0.5);
    let mut y = Tensor::<Maps<12, 5, 4>, f32>::boxed_zeroed();
    Groups::forward(simd::Scalar, &params, &x, &mut y);
    for group in 0..3 {
        let own = Kernels { weight: params.weight[group], bias: params.bias[group] };
        let seen = Tensor { data: [x.data[2 * group], x.data[2 * group + 1]] };
        let mut made = Tensor::<Maps<4, 5, 4>, f32>::boxed_zeroed();
        One::forward(simd::Scalar, &own, &seen, &mut made);
        assert_eq!(made.data, y.data[4 * group..][..4]);
    }
    let [weight, bias] = [0, 1].map(Groups::info);
    assert_eq!((weight.dims, bias.dims, (weight.fan_in)(0)), (&[12, 2, 3, 3][..], &[12][..], 18));
    assert_eq!((weight.len(), bias.len()), (params.tensor(0).len(), params.tensor(1).len()));
}

#[test]
fn a_batch_normalization_is_merged_into_groups() {
    let mut kernels = GroupKernels::<2, 1, 2, 1, f64> { weight: [[[[[1.0]]], [[[2.0]]]]; 2], bias: [[3.0; 2]; 2] };
    let mut norm = BatchNormParams::<4, f64>::zeroed();
    (norm.weight, norm.running_var) = ([1.0, 2.0, 3.0, 4.0], [1.0 - 1e-5; 4]);
    norm.fold(&mut kernels);
    let near =
        |got: &[f64], want: [f64; 4]| assert!(got.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-9), "{got:?}");
    near(kernels.tensor(0), [1.0, 4.0, 3.0, 8.0]);
    near(kernels.tensor(1), [3.0, 6.0, 9.0, 12.0]);
}

#[test]
fn summaries_name_what_differs() {
    fn name<L: LayerInfo>() -> String {
        struct Name<L>(std::marker::PhantomData<L>);
        impl<L: LayerInfo> std::fmt::Display for Name<L> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                L::describe(f)
            }
        }
        Name::<L>(std::marker::PhantomData).to_string()
    }
    assert_eq!(name::<Conv2d<1, 6, 5, Tanh>>(), "convolution 5x5, tanh");
    assert_eq!(name::<Conv2d<1, 6, 5, Relu, SamePadding, 2>>(), "convolution 5x5, stride 2, padding 2, ReLU");
    assert_eq!(name::<Conv1d<1, 6, 5, Relu, Edge<2>, 2>>(), "convolution of 5, stride 2, edge padding 2, ReLU");
    assert_eq!(name::<MaxPool1d<4>>(), "max pooling 1x4");
    assert_eq!(name::<AvgPool<4, 3>>(), "average pooling 3x4");
    assert_eq!(name::<DepthwiseConv2d<8, 3, Relu, Edge<1>>>(), "convolution 3x3, 8 groups, edge padding 1, ReLU");
}

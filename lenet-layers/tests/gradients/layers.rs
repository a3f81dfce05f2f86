//! Checks every layer by itself, over a list of shapes, with every activation function.

use crate::check::{Check, Drawn, Sample, for_samples, layer, learning};
use crate::tables::{Fan, Gaps, Only, Own};
use lenet_layers::*;
use proptest::prelude::TestCaseError;

/// A list of instantiations.
macro_rules! checks {
    ($($layer:ty, on $input:ty;)+) => { &[$(layer::<$layer, $input>),+] };
}

const CONV: &[Check] = checks! {
    Conv2d<1, 1, 1, Drawn>, on Maps<1, 1, 1>;
    Conv2d<1, 2, 3, Drawn>, on Maps<1, 5, 8>;
    Conv2d<1, 6, 5, Drawn>, on Maps<1, 9, 7>;
    Conv2d<2, 3, 2, Drawn>, on Maps<2, 4, 7>;
    Conv2d<3, 1, 3, Drawn>, on Maps<3, 6, 5>;
    Conv2d<2, 5, 1, Drawn>, on Maps<2, 3, 4>; // a kernel of one cell
    Conv2d<4, 2, 4, Drawn>, on Maps<4, 4, 9>; // one row out
    Conv2d<2, 3, 5, Drawn>, on Maps<2, 8, 5>; // one column out
    Conv2d<3, 6, 5, Drawn>, on Maps<3, 5, 5>; // one cell out: the matrix product
    Conv2d<2, 9, 2, Drawn>, on Maps<2, 2, 2>; // the same, more units than fit in a group of four
    Conv2d<5, 4, 3, Drawn>, on Maps<5, 4, 4>;
    Conv2d<1, 4, 7, Drawn>, on Maps<1, 8, 11>;
};

const SPARSE: &[Check] = checks! {
    SparseConv2d<6, 16, 60, 3, Table1, Drawn>, on Maps<6, 5, 4>;
    SparseConv2d<6, 16, 60, 2, Table1, Drawn>, on Maps<6, 2, 2>; // one cell out
    SparseConv2d<4, 3, 5, 3, Gaps, Drawn>, on Maps<4, 6, 5>;
    SparseConv2d<4, 3, 5, 1, Gaps, Drawn>, on Maps<4, 2, 3>;
    SparseConv2d<4, 3, 5, 5, Gaps, Drawn>, on Maps<4, 5, 5>;
    SparseConv2d<4, 3, 5, 2, Gaps, Drawn>, on Maps<4, 7, 2>;
    SparseConv2d<2, 5, 6, 2, Fan, Drawn>, on Maps<2, 3, 6>;
    SparseConv2d<2, 5, 6, 4, Fan, Drawn>, on Maps<2, 4, 8>;
    SparseConv2d<2, 5, 6, 1, Fan, Drawn>, on Maps<2, 1, 1>;
    SparseConv2d<2, 5, 6, 3, Fan, Drawn>, on Maps<2, 9, 5>;
    SparseConv2d<1, 1, 1, 3, Only, Drawn>, on Maps<1, 5, 4>;
    SparseConv2d<1, 1, 1, 1, Only, Drawn>, on Maps<1, 1, 1>;
};

const SUBSAMPLE: &[Check] = checks! {
    Subsample<1, 1, Drawn>, on Maps<1, 1, 1>;
    Subsample<3, 1, Drawn>, on Maps<3, 4, 5>;
    Subsample<1, 2, Drawn>, on Maps<1, 2, 2>;
    Subsample<6, 2, Drawn>, on Maps<6, 6, 4>;
    Subsample<2, 2, Drawn>, on Maps<2, 10, 2>;
    Subsample<4, 3, Drawn>, on Maps<4, 3, 9>;
    Subsample<1, 3, Drawn>, on Maps<1, 12, 6>;
    Subsample<5, 4, Drawn>, on Maps<5, 4, 8>;
    Subsample<2, 5, Drawn>, on Maps<2, 5, 15>;
    Subsample<16, 2, Drawn>, on Maps<16, 2, 4>;
    Subsample<3, 7, Drawn>, on Maps<3, 7, 7>;
    Subsample<2, 6, Drawn>, on Maps<2, 12, 6>;
};

const DENSE: &[Check] = checks! {
    Dense<1, 1, Drawn>, on Units<1>;
    Dense<1, 4, Drawn>, on Units<1>;
    Dense<4, 1, Drawn>, on Units<4>;
    Dense<4, 4, Drawn>, on Units<4>;
    Dense<7, 5, Drawn>, on Units<7>;
    Dense<3, 10, Drawn>, on Units<3>;
    Dense<63, 6, Drawn>, on Units<63>; // around the chunk of 64 inputs
    Dense<64, 3, Drawn>, on Units<64>;
    Dense<65, 7, Drawn>, on Units<65>;
    Dense<130, 9, Drawn>, on Units<130>;
    Dense<5, 65, Drawn>, on Units<5>;
    Dense<64, 63, Drawn>, on Units<64>;
    Dense<8, 130, Drawn>, on Units<8>;
};

const AVG_POOL: &[Check] = checks! {
    AvgPool<1>, on Maps<1, 1, 1>;
    AvgPool<1>, on Maps<2, 3, 5>;
    AvgPool<2>, on Maps<1, 2, 2>;
    AvgPool<2>, on Maps<6, 4, 6>;
    AvgPool<2>, on Maps<3, 10, 2>;
    AvgPool<3>, on Maps<2, 3, 9>;
    AvgPool<3>, on Maps<1, 6, 6>;
    AvgPool<4>, on Maps<5, 8, 4>;
    AvgPool<5>, on Maps<2, 5, 10>;
    AvgPool<7>, on Maps<4, 7, 7>;
    AvgPool<6>, on Maps<1, 6, 12>;
    AvgPool<2>, on Maps<16, 2, 8>;
    AvgPool1d<3>, on Maps<2, 1, 12>;
    AvgPool<2, 3>, on Maps<2, 6, 4>;
};

const MAX_POOL: &[Check] = checks! {
    MaxPool<1>, on Maps<1, 1, 1>;
    MaxPool<1>, on Maps<2, 3, 5>;
    MaxPool<2>, on Maps<1, 2, 2>;
    MaxPool<2>, on Maps<6, 4, 6>;
    MaxPool<2>, on Maps<3, 10, 2>;
    MaxPool<3>, on Maps<2, 3, 9>;
    MaxPool<3>, on Maps<1, 6, 6>;
    MaxPool<4>, on Maps<5, 8, 4>;
    MaxPool<5>, on Maps<2, 5, 10>;
    MaxPool<7>, on Maps<4, 7, 7>;
    MaxPool<6>, on Maps<1, 6, 12>;
    MaxPool<2>, on Maps<16, 2, 8>;
    MaxPool1d<3>, on Maps<2, 1, 12>;
    MaxPool<2, 3>, on Maps<2, 6, 4>;
};

const FLATTEN: &[Check] = checks! {
    Flatten, on Maps<1, 1, 1>;
    Flatten, on Maps<1, 4, 3>;
    Flatten, on Maps<3, 1, 5>;
    Flatten, on Maps<16, 5, 5>;
    Flatten, on Maps<7, 1, 1>;
    Flatten, on Maps<2, 9, 2>;
};

const RBF: &[Check] = checks! {
    Rbf<84, 10, Bitmaps>, on Units<84>;
    Rbf<5, 3, Own>, on Units<5>;
};

const REPEAT: &[Check] = checks! {
    Repeat<1>, on Maps<2, 3, 4>;
    Repeat<2>, on Maps<1, 1, 1>;
    Repeat<2>, on Maps<3, 2, 5>;
    Repeat<3>, on Maps<2, 4, 3>;
};

const GLOBAL_POOL: &[Check] = checks! {
    GlobalAvgPool, on Maps<1, 1, 1>;
    GlobalAvgPool, on Maps<3, 2, 5>;
    Dropout<30>, on Maps<2, 3, 4>;
};

/// Outside training and in it.
const BATCH_NORM: &[Check] = &[
    layer::<BatchNorm<3, Drawn>, Maps<3, 2, 5>>,
    layer::<BatchNorm<1, Drawn>, Maps<1, 1, 1>>,
    layer::<BatchNorm<7, Drawn>, Units<7>>,
    learning::<BatchNorm<3, Drawn>, Maps<3, 2, 5>>,
    learning::<BatchNorm<1, Drawn>, Maps<1, 7, 9>>,
    learning::<BatchNorm<5, Drawn>, Maps<5, 1, 3>>,
];

const DROPOUT: &[Check] =
    &[learning::<Dropout<30>, Maps<2, 3, 4>>, learning::<Dropout<0>, Units<7>>, learning::<Dropout<50>, Units<33>>];

/// Each layer with each activation function as it is normally used: as a separate type.
fn with<A: Activation>() -> &'static [Check] {
    const {
        checks! {
            Conv2d<2, 3, 3, A>, on Maps<2, 5, 7>;
            Conv2d<2, 6, 3, A>, on Maps<2, 3, 3>;
            SparseConv2d<4, 3, 5, 2, Gaps, A>, on Maps<4, 3, 5>;
            Subsample<3, 2, A>, on Maps<3, 4, 6>;
            Dense<9, 6, A>, on Units<9>;
        }
    }
}
const TYPES: [fn() -> &'static [Check]; 5] =
    [with::<Identity>, with::<ScaledTanh>, with::<Tanh>, with::<Sigmoid>, with::<Relu>];

/// Runs the drawn check and reports which one it was.
fn run(checks: &[Check], sample: &Sample, activation: usize) -> Result<(), TestCaseError> {
    let (number, name) = (sample.below(0, checks.len()), Drawn::NAMES[activation]);
    Drawn::choose(activation);
    checks[number](sample.seed, activation == Drawn::RELU)
        .map_err(|why| TestCaseError::fail(format!("shape {number} of the list, {name}: {why}")))
}
/// The activation function of a sample.
fn activation(sample: &Sample) -> usize {
    sample.below(1, 5)
}

#[test]
fn a_convolution() {
    for_samples(96, |sample| run(CONV, sample, activation(sample)));
}

#[test]
fn a_sparse_convolution() {
    for_samples(96, |sample| run(SPARSE, sample, activation(sample)));
}

#[test]
fn a_subsampling_layer() {
    for_samples(96, |sample| run(SUBSAMPLE, sample, activation(sample)));
}

#[test]
fn a_dense_layer() {
    for_samples(96, |sample| run(DENSE, sample, activation(sample)));
}

#[test]
fn every_activation_as_a_type() {
    for_samples(96, |sample| run(TYPES[activation(sample)](), sample, activation(sample)));
}

#[test]
fn average_pooling() {
    for_samples(96, |sample| run(AVG_POOL, sample, 0));
}

#[test]
fn max_pooling() {
    // The largest cell of a window changes where two cells are equal: a kink like that of ReLU.
    for_samples(96, |sample| run(MAX_POOL, sample, Drawn::RELU));
}

#[test]
fn flattening() {
    for_samples(96, |sample| run(FLATTEN, sample, 0));
}

#[test]
fn euclidean_rbf() {
    for_samples(96, |sample| run(RBF, sample, 0));
}

#[test]
fn means_of_maps() {
    for_samples(96, |sample| run(GLOBAL_POOL, sample, 0));
}

#[test]
fn batch_normalization() {
    for_samples(192, |sample| run(BATCH_NORM, sample, activation(sample)));
}

#[test]
fn dropout_in_training() {
    for_samples(96, |sample| run(DROPOUT, sample, 0));
}

#[test]
fn repeated_maps() {
    for_samples(96, |sample| run(REPEAT, sample, 0));
}

/// Proptest may leave a shape out; here each shape runs with each activation function.
#[test]
fn every_shape_once() {
    for (activation, typed) in TYPES.iter().enumerate() {
        Drawn::choose(activation);
        let smooth = [CONV, SPARSE, SUBSAMPLE, DENSE, AVG_POOL, FLATTEN, RBF, REPEAT, typed()];
        for (checks, kinks) in smooth.map(|checks| (checks, false)).into_iter().chain([(MAX_POOL, true)]) {
            for (number, check) in checks.iter().enumerate() {
                check(1998, kinks || activation == Drawn::RELU)
                    .unwrap_or_else(|why| panic!("shape {number} of a list, {}: {why}", Drawn::NAMES[activation]));
            }
        }
    }
}

/// Checks the formula of eq. 7 and the order of the copies with concrete numbers.
#[test]
fn distances_and_copies() {
    let (no, mut y) = (NoParams::default(), Tensor::<Units<3>, f32>::ZERO);
    let x = Tensor { data: [1.0, 0.0, 0.0, 0.0, 0.0] };
    Rbf::<5, 3, Own>::forward(simd::Scalar, &no, &x, &mut y);
    assert_eq!(y.data, [1.0 + 0.25 + 4.0, 1.5625 + 1.0 + 1.0 + 1.0 + 2.25, 1.0]);
    const { assert!(<Rbf<5, 3, Own> as LayerInfo>::PENALTIES && !<Repeat<2> as LayerInfo>::PENALTIES) };

    let mut z = Tensor::<Maps<6, 1, 1>, f32>::ZERO;
    Repeat::<3>::forward(simd::Scalar, &no, &Tensor::<Maps<2, 1, 1>, f32> { data: [[[1.0]], [[2.0]]] }, &mut z);
    assert_eq!(z.cells(), [1.0, 1.0, 1.0, 2.0, 2.0, 2.0]);
}

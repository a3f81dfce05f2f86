//! Compares curvatures with a list of connections, also in lanes, and tests their start: the curvature of the loss.

use crate::against::{near, take};
use crate::check::{Draw, Drawn, draw_params, flat, for_samples, forward};
use crate::connections::{
    FUNCTIONS, Function, IDENTITY, Net, Padding, SCALED_TANH, TANH, all, gaps, in_pairs, table_1,
};
use crate::losses::{AnyLoss, LOSSES, class, plainly};
use crate::tables::{Gaps, Own};
use lenet_layers::simd::{Isa, Kernel, Scalar, Simd};
use lenet_layers::*;
use proptest::prelude::TestCaseError;

// Not inlined, like the functions of `check`.
#[inline(never)]
fn curvature<L: Curved<I>, I: Shape>(
    squared: &L::Params<f64>,
    x: &Tensor<I, f64>,
    y: &Tensor<L::Out, f64>,
    d2y: &mut Tensor<L::Out, f64>,
    d2x: &mut Tensor<I, f64>,
    h: &mut L::Params<f64>,
) {
    L::curvature(Scalar, squared, x, y, d2y, d2x, h);
}

/// Compares each number separately: no term of a curvature is negative, so nothing cancels.
fn same(what: &str, got: &[f64], want: &[f64]) -> Result<(), String> {
    if got.len() != want.len() {
        return Err(format!("{what}: {} numbers, not {}", got.len(), want.len()));
    }
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        let distance = (got - want).abs();
        if distance.is_nan() || distance > 1e-10 * want.abs() {
            return Err(format!("{what}[{i}]: {got}, by the list of connections {want}"));
        }
    }
    Ok(())
}

fn squares<P: Params<Element = f64>>(params: &P) -> Box<P> {
    let mut squared = P::boxed_zeroed();
    squared.copy_from(params);
    (0..P::TENSORS).for_each(|i| squared.tensor_mut(i).iter_mut().for_each(|w| *w *= *w));
    squared
}

/// Compares a single layer with its list, for two patterns in sequence: `h` is added to, and `d2x` is overwritten.
fn layer<L: Curved<I> + LayerInfo, I: Shape>(list: fn(Net) -> Net, seed: u64) -> Result<(), String> {
    let list = list(Net::new(std::array::from_fn(|axis| I::DIMS.get(axis).copied().unwrap_or(1))));
    let mut draw = Draw::new(seed);
    let mut params = L::Params::<f64>::boxed_zeroed();
    draw_params(&mut draw, &mut *params, L::info);
    let (plain, squared) = (flat(&*params), squares(&*params));
    let mut h = L::Params::<f64>::boxed_zeroed();
    let mut sum = vec![0.0; list.parameters];
    let (mut x, mut d2x) = (Tensor::<I, f64>::boxed_zeroed(), Tensor::<I, f64>::boxed_zeroed());
    let (mut y, mut d2y) = (Tensor::<L::Out, f64>::boxed_zeroed(), Tensor::<L::Out, f64>::boxed_zeroed());
    for _ in 0..2 {
        draw.fill(x.cells_mut(), 1.0);
        d2y.cells_mut().fill_with(|| draw.within(1.0).abs());
        d2x.fill(f64::NAN);
        let a = list.forward(&plain, x.cells());
        let second = list.second(&plain, x.cells(), &a, d2y.cells());
        forward::<L, I>(&params, &x, &mut y);
        curvature::<L, I>(&squared, &x, &y, &mut d2y, &mut d2x, &mut h);
        same("d2x", d2x.cells(), &second.inputs)?;
        same("d2a", d2y.cells(), &second.units[a.len() - d2y.cells().len()..])?;
        sum.iter_mut().zip(&second.parameters).for_each(|(sum, h)| *sum += h);
    }
    same("h", &flat(&*h), &sum)
}

/// Compares a whole network with its list in the same way.
fn network<N: CurvedNetwork<Element = f64>>(list: &Net, seed: u64) -> Result<(), String> {
    let mut draw = Draw::new(seed);
    let mut net = N::boxed_zeroed();
    draw_params(&mut draw, &mut *net, N::info);
    let plain = flat(&*net);
    let (mut squared, mut h) = (Squared::<N>::boxed_zeroed(), Curvature::<N>::boxed_zeroed());
    squared.set(&net);
    let mut sum = vec![0.0; list.parameters];
    let (mut trace, mut second) = (N::Trace::<f64>::boxed_zeroed(), N::Trace::<f64>::boxed_zeroed());
    for _ in 0..2 {
        draw.fill(trace.input_mut().cells_mut(), 1.0);
        second.output_mut().cells_mut().fill_with(|| draw.within(1.0).abs());
        second.input_mut().fill(f64::NAN);
        net.forward_with(Scalar, &mut trace, Mode::Inference);
        let a = list.forward(&plain, trace.input().cells());
        for (got, want) in trace.output().cells().iter().zip(list.outputs(&a)) {
            if (got - want).abs() > 1e-12 {
                return Err(format!("the list gives the output {want}, the network {got}"));
            }
        }
        let want = list.second(&plain, trace.input().cells(), &a, second.output().cells());
        N::curvature_with(&squared, Scalar, &trace, &mut second, &mut h);
        same("input", second.input().cells(), &want.inputs)?;
        sum.iter_mut().zip(&want.parameters).for_each(|(sum, h)| *sum += h);
    }
    same("h", &flat(&*h), &sum)
}

/// The check of a single layer, from a seed.
type Check = fn(u64) -> Result<(), String>;

/// A list of layers, their inputs, and the same layers as connections, with [`drawn`] as the activation function.
macro_rules! checks {
    ($($layer:ty, on $input:ty, as $list:expr;)+) => { &[$(|seed| layer::<$layer, $input>($list, seed)),+] };
}

thread_local! {
    static CHOSEN: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}
fn choose(activation: usize) {
    Drawn::choose(activation);
    CHOSEN.set(activation);
}
fn drawn() -> Function {
    FUNCTIONS[CHOSEN.get()]
}

const LAYERS: &[Check] = checks! {
    Conv2d<2, 3, 2, Drawn>, on Maps<2, 4, 5>, as |x| x.conv(3, 2, all, drawn());
    Conv2d<3, 6, 3, Drawn>, on Maps<3, 3, 3>, as |x| x.conv(6, 3, all, drawn()); // one cell out: the matrix product
    Conv2d<2, 3, 3, Drawn, SamePadding>, on Maps<2, 4, 5>, as |x| x.padded(3, 3, all, 1, Padding::Zeros(1), drawn());
    Conv2d<2, 3, 5, Drawn, SamePadding, 2>, on Maps<2, 6, 5>, as |x| x.padded(3, 5, all, 2, Padding::Zeros(2), drawn());
    Conv2d<1, 2, 3, Drawn, Edge<2>, 3>, on Maps<1, 5, 4>, as |x| x.padded(2, 3, all, 3, Padding::Edge(2), drawn());
    Conv2d<2, 2, 2, Drawn, Unpadded, 2>, on Maps<2, 3, 2>, as |x| x.padded(2, 2, all, 2, Padding::Zeros(0), drawn());
    GroupConv2d<3, 2, 1, 3, Drawn, Edge<1>>, on Maps<6, 3, 4>, as |x| x.padded(3, 3, in_pairs, 1, Padding::Edge(1), drawn());
    Conv1d<2, 3, 4, Drawn>, on Maps<2, 1, 9>, as |x| x.row(3, 4, 1, Padding::Zeros(0), drawn());
    Conv1d<3, 2, 5, Drawn, SamePadding, 2>, on Maps<3, 1, 8>, as |x| x.row(2, 5, 2, Padding::Zeros(2), drawn());
    Conv1d<1, 2, 3, Drawn, Edge<2>, 3>, on Maps<1, 1, 7>, as |x| x.row(2, 3, 3, Padding::Edge(2), drawn());
    Conv1d<2, 5, 6, Drawn>, on Maps<2, 1, 6>, as |x| x.row(5, 6, 1, Padding::Zeros(0), drawn());
    SparseConv2d<6, 16, 60, 3, Table1, Drawn>, on Maps<6, 5, 4>, as |x| x.conv(16, 3, table_1, drawn());
    SparseConv2d<4, 3, 5, 2, Gaps, Drawn>, on Maps<4, 3, 5>, as |x| x.conv(3, 2, gaps, drawn());
    SparseConv2d<4, 3, 5, 2, Gaps, Drawn>, on Maps<4, 2, 2>, as |x| x.conv(3, 2, gaps, drawn()); // one cell out
    Subsample<3, 2, Drawn>, on Maps<3, 4, 6>, as |x| x.subsample(2, drawn());
    Subsample<2, 3, Drawn>, on Maps<2, 6, 9>, as |x| x.subsample(3, drawn());
    Dense<7, 5, Drawn>, on Units<7>, as |x| x.dense(5, drawn());
    Dense<65, 3, Drawn>, on Units<65>, as |x| x.dense(3, drawn());
    AvgPool<2>, on Maps<2, 4, 6>, as |x| x.average([2; 2]);
    AvgPool<3>, on Maps<1, 3, 6>, as |x| x.average([3; 2]);
    AvgPool1d<3>, on Maps<2, 1, 9>, as |x| x.average([1, 3]);
    AvgPool<2, 3>, on Maps<2, 6, 4>, as |x| x.average([3, 2]);
    Flatten, on Maps<2, 3, 4>, as Net::flatten;
    Repeat<1>, on Maps<2, 2, 3>, as |x| x.repeat(1);
    Repeat<3>, on Maps<2, 2, 3>, as |x| x.repeat(3);
};

sequential! {
    /// A small LeNet-5: all layers that share weights, stacked.
    pub(crate) struct Small, trace SmallTrace {
        input:                                          Maps<1, 12, 12>;
        c1:   Conv2d<1, 4, 3, ScaledTanh>               => Maps<4, 10, 10>;
        s2:   Subsample<4, 2, ScaledTanh>               => Maps<4, 5, 5>;
        c3:   SparseConv2d<4, 3, 5, 2, Gaps, ScaledTanh> => Maps<3, 4, 4>;
        s4:   Subsample<3, 2, ScaledTanh>               => Maps<3, 2, 2>;
        flat: Flatten                                   => Units<12>;
        f5:   Dense<12, 6, ScaledTanh>                  => Units<6>;
        out:  Dense<6, 3>                               => Units<3>;
    }
}
fn small() -> Net {
    Net::new([1, 12, 12])
        .conv(4, 3, all, SCALED_TANH)
        .subsample(2, SCALED_TANH)
        .conv(3, 2, gaps, SCALED_TANH)
        .subsample(2, SCALED_TANH)
        .flatten()
        .dense(6, SCALED_TANH)
        .dense(3, IDENTITY)
}

sequential! {
    /// Maps that are averaged and repeated, and a convolution that is a matrix product.
    pub(crate) struct Pairs, trace PairsTrace {
        input:                        Maps<2, 12, 12>;
        c1:   Conv2d<2, 2, 1, Drawn>  => Maps<2, 12, 12>;
        p2:   AvgPool<2>              => Maps<2, 6, 6>;
        two:  Repeat<2>               => Maps<4, 6, 6>;
        s3:   Subsample<4, 3, Drawn>  => Maps<4, 2, 2>;
        c4:   Conv2d<4, 5, 2, Drawn>  => Maps<5, 1, 1>;
        flat: Flatten                 => Units<5>;
        out:  Dense<5, 3, Drawn>      => Units<3>;
    }
}
fn pairs() -> Net {
    Net::new([2, 12, 12])
        .conv(2, 1, all, drawn())
        .average([2; 2])
        .repeat(2)
        .subsample(3, drawn())
        .conv(5, 2, all, drawn())
        .flatten()
        .dense(3, drawn())
}

#[test]
fn of_a_layer_alone() {
    for_samples(96, |sample| {
        let (number, activation) = (sample.below(0, LAYERS.len()), sample.below(1, 5));
        choose(activation);
        LAYERS[number](sample.seed)
            .map_err(|why| TestCaseError::fail(format!("layer {number}, {}: {why}", Drawn::NAMES[activation])))
    });
}

#[test]
fn of_networks_with_shared_weights() {
    for_samples(96, |sample| {
        choose(sample.below(0, 5));
        network::<Small<f64>>(&small(), sample.seed).map_err(TestCaseError::fail)?;
        network::<Pairs<f64>>(&pairs(), sample.seed).map_err(TestCaseError::fail)
    });
}

/// Runs each check at least once with each activation function: the random draw may leave one out.
#[test]
fn of_every_layer_once() {
    let mut wrong = vec![];
    for (activation, name) in Drawn::NAMES.iter().enumerate() {
        choose(activation);
        for (number, check) in LAYERS.iter().enumerate() {
            wrong.extend(check(1998).err().map(|why| format!("layer {number}, {name}: {why}")));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A unit with one window and no activation function, in numbers: the coefficient's connection comes from the window's
/// sum.
#[test]
fn of_a_coefficient_is_by_the_windows_sum() {
    let squared = Coefficients { coefficient: [9.0], bias: [100.0] };
    let (x, y) =
        (Tensor::<Maps<1, 2, 2>, f64> { data: [[[1.0, 2.0], [-3.0, 4.0]]] }, Tensor::<Maps<1, 1, 1>, f64>::ZERO);
    let (mut d2y, mut d2x) = (Tensor::<Maps<1, 1, 1>, f64> { data: [[[0.5]]] }, x.clone());
    let mut h = Coefficients { coefficient: [1000.0], bias: [1000.0] };
    Subsample::<1, 2>::curvature(Scalar, &squared, &x, &y, &mut d2y, &mut d2x, &mut h);
    // (1 + 2 - 3 + 4)^2 / 2, and not half of 1 + 4 + 9 + 16, as if each cell had its own connection.
    assert_eq!((h.coefficient, h.bias), ([1008.0], [1000.5]));
    assert_eq!(d2x.cells(), [4.5; 4]);
}

/// The largest cell of each window, or the first of several equal ones, has all of the window's curvature.
#[test]
fn of_max_pooling_goes_to_the_largest() {
    for seed in 0..32 {
        let mut draw = Draw::new(seed);
        let (mut x, mut d2x) =
            (Tensor::<Maps<2, 6, 9>, f64>::boxed_zeroed(), Tensor::<Maps<2, 6, 9>, f64>::boxed_zeroed());
        let (mut y, mut d2y) =
            (Tensor::<Maps<2, 2, 3>, f64>::boxed_zeroed(), Tensor::<Maps<2, 2, 3>, f64>::boxed_zeroed());
        // Some cells are equal.
        x.cells_mut().fill_with(|| draw.on_grid());
        d2y.cells_mut().fill_with(|| 0.1 + draw.within(1.0).abs());
        d2x.fill(f64::NAN);
        let mut want = Tensor::<Maps<2, 6, 9>, f64>::boxed_zeroed();
        for m in 0..2 {
            for (r, c) in (0..2).flat_map(|r| (0..3).map(move |c| (r, c))) {
                let mut largest = (3 * r, 3 * c);
                for (u, v) in (0..3).flat_map(|u| (0..3).map(move |v| (3 * r + u, 3 * c + v))) {
                    if x.data[m][u][v] > x.data[m][largest.0][largest.1] {
                        largest = (u, v);
                    }
                }
                want.data[m][largest.0][largest.1] = d2y.data[m][r][c];
            }
        }
        let no = NoParams::default();
        forward::<MaxPool<3>, _>(&no, &x, &mut y);
        curvature::<MaxPool<3>, _>(&no, &x, &y, &mut d2y, &mut d2x, &mut NoParams::default());
        assert_eq!(d2x.data, want.data);
    }
}

sequential! {
    /// LeNet-5 with smaller maps. Every stage uses the fast kernels; the output layer of 1998 follows.
    pub(crate) struct Fast, trace FastTrace {
        input:                                               Maps<1, 20, 20>;
        c1:   Conv2d<1, 6, 5, ScaledTanh>                    => Maps<6, 16, 16>;
        s2:   Subsample<6, 2, ScaledTanh>                    => Maps<6, 8, 8>;
        c3:   SparseConv2d<6, 16, 60, 5, Table1, ScaledTanh> => Maps<16, 4, 4>;
        s4:   Subsample<16, 2, ScaledTanh>                   => Maps<16, 2, 2>;
        c5:   Conv2d<16, 37, 2, ScaledTanh>                  => Maps<37, 1, 1>;
        flat: Flatten                                        => Units<37>;
        f6:   Dense<37, 5, ScaledTanh>                       => Units<5>;
        out:  Rbf<5, 3, Own>                                 => Units<3>;
    }
}

/// Losses whose own curvature is not rounded: the test compares the curvature of the network.
const STARTS: [AnyLoss; 3] = [AnyLoss::MeanSquared, AnyLoss::CorrectPenalty, AnyLoss::MaximumAPosteriori];

/// `T::LANES` examples at once, the first `count` of them with targets, compared with single examples in `f64`.
struct InLanes<T> {
    loss: AnyLoss,
    count: usize,
    seed: u64,
    cell: std::marker::PhantomData<T>,
}
impl<T: Cell<Element = f32>> Kernel for InLanes<T> {
    type Output = Result<(), String>;
    fn run<S: Simd>(self, simd: S) -> Self::Output {
        let InLanes { loss, count, seed, .. } = self;
        let mut draw = Draw::new(seed);
        let (mut wide, mut narrow) = (Fast::<f64>::boxed_zeroed(), Fast::<f32>::boxed_zeroed());
        draw_params(&mut draw, &mut *wide, Fast::<f64>::info);
        for i in 0..Fast::<f64>::TENSORS {
            for (wide, narrow) in wide.tensor_mut(i).iter_mut().zip(narrow.tensor_mut(i)) {
                *narrow = *wide as f32;
                *wide = f64::from(*narrow);
            }
        }
        let (mut squared, mut squared1) = (Squared::<Fast>::boxed_zeroed(), Squared::<Fast<f64>>::boxed_zeroed());
        squared.set(&narrow);
        squared1.set(&wide);
        let mut trace = FastTrace::<T>::boxed_zeroed();
        trace.input.cells_mut().iter_mut().for_each(|cell| cell.lanes_mut().fill_with(|| draw.within(1.0) as f32));
        let targets: Vec<Class<3>> = (0..count.min(T::LANES)).map(|_| class(draw.below(3))).collect();

        let gauss_newton = |trace: &mut FastTrace<T>, second: &mut FastTrace<T>| {
            let mut h = Curvature::<Fast>::boxed_zeroed();
            narrow.forward_with(simd, trace, Mode::Inference);
            second.out.fill(T::splat(f32::NAN));
            loss.curvature(&trace.out, &targets, &mut second.out);
            Fast::curvature_with(&squared, simd, trace, second, &mut h);
            h
        };
        let mut second = FastTrace::<T>::boxed_zeroed();
        let h = gauss_newton(&mut trace, &mut second);

        let mut sum = Curvature::<Fast<f64>>::boxed_zeroed();
        for lane in 0..T::LANES {
            let (mut trace1, mut second1) = (FastTrace::<f64>::boxed_zeroed(), FastTrace::<f64>::boxed_zeroed());
            if let Some(target) = targets.get(lane) {
                take(&trace.input, lane, &mut trace1.input);
                wide.forward_with(Scalar, &mut trace1, Mode::Inference);
                loss.curvature(&trace1.out, &[*target], &mut second1.out);
                Fast::curvature_with(&squared1, Scalar, &trace1, &mut second1, &mut sum);
            }
            let input: Vec<f32> = second.input.cells().iter().map(|cell| cell.lanes()[lane]).collect();
            near(&format!("input of lane {lane}"), &input, second1.input.cells())?;
        }
        for i in 0..Fast::<f32>::TENSORS {
            near(&Fast::<f32>::info(i).to_string(), h.tensor(i), sum.tensor(i))?;
        }

        // The contents of lanes without a target do not matter.
        let mut cleared = FastTrace::<T>::boxed_zeroed();
        cleared.input.cells_mut().copy_from_slice(trace.input.cells());
        cleared.input.cells_mut().iter_mut().for_each(|cell| cell.lanes_mut()[targets.len()..].fill(0.0));
        let again = gauss_newton(&mut cleared, &mut second);
        let equal = (0..Fast::<f32>::TENSORS).all(|i| h.tensor(i) == again.tensor(i));
        if equal { Ok(()) } else { Err("what lies in a lane without a target matters".into()) }
    }
}

fn everywhere<T: Cell<Element = f32>>(loss: AnyLoss, count: usize, seed: u64) -> Result<(), TestCaseError> {
    for isa in Isa::all_available() {
        isa.dispatch(InLanes::<T> { loss, count, seed, cell: std::marker::PhantomData })
            .map_err(|why| TestCaseError::fail(format!("{isa}, {} lanes: {why}", T::LANES)))?;
    }
    Ok(())
}

#[test]
fn in_lanes_and_alone() {
    for_samples(16, |sample| {
        let (loss, count, seed) = (sample.choose(0, &STARTS), sample.below(1, 17), sample.seed);
        everywhere::<Lanes<16>>(loss, count, seed)?;
        everywhere::<f32>(loss, 1, seed)
    });
}

/// The curvature of each loss equals its definition exactly, except for [`SoftmaxMeanSquared`], which drops the
/// curvature of the softmax itself, and [`MaximumAPosteriori`], which drops its second term.
#[test]
fn starts_at_the_loss() {
    for_samples(16, |sample| {
        start::<2>(sample.seed).map_err(TestCaseError::fail)?;
        start::<10>(sample.seed).map_err(TestCaseError::fail)
    });
}

fn start<const N: usize>(seed: u64) -> Result<(), String> {
    /// A larger step than for first differences, because the rounding error is divided by its square.
    const H: f64 = 1e-3;
    let mut draw = Draw::new(seed);
    let mut y = Tensor::<Units<N>, f64>::ZERO;
    draw.fill(&mut y.data, 2.0);
    let target = draw.below(N);
    let moved = |i: usize, h: f64| {
        let mut moved = y.data;
        moved[i] += h;
        moved
    };
    let softmax = |y: [f64; N]| {
        let sum: f64 = y.iter().map(|y| y.exp()).sum();
        y.map(|y| y.exp() / sum)
    };
    for loss in LOSSES {
        let mut d2y = Tensor::<Units<N>, f64>::ZERO;
        d2y.fill(f64::NAN);
        loss.curvature(&y, &[class(target)], &mut d2y);
        for (i, got) in d2y.data.iter().enumerate() {
            let by_difference = |h: f64| plainly(loss, &moved(i, h), target);
            let want = match loss {
                AnyLoss::SoftmaxMeanSquared => {
                    let (up, down) = (softmax(moved(i, H)), softmax(moved(i, -H)));
                    2.0 * up.iter().zip(down).map(|(up, down)| ((up - down) / (2.0 * H)).powi(2)).sum::<f64>()
                }
                AnyLoss::SoftmaxCrossEntropy | AnyLoss::SmoothedCrossEntropy | AnyLoss::MeanSquared => {
                    (by_difference(H) + by_difference(-H) - 2.0 * by_difference(0.0)) / (H * H)
                }
                AnyLoss::CorrectPenalty | AnyLoss::MaximumAPosteriori => f64::from(u8::from(i == target)),
            };
            if (got - want).abs() > 1e-6 {
                return Err(format!("{loss:?} of {N}, output {i}: {got}, not {want}"));
            }
        }
    }
    Ok(())
}

/// In lanes, a loss has the same curvature as for a single example, and zero where there is no target.
#[test]
fn lanes_without_a_target_start_at_zero() {
    for (loss, count) in LOSSES.into_iter().flat_map(|loss| [0, 1, 7, 15, 16].map(|count| (loss, count))) {
        let mut draw = Draw::new(count as u64);
        let (mut y, mut d2y) = (Tensor::<Units<10>, Lanes<16>>::ZERO, Tensor::<Units<10>, Lanes<16>>::ZERO);
        y.data.iter_mut().for_each(|cell| cell.0.fill_with(|| draw.within(3.0) as f32));
        d2y.fill(Lanes::splat(f32::NAN));
        let targets: Vec<Class<10>> = (0..count).map(|_| class(draw.below(10))).collect();
        loss.curvature(&y, &targets, &mut d2y);
        for lane in 0..16 {
            let single = Tensor::<Units<10>, f64> { data: y.data.map(|cell| f64::from(cell.0[lane])) };
            let mut want = Tensor::<Units<10>, f64>::ZERO;
            if let Some(target) = targets.get(lane) {
                loss.curvature(&single, &[*target], &mut want);
            }
            for (got, want) in d2y.data.iter().zip(want.data) {
                assert!((f64::from(got.0[lane]) - want).abs() <= 1e-6, "{loss:?}, lane {lane} of {count}");
                assert!(lane < count || got.0[lane] == 0.0, "{loss:?}, lane {lane} of {count}");
            }
        }
    }
}

/// With Euclidean distances, the curvature of eq. 8 is exactly 2 with respect to every input, and differences agree.
#[test]
fn of_a_penalty_is_2() {
    for seed in 0..16 {
        let mut draw = Draw::new(seed);
        let (mut x, mut y) = (Tensor::<Units<84>, f64>::ZERO, Tensor::<Units<10>, f64>::ZERO);
        draw.fill(&mut x.data, 1.5);
        let target = [class::<10>(draw.below(10))];
        let no = NoParams::default();
        forward::<Rbf<84, 10, Bitmaps>, _>(&no, &x, &mut y);
        for loss in [AnyLoss::CorrectPenalty, AnyLoss::MaximumAPosteriori] {
            let (mut d2y, mut d2x) = (y.clone(), x.clone());
            loss.curvature(&y, &target, &mut d2y);
            d2x.fill(f64::NAN);
            curvature::<Rbf<84, 10, Bitmaps>, _>(&no, &x, &y, &mut d2y, &mut d2x, &mut NoParams::default());
            assert_eq!(d2x.data, [2.0; 84], "{loss:?}");
        }
        let mut sink = Tensor::<Units<10>, f64>::ZERO;
        let mut penalty = |j: usize, h: f64| {
            let mut moved = x.clone();
            moved.data[j] += h;
            forward::<Rbf<84, 10, Bitmaps>, _>(&no, &moved, &mut y);
            CorrectPenalty.evaluate_with(Scalar, &y, &target, 1.0, &mut sink)
        };
        for j in 0..84 {
            // A square has no third derivative, so the step may be large.
            let second = (penalty(j, 0.5) + penalty(j, -0.5) - 2.0 * penalty(j, 0.0)) / 0.25;
            assert!((second - 2.0).abs() < 1e-10, "{second}");
        }
    }
}

/// If several penalties count, their curvatures add up; each has a curvature with respect to every input.
#[test]
fn of_weighted_penalties() {
    let (x, y) = (Tensor::<Units<5>, f64>::ZERO, Tensor::<Units<3>, f64>::ZERO);
    let (mut d2y, mut d2x) = (Tensor { data: [0.5, 0.0, 3.0] }, x.clone());
    curvature::<Rbf<5, 3, Own>, _>(&NoParams::default(), &x, &y, &mut d2y, &mut d2x, &mut NoParams::default());
    assert_eq!(d2x.data, [7.0; 5]);
}

/// Checks the list of connections itself against values computed by hand for a single unit.
#[test]
fn by_the_list_is_what_eqs_22_to_27_say() {
    let list = Net::new([2, 1, 1]).dense(1, TANH);
    let a = list.forward(&[0.5, -0.25, 0.125], &[1.0, 2.0]);
    let slope = 1.0 - 0.125f64.tanh().powi(2);
    let second = list.second(&[0.5, -0.25, 0.125], &[1.0, 2.0], &a, &[3.0]);
    let d2a = 3.0 * slope * slope;
    for (got, want) in second.parameters.iter().zip([d2a, 4.0 * d2a, d2a]) {
        assert!((got - want).abs() < 1e-15);
    }
    for (got, want) in second.inputs.iter().zip([0.25 * d2a, 0.0625 * d2a]) {
        assert!((got - want).abs() < 1e-15);
    }
}

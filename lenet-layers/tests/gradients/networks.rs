//! Checks whole networks, down to every parameter and the input, with every activation function and every loss.

use crate::check::{Draw, Drawn, compare, draw_params, for_samples};
use crate::losses::{AnyLoss, LOSSES};
use crate::tables::Gaps;
use lenet_layers::simd::Scalar;
use lenet_layers::*;
use proptest::prelude::TestCaseError;

sequential! {
    /// Every kind of stage of LeNet-5 except C3.
    pub(crate) struct Plain<A: Activation = Drawn>, trace PlainTrace {
        input:                      Maps<1, 8, 12>;
        c1:   Conv2d<1, 2, 3, A>    => Maps<2, 6, 10>;
        s2:   Subsample<2, 2, A>    => Maps<2, 3, 5>;
        flat: Flatten               => Units<30>;
        f3:   Dense<30, 7, A>       => Units<7>;
        out:  Dense<7, 4>           => Units<4>;
    }
}
sequential! {
    /// Several input channels, a table, and a sparse convolution down to one cell.
    pub(crate) struct Sparse, trace SparseTrace {
        input:                                 Maps<2, 7, 7>;
        c1:   Conv2d<2, 4, 2, Drawn>           => Maps<4, 6, 6>;
        p2:   AvgPool<3>                       => Maps<4, 2, 2>;
        c3:   SparseConv2d<4, 3, 5, 2, Gaps, Drawn> => Maps<3, 1, 1>;
        flat: Flatten                          => Units<3>;
        out:  Dense<3, 5>                      => Units<5>;
    }
}
sequential! {
    /// Max pooling, a kernel of one cell, and an output with an activation function.
    pub(crate) struct Largest, trace LargestTrace {
        input:                         Maps<3, 5, 9>;
        c1:   Conv2d<3, 2, 1, Drawn>   => Maps<2, 5, 9>;
        c2:   Conv2d<2, 4, 2, Drawn>   => Maps<4, 4, 8>;
        p3:   MaxPool<2>               => Maps<4, 2, 4>;
        c4:   Conv2d<4, 6, 2>          => Maps<6, 1, 3>;
        flat: Flatten                  => Units<18>;
        out:  Dense<18, 3, Drawn>      => Units<3>;
    }
}
sequential! {
    /// A convolution that is a matrix product, on an input that is a stack of maps.
    pub(crate) struct Matrix, trace MatrixTrace {
        input:                         Maps<4, 3, 3>;
        c1:   Conv2d<4, 6, 3, Drawn>   => Maps<6, 1, 1>;
        flat: Flatten                  => Units<6>;
        f2:   Dense<6, 5, Drawn>       => Units<5>;
        out:  Dense<5, 10>             => Units<10>;
    }
}

sequential! {
    /// Two stages as a branch.
    pub(crate) struct Block, trace BlockTrace {
        input:                         Maps<3, 4, 6>;
        c1:   Conv2d<3, 2, 1, Drawn>   => Maps<2, 4, 6>;
        n1:   BatchNorm<2, Drawn>      => Maps<2, 4, 6>;
        c2:   Conv2d<2, 3, 1>          => Maps<3, 4, 6>;
    }
}
sequential! {
    /// A branch that changes the shape, within which is a branch.
    pub(crate) struct Reduce, trace ReduceTrace {
        input:                         Maps<3, 4, 6>;
        r1:   Residual<Block>          => Maps<3, 4, 6>;
        c2:   Conv2d<3, 2, 3, Drawn>   => Maps<2, 2, 4>;
    }
}
sequential! {
    /// The projection beside it.
    pub(crate) struct Project, trace ProjectTrace {
        input:                         Maps<3, 4, 6>;
        c1:   Conv2d<3, 2, 3>          => Maps<2, 2, 4>;
    }
}
sequential! {
    /// Stages of branches: the first in the network, one after another, with a projection, and concatenated.
    pub(crate) struct Branches, trace BranchesTrace {
        input:                                    Maps<3, 4, 6>;
        r1:   Residual<Block, Drawn>              => Maps<3, 4, 6>;
        r2:   Residual<Reduce, Identity, Project> => Maps<2, 2, 4>;
        d3:   Concat<Widen>                       => Maps<3, 2, 4>;
        d4:   Concat<Sixth, Fifth>                => Maps<3, 2, 4>;
        mean: GlobalAvgPool                       => Units<3>;
        out:  Dense<3, 4>                         => Units<4>;
    }
}
sequential! {
    pub(crate) struct Widen, trace WidenTrace {
        input:                         Maps<2, 2, 4>;
        c1:   Conv2d<2, 1, 1, Drawn>   => Maps<1, 2, 4>;
    }
}
sequential! {
    pub(crate) struct Fifth, trace FifthTrace {
        input:                         Maps<3, 2, 4>;
        c1:   Conv2d<3, 1, 1, Drawn>   => Maps<1, 2, 4>;
    }
}
sequential! {
    pub(crate) struct Sixth, trace SixthTrace {
        input:                         Maps<3, 2, 4>;
        drop: Dropout<40>              => Maps<3, 2, 4>;
        c1:   Conv2d<3, 2, 1>          => Maps<2, 2, 4>;
    }
}

/// The passes of a network.
struct Passes<N: Network<Element = f64>> {
    forward: fn(&N, &mut N::Trace<f64>),
    backward: Backward<N>,
}
const LEARNING: Mode = Mode::Training(TrainingPass { examples: 1, batch: 3, seed: 8 });
/// Down to the input if the flag is set.
type Backward<N> = fn(&N, &<N as Network>::Trace<f64>, &mut <N as Network>::Trace<f64>, &mut Grad<N>, bool);

impl<N: Network<Element = f64>> Passes<N> {
    /// The reference loops.
    const REFERENCE: Self = Passes {
        forward: |net, trace| net.forward_with(Scalar, trace, Mode::Inference),
        backward: |net, trace, errors, grad, to_input| match to_input {
            true => net.backward_with::<_, _, true>(Scalar, trace, errors, grad, Mode::Inference),
            false => net.backward_with::<_, _, false>(Scalar, trace, errors, grad, Mode::Inference),
        },
    };
    /// The same in training.
    const LEARNING: Self = Passes {
        forward: |net, trace| net.forward_with(Scalar, trace, LEARNING),
        backward: |net, trace, errors, grad, to_input| match to_input {
            true => net.backward_with::<_, _, true>(Scalar, trace, errors, grad, LEARNING),
            false => net.backward_with::<_, _, false>(Scalar, trace, errors, grad, LEARNING),
        },
    };
    /// The loops of this process's instruction set. They take three times as long to compile.
    const DISPATCHED: Self = Passes {
        forward: |net, trace| {
            net.forward(trace);
        },
        backward: |net, trace, errors, grad, to_input| match to_input {
            true => net.backward_to_input(trace, errors, grad),
            false => net.backward(trace, errors, grad),
        },
    };
}

/// Compares all gradients of a network with differences of the loss.
fn network<N, const CLASSES: usize>(passes: Passes<N>, loss: AnyLoss, seed: u64, kinks: bool) -> Result<(), String>
where
    N: Network<Element = f64, Output = Units<CLASSES>>,
{
    let mut draw = Draw::new(seed);
    let mut net = N::boxed_zeroed();
    draw_params(&mut draw, &mut *net, N::info);
    let mut trace = N::Trace::<f64>::boxed_zeroed();
    draw.fill(trace.input_mut().cells_mut(), 1.0);
    let target = [Class::<CLASSES>::new(draw.below(CLASSES)).unwrap()];
    let scale = 0.5 + draw.below(3) as f64;
    let mut sink = Tensor::<Units<CLASSES>, f64>::ZERO;

    let mut errors = N::Trace::<f64>::boxed_zeroed();
    (passes.forward)(&net, &mut trace);
    loss.evaluate_with(Scalar, trace.output(), &target, scale, errors.output_mut());
    let mut grad = Grad::<N>::boxed_zeroed();
    draw.fill(errors.input_mut().cells_mut(), 100.0);
    (passes.backward)(&net, &trace, &mut errors, &mut grad, true);

    // The backward pass that does not compute the input gradient yields the same parameter gradient, and adds it.
    let mut twice = Grad::<N>::boxed_zeroed();
    for _ in 0..2 {
        let mut errors = N::Trace::<f64>::boxed_zeroed();
        loss.evaluate_with(Scalar, trace.output(), &target, scale, errors.output_mut());
        (passes.backward)(&net, &trace, &mut errors, &mut twice, false);
        if errors.input().cells().iter().any(|d| *d != 0.0) {
            return Err("the input's gradient was computed unasked".into());
        }
    }
    for (once, twice) in grad.tensors().zip(twice.tensors()) {
        if once.iter().zip(twice).any(|(once, twice)| (2.0 * once - twice).abs() > 1e-12 * (1.0 + once.abs())) {
            return Err("two backward passes are not twice one".into());
        }
    }

    let mut run = |net: &N, trace: &mut N::Trace<f64>| {
        (passes.forward)(net, trace);
        scale * loss.evaluate_with(Scalar, trace.output(), &target, 1.0, &mut sink)
    };
    for i in (0..N::TENSORS).filter(|i| !N::is_statistic(*i)) {
        compare(&N::info(i).to_string(), grad.tensor(i), kinks, &mut |j, h| {
            let kept = net.tensor(i)[j];
            net.tensor_mut(i)[j] = kept + h;
            let loss = run(&net, &mut trace);
            net.tensor_mut(i)[j] = kept;
            loss
        })?;
    }
    compare("input", errors.input().cells(), kinks, &mut |j, h| {
        let kept = trace.input().cells()[j];
        trace.input_mut().cells_mut()[j] = kept + h;
        let loss = run(&net, &mut trace);
        trace.input_mut().cells_mut()[j] = kept;
        loss
    })
}

fn checked(name: &str, activation: usize, result: Result<(), String>) -> Result<(), TestCaseError> {
    result.map_err(|why| TestCaseError::fail(format!("{name}, {}: {why}", Drawn::NAMES[activation])))
}

#[test]
fn a_whole_network() {
    for_samples(60, |sample| {
        let (activation, loss, seed) = (sample.below(0, 5), sample.choose(1, &LOSSES), sample.seed);
        Drawn::choose(activation);
        let kinks = activation == Drawn::RELU;
        checked("Plain", activation, network::<Plain<Drawn, f64>, 4>(Passes::REFERENCE, loss, seed, kinks))?;
        checked("Sparse", activation, network::<Sparse<f64>, 5>(Passes::REFERENCE, loss, seed, kinks))?;
        checked("Largest", activation, network::<Largest<f64>, 3>(Passes::REFERENCE, loss, seed, true))?;
        checked("Matrix", activation, network::<Matrix<f64>, 10>(Passes::REFERENCE, loss, seed, kinks))
    });
}

#[test]
fn a_network_of_branches() {
    for_samples(60, |sample| {
        let (activation, loss, seed) = (sample.below(0, 5), sample.choose(1, &LOSSES), sample.seed);
        Drawn::choose(activation);
        let kinks = activation == Drawn::RELU;
        checked("Branches", activation, network::<Branches<f64>, 4>(Passes::REFERENCE, loss, seed, kinks))?;
        checked("Branches in training", activation, network::<Branches<f64>, 4>(Passes::LEARNING, loss, seed, kinks))
    });
}

#[test]
fn names_and_counts_of_branches() {
    let names: Vec<String> = (0..Branches::<f32>::TENSORS).map(|i| Branches::<f32>::info(i).to_string()).collect();
    assert_eq!(names[0], "r1.block.c1.weight");
    assert_eq!(names[4], "r1.block.n1.running_mean");
    assert_eq!(names[8], "r2.block.r1.block.c1.weight");
    assert_eq!(names[18..20], ["r2.skip.c1.weight", "r2.skip.c1.bias"]);
    assert_eq!(names.len(), 28);
    assert!(Branches::<f32>::is_statistic(4) && !Branches::<f32>::is_statistic(3) && Branches::<f32>::is_statistic(13));
    let block = 24 * ((6 + 2) + (6 + 3)) + 2 * 48;
    let stages = Branches::<f32>::STAGES;
    assert_eq!((stages[0].params, stages[0].connections, stages[0].dims), (8 + 4 + 9, block, &[3, 4, 6][..]));
    assert_eq!(stages[1].connections, block + 2 * (8 * (54 + 2)));
    assert_eq!(
        stages[0].layer().to_string(),
        "(convolution 1x1, drawn - batch normalization, drawn - convolution 1x1, identity) plus (the input), drawn"
    );
    assert_eq!((Branches::<f32>::LEN, Branches::<f32>::STATISTICS), (Grad::<Branches>::LEN, 8));
    let mut net = Branches::<f64>::zeroed();
    net.tensor_mut(19)[1] = 7.0;
    assert_eq!(net.r2.skip.c1.bias, [0.0, 7.0]);
}

#[test]
fn a_network_generic_over_its_activation() {
    for_samples(60, |sample| {
        let (loss, seed) = (sample.choose(0, &LOSSES), sample.seed);
        checked("Plain", 2, network::<Plain<Tanh, f64>, 4>(Passes::DISPATCHED, loss, seed, false))?;
        checked("Plain", 3, network::<Plain<Sigmoid, f64>, 4>(Passes::DISPATCHED, loss, seed, false))
    });
}

#[test]
fn names_stages_and_counts() {
    let names: Vec<String> = (0..Sparse::<f32>::TENSORS).map(|i| Sparse::<f32>::info(i).to_string()).collect();
    assert_eq!(names, ["c1.weight", "c1.bias", "c3.weight", "c3.bias", "out.weight", "out.bias"]);
    let stages: Vec<_> = Sparse::<f32>::STAGES.iter().map(|s| (s.name, s.params, s.connections)).collect();
    let c1 = 6 * 6 * (2 * 4 * 4 + 4);
    assert_eq!(stages, [("c1", 36, c1), ("p2", 0, 4 * 4 * 9), ("c3", 23, 5 * 4 + 3), ("flat", 0, 0), ("out", 20, 20)]);
    assert_eq!(Sparse::<f32>::CONNECTIONS, c1 + 144 + 23 + 20);
    assert_eq!(Sparse::<f32>::STAGES[2].layer().to_string(), "convolution 2x2, 5 of 12 kernels, drawn");
    // A missing kernel shifts the ones after it: weight 8 of C3 is the first of the pair (2, 0).
    assert_eq!(Sparse::<f32>::info(2).positions().nth(8), Some((2 * 4) * 4));
    let mut net = Sparse::<f64>::zeroed();
    net.tensor_mut(3)[1] = 7.0;
    assert_eq!(net.c3.bias, [0.0, 7.0, 0.0]);
}

#[test]
fn the_output_alone_is_the_last_of_a_trace() {
    fn check<N: Network<Element = f64>>() {
        let mut draw = Draw::new(7);
        let mut net = N::boxed_zeroed();
        draw_params(&mut draw, &mut *net, N::info);
        let mut trace = N::Trace::<f64>::boxed_zeroed();
        draw.fill(trace.input_mut().cells_mut(), 1.0);
        net.forward_with(Scalar, &mut trace, Mode::Inference);
        let output = net.output_with(Scalar, trace.input());
        assert_eq!(output, *trace.output());
        assert!(output.cells().iter().any(|y| *y != 0.0));
    }
    // One stage, and even and odd numbers of stages, with branches and without.
    check::<Project<f64>>();
    check::<Matrix<f64>>();
    check::<Plain<Drawn, f64>>();
    check::<Largest<f64>>();
    check::<Branches<f64>>();
}

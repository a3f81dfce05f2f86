//! Compares curvatures with the Gauss-Newton matrix itself, J' H J, where J holds the derivatives of the outputs with
//! respect to the parameters and H is the loss's Hessian with respect to the outputs.
//!
//! The recursion keeps only the diagonal from layer to layer. The effect depends on the layer. The diagonal of the
//! matrix is exact for the last layer of weights, because each of its units leads to one output. For the layer before
//! it, it is exact if H is diagonal too, as for [`MeanSquared`]. For the other layers it is not exact.

use crate::check::{Draw, draw_params};
use crate::losses::class;
use crate::tables::Own;
use lenet_layers::simd::Scalar;
use lenet_layers::*;

sequential! {
    pub(crate) struct One, trace OneTrace {
        input:                    Units<5>;
        out:  Dense<5, 4, Tanh>   => Units<4>;
    }
}
sequential! {
    pub(crate) struct Two, trace TwoTrace {
        input:                    Units<5>;
        f1:   Dense<5, 6, Tanh>   => Units<6>;
        out:  Dense<6, 4, Tanh>   => Units<4>;
    }
}
sequential! {
    pub(crate) struct Three, trace ThreeTrace {
        input:                    Units<5>;
        f1:   Dense<5, 6, Tanh>   => Units<6>;
        f2:   Dense<6, 7, Tanh>   => Units<7>;
        out:  Dense<7, 4, Tanh>   => Units<4>;
    }
}
sequential! {
    /// Linear in its parameters up to the distances.
    pub(crate) struct Distances, trace DistancesTrace {
        input:                    Units<4>;
        f1:   Dense<4, 5>         => Units<5>;
        out:  Rbf<5, 3, Own>      => Units<3>;
    }
}

/// Returns a loss's Hessian with respect to the outputs.
type Hessian = fn(&[f64]) -> Vec<Vec<f64>>;

fn mean_squared(y: &[f64]) -> Vec<Vec<f64>> {
    (0..y.len()).map(|i| (0..y.len()).map(|k| f64::from(u8::from(i == k))).collect()).collect()
}

/// d2E / dy_i dy_k = p_i ([i = k] - p_k), for every class.
fn cross_entropy(y: &[f64]) -> Vec<Vec<f64>> {
    let sum: f64 = y.iter().map(|y| y.exp()).sum();
    let p: Vec<f64> = y.iter().map(|y| y.exp() / sum).collect();
    (0..y.len()).map(|i| (0..y.len()).map(|k| p[i] * (f64::from(u8::from(i == k)) - p[k])).collect()).collect()
}

/// Returns, for each stage of parameters, the largest distance of the recursion from the diagonal of J' H J, relative
/// to the stage's largest number.
fn distance<N, const O: usize>(loss: impl CurvedLoss<Units<O>, Class<O>>, hessian: Hessian, seed: u64) -> Vec<f64>
where
    N: CurvedNetwork<Element = f64, Output = Units<O>>,
{
    let mut draw = Draw::new(seed);
    let mut net = N::boxed_zeroed();
    draw_params(&mut draw, &mut *net, N::info);
    let (mut trace, mut second) = (N::Trace::<f64>::boxed_zeroed(), N::Trace::<f64>::boxed_zeroed());
    draw.fill(trace.input_mut().cells_mut(), 1.0);
    net.forward_with(Scalar, &mut trace, Mode::Inference);

    let (mut squared, mut h) = (Squared::<N>::boxed_zeroed(), Curvature::<N>::boxed_zeroed());
    squared.set(&net);
    loss.curvature(trace.output(), &[class(draw.below(O))], second.output_mut());
    N::curvature_with(&squared, Scalar, &trace, &mut second, &mut h);

    // A unit error at an output yields that output's row of J.
    let jacobian: Vec<_> = (0..O)
        .map(|o| {
            let (mut errors, mut row) = (N::Trace::<f64>::boxed_zeroed(), Grad::<N>::boxed_zeroed());
            errors.output_mut().cells_mut()[o] = 1.0;
            net.backward_with::<_, _, false>(Scalar, &trace, &mut errors, &mut row, Mode::Inference);
            row
        })
        .collect();
    let hessian = hessian(trace.output().cells());
    let stage = |stage: usize| {
        let (mut largest, mut distance) = (0.0f64, 0.0f64);
        for i in [2 * stage, 2 * stage + 1] {
            for (k, got) in h.tensor(i).iter().enumerate() {
                let mut want = 0.0;
                for o in 0..O {
                    for p in 0..O {
                        want += jacobian[o].tensor(i)[k] * hessian[o][p] * jacobian[p].tensor(i)[k];
                    }
                }
                largest = largest.max(want);
                distance = distance.max((got - want).abs());
            }
        }
        distance / largest
    };
    (0..N::TENSORS / 2).map(stage).collect()
}

const EXACT: std::ops::Range<f64> = 0.0..1e-12;
/// The range for a diagonal that differs.
const ROUGH: std::ops::Range<f64> = 0.01..f64::INFINITY;

#[track_caller]
fn assert_distances(got: &[f64], want: &[std::ops::Range<f64>]) {
    assert_eq!(got.len(), want.len());
    assert!(got.iter().zip(want).all(|(got, want)| want.contains(got)), "{got:?} and not {want:?}");
}

#[test]
fn one_layer_is_exact_with_either_loss() {
    for seed in 0..16 {
        assert_distances(&distance::<One<f64>, 4>(MeanSquared, mean_squared, seed), &[EXACT]);
        assert_distances(&distance::<One<f64>, 4>(SoftmaxCrossEntropy, cross_entropy, seed), &[EXACT]);
    }
}

#[test]
fn two_layers_are_exact_where_the_losss_hessian_is_diagonal() {
    for seed in 0..16 {
        assert_distances(&distance::<Two<f64>, 4>(MeanSquared, mean_squared, seed), &[EXACT, EXACT]);
        assert_distances(&distance::<Two<f64>, 4>(SoftmaxCrossEntropy, cross_entropy, seed), &[ROUGH, EXACT]);
    }
}

#[test]
fn the_first_of_three_layers_is_not_exact() {
    for seed in 0..16 {
        assert_distances(&distance::<Three<f64>, 4>(MeanSquared, mean_squared, seed), &[ROUGH, EXACT, EXACT]);
    }
}

/// If the penalty is a square of a linear function of the parameters, its curvature is the second derivative itself.
#[test]
fn one_layer_before_the_distances_is_exact() {
    for seed in 0..16 {
        let mut draw = Draw::new(seed);
        let mut net = Distances::<f64>::boxed_zeroed();
        draw_params(&mut draw, &mut *net, Distances::<f64>::info);
        let (mut trace, mut second) = (DistancesTrace::<f64>::boxed_zeroed(), DistancesTrace::<f64>::boxed_zeroed());
        draw.fill(&mut trace.input.data, 1.0);
        let target = [class::<3>(draw.below(3))];
        let (mut squared, mut h) =
            (Squared::<Distances<f64>>::boxed_zeroed(), Curvature::<Distances<f64>>::boxed_zeroed());
        squared.set(&net);
        net.forward_with(Scalar, &mut trace, Mode::Inference);
        CorrectPenalty.curvature(&trace.out, &target, &mut second.out);
        Distances::<f64>::curvature_with(&squared, Scalar, &trace, &mut second, &mut h);
        let mut sink = trace.out.clone();
        for i in 0..2 {
            for k in 0..net.tensor(i).len() {
                let mut penalty = |by: f64| {
                    let kept = net.tensor(i)[k];
                    net.tensor_mut(i)[k] = kept + by;
                    net.forward_with(Scalar, &mut trace, Mode::Inference);
                    net.tensor_mut(i)[k] = kept;
                    CorrectPenalty.evaluate_with(Scalar, &trace.out, &target, 1.0, &mut sink)
                };
                let want = (penalty(0.5) + penalty(-0.5) - 2.0 * penalty(0.0)) / 0.25;
                assert!((h.tensor(i)[k] - want).abs() < 1e-11, "{} and {want}", h.tensor(i)[k]);
            }
        }
    }
}

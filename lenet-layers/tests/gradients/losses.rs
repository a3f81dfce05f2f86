//! The losses: their gradients, their lanes, their extreme values.

use crate::check::{Draw, compare, for_samples};
use lenet_layers::simd::{Isa, Kernel, Scalar, Simd};
use lenet_layers::*;
use proptest::prelude::TestCaseError;

/// One of the losses, chosen at run time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AnyLoss {
    SoftmaxMeanSquared,
    SoftmaxCrossEntropy,
    SmoothedCrossEntropy,
    MeanSquared,
    CorrectPenalty,
    MaximumAPosteriori,
}

pub(crate) const LOSSES: [AnyLoss; 6] = [
    AnyLoss::SoftmaxMeanSquared,
    AnyLoss::SoftmaxCrossEntropy,
    AnyLoss::SmoothedCrossEntropy,
    AnyLoss::MeanSquared,
    AnyLoss::CorrectPenalty,
    AnyLoss::MaximumAPosteriori,
];

/// The penalty of the rubbish class.
const J: f64 = 1.5;
const SMOOTHED: SmoothedCrossEntropy = SmoothedCrossEntropy { smoothing: 0.3 };

impl<const N: usize> Loss<Units<N>, Class<N>> for AnyLoss {
    fn evaluate_with<S: Simd, T: Cell>(
        &self,
        simd: S,
        y: &Tensor<Units<N>, T>,
        targets: &[Class<N>],
        scale: T::Element,
        dy: &mut Tensor<Units<N>, T>,
    ) -> T::Element {
        match self {
            AnyLoss::SoftmaxMeanSquared => SoftmaxMeanSquared.evaluate_with(simd, y, targets, scale, dy),
            AnyLoss::SoftmaxCrossEntropy => SoftmaxCrossEntropy.evaluate_with(simd, y, targets, scale, dy),
            AnyLoss::SmoothedCrossEntropy => SMOOTHED.evaluate_with(simd, y, targets, scale, dy),
            AnyLoss::MeanSquared => MeanSquared.evaluate_with(simd, y, targets, scale, dy),
            AnyLoss::CorrectPenalty => CorrectPenalty.evaluate_with(simd, y, targets, scale, dy),
            AnyLoss::MaximumAPosteriori => MaximumAPosteriori { j: J }.evaluate_with(simd, y, targets, scale, dy),
        }
    }
}

impl<const N: usize> CurvedLoss<Units<N>, Class<N>> for AnyLoss {
    fn curvature<T: Cell>(&self, y: &Tensor<Units<N>, T>, targets: &[Class<N>], d2y: &mut Tensor<Units<N>, T>) {
        match self {
            AnyLoss::SoftmaxMeanSquared => SoftmaxMeanSquared.curvature(y, targets, d2y),
            AnyLoss::SoftmaxCrossEntropy => SoftmaxCrossEntropy.curvature(y, targets, d2y),
            AnyLoss::SmoothedCrossEntropy => SMOOTHED.curvature(y, targets, d2y),
            AnyLoss::MeanSquared => MeanSquared.curvature(y, targets, d2y),
            AnyLoss::CorrectPenalty => CorrectPenalty.curvature(y, targets, d2y),
            AnyLoss::MaximumAPosteriori => MaximumAPosteriori { j: J }.curvature(y, targets, d2y),
        }
    }
}

pub(crate) fn class<const N: usize>(index: usize) -> Class<N> {
    Class::new(index % N).unwrap()
}

/// The formula itself in `f64`, as in the paper or a textbook.
pub(crate) fn plainly(loss: AnyLoss, y: &[f64], target: usize) -> f64 {
    let sum: f64 = y.iter().map(|y| y.exp()).sum();
    let (classes, outputs) = (y.len() as f64, y.iter().enumerate());
    match loss {
        AnyLoss::SoftmaxMeanSquared => {
            outputs.map(|(i, y)| (y.exp() / sum - f64::from(u8::from(i == target))).powi(2)).sum()
        }
        AnyLoss::SoftmaxCrossEntropy => -(y[target].exp() / sum).ln(),
        AnyLoss::SmoothedCrossEntropy => outputs
            .map(|(i, y)| {
                let spread = SMOOTHED.smoothing;
                let wanted = spread / classes + if i == target { 1.0 - spread } else { 0.0 };
                -wanted * (y.exp() / sum).ln()
            })
            .sum(),
        AnyLoss::MeanSquared => outputs.map(|(i, y)| (y - if i == target { 1.0 } else { -1.0 }).powi(2) / 2.0).sum(),
        AnyLoss::CorrectPenalty => y[target],
        AnyLoss::MaximumAPosteriori => y[target] + ((-J).exp() + y.iter().map(|y| (-y).exp()).sum::<f64>()).ln(),
    }
}

fn gradient<const N: usize>(loss: AnyLoss, seed: u64) -> Result<(), String> {
    let mut draw = Draw::new(seed);
    let mut y = Tensor::<Units<N>, f64>::ZERO;
    draw.fill(&mut y.data, 2.0);
    let target = draw.below(N);
    let scale = draw.within(2.0);
    let mut dy = Tensor::<Units<N>, f64>::ZERO;
    draw.fill(&mut dy.data, 100.0);
    let value = loss.evaluate_with(Scalar, &y, &[class(target)], scale, &mut dy);
    let expected = plainly(loss, &y.data, target);
    if (value - expected).abs() > 1e-12 * (1.0 + expected.abs()) {
        return Err(format!("{loss:?} of {N}: {value}, by the formula {expected}"));
    }
    compare("dy", &dy.data, false, &mut |i, h| {
        let mut moved = y.data;
        moved[i] += h;
        scale * plainly(loss, &moved, target)
    })
}

/// Compares a block of `count` examples with the single examples in `f64`.
struct Block {
    loss: AnyLoss,
    count: usize,
    seed: u64,
}
impl Kernel for Block {
    type Output = Result<(), String>;
    fn run<S: Simd>(self, simd: S) -> Self::Output {
        let Block { loss, count, seed } = self;
        let mut draw = Draw::new(seed);
        let mut y = Tensor::<Units<10>, Lanes<16>>::ZERO;
        y.cells_mut().iter_mut().for_each(|cell| cell.0.fill_with(|| draw.within(3.0) as f32));
        let targets: Vec<Class<10>> = (0..count).map(|_| class(draw.below(10))).collect();
        let mut dy = Tensor::<Units<10>, Lanes<16>>::ZERO;
        dy.fill(Lanes::splat(f32::NAN));
        let total = f64::from(loss.evaluate_with(simd, &y, &targets, 0.125, &mut dy));
        let mut sum = 0.0;
        for lane in 0..16 {
            let single = Tensor::<Units<10>, f64> { data: y.data.map(|cell| f64::from(cell.0[lane])) };
            let mut expected = Tensor::<Units<10>, f64>::ZERO;
            // A lane without a target has no gradient.
            if let Some(target) = targets.get(lane) {
                sum += loss.evaluate_with(Scalar, &single, &[*target], 0.125, &mut expected);
            }
            for i in 0..10 {
                let (got, want) = (f64::from(dy.data[i].0[lane]), expected.data[i]);
                if (got - want).abs() > 1e-6 || (lane >= count && got != 0.0) {
                    return Err(format!("{loss:?}, lane {lane} of {count}: {got}, not {want}"));
                }
            }
        }
        if (total - sum).abs() <= 1e-5 * (1.0 + sum.abs()) {
            Ok(())
        } else {
            Err(format!("{loss:?}: {total}, not {sum}"))
        }
    }
}

#[test]
fn gradients() {
    for_samples(96, |sample| {
        for loss in LOSSES {
            for check in [gradient::<2>, gradient::<3>, gradient::<10>, gradient::<17>] {
                check(loss, sample.seed).map_err(TestCaseError::fail)?;
            }
        }
        Ok(())
    });
}

#[test]
fn lanes_and_masks() {
    for_samples(96, |sample| {
        let (loss, count, seed) = (sample.choose(0, &LOSSES), sample.below(1, 17), sample.seed);
        for isa in Isa::all_available() {
            let checked = isa.dispatch(Block { loss, count, seed });
            checked.map_err(|why| TestCaseError::fail(format!("{isa}: {why}")))?;
        }
        Ok(())
    });
}

/// Checks very large outputs, in one number type.
struct Extremes(AnyLoss);
impl Kernel for Extremes {
    type Output = ();
    fn run<S: Simd>(self, simd: S) {
        fn on<S: Simd, T: Cell>(loss: AnyLoss, simd: S) {
            let big = |x: f64| T::splat(T::Element::from_f64(x));
            let mut dy = Tensor::<Units<4>, T>::ZERO;
            for y in [[1e4, -1e4, 1e4, 0.0], [-1e4, -1e4, -1e4, -1e4], [-1e4, 1e4, -1e4, -1e4]] {
                for target in 0..4 {
                    let targets = vec![class(target); T::LANES];
                    let y = Tensor { data: y.map(big) };
                    let value = loss.evaluate_with(simd, &y, &targets, T::Element::from_f64(1.0), &mut dy);
                    assert!(value.is_finite(), "{loss:?}: {value}");
                    assert!(dy.cells().iter().all(|d| d.lanes().iter().all(|d| d.is_finite())), "{loss:?}: {dy:?}");
                }
            }
            // Cross-entropy returns the exact loss, however wrong the output is.
            let y = Tensor { data: [1e4, -1e4, -1e4, -1e4].map(big) };
            let wrong = SoftmaxCrossEntropy.evaluate_with(simd, &y, &[class(1)], T::Element::from_f64(1.0), &mut dy);
            assert_eq!(wrong.to_f64(), 2e4);
        }
        on::<S, f32>(self.0, simd);
        on::<S, f64>(self.0, simd);
        on::<S, Lanes<16>>(self.0, simd);
    }
}

/// Puts a NaN in one lane, at each output in turn. [`CorrectPenalty`] reads only the right output, and its gradient
/// reads none: a NaN then shows in the loss, and goes back through the layer that computed it.
struct NotANumber(AnyLoss);
impl Kernel for NotANumber {
    type Output = ();
    fn run<S: Simd>(self, simd: S) {
        for bad in 0..4 {
            let mut y = Tensor::<Units<4>, Lanes<16>>::ZERO;
            y.data[bad].0[7] = f32::NAN;
            let mut dy = Tensor::<Units<4>, Lanes<16>>::ZERO;
            let value = self.0.evaluate_with(simd, &y, &[class(2); 16], 1.0, &mut dy);
            let blind = matches!(self.0, AnyLoss::CorrectPenalty);
            assert_eq!(value.is_nan(), !blind || bad == 2, "{:?}: a NaN at output {bad} gives {value}", self.0);
            assert_eq!(dy.data[bad].0[7].is_nan(), !blind, "{:?}: no NaN in the gradient", self.0);
            let clean = |lane: usize| dy.data.iter().all(|cell| cell.0[lane].is_finite());
            assert!((0..16).all(|lane| lane == 7 || clean(lane)), "{:?}: a NaN leaves its lane", self.0);
            let alone = self.0.evaluate_with(simd, &y, &[class(2); 7], 1.0, &mut dy);
            assert!(alone.is_finite(), "{:?}: a lane without a target counts", self.0);
        }
    }
}

#[test]
fn extreme_outputs_stay_finite() {
    for (isa, loss) in Isa::all_available().flat_map(|isa| LOSSES.map(|loss| (isa, loss))) {
        isa.dispatch(Extremes(loss));
    }
}

#[test]
fn a_nan_stays_a_nan_and_in_its_lane() {
    for (isa, loss) in Isa::all_available().flat_map(|isa| LOSSES.map(|loss| (isa, loss))) {
        isa.dispatch(NotANumber(loss));
    }
}

/// Eq. 9 shifted by the smallest penalty, in `f64`: the loss, and its gradient with respect to each penalty.
fn shifted(j: f64, y: &[f64], target: usize) -> (f64, Vec<f64>) {
    let least = y.iter().copied().fold(j, f64::min);
    let sum = (least - j).exp() + y.iter().map(|y| (least - y).exp()).sum::<f64>();
    let own = |i| f64::from(u8::from(i == target));
    let gradient = y.iter().enumerate().map(|(i, y)| own(i) - (least - y).exp() / sum).collect();
    (y[target] - least + sum.ln(), gradient)
}

/// Checks penalties so large that every e^-y and e^-j are zero, in one number type.
struct LargePenalties(u64);
impl Kernel for LargePenalties {
    type Output = ();
    fn run<S: Simd>(self, simd: S) {
        fn on<S: Simd, T: Cell>(seed: u64, simd: S) {
            let rounding = if size_of::<T::Element>() == 4 { 2e-6 } else { 1e-14 };
            let mut draw = Draw::new(seed);
            for (j, middle, around) in [
                (J, 1250.0, 750.0),
                (J, 90.0, 30.0),
                (1000.0, 1250.0, 750.0),
                (2e4, 2e4, 1.0),
                (J, 3.0, 3.0),
                (J, 0.0, 0.0),
            ] {
                // Multiples of one half, which both number types represent exactly.
                let y: [f64; 10] = std::array::from_fn(|_| ((middle + draw.within(around)) * 2.0).round() / 2.0);
                let target = draw.below(10);
                let cells = Tensor { data: y.map(|y| T::splat(T::Element::from_f64(y))) };
                let mut dy = Tensor::<Units<10>, T>::ZERO;
                let loss = MaximumAPosteriori { j };
                let got = loss.evaluate_with(simd, &cells, &[class(target)], T::Element::from_f64(1.0), &mut dy);
                let (want, gradient) = shifted(j, &y, target);
                let (got, allowed) = (got.to_f64(), rounding * (1.0 + want));
                assert!((got - want).abs() <= allowed, "{y:?}, class {target}: {got}, not {want}");
                for (dy, want) in dy.data.iter().zip(gradient) {
                    let got = dy.lanes()[0].to_f64();
                    assert!((got - want).abs() <= rounding, "{y:?}, class {target}: gradient {got}, not {want}");
                }
                let right =
                    CorrectPenalty.evaluate_with(simd, &cells, &[class(target)], T::Element::from_f64(1.0), &mut dy);
                assert_eq!(right.to_f64(), y[target]);
            }
        }
        on::<S, f32>(self.0, simd);
        on::<S, f64>(self.0, simd);
        on::<S, Lanes<16>>(self.0, simd);
    }
}

/// Tests that the two formulas agree where the plain one can be computed, and that the criterion has its purpose.
#[test]
fn large_penalties_are_compared_from_the_smallest_up() {
    for seed in 0..20 {
        let mut draw = Draw::new(seed);
        let y: [f64; 10] = std::array::from_fn(|_| 20.0 + draw.within(20.0));
        let (plain, (shifted, _)) = (plainly(AnyLoss::MaximumAPosteriori, &y, 3), shifted(J, &y, 3));
        assert!((plain - shifted).abs() <= 1e-12 * (1.0 + shifted), "{plain} and {shifted}");
    }
    for (isa, seed) in Isa::all_available().flat_map(|isa| (0..20).map(move |seed| (isa, seed))) {
        isa.dispatch(LargePenalties(seed));
    }
    // All are far above j: the rubbish class has all the weight, and only the right penalty is pulled down.
    let (y, mut dy) = (Tensor::<Units<3>, f32> { data: [700.0, 500.0, 2000.0] }, Tensor::<Units<3>, f32>::ZERO);
    let loss = MaximumAPosteriori { j: J }.evaluate_with(Scalar, &y, &[class(0)], 1.0, &mut dy);
    assert_eq!((loss, dy.data[0]), (698.5, 1.0));
    assert!(dy.data[1].abs() < 1e-37 && dy.data[2].abs() < 1e-37, "{dy:?}");
    // The wrong penalties are pushed up where they are small.
    let y = Tensor::<Units<3>, f32> { data: [0.0, 0.0, 2000.0] };
    MaximumAPosteriori { j: 1000.0 }.evaluate_with(Scalar, &y, &[class(0)], 1.0, &mut dy);
    assert_eq!(dy.data[..2], [0.5, -0.5]);
    assert!(dy.data[2].abs() < 1e-37, "{dy:?}");
}

#[test]
fn softmax_is_a_distribution() {
    let y = Tensor::<Units<3>, f64> { data: [1.0, 2.0, 4.0] };
    let mut p = y.clone();
    softmax(&y, &mut p);
    assert!((p.data.iter().sum::<f64>() - 1.0).abs() < 1e-15);
    assert!((p.data[2] / p.data[1] - 2f64.exp()).abs() < 1e-12);
}

#[test]
fn more_targets_than_lanes_are_refused() {
    for loss in LOSSES {
        let caught = std::panic::catch_unwind(|| {
            let y = Tensor::<Units<2>, f32>::ZERO;
            loss.evaluate_with(Scalar, &y, &[class(0); 2], 1.0, &mut y.clone());
        });
        let curved = std::panic::catch_unwind(|| {
            let y = Tensor::<Units<2>, f32>::ZERO;
            loss.curvature(&y, &[class(0); 2], &mut y.clone());
        });
        for why in [caught.unwrap_err(), curved.unwrap_err()] {
            assert_eq!(why.downcast_ref::<String>().map(String::as_str), Some("2 targets for 1 lanes"), "{loss:?}");
        }
    }
}

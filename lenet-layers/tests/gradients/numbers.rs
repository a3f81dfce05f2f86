//! The losses against numbers: PyTorch's results, their gradients and curvatures, their lanes, their extreme values.

use crate::check::{Draw, compare, for_samples};
use crate::golden::*;
use lenet_layers::simd::{Isa, Kernel, Scalar, Simd};
use lenet_layers::*;
use proptest::prelude::TestCaseError;

const HUBER_LOSS: Huber = Huber { delta: 1.5 };

/// Calls `$check`, a generic function, with each of the losses.
macro_rules! with_each {
    ($check:ident $(::<$G:ty>)? ($($argument:expr),*)) => {
        [
            ("squared", $check$(::<_, $G>)?(SquaredError, $($argument),*)),
            ("Huber", $check$(::<_, $G>)?(HUBER_LOSS, $($argument),*)),
            ("binary", $check$(::<_, $G>)?(BinaryCrossEntropy, $($argument),*)),
        ]
    };
}

/// The losses of `OUTPUTS` against `targets`, and their gradient: in `f64`, and in lanes on every instruction set.
fn golden<L: Loss<Units<6>, Tensor<Units<6>>>>(
    loss: L,
    factor: f64,
    targets: [[f64; 6]; 3],
    want: (f64, [[f64; 6]; 3]),
) {
    let targets = targets.map(|target| Tensor { data: target.map(|t| t as f32) });
    let mut sum = 0.0;
    for example in 0..3 {
        let (y, mut dy) = (Tensor { data: OUTPUTS[example] }, Tensor::<Units<6>, f64>::ZERO);
        sum += factor * loss.evaluate_with(Scalar, &y, &targets[example..=example], factor, &mut dy);
        let near = dy.data.iter().zip(want.1[example]).all(|(got, want)| (got - want).abs() < 1e-13);
        assert!(near, "{dy:?}, not {:?}", want.1[example]);
    }
    assert!((sum / want.0 - 1.0).abs() < 1e-14, "{sum}, not {}", want.0);

    let y = Tensor { data: std::array::from_fn(|i| Lanes(std::array::from_fn(|l| OUTPUTS[l % 3][i] as f32))) };
    for isa in Isa::all_available() {
        let mut dy = Tensor::<Units<6>, Lanes<16>>::ZERO;
        let run = InLanes { loss: &loss, y: &y, targets: &targets, scale: factor as f32, dy: &mut dy };
        let sum = factor * f64::from(isa.dispatch(run));
        assert!((sum / want.0 - 1.0).abs() < 1e-6, "{isa}: {sum}, not {}", want.0);
        for (i, lanes) in dy.data.iter().enumerate() {
            for lane in 0..16 {
                let want = if lane < 3 { want.1[lane][i] } else { 0.0 };
                assert!((f64::from(lanes.0[lane]) - want).abs() < 2e-6, "{isa}, [{i}], lane {lane}: {lanes:?}");
            }
        }
    }
}

struct InLanes<'a, L, S: Shape> {
    loss: &'a L,
    y: &'a Tensor<S, Lanes<16>>,
    targets: &'a [Tensor<S>],
    scale: f32,
    dy: &'a mut Tensor<S, Lanes<16>>,
}
impl<L: Loss<Sh, Tensor<Sh>>, Sh: Shape> Kernel for InLanes<'_, L, Sh> {
    type Output = f32;
    fn run<S: Simd>(self, simd: S) -> f32 {
        self.loss.evaluate_with(simd, self.y, self.targets, self.scale, self.dy)
    }
}

#[test]
fn losses_are_those_of_pytorch() {
    // PyTorch's squared error is not halved.
    golden(SquaredError, 2.0, NUMBERS, (SQUARED, SQUARED_GRADIENT));
    golden(HUBER_LOSS, 1.0, NUMBERS, (HUBER, HUBER_GRADIENT));
    golden(BinaryCrossEntropy, 1.0, SHARES, (BINARY, BINARY_GRADIENT));
}

/// For any number of classes.
#[test]
fn smoothed_cross_entropy_is_that_of_pytorch() {
    let (mut sum, loss) = (0.0, SmoothedCrossEntropy { smoothing: 0.125 });
    for (example, class) in [5, 0, 3].into_iter().enumerate() {
        let (y, mut dy) = (Tensor { data: OUTPUTS[example] }, Tensor::<Units<6>, f64>::ZERO);
        sum += loss.evaluate(&y, &[Class::new(class).unwrap()], 1.0, &mut dy);
        let near = dy.data.iter().zip(SMOOTHED_GRADIENT[example]).all(|(got, want)| (got - want).abs() < 1e-14);
        assert!(near, "{dy:?}, not {:?}", SMOOTHED_GRADIENT[example]);
    }
    assert!((sum / SMOOTHED - 1.0).abs() < 1e-14, "{sum}");
}

/// Gradients and curvatures against differences, for one shape.
fn derivatives<L: CurvedLoss<S, Tensor<S>>, S: Shape>(loss: L, seed: u64) -> Result<(), String> {
    let mut draw = Draw::new(seed);
    let (mut y, mut target) = (Tensor::<S, f64>::boxed_zeroed(), Tensor::<S>::boxed_zeroed());
    draw.fill(y.cells_mut(), 4.0);
    target.cells_mut().fill_with(|| draw.below(65) as f32 / 64.0);
    let targets = [*target];
    let scale = draw.within(2.0);
    let (mut dy, mut d2y) = (Tensor::<S, f64>::boxed_zeroed(), Tensor::<S, f64>::boxed_zeroed());
    draw.fill(dy.cells_mut(), 100.0);
    draw.fill(d2y.cells_mut(), 100.0);
    loss.evaluate(&y, &targets, scale, &mut dy);
    loss.curvature(&y, &targets, &mut d2y);
    let (dy, d2y) = (dy.cells().to_vec(), d2y.cells().to_vec());
    let mut unused = Tensor::<S, f64>::boxed_zeroed();
    let mut moved = |i: usize, h: f64, unused: &mut Tensor<S, f64>| {
        let kept = y.cells()[i];
        y.cells_mut()[i] = kept + h;
        let value = loss.evaluate(&y, &targets, 1.0, unused);
        y.cells_mut()[i] = kept;
        value
    };
    compare("dy", &dy, true, &mut |i, h| scale * moved(i, h, &mut unused))?;
    compare("d2y", &d2y, true, &mut |i, h| {
        moved(i, h, &mut unused);
        unused.cells()[i]
    })
}

#[test]
fn gradients_and_curvatures() {
    for_samples(48, |sample| {
        for (name, checked) in with_each!(derivatives::<Units<7>>(sample.seed))
            .into_iter()
            .chain(with_each!(derivatives::<Maps<2, 3, 5>>(sample.seed)))
        {
            checked.map_err(|why| TestCaseError::fail(format!("{name}: {why}")))?;
        }
        Ok(())
    });
}

/// A NaN stays in its lane and is not hidden; lanes without a target do not count, whatever they hold.
fn nan<L: Loss<Units<3>, Tensor<Units<3>>>>(loss: L) {
    let targets = vec![Tensor::<Units<3>>::ZERO; 16];
    for isa in Isa::all_available() {
        let (mut y, mut dy) = (Tensor::<Units<3>, Lanes<16>>::ZERO, Tensor::<Units<3>, Lanes<16>>::ZERO);
        y.data[1].0[7] = f32::NAN;
        let mut run = |targets| isa.dispatch(InLanes { loss: &loss, y: &y, targets, scale: 1.0, dy: &mut dy });
        assert!(run(&targets[..7]).is_finite());
        assert!(run(&targets).is_nan());
        let bad = dy.data.iter().enumerate().flat_map(|(i, cell)| cell.0.map(|d| (i, d.is_nan())));
        let bad: Vec<usize> = bad.enumerate().filter(|(_, (_, nan))| *nan).map(|(place, _)| place).collect();
        assert_eq!(bad, [16 + 7], "{isa}");
    }
}

/// Very large outputs have finite losses, and the gradient of their limit.
fn extremes<L: Loss<Units<2>, Tensor<Units<2>>>>(loss: L) -> [f32; 2] {
    let mut dy = Tensor::<Units<2>>::ZERO;
    let y = Tensor::<Units<2>> { data: [1e6, -1e6] };
    assert!(loss.evaluate(&y, &[Tensor { data: [0.0, 1.0] }], 1.0, &mut dy).is_finite());
    dy.data
}

#[test]
fn extreme_outputs_stay_finite_and_a_nan_in_its_lane() {
    with_each!(nan());
    let limits = with_each!(extremes());
    let limits: Vec<[f32; 2]> = limits.into_iter().map(|(_, limit)| limit).collect();
    assert_eq!(limits, [[1e6, -1e6 - 1.0], [1.5, -1.5], [1.0, -1.0]]);
    let mut dy = Tensor::<Units<1>>::ZERO;
    let wrong = Tensor::<Units<1>> { data: [-1e6] };
    assert_eq!(BinaryCrossEntropy.evaluate(&wrong, &[Tensor { data: [1.0] }], 1.0, &mut dy), 1e6);
}

/// Targets need not be moved or copied.
#[test]
fn targets_can_be_references() {
    let (y, mut dy) = (Tensor::<Maps<1, 2, 2>> { data: [[[1.0, 2.0], [3.0, 4.0]]] }, Tensor::<Maps<1, 2, 2>>::ZERO);
    let target = Box::new(Tensor::<Maps<1, 2, 2>>::ZERO);
    assert_eq!(SquaredError.evaluate(&y, &[&*target], 1.0, &mut dy), 15.0);
    assert_eq!(SquaredError.evaluate(&y, &[target], 1.0, &mut dy), 15.0);
}

fn too_many<L: CurvedLoss<Units<2>, Tensor<Units<2>>> + std::panic::RefUnwindSafe>(loss: L) {
    let (y, targets) = (Tensor::<Units<2>>::ZERO, [Tensor::<Units<2>>::ZERO; 2]);
    let caught = std::panic::catch_unwind(|| loss.evaluate(&y, &targets, 1.0, &mut y.clone()));
    let curved = std::panic::catch_unwind(|| loss.curvature(&y, &targets, &mut y.clone()));
    for why in [caught.unwrap_err(), curved.unwrap_err()] {
        assert_eq!(why.downcast_ref::<String>().map(String::as_str), Some("2 targets for 1 lanes"));
    }
}

#[test]
fn more_targets_than_lanes_are_refused() {
    with_each!(too_many());
}

//! The sum over all alignments of a string with a row of outputs.

use lenet_layers::simd::Isa;
use lenet_layers::{Cell, Class, Ctc, CurvedLoss, Lanes, Loss, Maps, Tensor};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const K: usize = 4;
const BLANK: usize = K - 1;
type Row<T, const W: usize> = Tensor<Maps<K, 1, W>, T>;

fn string(classes: &[usize]) -> Vec<Class<K>> {
    classes.iter().map(|class| Class::new(*class).unwrap()).collect()
}

fn random<const W: usize>(seed: u64) -> Row<f64, W> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut y = Row::ZERO;
    y.data.as_flattened_mut().as_flattened_mut().iter_mut().for_each(|y| *y = random.random_range(-2.0..2.0));
    y
}

/// The definition: the probabilities of all alignments that read as the string, added.
fn plainly<const W: usize>(y: &Row<f64, W>, wanted: &[usize]) -> f64 {
    let p = |class: usize, w: usize| {
        let sum: f64 = (0..K).map(|k| y.data[k][0][w].exp()).sum();
        y.data[class][0][w].exp() / sum
    };
    let mut total = 0.0;
    for number in 0..K.pow(W as u32) {
        let alignment: Vec<usize> = (0..W).map(|w| number / K.pow(w as u32) % K).collect();
        let mut read = alignment.clone();
        read.dedup();
        read.retain(|class| *class != BLANK);
        if read == wanted {
            total += alignment.iter().enumerate().map(|(w, class)| p(*class, w)).product::<f64>();
        }
    }
    -total.ln()
}

fn loss<const W: usize>(y: &Row<f64, W>, wanted: &[Class<K>]) -> f64 {
    let mut dy = Row::ZERO;
    Ctc::<5>.evaluate(y, &[wanted], 1.0, &mut dy)
}

#[test]
fn it_is_the_sum_over_all_alignments() {
    let cases: [&[usize]; 9] =
        [&[], &[0], &[0, 1], &[1, 1], &[2, 2, 2], &[0, 1, 0], &[0, 1, 2], &[1, 1, 2, 0], &[0; 5]];
    for (seed, wanted) in (0..).zip(cases) {
        let y = random::<6>(seed);
        let (found, expected) = (loss(&y, &string(wanted)), plainly(&y, wanted));
        if expected.is_finite() {
            assert!((found - expected).abs() < 1e-12 * expected.max(1.0), "{wanted:?}: {found}, expected {expected}");
        } else {
            // Five equal characters need nine columns.
            assert_eq!((found, wanted), (f64::INFINITY, &[0; 5][..]));
        }
    }
    // The probabilities of all strings of four columns add up to one.
    let y = random::<4>(9);
    let mut total = 0.0;
    for length in 0..=4 {
        for number in 0..3_usize.pow(length) {
            let classes: Vec<usize> = (0..length).map(|i| number / 3_usize.pow(i) % 3).collect();
            total += (-loss(&y, &string(&classes))).exp();
        }
    }
    assert!((total - 1.0).abs() < 1e-12, "{total}");
}

#[test]
fn its_gradient_is_that_of_central_differences() {
    const STEP: f64 = 1e-5;
    let cases: [&[usize]; 7] = [&[], &[2], &[0, 1], &[1, 1], &[0, 1, 0, 2], &[1, 1, 1], &[2, 2, 0, 0, 1]];
    for (seed, wanted) in (0..).zip(cases) {
        let (mut y, wanted) = (random::<8>(seed), string(wanted));
        let mut dy = Row::ZERO;
        Ctc::<5>.evaluate(&y, &[&wanted[..]], 0.25, &mut dy);
        for k in 0..K {
            for w in 0..8 {
                let here = y.data[k][0][w];
                let mut at = |x: f64| {
                    y.data[k][0][w] = x;
                    loss(&y, &wanted)
                };
                let slope = 0.25 * (at(here + STEP) - at(here - STEP)) / (2.0 * STEP);
                y.data[k][0][w] = here;
                let found = dy.data[k][0][w];
                assert!((found - slope).abs() < 1e-9, "{wanted:?}, class {k}, column {w}: {found}, expected {slope}");
            }
        }
    }
}

/// Strings of all lengths side by side, in `f32` on every instruction set: each lane is what it is alone in `f64`, and lanes
/// without a string, or with one that does not fit, have no gradient.
#[test]
fn lanes_do_not_touch_each_other() {
    let strings: Vec<Vec<Class<K>>> = (0..15).map(|i| string(&vec![i % 3; i / 3])).collect();
    let rows: Vec<Row<f64, 8>> = (0..16).map(|i| random(100 + i)).collect();
    let mut y = Row::<Lanes<16>, 8>::ZERO;
    for (lane, row) in rows.iter().enumerate() {
        for (k, row) in row.data.iter().enumerate() {
            for (w, x) in row[0].iter().enumerate() {
                y.data[k][0][w].lanes_mut()[lane] = *x as f32;
            }
        }
    }
    let targets: Vec<&[Class<K>]> = strings.iter().map(Vec::as_slice).collect();
    let fits = |lane: usize| lane < 15 && 2 * targets[lane].len() <= 9;
    for isa in Isa::all_available() {
        let mut dy = Row::<Lanes<16>, 8>::ZERO;
        let found = isa.dispatch(With { y: &y, targets: &targets[..12], dy: &mut dy });
        let alone: f64 = (0..12).map(|lane| loss(&rows[lane], targets[lane])).sum();
        assert!((f64::from(found) - alone).abs() < 1e-4, "{isa}: {found}, expected {alone}");
        let found = isa.dispatch(With { y: &y, targets: &targets, dy: &mut dy });
        assert_eq!(found.is_infinite(), (0..15).any(|lane| !fits(lane)));
        for (lane, row) in rows.iter().enumerate() {
            let mut expected = Row::<f64, 8>::ZERO;
            if fits(lane) {
                Ctc::<5>.evaluate(row, &[targets[lane]], 0.5, &mut expected);
            }
            for k in 0..K {
                for w in 0..8 {
                    let (found, expected) = (dy.data[k][0][w].lanes()[lane], expected.data[k][0][w]);
                    assert!((f64::from(found) - expected).abs() < 1e-5, "{isa}, lane {lane}: {found}, {expected}");
                }
            }
        }
    }
}

struct With<'a> {
    y: &'a Row<Lanes<16>, 8>,
    targets: &'a [&'a [Class<K>]],
    dy: &'a mut Row<Lanes<16>, 8>,
}
impl lenet_layers::simd::Kernel for With<'_> {
    type Output = f32;
    fn run<S: lenet_layers::simd::Simd>(self, simd: S) -> f32 {
        Ctc::<5>.evaluate_with(simd, self.y, self.targets, 0.5, self.dy)
    }
}

/// Outputs of any size, which are logarithms of probabilities down to e^-1000, give finite losses and gradients.
#[test]
fn extreme_outputs_do_no_harm() {
    let mut y = Row::<f32, 8>::ZERO;
    for (i, y) in y.data.as_flattened_mut().as_flattened_mut().iter_mut().enumerate() {
        *y = if i % 3 == 0 { 500.0 } else { -500.0 };
    }
    let mut dy = Row::<f32, 8>::ZERO;
    let found = Ctc::<5>.evaluate(&y, &[&string(&[0, 1, 2])[..]], 1.0, &mut dy);
    assert!(found.is_finite() && dy.data.as_flattened().as_flattened().iter().all(|x| x.is_finite()));
    y.data[0][0][0] = f32::NAN;
    assert!(Ctc::<5>.evaluate(&y, &[&string(&[0, 1, 2])[..]], 1.0, &mut dy).is_nan());
}

/// The curvature is that of the cross-entropy with given alignments.
#[test]
fn the_curvature_is_that_of_the_softmax() {
    let y = random::<6>(3);
    let (mut dy, mut d2y) = (Row::ZERO, Row::ZERO);
    Ctc::<5>.curvature(&y, &[&string(&[0])[..]], &mut d2y);
    Ctc::<5>.evaluate(&y, &[&[][..]], 1.0, &mut dy);
    for w in 0..6 {
        for k in 0..BLANK {
            // No character stands in the empty string, so the gradient is p.
            let p: f64 = dy.data[k][0][w];
            assert!((d2y.data[k][0][w] - p * (1.0 - p)).abs() < 1e-12);
        }
    }
    Ctc::<5>.curvature(&y, &[] as &[&[Class<4>]], &mut d2y);
    assert!(d2y.data.as_flattened().as_flattened().iter().all(|x: &f64| *x == 0.0));
}

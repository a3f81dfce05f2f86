//! Random affine maps, and pictures seen through them and through the simplest of loops.

use lenet_data::{DataError, Distortion, Image, shrink, warp};
use nalgebra::{Affine2, Matrix3, Point2, Translation2};
use proptest::prelude::*;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

const CENTRE: Point2<f32> = Point2::new(13.5, 13.5);

const ALL: Distortion = Distortion { translation: 2.5, scale: 0.2, squeeze: 0.3, shear: 0.4, ..Distortion::NONE };

fn affine(rows: [[f32; 3]; 2]) -> Affine2<f32> {
    let [[a, b, c], [d, e, f]] = rows;
    Affine2::from_matrix_unchecked(Matrix3::new(a, b, c, d, e, f, 0.0, 0.0, 1.0))
}

fn draws(distortion: Distortion, count: usize) -> impl Iterator<Item = Affine2<f32>> {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    (0..count).map(move |_| distortion.draw(&mut random))
}

/// What `warp` means, in `f64`.
fn plain_warp(image: &Image, map: &Affine2<f32>) -> Image {
    let m = map.matrix().map(f64::from);
    let pixel = |row: f64, column: f64| {
        let inside = (0.0..28.0).contains(&row) && (0.0..28.0).contains(&column);
        if inside { f64::from(image[row as usize][column as usize]) } else { 0.0 }
    };
    let mut seen = [[0; 28]; 28];
    for row in 0..28 {
        for column in 0..28 {
            let x = m[(0, 0)] * column as f64 + m[(0, 1)] * row as f64 + m[(0, 2)];
            let y = m[(1, 0)] * column as f64 + m[(1, 1)] * row as f64 + m[(1, 2)];
            let (left, above) = (x.floor(), y.floor());
            let (right, down) = (x - left, y - above);
            let sum = (1.0 - down) * (1.0 - right) * pixel(above, left)
                + (1.0 - down) * right * pixel(above, left + 1.0)
                + down * (1.0 - right) * pixel(above + 1.0, left)
                + down * right * pixel(above + 1.0, left + 1.0);
            seen[row][column] = sum.round() as u8;
        }
    }
    seen
}

/// A bell of this width about (column, row).
fn bell(column: f32, row: f32, width: f32) -> Image {
    std::array::from_fn(|i| {
        std::array::from_fn(|j| {
            let square = (i as f32 - row).powi(2) + (j as f32 - column).powi(2);
            (255.0 * (-square / (2.0 * width * width)).exp()).round() as u8
        })
    })
}

fn ink(image: &Image) -> f32 {
    image.as_flattened().iter().map(|&pixel| f32::from(pixel)).sum()
}

/// The largest difference of two pixels.
fn difference(a: &Image, b: &Image) -> u8 {
    a.as_flattened().iter().zip(b.as_flattened()).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

fn images() -> impl Strategy<Value = Image> {
    prop::collection::vec(any::<u8>(), 28 * 28)
        .prop_map(|pixels| std::array::from_fn(|i| std::array::from_fn(|j| pixels[28 * i + j])))
}

proptest! {
    #[test]
    fn the_identity_changes_nothing(image in images()) {
        prop_assert_eq!(warp(&image, &Affine2::identity()), image);
    }

    #[test]
    fn whole_pixels_move_exactly(image in images(), right in -30_i32..=30, down in -30_i32..=30) {
        let map = Affine2::identity() * Translation2::new(-right as f32, -down as f32);
        let pixel = |row: i32, column: i32| {
            let row = image.get(usize::try_from(row).ok()?)?;
            row.get(usize::try_from(column).ok()?).copied()
        };
        let moved = std::array::from_fn(|row| {
            std::array::from_fn(|column| pixel(row as i32 - down, column as i32 - right).unwrap_or(0))
        });
        prop_assert_eq!(warp(&image, &map), moved);
    }

    #[test]
    fn the_fast_loops_see_what_the_plain_ones_do(
        image in images(),
        linear in prop::array::uniform4(-3.0_f32..3.0),
        offset in prop::array::uniform2(-60.0_f32..60.0),
    ) {
        let map = affine([[linear[0], linear[1], offset[0]], [linear[2], linear[3], offset[1]]]);
        prop_assert!(difference(&warp(&image, &map), &plain_warp(&image, &map)) <= 1);
    }

    #[test]
    fn any_numbers_make_a_picture(
        image in images(),
        most in any::<u8>(),
        numbers in prop::array::uniform6(prop_oneof![prop::num::f32::ANY, -3.0_f32..3.0]),
        factor in prop::num::f32::ANY,
    ) {
        let image = image.map(|row| row.map(|pixel| pixel.min(most)));
        let [a, b, c, d, e, f] = numbers;
        let seen = warp(&image, &affine([[a, b, c], [d, e, f]]));
        prop_assert!(*seen.as_flattened().iter().max().unwrap() <= most);
        let smaller = shrink(&image, factor);
        prop_assert!(*smaller.as_flattened().iter().max().unwrap() <= most);
    }

    #[test]
    fn any_ranges_make_a_picture(image in images(), ranges in prop::array::uniform6(prop::num::f64::ANY), seed: u64) {
        let [translation, scale, squeeze, shear, rotation, elastic] = ranges;
        let distortion = Distortion { translation, scale, squeeze, shear, rotation, elastic };
        let most = image.as_flattened().iter().max();
        prop_assert!(distortion.variant(seed, u32::MAX, u32::MAX, &image).as_flattened().iter().max() <= most);
        let senseless = ranges.iter().any(|range| !(0.0..=28.0).contains(range));
        prop_assert!(!senseless || distortion.check().is_err());
    }

    #[test]
    fn no_distortion_is_the_original(image in images(), seed: u64, index: u32, variant: u32) {
        prop_assert_eq!(Distortion::NONE.variant(seed, index, variant, &image), image);
        prop_assert_eq!(ALL.variant(seed, index, 0, &image), image);
    }

    #[test]
    fn a_map_and_its_inverse_cancel_out(seed: u64, column in 12.0_f32..15.0, row in 12.0_f32..15.0) {
        let image = bell(column, row, 3.0);
        let distortion = Distortion { translation: 2.0, scale: 0.1, squeeze: 0.1, shear: 0.2, ..Distortion::NONE };
        let map = distortion.draw(&mut ChaCha8Rng::seed_from_u64(seed));
        let there = warp(&image, &map);
        prop_assert!(difference(&warp(&there, &map.inverse()), &image) <= 16);
    }
}

#[test]
fn pixels_are_rounded() {
    let mut dot = [[0; 28]; 28];
    dot[5][9] = 255;
    let seen = warp(&dot, &affine([[1.0, 0.0, 0.25], [0.0, 1.0, 0.0]]));
    assert_eq!(seen[5][7..11], [0, 64, 191, 0]);
    let seen = warp(&dot, &affine([[1.0, 0.0, 0.0], [0.0, 1.0, -0.25]]));
    assert_eq!([seen[4][9], seen[5][9], seen[6][9], seen[7][9]], [0, 191, 64, 0]);
}

#[test]
fn where_there_is_no_number_there_is_ground() {
    let full = [[255; 28]; 28];
    for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN] {
        for axis in 0..2 {
            let mut rows = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
            rows[axis][2] = wrong;
            assert_eq!(ink(&warp(&full, &affine(rows))), 0.0, "{wrong}, axis {axis}");
        }
    }
    assert_eq!(ink(&warp(&full, &affine([[f32::NAN; 3]; 2]))), 0.0);
}

#[test]
fn scaling_keeps_the_centre() {
    let mut square = [[0; 28]; 28];
    square[11..17].iter_mut().for_each(|row| row[11..17].fill(200));
    let centred = affine([[0.5, 0.0, 6.75], [0.0, 0.5, 6.75]]);
    let seen = warp(&square, &centred);
    assert_eq!((seen[13][13], seen[14][14]), (200, 200));
    let turned: Image = std::array::from_fn(|i| std::array::from_fn(|j| seen[27 - i][27 - j]));
    assert_eq!(seen, turned);
    assert!((ink(&seen) / ink(&square) - 4.0).abs() < 0.02, "{}", ink(&seen) / ink(&square));

    for map in draws(Distortion { translation: 0.0, ..ALL }, 100) {
        assert!(nalgebra::distance(&(map * CENTRE), &CENTRE) < 1e-5, "{map:?}");
    }
}

#[test]
fn shearing_moves_rows_apart() {
    let mut bar = [[0; 28]; 28];
    bar.iter_mut().for_each(|row| row[13..15].fill(255));
    let centre = |row: &[u8; 28]| {
        let sum: f32 = row.iter().map(|&pixel| f32::from(pixel)).sum();
        row.iter().enumerate().map(|(column, &pixel)| column as f32 * f32::from(pixel)).sum::<f32>() / sum
    };
    for map in draws(Distortion { shear: 0.5, ..Distortion::NONE }, 100) {
        let shear = map.inverse().matrix()[(0, 1)];
        let seen = warp(&bar, &map);
        let [above, below] = [4, 23].map(|row: usize| (centre(&seen[row]) - 13.5, shear * (row as f32 - 13.5)));
        assert!((above.0 - above.1).abs() < 0.02 && (below.0 - below.1).abs() < 0.02, "{above:?}, {below:?}, {shear}");
        assert!(above.0 * below.0 < 0.0 || shear.abs() < 0.01, "{above:?}, {below:?}");
    }
}

/// Each of the five is what its range says, and nothing else moves.
#[test]
fn ranges_are_kept_and_used_up() {
    let measured = |map: Affine2<f32>| {
        let there = map.inverse();
        let moved = there * CENTRE - CENTRE;
        let m = there.matrix().map(f64::from);
        assert_eq!(m[(1, 0)], 0.0);
        let [scale, squeeze] = [m[(0, 0)] * m[(1, 1)], m[(0, 0)] / m[(1, 1)]].map(|square| square.sqrt().ln());
        [f64::from(moved.x), f64::from(moved.y), scale, squeeze, m[(0, 1)] / m[(1, 1)]]
    };
    let bounds = [2.5, 2.5, 0.2_f64.ln_1p(), 0.3_f64.ln_1p(), 0.4];
    let drawn: Vec<[f64; 5]> = draws(ALL, 10_000).map(measured).collect();
    for (which, bound) in bounds.into_iter().enumerate() {
        let share = |map: &[f64; 5]| map[which] / bound;
        let least = drawn.iter().map(share).fold(0.0, f64::min);
        let most = drawn.iter().map(share).fold(0.0, f64::max);
        assert!((-1.00001..-0.99).contains(&least) && (0.99..1.00001).contains(&most), "{which}: {least} to {most}");
        // Uniform: mean 0 and variance 1/3, within six standard errors.
        let mean = drawn.iter().map(share).sum::<f64>() / 1e4;
        let square = drawn.iter().map(|map| share(map).powi(2)).sum::<f64>() / 1e4;
        assert!(mean.abs() < 0.035 && (square - 1.0 / 3.0).abs() < 0.018, "{which}: {mean}, {square}");
        // Independent of the others.
        for other in 0..which {
            let product = drawn.iter().map(|map| share(map) * map[other] / bounds[other]).sum::<f64>() / 1e4;
            assert!(product.abs() < 0.02, "{which} and {other}: {product}");
        }
    }

    for map in draws(Distortion { squeeze: 0.3, ..Distortion::NONE }, 100) {
        let m = map.matrix();
        assert!((m.determinant() - 1.0).abs() < 1e-6 && m[(0, 1)] == 0.0, "{map:?}");
    }
    for map in draws(Distortion { scale: 0.3, ..Distortion::NONE }, 100) {
        assert!((map.matrix()[(0, 0)] - map.matrix()[(1, 1)]).abs() < 1e-6, "{map:?}");
    }
}

/// A turn is a rotation about the centre, as far as its range says.
#[test]
fn turning_keeps_distances() {
    let drawn: Vec<f32> = draws(Distortion { rotation: 0.5, ..Distortion::NONE }, 1_000)
        .map(|map| {
            let m = map.inverse();
            let m = m.matrix();
            let (cos, sin) = (m[(0, 0)], m[(1, 0)]);
            assert!((cos - m[(1, 1)]).abs() < 1e-6 && (sin + m[(0, 1)]).abs() < 1e-6, "{m}");
            assert!((cos * cos + sin * sin - 1.0).abs() < 1e-6, "{m}");
            assert!(nalgebra::distance(&(map * CENTRE), &CENTRE) < 1e-5, "{map:?}");
            sin.atan2(cos)
        })
        .collect();
    let (least, most) = (drawn.iter().copied().fold(0.0, f32::min), drawn.iter().copied().fold(0.0, f32::max));
    assert!((-0.50001..-0.49).contains(&least) && (0.49..0.50001).contains(&most), "{least} to {most}");
}

/// Where a ramp of grey levels is seen says how far each point has moved.
#[test]
fn what_is_elastic_moves_smoothly_and_no_further_than_its_range() {
    // Level 9 for each column, so that a pixel's level is where it comes from.
    let ramp: Image = std::array::from_fn(|_| std::array::from_fn(|column| 9 * column as u8));
    let distortion = Distortion { elastic: 3.0, ..Distortion::NONE };
    let (mut sum, mut squares, mut count, mut most) = (0.0, 0.0, 0, 0.0_f32);
    for index in 0..200 {
        let seen = distortion.variant(1, index, 1, &ramp);
        let moved = |row: usize, column: usize| f32::from(seen[row][column]) / 9.0 - column as f32;
        // Beyond 3 columns from the edges the ramp goes on.
        for (row, column) in (4..24).flat_map(|row| (4..24).map(move |column| (row, column))) {
            let here = moved(row, column);
            most = most.max(here.abs());
            sum += here;
            squares += here * here;
            count += 1;
            // The steepest cubic spline over nodes that are 7 pixels apart and differ by 6.
            let steps = [moved(row, column + 1) - here, moved(row + 1, column) - here];
            assert!(steps.iter().all(|step| step.abs() < 6.0 / 7.0 + 0.12), "{index}, {row}, {column}: {steps:?}");
        }
    }
    let (mean, deviation) = (sum / count as f32, (squares / count as f32).sqrt());
    // 200 pictures have some 3,000 nodes in these rows and columns: three standard errors.
    assert!(mean.abs() < 0.1, "{mean}");
    // Uniform nodes have 3 / sqrt(3); the weights at a place leave 0.46 to 0.5 of it.
    assert!((0.75..0.92).contains(&deviation) && (2.0..3.0).contains(&most), "{deviation}, {most}");
    // Each picture and each variant is bent in another way, rows too.
    let bent = |index, variant| distortion.variant(1, index, variant, &ramp);
    assert!(bent(0, 1) != bent(1, 1) && bent(0, 1) != bent(0, 2));
    let turned: Image = std::array::from_fn(|row| [9 * row as u8; 28]);
    assert_ne!(distortion.variant(1, 0, 1, &turned), turned);
}

#[test]
fn senseless_ranges_count_as_none() {
    for wrong in [-0.1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let distortion = Distortion {
            translation: wrong,
            scale: wrong,
            squeeze: wrong,
            shear: wrong,
            rotation: wrong,
            elastic: wrong,
        };
        assert!(draws(distortion, 3).all(|map| map == Affine2::identity()), "{wrong}");
    }
}

#[test]
fn ranges_are_checked() {
    for right in [Distortion::NONE, Distortion::PAPER, ALL] {
        right.check().unwrap();
    }
    let most = Distortion { translation: 28.0, scale: 1.0, squeeze: 1.0, shear: 1.0, rotation: 4.0, elastic: 28.0 };
    most.check().unwrap();
    let wrong = |distortion: Distortion| {
        let error = distortion.check().unwrap_err();
        assert!(matches!(error, DataError::DistortionRange { .. }));
        error.to_string()
    };
    assert_eq!(
        wrong(Distortion { translation: f64::NAN, ..most }),
        "distortion: translation is NaN, expected 0 to 28; give a number between the two",
    );
    assert_eq!(
        wrong(Distortion { scale: 1.5, ..most }),
        "distortion: scale is 1.5, expected 0 to 1; give a number between the two",
    );
    assert!(wrong(Distortion { squeeze: f64::INFINITY, ..most }).starts_with("distortion: squeeze is inf"));
    assert!(wrong(Distortion { shear: -1e-9, ..most }).starts_with("distortion: shear is -0.000000001"));
}

#[test]
fn every_variant_is_another() {
    let image = bell(12.0, 15.0, 3.0);
    let mut seen = Vec::new();
    for (seed, index, variant) in [(1, 0, 1), (2, 0, 1), (1, 1, 1), (1, 0, 2), (1, 2, 1), (1, 1, 0x8000_0001)] {
        let picture = ALL.variant(seed, index, variant, &image);
        assert_eq!(picture, ALL.variant(seed, index, variant, &image));
        assert!(!seen.contains(&picture), "seed {seed}, picture {index}, variant {variant}");
        seen.push(picture);
    }
}

/// What a variant draws is all in one block of its own, so that no other variant draws the same.
#[test]
fn a_variant_has_a_block_to_itself() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    ALL.draw(&mut random);
    assert_eq!(random.get_word_pos(), 12);

    let image = bell(12.0, 15.0, 3.0);
    random.set_stream(Distortion::STREAM);
    random.set_word_pos(16 * ((5 << 32) + 3));
    assert_eq!(ALL.variant(1, 5, 3, &image), warp(&image, &ALL.draw(&mut random)));
}

/// These change only if every recorded run is to lose its pictures.
#[test]
fn a_seed_keeps_its_meaning() {
    let map = ALL.draw(&mut ChaCha8Rng::seed_from_u64(1));
    assert_eq!(map, affine([[1.1185894, 0.19356912, -3.2626233], [0.0, 0.8331943, 3.9999864]]));
}

#[cfg(feature = "builtin")]
#[test]
fn a_variant_keeps_its_meaning() {
    use sha2::{Digest, Sha256};
    let mnist = lenet_data::Dataset::mnist().unwrap();
    let checksum = |distortion: Distortion| {
        let mut hash = Sha256::new();
        for (index, image) in mnist.train.images()[..100].iter().enumerate() {
            hash.update(distortion.variant(1, index as u32, 1, image).as_flattened());
        }
        hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    assert_eq!(checksum(ALL), "acf466a5a3021f44");
}

#[test]
fn shrinking_keeps_the_mean_of_what_a_pixel_covers() {
    let mut square = [[0; 28]; 28];
    square[4..24].iter_mut().for_each(|row| row[4..24].fill(255));
    for factor in [1.0, 0.8, 0.75, 0.5, 0.3] {
        let smaller = shrink(&square, factor);
        let kept = ink(&smaller) / ink(&square) / (factor * factor);
        assert!((kept - 1.0).abs() < 0.005, "{factor}: {kept}");
        let edge = 14.0 - 10.0 * factor;
        let partly = (255.0 * (1.0 - edge.fract())).round() as u8;
        assert!(smaller[13][edge as usize].abs_diff(partly) <= 1, "{factor}");
    }
    // Not the centres alone: a line thinner than the distance of two centres loses nothing.
    for column in 4..24 {
        let mut line = [[0; 28]; 28];
        line[4..24].iter_mut().for_each(|row| row[column] = 255);
        let kept = ink(&shrink(&line, 0.5)) / ink(&line) / 0.25;
        assert!((kept - 1.0).abs() < 0.01, "column {column}: {kept}");
    }
    for none in [0.0, -0.0, -0.5, f32::NEG_INFINITY] {
        assert_eq!(ink(&shrink(&square, none)), 0.0, "{none}");
    }
}

proptest! {
    #[test]
    fn no_factor_enlarges(image in images(), factor in prop_oneof![Just(1.0), Just(f32::NAN), 1.0..f32::MAX]) {
        prop_assert_eq!(shrink(&image, factor), image);
    }
}

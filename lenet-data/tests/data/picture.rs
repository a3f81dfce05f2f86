//! From a picture to the form of MNIST, rule by rule, on pictures made by hand; and no picture breaks it.

use lenet_data::{Image, Picture, PictureError, Prepared, digits, prepare};
use proptest::prelude::*;

/// A sheet to draw on.
#[derive(Clone)]
struct Sheet {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Sheet {
    fn new(width: usize, height: usize, level: u8) -> Self {
        Sheet { width, height, pixels: vec![level; width * height] }
    }

    /// A filled rectangle.
    fn bar(mut self, (left, top): (usize, usize), (width, height): (usize, usize), level: u8) -> Self {
        for y in top..top + height {
            self.pixels[y * self.width + left..][..width].fill(level);
        }
        self
    }

    /// Changes every pixel, which is given with its column and row.
    fn each(mut self, change: impl Fn(usize, usize, u8) -> u8) -> Self {
        let width = self.width;
        self.pixels.iter_mut().enumerate().for_each(|(i, level)| *level = change(i % width, i / width, *level));
        self
    }

    fn picture(&self) -> Picture {
        Picture::from_grey(self.width, self.height, self.pixels.clone()).unwrap()
    }

    fn prepared(&self) -> Prepared {
        prepare(&self.picture()).unwrap()
    }
}

/// First row, first column, rows and columns of the ink.
fn frame(image: &Image) -> (usize, usize, usize, usize) {
    let rows: Vec<usize> = (0..28).filter(|y| image[*y].iter().any(|level| *level > 0)).collect();
    let columns: Vec<usize> = (0..28).filter(|x| image.iter().any(|row| row[*x] > 0)).collect();
    let length = |all: &[usize]| all[all.len() - 1] - all[0] + 1;
    (rows[0], columns[0], length(&rows), length(&columns))
}

/// Where the mass of the ink has its centre: row and column, a pixel's middle at its index.
fn centre(image: &Image) -> (f64, f64) {
    let (mut mass, mut rows, mut columns) = (0.0, 0.0, 0.0);
    for (y, row) in image.iter().enumerate() {
        for (x, level) in row.iter().enumerate() {
            let level = f64::from(*level);
            (mass, rows, columns) = (mass + level, rows + level * y as f64, columns + level * x as f64);
        }
    }
    (rows / mass, columns / mass)
}

/// An L, so that nothing is symmetric: a thick foot on the right of a stem.
fn l(left: usize, top: usize, scale: usize) -> Sheet {
    Sheet::new(100, 100, 0).bar((left, top), (3 * scale, 20 * scale), 255).bar(
        (left, top + 17 * scale),
        (12 * scale, 3 * scale),
        255,
    )
}

#[test]
fn a_digit_is_fitted_into_twenty_pixels_and_pasted_by_its_centre_of_mass() {
    let image = l(40, 10, 1).prepared().image;
    // 20 high and 12 wide as it was, and nothing between ink and ground.
    let (top, left, height, width) = frame(&image);
    assert_eq!((height, width), (20, 12));
    let stem = image[top].iter().filter(|level| **level == 255).count();
    assert_eq!(stem, 3, "{:?}", image[top]);
    // Its centre of mass is that of the stem and the foot, and lies where MNIST has it. Counted from the corner of the 20x20
    // square, 4 columns left of the stem: (3*20*9.5 + 9*3*18) / 87 rows, and so on.
    let (row, column) = centre(&image);
    assert!((13.5..=14.5).contains(&row) && (13.5..=14.5).contains(&column), "{row} {column}");
    let rows = (60.0 * 10.0 + 27.0 * 18.5) / 87.0;
    let columns = (60.0 * 5.5 + 27.0 * 11.5) / 87.0;
    assert_eq!((top, left), ((15.0_f64 - rows) as usize, (15.0_f64 - columns) as usize + 4));
}

/// 7 by 30 pixels in the middle of 30 by 30 are columns 11 to 17, of 20 columns 7 and a third to 12.
#[test]
fn a_pixel_is_as_full_as_it_is_covered() {
    let image = Sheet::new(60, 60, 0).bar((20, 10), (7, 30), 255).prepared().image;
    let row: Vec<u8> = image[14].iter().copied().filter(|level| *level > 0).collect();
    assert_eq!(row, [170, 255, 255, 255, 255]);
}

#[test]
fn place_size_and_polarity_do_not_matter() {
    let image = l(40, 10, 1).prepared().image;
    for (left, top, scale) in [(0, 0, 1), (88, 80, 1), (5, 30, 2), (30, 3, 4)] {
        assert_eq!(l(left, top, scale).prepared().image, image, "{left}, {top}, times {scale}");
    }
    let dark = l(40, 10, 1).each(|_, _, level| 255 - level).prepared();
    assert!(dark.inverted && dark.image == image);
    assert!(!l(40, 10, 1).prepared().inverted);
    // Grey on grey, either way: the ink is full again.
    for (ground, ink) in [(120, 200), (200, 90), (60, 100)] {
        let grey = l(40, 10, 1).each(|_, _, level| if level > 0 { ink } else { ground }).prepared();
        assert_eq!((grey.inverted, grey.image), (ink < ground, image), "{ink} on {ground}");
    }
}

/// A digit that fills its picture is told from its ground by the border, not by which of the two is more.
#[test]
fn the_border_tells_the_ground() {
    let block = Sheet::new(24, 24, 255).bar((1, 1), (22, 22), 0);
    let prepared = block.prepared();
    assert!(prepared.inverted);
    assert_eq!(frame(&prepared.image), (5, 5, 20, 20));
}

#[test]
fn a_bar_keeps_its_form_and_the_smallest_digit_is_not_blown_up_to_the_full() {
    // 40 by 4 pixels: half as large, 20 by 2.
    let one = Sheet::new(60, 60, 0).bar((30, 10), (4, 40), 255).prepared();
    assert_eq!(frame(&one.image), (5, 14, 20, 2));
    assert_eq!(one.image[10][14..16], [255; 2]);
    // 5 pixels high: the square around it has 10, so that it becomes 10 high.
    let small = Sheet::new(30, 30, 0).bar((12, 12), (2, 5), 255).prepared();
    let (_, _, height, width) = frame(&small.image);
    assert_eq!((height, width), (10, 4));
}

#[test]
fn without_ink_there_is_an_error() {
    for level in [0, 100, 255] {
        for (width, height) in [(1, 1), (28, 28), (300, 1), (1, 300), (90, 200)] {
            let error = prepare(&Sheet::new(width, height, level).picture()).unwrap_err();
            assert!(matches!(error, PictureError::NoInk), "{error}");
        }
    }
    // A spot that is no digit, and a stroke that the eye does not see.
    let spot = Sheet::new(100, 100, 0).bar((50, 50), (3, 3), 255);
    assert!(matches!(prepare(&spot.picture()), Err(PictureError::NoInk)));
    let faint = Sheet::new(100, 100, 200).bar((50, 20), (5, 60), 192);
    assert!(matches!(prepare(&faint.picture()), Err(PictureError::NoInk)));
    // Noise that is no ink, and a shade from side to side.
    let noise = Sheet::new(100, 80, 200).each(|x, y, level| level + ((x * 7919 + y * 104_729) % 7) as u8);
    assert!(matches!(prepare(&noise.picture()), Err(PictureError::NoInk)));
    let shade = Sheet::new(200, 100, 0).each(|x, _, _| 120 + (x / 2) as u8);
    assert!(matches!(prepare(&shade.picture()), Err(PictureError::NoInk)));
    assert!(matches!(digits(&shade.picture()), Err(PictureError::NoInk)));
}

#[test]
fn sizes_that_make_no_picture_are_errors() {
    let error = |width, height, pixels| Picture::from_grey(width, height, vec![0; pixels]).unwrap_err().to_string();
    assert_eq!(error(0, 5, 0), "a picture of 0x5 has no pixels; give one of at least 1x1");
    assert_eq!(error(4, 5, 19), "19 pixels do not fill a picture of 4x5; give 20");
    error(usize::MAX, 2, 10);
}

#[test]
fn specks_are_dropped_and_loose_strokes_are_not() {
    let clean = l(40, 10, 2).prepared().image;
    let mut speckled = l(40, 10, 2);
    for (x, y) in [(2, 3), (90, 5), (95, 95), (20, 60), (33, 12)] {
        speckled.pixels[y * 100 + x] = 255;
    }
    assert_eq!(speckled.prepared().image, clean);
    assert_eq!(l(40, 10, 2).bar((2, 60), (3, 3), 255).prepared().image, clean);
    // A 5 whose bar has come off: one digit, as high as both.
    let five = Sheet::new(100, 100, 0)
        .bar((40, 20), (24, 5), 255)
        .bar((40, 30), (5, 15), 255)
        .bar((40, 45), (22, 5), 255)
        .bar((58, 45), (5, 20), 255);
    let found = digits(&five.picture()).unwrap();
    assert_eq!(found.len(), 1);
    let place = (found[0].left, found[0].top, found[0].width, found[0].height);
    assert_eq!(place, (40, 20, 24, 45));
    assert_eq!(found[0].prepared, five.prepared());
}

/// A frame around the digit, or a ruled line below it, is no part of it.
#[test]
fn lines_from_border_to_border_are_dropped() {
    let clean = l(40, 10, 2).prepared().image;
    let ruled = l(40, 10, 2).bar((0, 80), (100, 2), 255);
    assert_eq!(ruled.prepared().image, clean);
    let framed = l(40, 10, 2)
        .bar((0, 0), (100, 2), 255)
        .bar((0, 98), (100, 2), 255)
        .bar((0, 0), (2, 100), 255)
        .bar((98, 0), (2, 100), 255)
        .prepared();
    assert_eq!(framed.image, clean);
    assert!(!framed.inverted);
}

#[test]
fn thin_pens_are_thickened_and_others_are_not() {
    // 80 pixels high, a stroke of 2: half a pixel of 20.
    let thin = Sheet::new(120, 120, 0).bar((60, 20), (2, 80), 255).prepared();
    assert!(thin.thickened);
    let ink: f64 = thin.image[14].iter().map(|level| f64::from(*level)).sum::<f64>() / 255.0;
    assert!((1.5..=2.5).contains(&ink), "{ink} pixels across");
    let thick = Sheet::new(120, 120, 0).bar((60, 20), (8, 80), 255).prepared();
    assert!(!thick.thickened);
    assert_eq!(thick.image[14].iter().filter(|level| **level == 255).count(), 2);
}

/// Light that falls off to a side, ink darker than the paper beside it but not than that in the shade.
#[test]
fn uneven_light_is_levelled() {
    let light = |x: usize, y: usize| 1.0 - 0.5 * x as f64 / 200.0 - 0.1 * y as f64 / 150.0;
    let inked = |x: usize, y: usize| (90..102).contains(&x) && (30..120).contains(&y);
    let photo = Sheet::new(200, 150, 0)
        .each(|x, y, _| (light(x, y) * if inked(x, y) { 110.0 } else { 240.0 }).round() as u8)
        .prepared();
    assert!(photo.inverted);
    let (_, _, height, width) = frame(&photo.image);
    assert!(height == 20 && (2..=4).contains(&width), "{height} by {width}");
}

#[test]
fn several_digits_come_line_by_line_from_left_to_right() {
    let mut sheet = Sheet::new(200, 160, 255);
    // Drawn out of order; the lines are not quite straight.
    for (left, top) in [(130, 92), (20, 12), (80, 88), (70, 8), (30, 90), (120, 14)] {
        sheet = sheet.bar((left, top), (6, 40), 0);
    }
    let found = digits(&sheet.picture()).unwrap();
    let places: Vec<_> = found.iter().map(|digit| (digit.line, digit.left, digit.top)).collect();
    assert_eq!(places, [(0, 20, 12), (0, 70, 8), (0, 120, 14), (1, 30, 90), (1, 80, 88), (1, 130, 92)]);
    for digit in &found {
        assert_eq!((digit.width, digit.height, digit.touching, digit.prepared.inverted), (6, 40, false, true));
        assert_eq!(frame(&digit.prepared.image).2, 20);
    }
}

#[test]
fn digits_that_touch_are_told_and_wide_ones_alone_are_not() {
    // Two bars joined by a bridge, beside two single ones.
    let sheet = Sheet::new(200, 60, 0)
        .bar((10, 10), (6, 40), 255)
        .bar((60, 10), (6, 40), 255)
        .bar((110, 10), (6, 40), 255)
        .bar((176, 10), (6, 40), 255)
        .bar((110, 30), (70, 4), 255);
    let touching: Vec<bool> = digits(&sheet.picture()).unwrap().iter().map(|digit| digit.touching).collect();
    assert_eq!(touching, [false, false, true]);
    // A nought as wide as it is high is one digit.
    let ring = Sheet::new(60, 60, 0).bar((10, 10), (40, 40), 255).bar((16, 16), (28, 28), 0);
    let found = digits(&ring.picture()).unwrap();
    assert_eq!((found.len(), found[0].touching), (1, false));
}

/// What is in MNIST's form already keeps it.
#[test]
fn the_form_is_its_own() {
    let image = l(40, 10, 1).prepared().image;
    let again = prepare(&Picture::from_grey(28, 28, image.as_flattened().to_vec()).unwrap()).unwrap();
    assert_eq!((again.image, again.inverted, again.thickened), (image, false, false));
}

/// A picture of 18 megapixels is halved before it is worked on, which its form does not show.
#[test]
fn large_pictures_are_read_too() {
    let large = Sheet::new(6000, 3000, 255).bar((4000, 400), (200, 2000), 0);
    let found = digits(&large.picture()).unwrap();
    assert_eq!(found.len(), 1);
    let near = |a: usize, b: usize| a.abs_diff(b) <= 4;
    assert!(near(found[0].left, 4000) && near(found[0].top, 400), "{found:?}");
    assert!(near(found[0].width, 200) && near(found[0].height, 2000), "{found:?}");
}

/// 5001x4001 pixels are halved to 2501x2001: the last column and row stand for one pixel each.
#[test]
fn a_digit_at_the_edge_of_a_large_picture_ends_with_the_picture() {
    let large = Sheet::new(5001, 4001, 255).bar((4801, 1001), (200, 3000), 0);
    let found = digits(&large.picture()).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].left + found[0].width, found[0].top + found[0].height), (5001, 4001), "{found:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Any bytes: forms with ink in them, within the picture, or the error that there is none.
    #[test]
    fn any_picture_gives_forms_or_an_error(
        (width, height) in (1..80_usize, 1..80_usize),
        levels in prop::collection::vec(any::<u8>(), 80 * 80),
        few in any::<bool>(),
    ) {
        let level = |i: usize| if few { 255 * (levels[i] / 230) } else { levels[i] };
        let picture = Picture::from_grey(width, height, (0..width * height).map(level).collect()).unwrap();
        let inked = |image: &Image| image.as_flattened().iter().any(|level| *level > 0);
        match prepare(&picture) {
            Ok(digit) => prop_assert!(inked(&digit.image)),
            Err(error) => prop_assert!(matches!(error, PictureError::NoInk), "{}", error),
        }
        let mut line = 0;
        for digit in digits(&picture).unwrap_or_default() {
            prop_assert!(inked(&digit.prepared.image));
            prop_assert!(digit.width > 0 && digit.left + digit.width <= width);
            prop_assert!(digit.height > 0 && digit.top + digit.height <= height);
            prop_assert!(digit.line == line || digit.line == line + 1);
            line = digit.line;
        }
    }
}

/// A 7 of two bars, at 20 to 40 columns and 16 to 44 rows of a sheet of 60 by 60, on grey paper.
fn seven() -> Sheet {
    Sheet::new(60, 60, 180).bar((20, 16), (20, 4), 60).bar((34, 20), (5, 24), 60)
}

#[test]
fn the_sides_of_a_box_are_no_part_of_the_digit() {
    /// Corner and size.
    type Bar = ((usize, usize), (usize, usize));
    let expected = seven().prepared().image;
    let [top, right, bottom, left] = [((0, 1), (60, 4)), ((55, 0), (5, 60)), ((0, 56), (60, 4)), ((0, 0), (6, 60))];
    let close = |sides: &[Bar]| {
        let sheet = sides.iter().fold(seven(), |sheet, (corner, size)| sheet.bar(*corner, *size, 15));
        let image = sheet.prepared().image;
        // The frame is darker than the digit: cutting it off leaves the digit's own levels, scaled to full ink.
        let pairs = image.as_flattened().iter().zip(expected.as_flattened());
        pairs.filter(|(a, b)| a.abs_diff(**b) > 40).count() <= 6
    };
    assert!(close(&[top, right, bottom, left]), "four sides");
    for pair in [[top, right], [right, bottom], [bottom, left], [left, top]] {
        assert!(close(&pair), "{pair:?}");
    }
    // One side that nothing is joined to.
    for side in [top, right, bottom, left] {
        assert!(close(&[side]), "{side:?}");
    }
}

#[test]
fn a_digit_that_was_cut_out_closely_keeps_its_bars() {
    // A 7 and a 2 (its last bar, and a stroke to it) without any background around them.
    let seven = Sheet::new(60, 80, 180).bar((0, 0), (60, 8), 60).bar((44, 8), (9, 72), 60);
    let two = Sheet::new(60, 80, 180).bar((0, 72), (60, 8), 60).bar((10, 0), (9, 72), 60);
    for (sheet, bar) in [(seven, 0), (two, 1)] {
        let image = sheet.prepared().image;
        let rows: Vec<&[u8; 28]> = image.iter().filter(|row| row.iter().any(|level| *level > 100)).collect();
        let wide = |row: &[u8; 28]| row.iter().filter(|level| **level > 100).count() >= 9;
        let ends = [wide(rows[0]), wide(rows[rows.len() - 1])];
        assert_eq!(ends, [bar == 0, bar == 1]);
    }
    // A line is what was to be read if there is nothing else but a speck.
    let one = Sheet::new(60, 60, 255).bar((0, 0), (4, 60), 0).bar((40, 40), (2, 2), 0).prepared();
    assert_eq!(frame(&one.image).2, 20);
}

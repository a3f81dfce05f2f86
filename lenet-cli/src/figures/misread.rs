//! The misread digits as a picture, like fig. 8 of the paper: below each its label and what it was read as.

use crate::draw::{Anchor, Drawing, Ink, Raster, Size};
use crate::run::readings::Misread;
use anyhow::Context;

/// Digits in a line.
const COLUMNS: usize = 10;
/// The size of a digit's pixel, in units of the drawing.
const SCALE: usize = 2;
const SIDE: usize = 28 * SCALE;
/// The margin around each digit and its label.
const MARGIN: usize = 6;
const CELL_WIDTH: usize = SIDE + 2 * MARGIN;
/// The height of the label, and its baseline.
const LABEL: usize = 14;
const BASE: usize = 11;
const CELL_HEIGHT: usize = SIDE + LABEL + 2 * MARGIN;

const PAPER: u8 = 255;

/// Draws the misread digits, dark on light, in order. `images` is the whole test set.
pub(crate) fn misread_drawing(images: &[[[u8; 28]; 28]], misread: &[Misread]) -> anyhow::Result<Drawing> {
    // One empty cell if there are no digits, because a PNG can't be empty.
    let (columns, rows) = (misread.len().clamp(1, COLUMNS), misread.len().div_ceil(COLUMNS).max(1));
    let mut picture = Raster::new(columns * CELL_WIDTH, rows * CELL_HEIGHT, PAPER);
    let mut drawing = Drawing::new(picture.width as f64, picture.height() as f64, "Misread digits");
    let place = |i: usize| (i % COLUMNS * CELL_WIDTH + MARGIN, i / COLUMNS * CELL_HEIGHT + MARGIN);
    for (i, digit) in misread.iter().enumerate() {
        let image = usize::try_from(digit.index).ok().and_then(|index| images.get(index)).with_context(|| {
            format!("misread image {}: there are {} test images: made with other data?", digit.index, images.len())
        })?;
        let (x, y) = place(i);
        put_digit(&mut picture, x, y, image);
    }
    drawing.image(0.0, 0.0, 1.0, picture);
    for (i, digit) in misread.iter().enumerate() {
        let (x, y) = place(i);
        let (middle, base) = ((x + SIDE / 2) as f64, (y + SIDE + BASE) as f64);
        let label = format!("{} -> {}", digit.is, digit.read);
        // It is on the white of the raster, whatever the colour of the page is.
        drawing.words((middle, base), Anchor::Middle, Size::Body, Ink::Rgb([0x33; 3]), label);
    }
    Ok(drawing)
}

/// The foreground of MNIST is 255.
fn put_digit(picture: &mut Raster, x: usize, y: usize, image: &[[u8; 28]; 28]) {
    for row in 0..SIDE {
        for column in 0..SIDE {
            picture.set(x + column, y + row, 255 - image[row / SCALE][column / SCALE]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::Item;

    /// The grey levels and the labels.
    fn picture(images: &[[[u8; 28]; 28]], misread: &[Misread]) -> (Raster, Vec<(f64, f64, String)>) {
        let drawing = misread_drawing(images, misread).unwrap();
        let mut labels = Vec::new();
        let mut rasters = Vec::new();
        for item in drawing.items {
            match item {
                Item::Image { raster, .. } => rasters.push(raster),
                Item::Text { x, y, text, .. } => labels.push((x, y, text)),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(rasters.len(), 1);
        (rasters.remove(0), labels)
    }

    #[test]
    fn the_digit_is_dark_and_its_label_stands_below_its_middle() {
        let mut image = [[0; 28]; 28];
        image[27][3] = 200;
        let (raster, labels) = picture(&[[[9; 28]; 28], image], &[Misread { index: 1, is: 4, read: 6 }]);
        assert_eq!((raster.width, raster.grey.len()), (CELL_WIDTH, CELL_WIDTH * CELL_HEIGHT));
        let dark = (0..raster.grey.len()).filter(|i| raster.grey[*i] == 55);
        let dark: Vec<_> = dark.map(|i| (i % raster.width, i / raster.width)).collect();
        let (x, y) = (MARGIN + 3 * SCALE, MARGIN + 27 * SCALE);
        assert_eq!(dark, [(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)]);
        assert_eq!(labels, [(34.0, 73.0, "4 -> 6".to_string())]);
    }

    #[test]
    fn eleven_take_two_lines_and_none_an_empty_cell() {
        let images = [[[0; 28]; 28]];
        let misread = [Misread { index: 0, is: 0, read: 9 }; 11];
        let (raster, labels) = picture(&images, &misread);
        assert_eq!((raster.width, raster.height()), (COLUMNS * CELL_WIDTH, 2 * CELL_HEIGHT));
        assert_eq!((labels.len(), labels[10].1), (11, 73.0 + CELL_HEIGHT as f64));
        let (raster, labels) = picture(&images, &[]);
        assert_eq!((raster.width, raster.grey, labels), (CELL_WIDTH, vec![PAPER; CELL_WIDTH * CELL_HEIGHT], vec![]));
    }

    #[test]
    fn an_image_that_is_not_there_is_an_error() {
        let images = [[[0; 28]; 28]; 2];
        let error = misread_drawing(&images, &[Misread { index: 2, is: 1, read: 7 }]).unwrap_err().to_string();
        assert_eq!(error, "misread image 2: there are 2 test images: made with other data?");
    }
}

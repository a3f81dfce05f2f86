//! The misread digits as a picture, like fig. 8 of the paper: under each what it is and what it was read as.

use super::raster::Raster;
use crate::misread::Misread;
use anyhow::Context;
use lenet_layers::{Bitmaps, Codes};

/// Digits to a line.
const COLUMNS: usize = 10;
/// Pixels of the picture, along one side, for a pixel of a digit.
const SCALE: usize = 2;
const SIDE: usize = 28 * SCALE;
/// Around each digit with its label.
const MARGIN: usize = 6;
const CELL_WIDTH: usize = SIDE + 2 * MARGIN;
/// Between a digit and its label.
const GAP: usize = 1;
const CELL_HEIGHT: usize = SIDE + GAP + Bitmaps::HEIGHT + 2 * MARGIN;

const PAPER: u8 = 255;
/// The labels step back behind the digits.
const LABEL: u8 = 64;

/// From what a digit is to what it was read as, in the rows of the letters around it.
const ARROW: [&str; 5] = ["......X..", "......XX.", "XXXXXXXXX", "......XX.", "......X.."];
/// The row of a letter that the arrow's first one is beside.
const ARROW_ROW: usize = 3;
/// Between a letter and the arrow.
const SPACE: usize = 4;
const LABEL_WIDTH: usize = 2 * (Bitmaps::WIDTH + SPACE) + ARROW[0].len();

/// The misread digits, dark on light, in the order they come in. `images` is the whole test set.
pub(crate) fn misread_raster(images: &[[[u8; 28]; 28]], misread: &[Misread]) -> anyhow::Result<Raster> {
    // Of one empty cell if there are to be none, as a PNG can't be empty.
    let (columns, rows) = (misread.len().clamp(1, COLUMNS), misread.len().div_ceil(COLUMNS).max(1));
    let mut picture = Raster::new(columns * CELL_WIDTH, rows * CELL_HEIGHT, PAPER);
    for (place, digit) in misread.iter().enumerate() {
        let image = usize::try_from(digit.index).ok().and_then(|index| images.get(index)).with_context(|| {
            format!("misread image {}: there are {} test images: made with other data?", digit.index, images.len())
        })?;
        let (x, y) = (place % COLUMNS * CELL_WIDTH + MARGIN, place / COLUMNS * CELL_HEIGHT + MARGIN);
        put_digit(&mut picture, x, y, image);
        let (x, y) = (x + (SIDE - LABEL_WIDTH) / 2, y + SIDE + GAP);
        put_letter(&mut picture, x, y, digit.is)?;
        put_arrow(&mut picture, x + Bitmaps::WIDTH + SPACE, y + ARROW_ROW);
        put_letter(&mut picture, x + LABEL_WIDTH - Bitmaps::WIDTH, y, digit.read)?;
    }
    Ok(picture)
}

/// MNIST's ink is 255.
fn put_digit(picture: &mut Raster, x: usize, y: usize, image: &[[u8; 28]; 28]) {
    for row in 0..SIDE {
        for column in 0..SIDE {
            picture.set(x + column, y + row, 255 - image[row / SCALE][column / SCALE]);
        }
    }
}

fn put_letter(picture: &mut Raster, x: usize, y: usize, digit: u8) -> anyhow::Result<()> {
    let bitmap = Bitmaps::CODES.get(usize::from(digit)).with_context(|| format!("{digit} is no digit"))?;
    for (cell, ink) in bitmap.iter().enumerate() {
        if *ink == 1.0 {
            picture.set(x + cell % Bitmaps::WIDTH, y + cell / Bitmaps::WIDTH, LABEL);
        }
    }
    Ok(())
}

fn put_arrow(picture: &mut Raster, x: usize, y: usize) {
    for (row, line) in ARROW.iter().enumerate() {
        for (column, _) in line.bytes().enumerate().filter(|(_, cell)| *cell == b'X') {
            picture.set(x + column, y + row, LABEL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Width and grey levels.
    fn picture(images: &[[[u8; 28]; 28]], misread: &[Misread]) -> (usize, Vec<u8>) {
        let raster = misread_raster(images, misread).unwrap();
        (raster.width, raster.grey)
    }

    #[test]
    fn the_digit_is_dark_and_its_label_lies_below() {
        let mut image = [[0; 28]; 28];
        image[27][3] = 200;
        let (width, grey) = picture(&[[[9; 28]; 28], image], &[Misread { index: 1, is: 4, read: 6 }]);
        assert_eq!((width, grey.len()), (CELL_WIDTH, CELL_WIDTH * CELL_HEIGHT));
        let dark: Vec<_> = (0..grey.len()).filter(|i| grey[*i] == 55).map(|i| (i % width, i / width)).collect();
        let (x, y) = (MARGIN + 3 * SCALE, MARGIN + 27 * SCALE);
        assert_eq!(dark, [(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)]);
        // 41 and 39 dots of the letters, 15 of the arrow, in the twelve rows below the digit.
        let label: Vec<_> = (0..grey.len()).filter(|i| grey[*i] == LABEL).map(|i| i / width).collect();
        assert_eq!(label.len(), 41 + 39 + 15);
        assert_eq!((label[0], *label.last().unwrap()), (MARGIN + SIDE + GAP, MARGIN + SIDE + GAP + 11));
    }

    #[test]
    fn eleven_take_two_lines_and_none_an_empty_cell() {
        let images = [[[0; 28]; 28]];
        let misread = [Misread { index: 0, is: 0, read: 9 }; 11];
        let (width, grey) = picture(&images, &misread);
        assert_eq!((width, grey.len() / width), (COLUMNS * CELL_WIDTH, 2 * CELL_HEIGHT));
        let (width, grey) = picture(&images, &[]);
        assert_eq!((width, grey), (CELL_WIDTH, vec![PAPER; CELL_WIDTH * CELL_HEIGHT]));
    }

    #[test]
    fn an_image_or_a_digit_that_is_not_there_is_an_error() {
        let images = [[[0; 28]; 28]; 2];
        let error = misread_raster(&images, &[Misread { index: 2, is: 1, read: 7 }]).unwrap_err().to_string();
        assert_eq!(error, "misread image 2: there are 2 test images: made with other data?");
        let error = misread_raster(&images, &[Misread { index: 0, is: 1, read: 10 }]).unwrap_err().to_string();
        assert_eq!(error, "10 is no digit");
    }
}

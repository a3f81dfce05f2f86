//! The contact sheet of a set: the first images of each class, one row per class, as text or as a PNG.

use crate::draw::Raster;
use crate::term::shades::SHADES;
use lenet_data::{Image, LabelledImages};
use std::io::{self, Write};

/// The first images of each class, at most `columns` of each.
fn rows(examples: &LabelledImages, columns: usize) -> Vec<Vec<&Image>> {
    let class = |class: u8| {
        let of_class = examples.images().iter().zip(examples.labels()).filter(|(_, label)| **label == class);
        of_class.map(|(image, _)| image).take(columns).collect()
    };
    (0..10).map(class).collect()
}

/// The size of an image in characters. Each stands for two by four pixels, as characters are twice as high as wide.
const WIDTH: usize = 14;
const HEIGHT: usize = 7;
/// Prints five images of each class, in 78 columns.
pub(super) fn write_text(out: &mut impl Write, examples: &LabelledImages) -> io::Result<()> {
    for (class, images) in rows(examples, 5).into_iter().enumerate() {
        for row in 0..HEIGHT {
            let cells: Vec<String> =
                images.iter().map(|image| (0..WIDTH).map(|column| shade(image, row, column)).collect()).collect();
            let label = if row == HEIGHT / 2 { class.to_string() } else { " ".into() };
            writeln!(out, "{}", format!("{label}  {}", cells.join(" ")).trim_end())?;
        }
    }
    Ok(())
}

fn shade(image: &Image, row: usize, column: usize) -> char {
    let pixels = image[4 * row..][..4].iter().flat_map(|line| &line[2 * column..][..2]);
    let sum: usize = pixels.map(|&pixel| usize::from(pixel)).sum();
    // A stroke covers at most half of a cell.
    SHADES[(sum * SHADES.len() / (8 * 255)).min(SHADES.len() - 1)]
}

/// Images per row of the picture, the scale of an image, and the pixels between images.
const COLUMNS: usize = 20;
const SCALE: usize = 2;
const MARGIN: usize = 4;
const CELL: usize = 28 * SCALE + MARGIN;

/// Encodes a PNG of twenty images of each class, dark on light.
pub(super) fn png(examples: &LabelledImages) -> anyhow::Result<Vec<u8>> {
    let (width, height) = (COLUMNS * CELL + MARGIN, 10 * CELL + MARGIN);
    let mut grey = vec![255; width * height];
    for (y, images) in rows(examples, COLUMNS).into_iter().enumerate() {
        for (x, image) in images.into_iter().enumerate() {
            for (row, line) in grey[(y * CELL + MARGIN) * width..].chunks_mut(width).take(28 * SCALE).enumerate() {
                let pixels = line[x * CELL + MARGIN..][..28 * SCALE].iter_mut().enumerate();
                pixels.for_each(|(column, pixel)| *pixel = 255 - image[row / SCALE][column / SCALE]);
            }
        }
    }
    Raster { width, grey }.png()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two images of class 0, the second with a block of foreground, and one of class 9 with one foreground pixel.
    fn examples() -> LabelledImages {
        let mut images = vec![[[0; 28]; 28]; 3];
        (0..4).for_each(|row| images[1][row][26..].fill(255));
        images[2][27][0] = 200;
        LabelledImages::new(images, vec![0, 0, 9]).unwrap()
    }

    #[test]
    fn a_cell_of_ink_is_one_character() {
        let mut out = Vec::new();
        write_text(&mut out, &examples()).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 70);
        // Label, two blanks, an image, a blank, and the last character of the second.
        assert_eq!(lines[0], format!("{}█", " ".repeat(3 + 14 + 1 + 13)));
        assert_eq!((lines[3], lines[66]), ("0", "9"));
        assert!((0..70).all(|i| i == 0 || i % 7 == 3 || lines[i].is_empty()), "{text}");
    }

    #[test]
    fn the_picture_has_a_row_for_each_class() {
        let bytes = png(&examples()).unwrap();
        let mut reader = png::Decoder::new(io::Cursor::new(bytes)).read_info().unwrap();
        let mut grey = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut grey).unwrap();
        assert_eq!((reader.info().width, reader.info().height), (1204, 604));
        let at = |value: u8| -> Vec<_> {
            (0..grey.len()).filter(|&i| grey[i] == value).map(|i| (i % 1204, i / 1204)).collect()
        };
        let ink = at(0);
        assert_eq!((ink.len(), ink[0], ink[31]), (4 * 8, (4 + 60 + 52, 4), (4 + 60 + 55, 11)));
        assert_eq!(at(55), [(4, 598), (5, 598), (4, 599), (5, 599)]);
    }
}

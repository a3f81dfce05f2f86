//! Digits as many Europeans write them.

use super::{
    dice::{Dice, Part},
    glyph::{Glyph, SIDE},
};
use crate::{Image, centred};

/// The stream of ChaCha8 that image 0 is drawn from, the word "europe".
const STREAM: u64 = u64::from_be_bytes(*b"\0europe\0");

/// The image of a digit of a class with the strokes that most European hands add, in MNIST's form: a bar through the stem of a
/// 7, or a long stroke up to the top of a 1 and sometimes a bar under it. They are rare in MNIST, whose writers were
/// American. A digit of another class stays as it is. The same arguments give the same image.
///
/// ```
/// use lenet_data::strings::european;
///
/// let mut one = [[0; 28]; 28];
/// one[4..24].iter_mut().for_each(|row| row[13..15].fill(255));
/// let width = |image: &lenet_data::Image| (0..28).filter(|x| image.iter().any(|row| row[*x] > 64)).count();
/// assert!(width(&european(1, 42, 1, &one)) > width(&one) + 2);
/// assert_eq!(european(1, 42, 1, &one), european(1, 42, 1, &one));
/// assert_eq!(european(1, 42, 8, &one), one);
/// ```
#[must_use]
pub fn european(seed: u64, number: u64, class: u8, image: &Image) -> Image {
    let mut glyph = Glyph::new(image);
    if !glyph.european(class, &mut Dice::new(seed, STREAM ^ number, Part::Digits)) {
        return *image;
    }
    let levels = glyph.ink.as_flattened().iter().map(|ink| (255.0 * ink + 0.5) as u8).collect::<Vec<_>>();
    centred(SIDE, &levels).unwrap_or(*image)
}

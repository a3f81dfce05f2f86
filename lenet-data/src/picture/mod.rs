//! From any picture to the form of MNIST: what users of digit readers miss most. A network that has seen MNIST reads
//! digits that are scaled, centred and drawn as MNIST's are, and few others.
//!
//! `colour` makes grey levels of colours, `ground` finds what the picture is drawn on, `ink` what is drawn, `frame` the sides of a box around it, `parts` and `segment` which strokes make a digit,
//! `thickness` whether the pen was too thin, and `form` makes MNIST's form of it. Pictures of MNIST go the same way.

mod colour;
#[cfg(feature = "images")]
mod decode;
mod error;
mod form;
mod frame;
mod grey;
mod ground;
mod ink;
mod line;
mod parts;
#[cfg(feature = "images")]
mod precheck;
mod segment;
mod thickness;

pub use error::PictureError;
pub use grey::Picture;
pub use line::{FoundLine, Region, lines};

use crate::Image;
use ground::Aim;
use ink::Ink;
use parts::{Frame, Groups, Parts};
use std::borrow::Cow;

/// Larger pictures are halved first. A digit of 50 pixels is more than MNIST's form shows, and as many pixels bear pages of them.
const MOST_PIXELS: usize = 16_000_000;

/// A digit in the form of MNIST, and what was done to get it there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Prepared {
    /// 28x28, 0 = ground, 255 = ink.
    pub image: Image,
    /// Whether the ink was darker than the ground: in MNIST's images it is brighter.
    pub inverted: bool,
    /// Whether the strokes were thinner than any of MNIST's and have been widened.
    pub thickened: bool,
}

/// A digit found among others.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// The digit in the form of MNIST.
    pub prepared: Prepared,
    /// The first column of the picture that it is in.
    pub left: usize,
    /// The first row.
    pub top: usize,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// The line of digits that it belongs to, from 0 at the top.
    pub line: usize,
    /// Whether it is so wide that it may be several digits which touch. It is not cut apart.
    pub touching: bool,
}

/// Takes the picture for one digit and gives it the form of MNIST.
///
/// The ground may be bright or dark, grey, noisy or unevenly lit, and the digit anywhere on it and of any size from 5 pixels.
///
/// ```
/// use lenet_data::{Picture, prepare};
///
/// // A black bar on white paper, 2 pixels by 30, far from the middle.
/// let mut pixels = vec![255; 100 * 50];
/// for y in 5..35 {
///     pixels[y * 100 + 81..][..2].fill(0);
/// }
/// let one = prepare(&Picture::from_grey(100, 50, pixels)?)?;
/// assert!(one.inverted);
/// // 20 pixels high, in the middle.
/// let rows: Vec<usize> = (0..28).filter(|&y| one.image[y].iter().any(|&p| p > 0)).collect();
/// assert_eq!((rows[0], rows.len()), (5, 20));
/// # Ok::<(), lenet_data::PictureError>(())
/// ```
///
/// # Errors
/// [`PictureError::NoInk`] if nothing stands out from the ground.
pub fn prepare(picture: &Picture) -> Result<Prepared, PictureError> {
    let (picture, _) = of_bounded_size(picture, MOST_PIXELS);
    let (ink, groups, _) = only_digit(&picture)?;
    Ok(formed(&ink, &groups, 0))
}

/// What [`prepare`] makes of a picture on the way to MNIST's form.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Steps {
    /// The columns of the pictures below. A large picture is halved first, until it has at most 16 million pixels.
    pub width: usize,
    /// Their rows.
    pub height: usize,
    /// The grey levels that ink is looked for in, row by row.
    pub grey: Vec<u8>,
    /// How much ink is where, row by row: 0 is the background, 255 full ink.
    pub ink: Vec<u8>,
    /// The ink of the digit. The other ink was taken for a frame, a line, a speck or a second digit.
    pub digit: Vec<u8>,
    /// The frame around the digit, in the pixels of these pictures.
    pub region: Region,
    /// The digit in the form of MNIST.
    pub prepared: Prepared,
}

/// [`prepare`], with what it makes of the picture on the way: for programs that show it.
///
/// ```
/// use lenet_data::{Picture, prepare, prepare_in_steps};
///
/// // A black bar on white paper, and a speck.
/// let mut pixels = vec![255; 100 * 50];
/// (5..35).for_each(|y| pixels[y * 100 + 81..][..2].fill(0));
/// pixels[20 * 100 + 10] = 0;
/// let picture = Picture::from_grey(100, 50, pixels)?;
/// let steps = prepare_in_steps(&picture)?;
/// assert_eq!((steps.width, steps.height, steps.region.left, steps.region.height), (100, 50, 81, 30));
/// let inked = |levels: &[u8]| levels.iter().filter(|level| **level > 0).count();
/// assert_eq!((inked(&steps.ink), inked(&steps.digit)), (61, 60));
/// assert_eq!(steps.prepared, prepare(&picture)?);
/// # Ok::<(), lenet_data::PictureError>(())
/// ```
///
/// # Errors
/// [`PictureError::NoInk`] if nothing stands out from the background.
pub fn prepare_in_steps(picture: &Picture) -> Result<Steps, PictureError> {
    let (picture, _) = of_bounded_size(picture, MOST_PIXELS);
    let (ink, groups, frame) = only_digit(&picture)?;
    let region = Region { left: frame.left, top: frame.top, width: frame.width(), height: frame.height() };
    let prepared = formed(&ink, &groups, 0);
    let digit = groups.levels(&ink, 0);
    let grey = picture.into_owned().into_pixels();
    Ok(Steps { width: ink.width, height: ink.height, grey, ink: ink.levels, digit, region, prepared })
}

/// The ink of a picture of one digit, which of it is the digit (group 0), and the frame around it.
fn only_digit(picture: &Picture) -> Result<(Ink, Groups, Frame), PictureError> {
    let ink = frame::ink_without_frame(picture)?;
    let parts = Parts::of(&ink);
    let strokes = segment::one(&parts.parts, segment::strokes(&parts.parts, ink.width, ink.height));
    if strokes.is_empty() {
        return Err(PictureError::NoInk);
    }
    let mut groups = vec![None; parts.parts.len()];
    strokes.iter().for_each(|&part| groups[part] = Some(0));
    let groups = parts.grouped(&ink, &groups);
    let frame = groups.frames[0];
    Ok((ink, groups, frame))
}

/// Finds the digits of a picture: line by line from the top, each from left to right.
///
/// Strokes one above the other (a 5 and its bar) are one digit; specks, dots and lines across the picture are none.
/// Digits that touch are not parted; [`Found::touching`] says where that seems to be so.
///
/// ```
/// use lenet_data::{Picture, digits};
///
/// // Three bars.
/// let mut pixels = vec![255; 60 * 40];
/// for y in 10..30 {
///     for x in [10, 27, 44] {
///         pixels[y * 60 + x..][..3].fill(0);
///     }
/// }
/// let found = digits(&Picture::from_grey(60, 40, pixels)?)?;
/// assert_eq!(found.iter().map(|digit| digit.left).collect::<Vec<_>>(), [10, 27, 44]);
/// assert!(found.iter().all(|digit| digit.line == 0 && !digit.touching));
/// # Ok::<(), lenet_data::PictureError>(())
/// ```
///
/// # Errors
/// [`PictureError::NoInk`] if nothing stands out from the ground.
pub fn digits(picture: &Picture) -> Result<Vec<Found>, PictureError> {
    let (whole_width, whole_height) = (picture.width(), picture.height());
    let (picture, step) = of_bounded_size(picture, MOST_PIXELS);
    let ink = Ink::of(&picture, Aim::Digits)?;
    let parts = Parts::of(&ink);
    let strokes = segment::strokes(&parts.parts, ink.width, ink.height);
    let places = segment::places(&parts.parts, &strokes);
    if places.is_empty() {
        return Err(PictureError::NoInk);
    }
    let mut groups = vec![None; parts.parts.len()];
    for (number, place) in places.iter().enumerate() {
        place.parts.iter().for_each(|&part| groups[part] = Some(number));
    }
    let groups = parts.grouped(&ink, &groups);
    let found = places.iter().enumerate().map(|(number, place)| {
        let Frame { left, top, right, bottom } = place.frame;
        let (left, top) = (left * step, top * step);
        Found {
            prepared: formed(&ink, &groups, number),
            left,
            top,
            // The last column and row of a picture that was shrunk may stand for fewer than `step` pixels.
            width: (right * step).min(whole_width) - left,
            height: (bottom * step).min(whole_height) - top,
            line: place.line,
            touching: place.touching,
        }
    });
    Ok(found.collect())
}

/// The picture, or one of half the size and so on, and how many pixels have become one to each side.
fn of_bounded_size(picture: &Picture, most: usize) -> (Cow<'_, Picture>, usize) {
    let mut step = 1;
    while picture.pixels().len() / (step * step) > most {
        step *= 2;
    }
    if step == 1 { (Cow::Borrowed(picture), 1) } else { (Cow::Owned(picture.shrunk(step)), step) }
}

fn formed(ink: &Ink, groups: &Groups, group: usize) -> Prepared {
    let shape = groups.shape(ink, group);
    let thicker = thickness::thickened(&shape);
    let image = thicker.as_ref().unwrap_or(&shape).image();
    Prepared { image, inverted: ink.inverted, thickened: thicker.is_some() }
}

/// The form of MNIST of a digit that is given as ink, row by row: 0 = background, 255 = ink. `None` if there is no ink.
///
/// ```
/// // A bar of 2 by 30 pixels becomes 20 pixels high, in the middle.
/// let image = lenet_data::centred(2, &[255; 60]).expect("ink");
/// assert_eq!((image[4][14], image[10][14] > 0), (0, true));
/// assert_eq!(lenet_data::centred(2, &[0; 60]), None);
/// ```
#[must_use]
pub fn centred(width: usize, levels: &[u8]) -> Option<Image> {
    /// Fainter pixels do not count where the frame around the ink is found.
    const FAINT: u8 = 32;
    let mut frame = Frame::NOTHING;
    for (y, row) in levels.chunks_exact(width.max(1)).enumerate() {
        for (x, _) in row.iter().enumerate().filter(|(_, level)| **level >= FAINT) {
            frame.add(x, y);
        }
    }
    if frame == Frame::NOTHING {
        return None;
    }
    let rows = levels.chunks_exact(width).take(frame.bottom).skip(frame.top);
    let levels = rows.flat_map(|row| &row[frame.left..frame.right]).copied().collect();
    Some(form::Shape { width: frame.width(), height: frame.height(), levels }.image())
}

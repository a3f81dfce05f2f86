//! From a picture to lines of writing, each a strip 32 rows high: what a network reads that sweeps over a line.
//!
//! `rules` takes ruled lines off, `members` finds which parts of the ink are on which line, `course` follows the line's
//! slope and height, and `strip` draws it upright and of the usual size.

mod course;
mod members;
mod rules;
mod strip;

use super::{Picture, PictureError, ground::Aim, ink::Ink, of_bounded_size, parts::Parts};
use crate::strings::HEIGHT;

/// A line of writing found in a picture: scaled, straightened and cleaned, and where it was.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FoundLine {
    /// Columns.
    pub width: usize,
    /// [`HEIGHT`] rows of `width` levels, one after the other: 0 = background, 255 = ink.
    pub levels: Vec<u8>,
    /// Whether the ink was darker than the background.
    pub inverted: bool,
    /// For every column the place of the picture that it shows.
    places: Vec<Place>,
    /// The columns and rows of the picture.
    size: [usize; 2],
}

/// A column of a strip, in pixels of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Place {
    /// The column of the picture.
    x: f32,
    /// The rows of the line's top and bottom.
    rows: [f32; 2],
}

/// A rectangle of a picture, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Region {
    /// The first column.
    pub left: usize,
    /// The first row.
    pub top: usize,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl FoundLine {
    /// The part of the picture that the columns `from..to` of the strip show, without the rows above and below the line.
    ///
    /// # Panics
    /// If there are no such columns.
    #[must_use]
    pub fn region(&self, columns: std::ops::Range<usize>) -> Region {
        let places = &self.places[columns];
        let (first, last) = (places[0], places[places.len() - 1]);
        // The ends of a strip may be beyond the picture.
        let pixel = |at: f32, most: usize| (at.max(0.0) as usize).min(most);
        let [columns, rows] = self.size;
        let left = pixel(first.x, columns - 1);
        let top = pixel(first.rows[0].min(last.rows[0]), rows - 1);
        let right = pixel(last.x, columns).max(left + 1);
        let bottom = pixel(first.rows[1].max(last.rows[1]).ceil(), rows).max(top + 1);
        Region { left, top, width: right - left, height: bottom - top }
    }
}

/// Finds the lines of writing of a picture, from the top to the bottom.
///
/// Ruled lines, specks and frames are left out; a line that rises or falls is straightened; it is scaled so that its
/// digits are 25 of the 32 rows high; and gaps that are wider than the line is high are shortened to that.
///
/// ```
/// use lenet_data::{Picture, lines, strings::HEIGHT};
///
/// // Two lines of bars, 20 pixels high.
/// let mut pixels = vec![255; 100 * 100];
/// for top in [10, 60] {
///     for y in top..top + 20 {
///         [20, 40].map(|x| pixels[y * 100 + x..][..4].fill(0));
///     }
/// }
/// let lines = lines(&Picture::from_grey(100, 100, pixels)?)?;
/// assert_eq!(lines.len(), 2);
/// assert!(lines.iter().all(|line| line.inverted && line.levels.len() == HEIGHT * line.width));
/// # Ok::<(), lenet_data::PictureError>(())
/// ```
///
/// # Errors
/// [`PictureError::NoInk`] if nothing stands out from the background.
pub fn lines(picture: &Picture) -> Result<Vec<FoundLine>, PictureError> {
    let size = [picture.width(), picture.height()];
    let (picture, step) = of_bounded_size(picture, MOST_PIXELS);
    let mut ink = Ink::of(&picture, Aim::Lines)?;
    rules::take_off(&mut ink);
    let parts = Parts::of(&ink);
    let members = members::lines(&parts.parts, ink.width, ink.height);
    if members.is_empty() {
        return Err(PictureError::NoInk);
    }
    let mut groups = vec![None; parts.parts.len()];
    for (number, line) in members.iter().enumerate() {
        line.all().for_each(|part| groups[part] = Some(number));
    }
    let frames: Vec<_> = parts.parts.iter().map(|part| part.frame).collect();
    let groups = parts.grouped(&ink, &groups);
    let line = |(number, line): (usize, &members::Members)| {
        let course = course::Course::of(&frames, line);
        let frame = groups.frames[number];
        let strip = strip::draw(&groups.shape(&ink, number), frame, &course, &line.spans(&frames));
        strip.found(step as f32, ink.inverted, size)
    };
    Ok(members.iter().enumerate().map(line).collect())
}

/// Larger pictures are halved first: a strip shows no more of a digit that is 50 pixels high.
const MOST_PIXELS: usize = 6_000_000;

/// The rows of a strip that the line's digits fill.
const FILLED: f32 = 25.0;
/// The row of a strip where the middle of the line is.
const MIDDLE: f32 = HEIGHT as f32 / 2.0;

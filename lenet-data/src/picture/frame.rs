//! The sides of a printed box or a cell of squared paper at the border of a picture: lines that are no part of its digit.
//!
//! A digit that was cut out closely has lines at the border too, such as the bar of a 7. So a side is taken off only if
//! another one meets it at a corner, or if nothing is joined to it.

use super::{Picture, PictureError, ground::Aim, ink::Ink};

/// Smaller pictures are digits that were cut out, without room for a frame.
const LEAST_SIDE: usize = 24;
/// The sides that meet at a corner are within this part of the picture's border.
const REACH: f32 = 0.18;
/// A line that is erased from the ink begins within this part.
const NEAREST: f32 = 0.05;
/// And at most this part of the picture thick, but may always have 3 pixels.
const THICKNESS: f32 = 0.18;
/// And covers this part of the border's length.
const COVERED: f32 = 0.5;
/// A digit touches at most the `JOINED`th part of a side, or the side is a stroke of it.
const JOINED: usize = 12;

/// The ink of a picture of one digit, without the sides of a frame.
///
/// # Errors
/// `NoInk` if nothing stands out.
pub(super) fn ink_without_frame(picture: &Picture) -> Result<Ink, PictureError> {
    if picture.width().min(picture.height()) < LEAST_SIDE {
        return Ink::of(picture, Aim::Digits);
    }
    // Thick sides would be taken for the background, so they are cut off before that is looked for.
    let inside = without_corner(picture);
    let picture = inside.as_ref().unwrap_or(picture);
    let ink = Ink::of(picture, Aim::Digits)?;
    let sides = Border::ALL.map(|border| Side::of(&ink, border));
    let is_frame = |i: usize| {
        let meets_another = sides[(i + 1) % 4].covers || sides[(i + 3) % 4].covers;
        let hardly_joined = JOINED * sides[i].joined <= sides[i].ends.len();
        sides[i].covers && (meets_another && hardly_joined || sides[i].joined == 0)
    };
    let frame: Vec<&Side> = (0..4).filter(|&i| is_frame(i)).map(|i| &sides[i]).collect();
    if frame.is_empty() {
        return Ok(ink);
    }
    let mut pixels = picture.pixels().to_vec();
    frame.iter().for_each(|side| side.erase(&ink, &mut pixels));
    let rest = Ink::of(&Picture::from_grey(ink.width, ink.height, pixels)?, Aim::Digits);
    // Where nothing else is, the line is what was to be read.
    Ok(rest.ok().filter(|rest| has_digit(rest) && rest.inverted == ink.inverted).unwrap_or(ink))
}

/// The picture without its outermost rows and columns, if lines run along two borders that meet: as far as most of a row or
/// column is much darker or brighter than the picture mostly is.
fn without_corner(picture: &Picture) -> Option<Picture> {
    let (width, height) = (picture.width(), picture.height());
    let pixels = picture.pixels();
    let mut sorted = pixels.to_vec();
    let middle = sorted.len() / 2;
    let usual = i32::from(*sorted.select_nth_unstable(middle).1);
    let most = pixels.iter().map(|pixel| (i32::from(*pixel) - usual).abs()).max()?;
    let depth_of = |border: Border| {
        let (length, across) = border.extent(width, height);
        let level = |depth: usize| {
            let level = |along: usize| i32::from(pixels[border.pixel([width, height], along, depth)]);
            let off = |along: usize| (5 * (level(along) - usual) / most.max(1)).signum();
            let count = |along: std::ops::Range<usize>, sign| along.filter(|&along| off(along) == sign).count();
            let quarter = length / 4;
            let ends = [0..quarter, length - quarter..length];
            // A side goes from corner to corner; the bar of a 2 or a 7 seldom does.
            let is_side = |sign: i32| {
                2 * count(0..length, sign) > length && ends.iter().all(|end| 4 * count(end.clone(), sign) > quarter)
            };
            [-1, 1].into_iter().find(|sign| is_side(*sign)).unwrap_or(0)
        };
        let reach = ((REACH * across as f32) as usize).max(2);
        let sign = (0..reach).map(level).find(|level| *level != 0)?;
        let end = (0..reach).rev().find(|depth| level(*depth) == sign)? + 1;
        (end < reach).then_some((end + 1, sign))
    };
    let depths = Border::ALL.map(depth_of);
    let meets = |i: usize| depths[i].is_some() && depths[i].map(|d| d.1) == depths[(i + 1) % 4].map(|d| d.1);
    if !(0..4).any(meets) {
        return None;
    }
    let [top, right, bottom, left] = depths.map(|depth| depth.map_or(0, |(depth, _)| depth));
    let rows = pixels.chunks_exact(width).take(height - bottom).skip(top);
    let inside: Vec<u8> = rows.flat_map(|row| &row[left..width - right]).copied().collect();
    let inside = Picture::from_grey(width - left - right, height - top - bottom, inside).ok()?;
    let ink = Ink::of(&inside, Aim::Digits).ok()?;
    // Lines that much is joined to are strokes of a digit that was cut out closely.
    let cut = Border::ALL.into_iter().zip(depths).filter(|(_, depth)| depth.is_some());
    let (joined, length) = cut.fold((0, 0), |(joined, length), (border, _)| {
        let (side, _) = border.extent(ink.width, ink.height);
        let is_ink = |along: &usize| ink.levels[border.pixel([ink.width, ink.height], *along, 0)] >= ink.threshold;
        (joined + (0..side).filter(is_ink).count(), length + side)
    });
    (has_digit(&ink) && JOINED * joined <= length).then_some(inside)
}

/// Whether there is something as large as a fifth of the picture.
fn has_digit(ink: &Ink) -> bool {
    let is_ink = |x: usize, y: usize| ink.levels[y * ink.width + x] >= ink.threshold;
    let rows = (0..ink.height).filter(|&y| (0..ink.width).any(|x| is_ink(x, y))).count();
    let columns = (0..ink.width).filter(|&x| (0..ink.height).any(|y| is_ink(x, y))).count();
    5 * rows.max(columns) >= ink.width.min(ink.height)
}

/// A border of the picture; each follows the one that it has a corner with.
#[derive(Clone, Copy)]
enum Border {
    Top,
    Right,
    Bottom,
    Left,
}

impl Border {
    const ALL: [Self; 4] = [Self::Top, Self::Right, Self::Bottom, Self::Left];

    /// Its length, and how far the opposite one is.
    fn extent(self, width: usize, height: usize) -> (usize, usize) {
        match self {
            Self::Top | Self::Bottom => (width, height),
            Self::Left | Self::Right => (height, width),
        }
    }

    /// The index of the pixel at a place along the border and so many pixels from it.
    fn pixel(self, [width, height]: [usize; 2], along: usize, depth: usize) -> usize {
        match self {
            Self::Top => depth * width + along,
            Self::Bottom => (height - 1 - depth) * width + along,
            Self::Left => along * width + depth,
            Self::Right => along * width + width - 1 - depth,
        }
    }
}

/// What is along a border.
struct Side {
    border: Border,
    /// For each place along the border the depth at which a thin line ends, if there is one.
    ends: Vec<Option<usize>>,
    /// At how many places something else is joined to the line.
    joined: usize,
    /// Whether there is a line along the border.
    covers: bool,
}

impl Side {
    fn of(ink: &Ink, border: Border) -> Self {
        let size = [ink.width, ink.height];
        let (length, across) = border.extent(ink.width, ink.height);
        let nearest = ((NEAREST * across as f32) as usize).max(2);
        let thickest = ((THICKNESS * across as f32) as usize).max(3);
        // Lines of a frame are often fainter than the digit.
        let level = (ink.threshold / 2).max(ink.gate);
        let mut joined = 0;
        let end = |along: usize| {
            let is_ink = |depth: &usize| ink.levels[border.pixel(size, along, *depth)] >= level;
            let first = (0..nearest).find(is_ink)?;
            let end = (first..across).find(|depth| !is_ink(depth)).unwrap_or(across);
            Some((end, end - first <= thickest))
        };
        let ends: Vec<Option<usize>> = (0..length)
            .map(|along| match end(along)? {
                (end, true) => Some(end),
                _ => {
                    joined += 1;
                    None
                }
            })
            .collect();
        let covers = ends.iter().flatten().count() as f32 >= COVERED * length as f32;
        Self { border, ends, joined, covers }
    }

    /// Gives the line the grey of what is behind it.
    fn erase(&self, ink: &Ink, pixels: &mut [u8]) {
        let size = [ink.width, ink.height];
        let across = self.border.extent(ink.width, ink.height).1;
        // Where the digit is joined to the line, the line ends as it does beside.
        let mut last = self.ends.iter().flatten().copied().next().unwrap_or(0);
        for (along, end) in self.ends.iter().enumerate() {
            last = end.unwrap_or(last);
            // The edge of the line is faint.
            let inside = (last + 2).min(across - 1);
            let behind = pixels[self.border.pixel(size, along, inside)];
            let is_joined = end.is_none();
            for depth in 0..inside {
                // Of what is joined, nothing but the line is taken off.
                if !is_joined || depth < last {
                    pixels[self.border.pixel(size, along, depth)] = behind;
                }
            }
        }
    }
}

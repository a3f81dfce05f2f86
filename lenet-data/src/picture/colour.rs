//! Colours as grey levels. Where ink is as bright as its paper, the levels are taken from the colours' difference.

use super::{Picture, PictureError};

/// At most this many pixels are sampled, and as many of the border.
const SAMPLE: usize = 1 << 16;

/// The part of the pixels that may be farther from the ground than what counts as ink: ink covers little of a photo.
const FAR: f32 = 0.002;

/// Colours nearer than this to each other, of 255 levels, are not told apart where their brightness is the same.
const LEAST: f32 = 40.0;

/// Brightness tells ink from paper if its difference is at least this part of the colours'.
const BRIGHT_ENOUGH: f32 = 0.3;

/// What the grey level of the ground becomes.
const GROUND: f32 = 200.0;

type Rgb = [f32; 3];

impl Picture {
    /// A picture of `width` times `height` colours, row by row: red, green, blue and opacity, as a browser's canvas and most
    /// libraries have them. The grey levels are those that `Picture::open` makes of a file with these pixels.
    ///
    /// ```
    /// use lenet_data::Picture;
    ///
    /// // Black, red, and half transparent black, which shows the white behind it.
    /// let picture = Picture::from_rgba(3, 1, &[0, 0, 0, 255, 255, 0, 0, 255, 0, 0, 0, 128])?;
    /// assert_eq!(picture.pixels(), [0, 54, 127]);
    ///
    /// let error = Picture::from_rgba(3, 1, &[0; 11]).unwrap_err();
    /// assert_eq!(error.to_string(), "2 pixels do not fill a picture of 3x1; give 3");
    /// # Ok::<(), lenet_data::PictureError>(())
    /// ```
    ///
    /// # Errors
    /// If there are none, or not as many as the two sides say.
    pub fn from_rgba(width: usize, height: usize, pixels: &[u8]) -> Result<Self, PictureError> {
        let (pixels, rest) = pixels.as_chunks::<4>();
        let expected = width.saturating_mul(height);
        if expected == 0 {
            return Err(PictureError::NoPixels { width, height });
        }
        if pixels.len() != expected || !rest.is_empty() {
            return Err(PictureError::Pixels { width, height, found: pixels.len(), expected });
        }
        let levels = match (u32::try_from(width), u32::try_from(height)) {
            (Ok(w), Ok(h)) => grey_by_colour(w, h, |x, y| pixels[y as usize * width + x as usize]),
            _ => None,
        };
        let over = |ground| pixels.iter().map(|pixel| level_over(ground, *pixel)).collect::<Vec<u8>>();
        let levels = levels.unwrap_or_else(|| {
            let levels = over(1);
            // White strokes on a transparent ground.
            if levels.iter().all(|&level| level == 255) { over(0) } else { levels }
        });
        Self::from_grey(width, height, levels)
    }
}

/// The brightness of a colour over black (0) or white (1), as the image crate weighs colours.
fn level_over(ground: u32, [red, green, blue, alpha]: [u8; 4]) -> u8 {
    let [red, green, blue, alpha] = [red, green, blue, alpha].map(u32::from);
    let grey = (2126 * red + 7152 * green + 722 * blue) / 10_000;
    ((grey * alpha + ground * 255 * (255 - alpha) + 127) / 255) as u8
}

/// Grey levels by the colour's distance from the ground's, in the direction of the ink's. `None` if brightness tells ink
/// from ground, or nothing does. `pixel` gives the red, green, blue and opacity at a column and a row.
pub(super) fn grey_by_colour(width: u32, height: u32, pixel: impl Fn(u32, u32) -> [u8; 4]) -> Option<Vec<u8>> {
    let colour = |x: u32, y: u32| over_white(pixel(x, y));
    let (last_column, last_row) = (width - 1, height - 1);
    let around = (0..width).map(|x| (x, 0)).chain((0..height).map(|y| (last_column, y)));
    let around = around.chain((0..width).map(|x| (x, last_row))).chain((0..height).map(|y| (0, y)));
    let step = (2 * (width as usize + height as usize)).div_ceil(SAMPLE);
    let ground = median(around.step_by(step).map(|(x, y)| colour(x, y)).collect());

    let from_ground = |colour: Rgb| -> Rgb { std::array::from_fn(|i| colour[i] - ground[i]) };
    let pixels = u64::from(width) * u64::from(height);
    // A step that is coprime to most widths, so that not the same columns of each row are sampled.
    let step = pixels.div_ceil(SAMPLE as u64) | 1;
    let at = |index: u64| ((index % u64::from(width)) as u32, (index / u64::from(width)) as u32);
    let sample: Vec<Rgb> = (0..pixels).step_by(step as usize).map(at).map(|(x, y)| from_ground(colour(x, y))).collect();
    let distance = far(sample.iter().map(|moved| length(*moved)).collect());
    let brightness = far(sample.iter().map(|moved| luma(*moved).abs()).collect());
    if distance < LEAST || brightness >= BRIGHT_ENOUGH * distance {
        return None;
    }
    // The mean of what is surely ink.
    let mut ink = [0.0; 3];
    for moved in sample.iter().filter(|moved| length(**moved) > 0.5 * distance) {
        ink.iter_mut().zip(moved).for_each(|(sum, part)| *sum += part);
    }
    let whole = length(ink);
    if whole == 0.0 {
        return None;
    }
    let scale = GROUND / (whole * distance);
    let level = |(x, y)| {
        let moved = from_ground(colour(x, y));
        let along: f32 = moved.iter().zip(ink).map(|(moved, ink)| moved * ink).sum();
        // A float becomes a byte by saturation.
        (GROUND - scale * along + 0.5) as u8
    };
    let mut levels = Vec::with_capacity(pixels as usize);
    (0..height).for_each(|y| levels.extend((0..width).map(|x| level((x, y)))));
    Some(levels)
}

fn over_white([red, green, blue, alpha]: [u8; 4]) -> Rgb {
    let part = f32::from(alpha) / 255.0;
    [red, green, blue].map(|level| 255.0 + part * (f32::from(level) - 255.0))
}

/// As the image crate weighs colours.
fn luma([red, green, blue]: Rgb) -> f32 {
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn length(colour: Rgb) -> f32 {
    colour.iter().map(|part| part * part).sum::<f32>().sqrt()
}

/// The median of each part.
fn median(colours: Vec<Rgb>) -> Rgb {
    std::array::from_fn(|part| {
        let mut levels: Vec<f32> = colours.iter().map(|colour| colour[part]).collect();
        let middle = levels.len() / 2;
        *levels.select_nth_unstable_by(middle, f32::total_cmp).1
    })
}

/// The distance that only a part of [`FAR`] exceeds.
fn far(mut distances: Vec<f32>) -> f32 {
    let exceeded = ((distances.len() as f32 * FAR) as usize).min(distances.len() - 1);
    let index = distances.len() - 1 - exceeded;
    *distances.select_nth_unstable_by(index, f32::total_cmp).1
}

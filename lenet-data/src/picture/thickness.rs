//! How wide the strokes are, and thin ones made as wide as MNIST's are: its writers had felt pens and pencils, and
//! their strokes are 2 to 3 pixels wide in 28.

use super::form::Shape;

/// Strokes thinner than this, in pixels of the 20x20 digit, are widened.
const THIN: f32 = 1.2;

/// To this width.
const USUAL: f32 = 2.0;

/// The side of the square in which strokes are measured and widened.
const FINE: usize = 160;

/// Fine pixels for each pixel of the 20x20 digit.
const PER_PIXEL: f32 = FINE as f32 / 20.0;

/// The width of the shape's strokes in pixels of the 20x20 digit.
pub(super) fn stroke_width(shape: &Shape) -> f32 {
    if shape.square() <= FINE {
        return width(shape.width, shape.height, &shape.levels) * 20.0 / shape.square() as f32;
    }
    let fine = shape.fitted::<FINE>();
    width(FINE, FINE, fine.as_flattened()) / PER_PIXEL
}

/// The shape with wider strokes, if they are thin.
pub(super) fn thickened(shape: &Shape) -> Option<Shape> {
    if stroke_width(shape) >= THIN {
        return None;
    }
    let fine = finer(shape);
    let now = width(fine.width, fine.height, &fine.levels) / PER_PIXEL;
    Some(dilated(&fine, ((USUAL - now) / 2.0 * PER_PIXEL).max(0.0)))
}

/// Twice the area over the outline: of a long stroke that is its width. The outline is the sum of all slopes (co-area formula),
/// with the levels drawn apart so that noise within the ink and on the ground has none.
pub(super) fn width(columns: usize, rows: usize, levels: &[u8]) -> f32 {
    let level = |x: usize, y: usize| {
        let inside = x > 0 && y > 0 && x <= columns && y <= rows;
        let level = if inside { f32::from(levels[(y - 1) * columns + x - 1]) } else { 0.0 };
        ((level - 64.0) / 128.0).clamp(0.0, 1.0)
    };
    let (mut area, mut outline) = (0.0_f64, 0.0_f64);
    for y in 0..=rows {
        for x in 0..=columns {
            let here = level(x, y);
            area += f64::from(here);
            outline += f64::from((level(x + 1, y) - here).hypot(level(x, y + 1) - here));
        }
    }
    if outline > 0.0 { (2.0 * area / outline) as f32 } else { 0.0 }
}

/// The shape with its square `FINE` pixels wide: the most ink of what a pixel covers, since the mean of a thin stroke fades.
fn finer(shape: &Shape) -> Shape {
    let scale = shape.square() as f32 / FINE as f32;
    let fine = |count: usize| ((count as f32 / scale).round() as usize).clamp(1, FINE);
    let (width, height) = (fine(shape.width), fine(shape.height));
    let covered = |at: usize, fine: usize, count: usize| {
        let from = at * count / fine;
        from..((at + 1) * count).div_ceil(fine).clamp(from + 1, count)
    };
    let mut levels = vec![0; width * height];
    for y in 0..height {
        for row in covered(y, height, shape.height) {
            let row = &shape.levels[row * shape.width..][..shape.width];
            for x in 0..width {
                let most = row[covered(x, width, shape.width)].iter().max().copied().unwrap_or(0);
                let level = &mut levels[y * width + x];
                *level = most.max(*level);
            }
        }
    }
    Shape { width, height, levels }
}

/// Each level spread over a disc.
fn dilated(shape: &Shape, radius: f32) -> Shape {
    let margin = radius as usize;
    let (width, height) = (shape.width + 2 * margin, shape.height + 2 * margin);
    let mut levels = vec![0_u8; width * height];
    for dy in 0..=2 * margin {
        let up = dy as f32 - margin as f32;
        let half = (radius * radius - up * up).max(0.0).sqrt() as usize;
        for (y, row) in shape.levels.chunks_exact(shape.width).enumerate() {
            for (x, &level) in row.iter().enumerate().filter(|(_, level)| **level > 0) {
                let start = (y + dy) * width + x + margin - half;
                levels[start..=start + 2 * half].iter_mut().for_each(|to| *to = level.max(*to));
            }
        }
    }
    Shape { width, height, levels }
}

//! Drawings as PNG files, two pixels per unit, on white. Lines are antialiased. Text uses the bitmaps of Noto Sans Mono.

use super::drawing::{Anchor, Drawing, Ink, Item, Size};
use super::raster::{Raster, encode};
use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

/// Pixels per unit.
const SCALE: f64 = 2.0;
const PAPER: [u8; 3] = [255; 3];
const TEXT: [u8; 3] = [0x1c, 0x1e, 0x21];

impl Drawing {
    /// Encodes a PNG file, a grey one if the drawing has no colours.
    ///
    /// # Errors
    /// If the drawing is too large for a PNG.
    pub(crate) fn png_file(&self) -> anyhow::Result<Vec<u8>> {
        let mut canvas = Canvas::new(pixels(self.width), pixels(self.height));
        self.items.iter().for_each(|item| canvas.draw(item));
        canvas.encode()
    }
}

/// The pixel whose edge is nearest to a coordinate.
fn pixels(units: f64) -> usize {
    (SCALE * units).round().max(0.0) as usize
}

struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<[u8; 3]>,
}

impl Canvas {
    fn new(width: usize, height: usize) -> Self {
        let (width, height) = (width.max(1), height.max(1));
        Canvas { width, height, pixels: vec![PAPER; width * height] }
    }

    fn draw(&mut self, item: &Item) {
        match item {
            Item::Rect { x, y, width, height, ink, opacity } => {
                for row in pixels(*y)..pixels(y + height) {
                    for column in pixels(*x)..pixels(x + width) {
                        self.blend(column, row, *ink, *opacity);
                    }
                }
            }
            Item::Image { x, y, pixel, raster } => self.image((*x, *y), *pixel, raster),
            Item::Text { x, y, anchor, size, ink, text } => self.text((*x, *y), *anchor, *size, *ink, text),
            Item::Line { points, ink, opacity, width, dashed } => {
                let dashes = if *dashed { dashes(points) } else { pairs(points).collect() };
                self.stroke(&dashes, 0.5 * width, *ink, *opacity);
            }
            Item::Area { points, ink, opacity } => self.fill(points, *ink, *opacity),
            Item::Dot { x, y, radius, ink, .. } => self.stroke(&[((*x, *y), (*x, *y))], *radius, *ink, 1.0),
        }
    }

    /// Blends a colour into a pixel. Outside the canvas nothing happens.
    fn blend(&mut self, x: usize, y: usize, ink: Ink, part: f64) {
        if x >= self.width || y >= self.height {
            return;
        }
        let colour = match ink {
            Ink::Text => TEXT,
            Ink::Rgb(colour) => colour,
        };
        let pixel = &mut self.pixels[y * self.width + x];
        // Most of a letter's box, and the inside of most shapes.
        if part == 0.0 {
            return;
        }
        if part == 1.0 {
            *pixel = colour;
            return;
        }
        for (old, new) in pixel.iter_mut().zip(colour) {
            *old = (f64::from(*old) * (1.0 - part) + f64::from(new) * part).round() as u8;
        }
    }

    fn image(&mut self, (x, y): (f64, f64), pixel: f64, raster: &Raster) {
        let columns = |column: usize| {
            let edge = |column: usize| pixels(x + pixel * column as f64).min(self.width);
            edge(column)..edge(column + 1)
        };
        let columns: Vec<_> = (0..raster.width).map(columns).collect();
        for (row, greys) in raster.grey.chunks(raster.width.max(1)).enumerate() {
            let (top, bottom) = (pixels(y + pixel * row as f64), pixels(y + pixel * (row + 1) as f64));
            for y in top..bottom.min(self.height) {
                let line = &mut self.pixels[y * self.width..][..self.width];
                for (columns, grey) in columns.iter().zip(greys) {
                    line[columns.clone()].fill([*grey; 3]);
                }
            }
        }
    }

    fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, size: Size, ink: Ink, text: &str) {
        /// The part of a letter's box that is above the baseline.
        const ASCENT: f64 = 0.785;
        let (weight, height) = match size {
            Size::Small => (FontWeight::Regular, RasterHeight::Size24),
            Size::Body => (FontWeight::Regular, RasterHeight::Size32),
            Size::Heading => (FontWeight::Bold, RasterHeight::Size32),
        };
        let letter = get_raster_width(weight, height);
        let width = (letter * text.chars().count()) as f64;
        let before = match anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => 0.5 * width,
            Anchor::End => width,
        };
        let left = (SCALE * x - before).round().max(0.0) as usize;
        let top = (SCALE * y - ASCENT * height.val() as f64).round().max(0.0) as usize;
        for (i, c) in text.chars().enumerate() {
            let known = get_raster(c, weight, height).or_else(|| get_raster('?', weight, height));
            let Some(known) = known else { continue };
            for (row, cells) in known.rows().enumerate() {
                for (column, cell) in cells.iter().enumerate() {
                    self.blend(left + i * letter + column, top + row, ink, f64::from(*cell) / 255.0);
                }
            }
        }
    }

    /// Draws lines of width `2 * half`, antialiased. Where lines meet, the colour is blended only once.
    fn stroke(&mut self, lines: &[(Point, Point)], half: f64, ink: Ink, opacity: f64) {
        let half = SCALE * half;
        let mut covered = Cover::new(self, lines.iter().flat_map(|(from, to)| [*from, *to]), half + 1.0);
        for (from, to) in lines {
            let (from, to) = (scaled(*from), scaled(*to));
            let reach = half + 1.0;
            let across = |a: f64, b: f64| ((a.min(b) - reach).max(0.0) as usize, (a.max(b) + reach).max(0.0) as usize);
            let (columns, rows) = (across(from.0, to.0), across(from.1, to.1));
            for y in rows.0..=rows.1 {
                for x in columns.0..=columns.1 {
                    let away = distance((x as f64 + 0.5, y as f64 + 0.5), from, to);
                    covered.at_least(x, y, (half + 0.5 - away).clamp(0.0, 1.0));
                }
            }
        }
        covered.lay(self, ink, opacity);
    }

    /// Fills a polygon, with four samples per pixel row.
    fn fill(&mut self, points: &[Point], ink: Ink, opacity: f64) {
        const LINES: usize = 4;
        let mut covered = Cover::new(self, points.iter().copied(), 1.0);
        let corners: Vec<Point> = points.iter().map(|point| scaled(*point)).collect();
        let edges = || corners.iter().zip(corners.iter().cycle().skip(1));
        for line in LINES * covered.top..LINES * (covered.top + covered.height) {
            let y = (line as f64 + 0.5) / LINES as f64;
            let crossing = edges().filter(|(a, b)| (a.1 <= y) != (b.1 <= y));
            let mut at: Vec<f64> = crossing.map(|(a, b)| a.0 + (b.0 - a.0) * (y - a.1) / (b.1 - a.1)).collect();
            at.sort_by(f64::total_cmp);
            for ends in at.chunks_exact(2) {
                for x in ends[0].max(0.0) as usize..=ends[1].max(0.0) as usize {
                    let inside = ends[1].min(x as f64 + 1.0) - ends[0].max(x as f64);
                    covered.more(x, line / LINES, inside.max(0.0) / LINES as f64);
                }
            }
        }
        covered.lay(self, ink, opacity);
    }

    fn encode(&self) -> anyhow::Result<Vec<u8>> {
        let grey = self.pixels.iter().all(|[r, g, b]| r == g && g == b);
        let (colours, data) = if grey {
            (png::ColorType::Grayscale, self.pixels.iter().map(|pixel| pixel[0]).collect())
        } else {
            (png::ColorType::Rgb, self.pixels.as_flattened().to_vec())
        };
        encode(self.width, self.height, colours, &data)
    }
}

type Point = (f64, f64);

fn scaled((x, y): Point) -> Point {
    (SCALE * x, SCALE * y)
}

fn pairs(points: &[Point]) -> impl Iterator<Item = (Point, Point)> {
    points.windows(2).map(|ends| (ends[0], ends[1]))
}

/// Dashes of 6 units along a line, 4 units apart.
fn dashes(points: &[Point]) -> Vec<(Point, Point)> {
    const DASH: f64 = 6.0;
    const PERIOD: f64 = DASH + 4.0;
    let (mut out, mut gone) = (Vec::new(), 0.0);
    for (from, to) in pairs(points) {
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        let at = |s: f64| {
            let part = if length > 0.0 { (s - gone) / length } else { 0.0 };
            (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part)
        };
        let mut start = (gone / PERIOD).floor() * PERIOD;
        while start < gone + length {
            let (begin, end) = (start.max(gone), (start + DASH).min(gone + length));
            if begin < end {
                out.push((at(begin), at(end)));
            }
            start += PERIOD;
        }
        gone += length;
    }
    out
}

/// The distance from a point to a line segment.
fn distance(p: Point, from: Point, to: Point) -> f64 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let square = dx * dx + dy * dy;
    let part = if square > 0.0 { ((p.0 - from.0) * dx + (p.1 - from.1) * dy) / square } else { 0.0 };
    let part = part.clamp(0.0, 1.0);
    (p.0 - from.0 - part * dx).hypot(p.1 - from.1 - part * dy)
}

/// How much of each pixel of a rectangle is covered.
struct Cover {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
    parts: Vec<f64>,
}

impl Cover {
    /// Covers these points and `reach` pixels around them, within the canvas.
    fn new(canvas: &Canvas, points: impl Iterator<Item = Point>, reach: f64) -> Self {
        let (mut least, mut most) = ((f64::INFINITY, f64::INFINITY), (0.0f64, 0.0f64));
        for (x, y) in points.map(scaled) {
            (least, most) = ((least.0.min(x), least.1.min(y)), (most.0.max(x), most.1.max(y)));
        }
        let begin = |x: f64, end: usize| ((x - reach).max(0.0) as usize).min(end);
        let (left, top) = (begin(least.0, canvas.width), begin(least.1, canvas.height));
        let (width, height) = (
            ((most.0 + reach) as usize + 1).min(canvas.width).saturating_sub(left),
            ((most.1 + reach) as usize + 1).min(canvas.height).saturating_sub(top),
        );
        Cover { left, top, width, height, parts: vec![0.0; width * height] }
    }

    fn part(&mut self, x: usize, y: usize) -> Option<&mut f64> {
        let (x, y) = (x.checked_sub(self.left)?, y.checked_sub(self.top)?);
        if x < self.width && y < self.height { self.parts.get_mut(y * self.width + x) } else { None }
    }

    fn at_least(&mut self, x: usize, y: usize, part: f64) {
        if let Some(old) = self.part(x, y) {
            *old = old.max(part);
        }
    }

    fn more(&mut self, x: usize, y: usize, part: f64) {
        if let Some(old) = self.part(x, y) {
            *old = (*old + part).min(1.0);
        }
    }

    fn lay(&self, canvas: &mut Canvas, ink: Ink, opacity: f64) {
        for (i, part) in self.parts.iter().enumerate().filter(|(_, part)| **part > 0.0) {
            canvas.blend(self.left + i % self.width, self.top + i / self.width, ink, opacity * part);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::io::Cursor;

    /// Width, height, and the red of each pixel.
    pub(crate) fn decode(bytes: &[u8]) -> (usize, usize, Vec<u8>) {
        let mut reader = png::Decoder::new(Cursor::new(bytes)).read_info().unwrap();
        let mut data = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut data).unwrap();
        let red = data.chunks(info.color_type.samples()).map(|pixel| pixel[0]).collect();
        (info.width as usize, info.height as usize, red)
    }

    fn drawn(width: f64, height: f64, draw: impl FnOnce(&mut Drawing)) -> (usize, Vec<u8>) {
        let mut drawing = Drawing::new(width, height, "");
        draw(&mut drawing);
        let (width, _, grey) = decode(&drawing.png_file().unwrap());
        (width, grey)
    }

    const BLACK: Ink = Ink::Rgb([0; 3]);

    #[test]
    fn squares_and_greys_lie_where_they_should() {
        let raster = Raster { width: 2, grey: vec![10, 20, 30, 40] };
        let (width, grey) = drawn(3.0, 2.0, |d| {
            d.rect((0.0, 0.0), (0.5, 2.0), BLACK, 1.0);
            d.image(1.0, 0.0, 1.0, raster);
        });
        assert_eq!(width, 6);
        assert_eq!(grey[..12], [0, 255, 10, 10, 20, 20, 0, 255, 10, 10, 20, 20]);
        assert_eq!(grey[18..], [0, 255, 30, 30, 40, 40]);
    }

    #[test]
    fn a_line_covers_its_width_once_and_a_corner_is_no_darker() {
        let points = vec![(0.0, 2.0), (4.0, 2.0), (4.0, 2.0), (0.0, 2.0)];
        let line = Item::Line { points, ink: BLACK, opacity: 0.5, width: 1.0, dashed: false };
        let (width, grey) = drawn(8.0, 4.0, |d| d.items.push(line));
        // Two pixels around y = 4, half-transparent; nothing at the rows beside.
        let column: Vec<u8> = (0..8).map(|y| grey[y * width + 2]).collect();
        assert_eq!(column, [255, 255, 255, 128, 128, 255, 255, 255]);
        assert!(grey[4 * width + 10..5 * width].iter().all(|grey| *grey == 255));
    }

    #[test]
    fn dashes_go_on_round_corners() {
        let around = dashes(&[(0.0, 0.0), (8.0, 0.0), (8.0, 7.0)]);
        assert_eq!(around, [((0.0, 0.0), (6.0, 0.0)), ((8.0, 2.0), (8.0, 7.0))]);
        assert!(dashes(&[(1.0, 1.0), (1.0, 1.0)]).is_empty());
    }

    #[test]
    fn an_area_is_filled_and_a_disc_is_round() {
        let area = |points| Item::Area { points, ink: BLACK, opacity: 1.0 };
        let (width, grey) =
            drawn(4.0, 4.0, |d| d.items.push(area(vec![(1.0, 1.0), (3.0, 1.0), (3.0, 3.0), (1.0, 3.0)])));
        let dark: Vec<usize> = (0..grey.len()).filter(|i| grey[*i] == 0).collect();
        assert_eq!((dark.len(), dark[0], grey.iter().filter(|g| **g == 255).count()), (16, 2 * width + 2, 48));
        let (_, grey) = drawn(4.0, 4.0, |d| {
            d.items.push(Item::Dot { x: 2.0, y: 2.0, radius: 1.5, ink: BLACK, title: String::new() });
        });
        let covered: f64 = grey.iter().map(|grey| 1.0 - f64::from(*grey) / 255.0).sum();
        // Pi times the square of three pixels.
        assert!((covered - 28.3).abs() < 0.5, "{covered}");
    }

    #[test]
    fn words_stand_on_their_line_and_end_where_they_are_told() {
        let (width, grey) = drawn(60.0, 20.0, |d| d.text(58.0, 15.0, Anchor::End, Size::Body, "HH"));
        let dark: Vec<(usize, usize)> =
            (0..grey.len()).filter(|i| grey[*i] < 128).map(|i| (i % width, i / width)).collect();
        let (left, right) = (dark.iter().map(|at| at.0).min().unwrap(), dark.iter().map(|at| at.0).max().unwrap());
        let bottom = dark.iter().map(|at| at.1).max().unwrap();
        // Two letters of 14 pixels end at 116; they stand on 30.
        assert!((88..94).contains(&left) && (110..116).contains(&right), "{left} {right}");
        assert!((28..=30).contains(&bottom), "{bottom}");
    }

    #[test]
    fn what_lies_outside_is_left_out() {
        drawn(2.0, 2.0, |d| {
            d.rect((-5.0, 1.0), (20.0, 20.0), BLACK, 1.0);
            d.text(-50.0, -9.0, Anchor::Middle, Size::Heading, "words \u{4e2d}");
            d.rule((-3.0, -3.0), (9.0, 9.0), 1.0);
            d.items.push(Item::Line { points: vec![], ink: BLACK, opacity: 1.0, width: 1.0, dashed: true });
            d.items.push(Item::Area { points: vec![], ink: BLACK, opacity: 1.0 });
            d.image(1.5, 1.5, 3.0, Raster::new(2, 2, 0));
        });
    }
}

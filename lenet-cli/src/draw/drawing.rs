//! Drawings, independent of their file format: rectangles, pictures, lines and text. Later items cover earlier ones.

use super::raster::Raster;

/// A drawing of `width` by `height` units, with the origin at the top left. A PNG has two pixels per unit.
#[derive(Clone, Debug)]
pub(crate) struct Drawing {
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// What it shows, for screen readers.
    pub(crate) title: String,
    pub(crate) items: Vec<Item>,
}

/// A colour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Ink {
    /// The colour of the surrounding text: dark on light or light on dark.
    Text,
    Rgb([u8; 3]),
}

/// The size of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    Small,
    Body,
    Heading,
}

impl Size {
    /// The width to reserve for `n` letters in every format. Letters of a PNG have one width; those of an SVG can't be measured.
    pub(crate) fn width(self, letters: usize) -> f64 {
        let letter = match self {
            Size::Small => 5.6,
            Size::Body => 7.2,
            Size::Heading => 7.6,
        };
        letter * letters as f64
    }
}

/// Which point of the text is at its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

#[derive(Clone, Debug)]
pub(crate) enum Item {
    Rect {
        x: f64,
        y: f64,
        width: f64,
        height: f64,
        ink: Ink,
        opacity: f64,
    },
    /// Grey levels, each a square of `pixel` units.
    Image {
        x: f64,
        y: f64,
        pixel: f64,
        raster: Raster,
    },
    /// `y` is the baseline.
    Text {
        x: f64,
        y: f64,
        anchor: Anchor,
        size: Size,
        ink: Ink,
        text: String,
    },
    Line {
        points: Vec<(f64, f64)>,
        ink: Ink,
        opacity: f64,
        width: f64,
        dashed: bool,
    },
    /// The inside of a polygon.
    Area {
        points: Vec<(f64, f64)>,
        ink: Ink,
        opacity: f64,
    },
    Dot {
        x: f64,
        y: f64,
        radius: f64,
        ink: Ink,
        /// The tooltip, in formats that have one.
        title: String,
    },
}

impl Drawing {
    pub(crate) fn new(width: f64, height: f64, title: impl Into<String>) -> Self {
        Drawing { width, height, title: title.into(), items: Vec::new() }
    }

    pub(crate) fn rect(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), ink: Ink, opacity: f64) {
        self.items.push(Item::Rect { x, y, width, height, ink, opacity });
    }

    pub(crate) fn image(&mut self, x: f64, y: f64, pixel: f64, raster: Raster) {
        self.items.push(Item::Image { x, y, pixel, raster });
    }

    /// A picture with a thin border, which separates its white from that of the paper.
    pub(crate) fn edged(&mut self, x: f64, y: f64, pixel: f64, raster: Raster) {
        const EDGE: f64 = 0.5;
        let (width, height) = (pixel * raster.width as f64, pixel * raster.height() as f64);
        self.rect((x - EDGE, y - EDGE), (width + 2.0 * EDGE, height + 2.0 * EDGE), Ink::Text, 0.35);
        self.image(x, y, pixel, raster);
    }

    pub(crate) fn text(&mut self, x: f64, y: f64, anchor: Anchor, size: Size, text: impl Into<String>) {
        self.words((x, y), anchor, size, Ink::Text, text);
    }

    pub(crate) fn words(&mut self, (x, y): (f64, f64), anchor: Anchor, size: Size, ink: Ink, text: impl Into<String>) {
        self.items.push(Item::Text { x, y, anchor, size, ink, text: text.into() });
    }

    /// A thin straight line.
    pub(crate) fn rule(&mut self, from: (f64, f64), to: (f64, f64), opacity: f64) {
        self.items.push(Item::Line { points: vec![from, to], ink: Ink::Text, opacity, width: 1.0, dashed: false });
    }

    /// Adds all items of `other`, moved. They must fit.
    pub(crate) fn place(&mut self, x: f64, y: f64, other: Drawing) {
        self.items.extend(other.items.into_iter().map(|item| item.moved(x, y)));
    }

    /// Stacks drawings, aligned at the left.
    pub(crate) fn stack(title: impl Into<String>, gap: f64, parts: Vec<Drawing>) -> Self {
        let width = parts.iter().map(|part| part.width).fold(0.0, f64::max);
        let mut all = Drawing::new(width, 0.0, title);
        for (i, part) in parts.into_iter().enumerate() {
            let y = if i == 0 { 0.0 } else { all.height + gap };
            all.height = y + part.height;
            all.place(0.0, y, part);
        }
        all
    }

    /// Adds a heading above the drawing, and a line of text below the heading unless it is empty.
    pub(crate) fn headed(self, title: &str, more: &str) -> Self {
        let mut all = Drawing::new(self.width.max(Size::Heading.width(title.chars().count())), 17.0, title);
        all.text(0.0, 13.0, Anchor::Start, Size::Heading, title);
        if !more.is_empty() {
            all.text(0.0, 31.0, Anchor::Start, Size::Body, more);
            all.width = all.width.max(Size::Body.width(more.chars().count()));
            all.height = 35.0;
        }
        Drawing::stack(title, 10.0, vec![all, self])
    }

    /// Adds an empty margin, for a picture in a separate file.
    pub(crate) fn framed(self, margin: f64) -> Self {
        let mut framed = Drawing::new(self.width + 2.0 * margin, self.height + 2.0 * margin, self.title.clone());
        framed.place(margin, margin, self);
        framed
    }
}

impl Item {
    fn moved(mut self, dx: f64, dy: f64) -> Self {
        match &mut self {
            Item::Rect { x, y, .. } | Item::Image { x, y, .. } | Item::Text { x, y, .. } | Item::Dot { x, y, .. } => {
                (*x, *y) = (*x + dx, *y + dy);
            }
            Item::Line { points, .. } | Item::Area { points, .. } => {
                points.iter_mut().for_each(|point| *point = (point.0 + dx, point.1 + dy));
            }
        }
        self
    }
}

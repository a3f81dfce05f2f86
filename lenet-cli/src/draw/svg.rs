//! Drawings as SVG: within a page, in the colour of the surrounding text, or as a file with a white background.

use super::drawing::{Anchor, Drawing, Ink, Item, Size};
use super::markup::{data_uri, escape};
use std::fmt::Write;

impl Drawing {
    /// An `<svg>` element of an HTML page, which needs no namespace.
    ///
    /// # Errors
    /// If a picture in it is too large for a PNG.
    pub(crate) fn svg_element(&self) -> anyhow::Result<String> {
        self.element("", "")
    }

    /// An SVG file.
    ///
    /// # Errors
    /// If a picture in it is too large for a PNG.
    pub(crate) fn svg_file(&self) -> anyhow::Result<String> {
        let Drawing { width, height, .. } = self;
        let attributes =
            format!("xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" color=\"#1c1e21\" ");
        self.element(&attributes, "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n")
    }

    fn element(&self, attributes: &str, first: &str) -> anyhow::Result<String> {
        let mut out = format!(
            "<svg {attributes}viewBox=\"0 0 {} {}\" role=\"img\" font-family=\"system-ui, 'Noto Sans', 'DejaVu Sans', sans-serif\">\n\
             <title>{}</title>\n{first}",
            place(self.width),
            place(self.height),
            escape(&self.title)
        );
        for item in &self.items {
            out += &element(item)?;
        }
        Ok(out + "</svg>\n")
    }
}

fn element(item: &Item) -> anyhow::Result<String> {
    Ok(match item {
        Item::Rect { x, y, width, height, ink, opacity } => format!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"{}/>\n",
            place(*x),
            place(*y),
            place(*width),
            place(*height),
            colour(*ink),
            part("fill-opacity", *opacity)
        ),
        Item::Image { x, y, pixel, raster } => {
            // As large as in a PNG, because some viewers smooth pixels even if told not to.
            let n = (2.0 * pixel).round().clamp(1.0, 32.0) as usize;
            format!(
                "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" style=\"image-rendering:pixelated\" href=\"{}\"/>\n",
                place(*x),
                place(*y),
                place(pixel * raster.width as f64),
                place(pixel * raster.height() as f64),
                data_uri(&raster.enlarged(n, n).png()?)
            )
        }
        Item::Text { x, y, anchor, size, ink, text } => format!(
            "<text x=\"{}\" y=\"{}\" font-size=\"{}\"{}{} fill=\"{}\">{}</text>\n",
            place(*x),
            place(*y),
            font_size(*size),
            if *size == Size::Heading { " font-weight=\"600\"" } else { "" },
            match anchor {
                Anchor::Start => "",
                Anchor::Middle => " text-anchor=\"middle\"",
                Anchor::End => " text-anchor=\"end\"",
            },
            colour(*ink),
            escape(text)
        ),
        Item::Line { points, ink, opacity, width, dashed } => format!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\" stroke-linejoin=\"round\"{}{}/>\n",
            places(points),
            colour(*ink),
            part("stroke-opacity", *opacity),
            if *dashed { " stroke-dasharray=\"6 4\"" } else { "" }
        ),
        Item::Area { points, ink, opacity } => format!(
            "<polygon points=\"{}\" fill=\"{}\"{}/>\n",
            places(points),
            colour(*ink),
            part("fill-opacity", *opacity)
        ),
        Item::Dot { x, y, radius, ink, title } => format!(
            "<circle cx=\"{}\" cy=\"{}\" r=\"{radius}\" fill=\"{}\"><title>{}</title></circle>\n",
            place(*x),
            place(*y),
            colour(*ink),
            escape(title)
        ),
    })
}

fn font_size(size: Size) -> f64 {
    match size {
        Size::Small => 9.5,
        Size::Body => 13.0,
        Size::Heading => 13.5,
    }
}

fn colour(ink: Ink) -> String {
    match ink {
        Ink::Text => "currentColor".into(),
        Ink::Rgb([r, g, b]) => format!("#{r:02x}{g:02x}{b:02x}"),
    }
}

/// An attribute, left out if it is 1.
fn part(name: &str, part: f64) -> String {
    if part >= 1.0 { String::new() } else { format!(" {name}=\"{part}\"") }
}

/// Rounds to a tenth of a unit.
fn place(x: f64) -> f64 {
    (10.0 * x).round() / 10.0
}

fn places(points: &[(f64, f64)]) -> String {
    let mut out = String::new();
    for (i, (x, y)) in points.iter().enumerate() {
        let blank = if i == 0 { "" } else { " " };
        // Writing to a string can't fail.
        let _ = write!(out, "{blank}{},{}", place(*x), place(*y));
    }
    out
}

//! The output of every stage for one digit, as in fig. 2 of the paper.

use crate::draw::{Anchor, Drawing, Ink, Range, Raster, Size};
use crate::term::shades::{Cells, beside, shades};
use lenet_data::ClassNames;
use lenet_layers::{Bitmaps, Operation};
use lenet_model::{AnyNetwork, Image, Normalization, Reading};
use std::io::{self, Write};

/// The output of every stage for one digit.
pub(crate) struct Seen {
    /// The input first. Stages that only rearrange numbers are left out.
    pub(crate) stages: Vec<Stage>,
    pub(crate) reading: Reading,
    /// Whether the outputs are penalties.
    penalties: bool,
}

/// The output of one stage.
pub(crate) struct Stage {
    pub(crate) name: String,
    /// The kind of layer, in a word or two.
    kind: String,
    /// Maps, rows and columns, or only units.
    pub(crate) dims: Vec<usize>,
    pub(crate) cells: Vec<f32>,
    pub(crate) range: Range,
}

impl Seen {
    pub(crate) fn of(network: &dyn AnyNetwork, image: &Image, normalization: Normalization) -> Self {
        let about = network.info();
        let mut outputs = network.stage_outputs(image, normalization).into_iter();
        let input = Stage::new("input", "white..black", about.input, &outputs.next().unwrap_or_default());
        let stages = about.stages.iter().zip(outputs);
        let stages = stages
            .filter_map(|(stage, cells)| Some(Stage::new(stage.name, kind(stage.operation)?, stage.dims, &cells)));
        Seen {
            stages: std::iter::once(input).chain(stages).collect(),
            reading: network.read(image, normalization),
            penalties: about.penalties,
        }
    }

    /// `read as 7 (99.8%)`.
    pub(crate) fn result(&self, classes: &ClassNames) -> String {
        let digit = self.reading.digit;
        format!("read as {} ({})", classes.label(digit), percent(self.reading.probabilities[usize::from(digit)]))
    }

    fn probabilities(&self) -> &'static str {
        if self.penalties { "softmax of -penalties" } else { "softmax of outputs" }
    }
}

/// What a stage does, in a word or two; `None` if it only rearranges the numbers of the previous one.
fn kind(operation: Operation) -> Option<&'static str> {
    match operation {
        Operation::Convolution { .. } => Some("convolution"),
        Operation::Subsampling { .. } => Some("subsampling"),
        Operation::AveragePool { .. } => Some("average"),
        Operation::MaxPool { .. } => Some("maximum"),
        Operation::FullConnection { .. } => Some("full connection"),
        Operation::Rbf { .. } => Some("RBF"),
        Operation::Repeat { .. } | Operation::Flatten => None,
        _ => Some(""),
    }
}

fn percent(part: f32) -> String {
    if part.is_finite() { format!("{:.1}%", 100.0 * part) } else { "no number".into() }
}

impl Stage {
    fn new(name: &str, kind: &str, dims: &[usize], cells: &[f32]) -> Self {
        Stage { name: name.into(), kind: kind.into(), dims: dims.into(), cells: cells.into(), range: Range::of(cells) }
    }

    /// Maps, rows and columns; `None` for units and for maps of one cell.
    fn maps(&self) -> Option<(usize, usize, usize)> {
        match self.dims[..] {
            [maps, rows, columns] if rows * columns > 1 => Some((maps, rows, columns)),
            _ => None,
        }
    }

    /// `6@28x28`, as the paper writes it; the number of units if there are no maps.
    fn size(&self) -> String {
        match self.dims[..] {
            [maps, rows, columns] if rows * columns > 1 => format!("{maps}@{rows}x{columns}"),
            _ => self.cells.len().to_string(),
        }
    }

    /// The numbers that are drawn white and black.
    fn limits(&self) -> String {
        format!("{:.2}..{:.2}", self.range.white, self.range.black)
    }

    /// Draws maps in columns of at most eight, and units as a strip, or `bitmap` wide if they are a picture.
    fn picture(&self, bitmap: Option<usize>) -> Drawing {
        let raster = |width: usize, cells: &[f32]| Raster::of(width, cells, self.range);
        let Some((maps, rows, columns)) = self.maps() else {
            let count = self.cells.len();
            let (raster, pixel) = match bitmap {
                Some(width) => (raster(width, &self.cells), 7.0),
                None => (raster(1, &self.cells).enlarged(STRIP, 1), strip_pixel(count)),
            };
            let mut drawing = Drawing::new(pixel * raster.width as f64, pixel * raster.height() as f64, &self.name);
            drawing.edged(0.0, 0.0, pixel, raster);
            return drawing;
        };
        const MOST: usize = 8;
        let (pixel, gap) = (map_pixel(rows), if maps > 6 { 5.0 } else { 8.0 });
        let across = maps.div_ceil(MOST);
        let down = maps.div_ceil(across);
        let (width, height) = (pixel * columns as f64 + gap, pixel * rows as f64 + gap);
        let mut drawing = Drawing::new(width * across as f64 - gap, height * down as f64 - gap, &self.name);
        for (i, cells) in self.cells.chunks(rows * columns).enumerate() {
            let (x, y) = (width * (i / down) as f64, height * (i % down) as f64);
            drawing.edged(x, y, pixel, raster(columns, cells));
        }
        drawing
    }
}

/// The width of a strip, in cells; each row of it shows one unit.
const STRIP: usize = 4;

/// The size of a map's cell in units of the drawing: smaller maps have larger cells, but stay smaller.
fn map_pixel(rows: usize) -> f64 {
    match rows {
        20.. => 2.0,
        12.. => 3.0,
        8.. => 4.0,
        _ => 6.0,
    }
}

/// The size of a strip's cell, chosen so that the strip is about as high as the maps beside it.
fn strip_pixel(units: usize) -> f64 {
    ((2.0 * 378.0 / units as f64).floor() / 2.0).clamp(1.0, 8.0)
}

/// Draws the input at the left and the output at the right. Above each stage is its name, below it the numbers of white and black.
pub(crate) fn drawing(seen: &Seen) -> Drawing {
    const CAPTION: f64 = 38.0;
    const BETWEEN: f64 = 22.0;
    let last = seen.stages.len() - 1;
    let code = |i: usize, stage: &Stage| {
        let is_code = seen.penalties && i + 1 == last && stage.cells.len() == Bitmaps::WIDTH * Bitmaps::HEIGHT;
        is_code.then_some(Bitmaps::WIDTH)
    };
    let mut pictures: Vec<Drawing> =
        seen.stages[..last].iter().enumerate().map(|(i, stage)| stage.picture(code(i, stage))).collect();
    pictures.push(output(seen));
    let height = pictures.iter().map(|picture| picture.height).fold(0.0, f64::max);
    let mut all = Drawing::new(0.0, CAPTION + height + 34.0, "Every stage's output for one digit");
    let mut x = 0.0;
    for (stage, picture) in seen.stages.iter().zip(pictures) {
        let (kind, limits) = (stage.kind.clone(), stage.limits());
        let (name, size) = (stage.name.to_uppercase(), stage.size());
        let words = [
            (kind.len(), Size::Small),
            (limits.len(), Size::Small),
            (name.len(), Size::Heading),
            (size.len(), Size::Body),
        ];
        let width = words.map(|(letters, size)| size.width(letters)).into_iter().fold(picture.width, f64::max);
        let middle = x + 0.5 * width;
        all.text(middle, 14.0, Anchor::Middle, Size::Heading, name);
        all.text(middle, 29.0, Anchor::Middle, Size::Body, size);
        all.text(middle, CAPTION + height + 16.0, Anchor::Middle, Size::Small, kind);
        all.text(middle, CAPTION + height + 29.0, Anchor::Middle, Size::Small, limits);
        let (left, top) = (middle - 0.5 * picture.width, CAPTION + 0.5 * (height - picture.height));
        all.place((2.0 * left).round() / 2.0, (2.0 * top).round() / 2.0, picture);
        x += width + BETWEEN;
    }
    all.width = x - BETWEEN;
    all
}

/// Draws each digit's output as a grey and its probability as a bar.
fn output(seen: &Seen) -> Drawing {
    const LINE: f64 = 22.0;
    const BAR: f64 = 60.0;
    let Some(stage) = seen.stages.last() else { return Drawing::new(0.0, 0.0, "") };
    let mut drawing = Drawing::new(106.0 + BAR, LINE * 10.0 + 12.0, "output");
    for (digit, (output, part)) in stage.cells.iter().zip(seen.reading.probabilities).enumerate() {
        let y = LINE * digit as f64;
        let size = if digit == usize::from(seen.reading.digit) { Size::Heading } else { Size::Body };
        drawing.text(5.0, y + 14.5, Anchor::Middle, size, digit.to_string());
        let grey = stage.range.grey(*output);
        drawing.edged(18.0, y + 2.0, 4.0, Raster::new(4, 4, grey));
        let (left, part) = (46.0, f64::from(part));
        drawing.rect((left, y + 3.0), (BAR, 14.0), Ink::Text, 0.08);
        if part.is_finite() {
            drawing.rect((left, y + 3.0), (BAR * part, 14.0), Ink::Rgb([0x2b, 0x7b, 0xd0]), 1.0);
        }
        drawing.text(drawing.width, y + 14.5, Anchor::End, size, percent(part as f32));
    }
    drawing.text(drawing.width, LINE * 10.0 + 9.0, Anchor::End, Size::Small, seen.probabilities());
    drawing
}

/// Prints it in characters.
pub(crate) fn write(out: &mut impl Write, title: &str, seen: &Seen) -> io::Result<()> {
    const WIDTH: usize = 100;
    writeln!(out, "{title}")?;
    for (i, stage) in seen.stages.iter().enumerate() {
        let kind = if i == 0 { String::new() } else { format!(", {}", stage.kind) };
        writeln!(
            out,
            "\n{}: {}{kind}; {} (blank) to {} (full)",
            stage.name.to_uppercase(),
            stage.size(),
            number(stage.range.white),
            number(stage.range.black)
        )?;
        if i + 1 == seen.stages.len() {
            break;
        }
        let blocks: Vec<Vec<String>> = match stage.maps() {
            Some((_, rows, columns)) => stage
                .cells
                .chunks(rows * columns)
                .map(|cells| shades(columns, cells, stage.range, Cells::Paired))
                .collect(),
            None => vec![
                shades(60, &stage.cells, stage.range, Cells::Wide)
                    .iter()
                    .map(|line| line.chars().step_by(2).collect())
                    .collect(),
            ],
        };
        beside(&blocks, 2, WIDTH).iter().try_for_each(|line| writeln!(out, "{line}"))?;
    }
    writeln!(out, "\n{}", seen.probabilities())?;
    for (digit, part) in seen.reading.probabilities.iter().enumerate() {
        let bar = "█".repeat(if part.is_finite() { (40.0 * part).round() as usize } else { 0 });
        writeln!(out, "{digit} {:>6} {bar}", percent(*part))?;
    }
    Ok(())
}

fn number(x: f32) -> String {
    format!("{x:.2}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::decode;
    use lenet_model::{ActivationName, NetworkName};

    /// The stages for a bar, with a network all of whose numbers are the same.
    fn same(name: NetworkName, activation: ActivationName, number: f32) -> Seen {
        let mut network = name.zeroed(activation);
        for index in 0..network.info().tensors().len() {
            network.tensor_mut(index).fill(number);
        }
        let mut image = [[0; 28]; 28];
        image[4..24].iter_mut().for_each(|row| row[13..16].fill(255));
        Seen::of(&*network, &image, Normalization::PAPER)
    }

    #[test]
    fn every_network_shows_its_stages() {
        for name in NetworkName::ALL {
            let seen = same(*name, ActivationName::ScaledTanh, 0.01);
            let stages: Vec<&str> = seen.stages.iter().map(|stage| stage.name.as_str()).collect();
            let expected: &[&str] = match name {
                NetworkName::LeNet1 => &["input", "c1", "s2", "c3", "s4", "output"],
                NetworkName::LeNet4 | NetworkName::LeNet5Lush => &["input", "c1", "s2", "c3", "s4", "c5", "output"],
                _ => &["input", "c1", "s2", "c3", "s4", "c5", "f6", "output"],
            };
            assert_eq!(stages, expected, "{name}");
            for stage in &seen.stages {
                assert_eq!(stage.dims.iter().product::<usize>(), stage.cells.len(), "{name}: {}", stage.name);
            }
            let drawing = drawing(&seen);
            let svg = drawing.svg_file().unwrap();
            roxmltree::Document::parse(&svg).unwrap();
            let (width, height, grey) = decode(&drawing.png_file().unwrap());
            assert_eq!(
                (width, height),
                ((2.0 * drawing.width).round() as usize, (2.0 * drawing.height).round() as usize),
                "{name}"
            );
            // The picture contains the bar of the input, which is as dark as possible.
            assert!(grey.contains(&0), "{name}");
            let mut text = Vec::new();
            write(&mut text, "title", &seen).unwrap();
            let text = String::from_utf8(text).unwrap();
            assert!(text.starts_with("title\n\nINPUT: 1@"), "{text}");
            assert_eq!(text.matches('%').count(), 10);
        }
    }

    #[test]
    fn the_input_lies_left_and_its_ink_is_black() {
        let seen = same(NetworkName::LeNet5, ActivationName::ScaledTanh, 0.0);
        let drawing = drawing(&seen);
        let (width, _, grey) = decode(&drawing.png_file().unwrap());
        let black: Vec<usize> = (0..grey.len()).filter(|i| grey[*i] == 0).collect();
        // 3 columns of 20 rows, 4 pixels to a side.
        let bar: Vec<usize> = black.iter().copied().filter(|i| i % width < width / 8).collect();
        assert_eq!(bar.len(), 3 * 20 * 16);
        let (first, last) = (bar[0], bar[bar.len() - 1]);
        assert_eq!((last % width - first % width, last / width - first / width), (11, 79));
    }

    #[test]
    fn numbers_that_are_none_are_drawn_as_well() {
        for number in [f32::MAX, f32::NAN, f32::INFINITY] {
            for name in [NetworkName::LeNet5, NetworkName::LeNet5Rbf] {
                for activation in
                    if name == NetworkName::LeNet5 { ActivationName::ALL } else { &ActivationName::ALL[..1] }
                {
                    let seen = same(name, *activation, number);
                    let drawing = drawing(&seen);
                    drawing.png_file().unwrap();
                    let svg = drawing.svg_file().unwrap();
                    assert!(!svg.contains("NaN") && !svg.contains("\"inf"), "{name} {activation} {number}: {svg}");
                    write(&mut Vec::new(), &seen.result(&ClassNames::default()), &seen).unwrap();
                    assert!(
                        !seen.result(&ClassNames::default()).contains("NaN"),
                        "{}",
                        seen.result(&ClassNames::default())
                    );
                }
            }
        }
    }
}

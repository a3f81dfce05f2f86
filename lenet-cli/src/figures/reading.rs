//! The sweep over a line of digits, as in figs. 24 to 28 of the paper: the line, the outputs of every column, the path through them and
//! the digits.

use crate::draw::{Anchor, Drawing, Ink, Item, Range, Raster, Size};
use crate::term::shades::{Cells, shades};
use lenet_model::reader::{LINE_HEIGHT, Number, STRIDE};
use std::io::{self, Write};

/// The ten digits and the blank.
const CLASSES: usize = 11;
const BLANK: usize = CLASSES - 1;
/// How far the middle of the first field of vision is from the left edge of a line, less half an output column: a cell lies under the
/// middle of the pixels that it was computed from.
const INDENT: usize = (LINE_HEIGHT - STRIDE) / 2;

/// `1998, 75.99%`.
pub(crate) fn title(number: &Number) -> String {
    format!("{}, {}", number.text(), percent(number.probability))
}

fn percent(probability: f64) -> String {
    format!("{:.2}%", 100.0 * probability)
}

/// The name of a class at its row.
fn label(class: usize) -> String {
    if class == BLANK { "-".into() } else { class.to_string() }
}

/// The probabilities of the classes, a row for each.
fn rows(number: &Number) -> Vec<f32> {
    (0..CLASSES).flat_map(|class| number.columns.iter().map(move |column| column[class].exp())).collect()
}

/// The class of each column on the likeliest path of the likeliest string.
fn path(number: &Number) -> Vec<usize> {
    let mut path = vec![BLANK; number.columns.len()];
    for (digit, (first, last)) in number.digits.iter().zip(&number.readings[0].places) {
        path[*first..=*last].fill(digit.digit.into());
    }
    path
}

/// The column of the line below which a digit is written: the middle of its output columns.
fn middle((first, last): (usize, usize)) -> usize {
    (first + last) * STRIDE / 2 + LINE_HEIGHT / 2
}

/// The width of what is drawn of a line, in pixels of it: a line that is narrower than the field of vision still has an output column.
fn width(number: &Number) -> usize {
    number.line.width.max(INDENT + STRIDE * number.columns.len())
}

const WHOLE: Range = Range { white: 0.0, black: 1.0 };

/// Draws the lines of a picture, one below the other.
pub(crate) fn drawing(numbers: &[Number]) -> Drawing {
    Drawing::stack("Lines of digits and the outputs of the sweep over them", 30.0, numbers.iter().map(line).collect())
}

fn line(number: &Number) -> Drawing {
    const LEFT: f64 = 16.0;
    const TOP: f64 = 22.0;
    const GAP: f64 = 8.0;
    const PATH: Ink = Ink::Rgb([0x2b, 0x7b, 0xd0]);
    // Long lines are drawn smaller; the cells are as wide as the pixels between two fields of vision.
    let pixel = if number.line.width > 400 { 2.0 } else { 3.0 };
    let cell = pixel * STRIDE as f64;
    let outputs = TOP + pixel * LINE_HEIGHT as f64 + GAP;
    let bottom = outputs + cell * CLASSES as f64;
    let mut drawing = Drawing::new(LEFT + pixel * width(number) as f64 + 1.0, bottom + 38.0, title(number));
    drawing.text(LEFT, 13.0, Anchor::Start, Size::Heading, title(number));
    let grey = number.line.levels.iter().map(|level| 255 - level).collect();
    drawing.edged(LEFT, TOP, pixel, Raster { width: number.line.width, grey });
    let left = LEFT + pixel * INDENT as f64;
    drawing.edged(left, outputs, cell, Raster::of(number.columns.len(), &rows(number), WHOLE));
    for class in 0..CLASSES {
        let y = outputs + cell * (class as f64 + 0.5) + 3.5;
        drawing.text(left - 5.0, y, Anchor::End, Size::Small, label(class));
    }
    let centre =
        |(column, class): (usize, usize)| (left + cell * (column as f64 + 0.5), outputs + cell * (class as f64 + 0.5));
    let points = path(number).into_iter().enumerate().map(centre).collect();
    drawing.items.push(Item::Line { points, ink: PATH, opacity: 0.9, width: 1.5, dashed: false });
    for (digit, place) in number.digits.iter().zip(&number.readings[0].places) {
        let x = LEFT + pixel * middle(*place) as f64;
        drawing.words((x, bottom + 17.0), Anchor::Middle, Size::Heading, PATH, digit.digit.to_string());
        let probability = format!("{:.0}%", 100.0 * digit.probability);
        drawing.text(x, bottom + 31.0, Anchor::Middle, Size::Small, probability);
    }
    drawing
}

/// Prints the lines in characters: a pixel is a character wide, and a row of outputs has `STRIDE` characters per column.
pub(crate) fn write(out: &mut impl Write, name: &str, numbers: &[Number]) -> io::Result<()> {
    for number in numbers {
        writeln!(out, "{name}: {}\n", title(number))?;
        let levels: Vec<f32> = number.line.levels.iter().map(|level| f32::from(*level)).collect();
        for row in shades(number.line.width, &levels, Range { white: 0.0, black: 255.0 }, Cells::Paired) {
            writeln!(out, "{}", format!("  {row}").trim_end())?;
        }
        writeln!(out)?;
        let path = path(number);
        for (class, row) in rows(number).chunks(number.columns.len()).enumerate() {
            let shaded = shades(row.len(), row, WHOLE, Cells::Paired).concat();
            // The path is a dot in each of its columns, so that it is seen where the output is faint.
            let cells = shaded.chars().zip(&path).map(|(shade, on_path)| {
                let wide = shade.to_string().repeat(STRIDE);
                if *on_path == class && shade == ' ' { " .. ".into() } else { wide }
            });
            let line = format!("{} {}{}", label(class), " ".repeat(INDENT), cells.collect::<String>());
            writeln!(out, "{}", line.trim_end())?;
        }
        let mut digits = vec![' '; width(number) + 1];
        for (digit, place) in number.digits.iter().zip(&number.readings[0].places) {
            digits[middle(*place).min(width(number))] = char::from(b'0' + digit.digit);
        }
        writeln!(out, "\n  {}\n", digits.into_iter().collect::<String>().trim_end())?;
    }
    Ok(())
}

//! The test digits that a model misreads.

use super::misread::misread_drawing;
use crate::draw::{Anchor, Drawing, Size};
use crate::run::readings::Misread;
use crate::term::words::thousands;
use lenet_data::ClassNames;
use lenet_model::Image;
use std::io::{self, Write};

/// The most digits in a picture: a model that has learned nothing misreads thousands.
pub(crate) const MOST: usize = 200;

/// `85 of 10,000 test images are misread`, and how many of them a picture shows if not all.
pub(crate) fn count(misread: usize, all: usize) -> String {
    let shown = if misread > MOST { format!("; the first {MOST} of them") } else { String::new() };
    format!(
        "{} of {} test images {} misread{shown}",
        thousands(misread),
        thousands(all),
        if misread == 1 { "is" } else { "are" }
    )
}

/// Draws ten digits per line, each above its label and what it was read as; below them the names of the classes, if they
/// have some, because there is only room for numbers beside the digits.
pub(crate) fn drawing(images: &[Image], misread: &[Misread], classes: &ClassNames) -> anyhow::Result<Drawing> {
    let digits = misread_drawing(images, &misread[..misread.len().min(MOST)])?;
    if !classes.is_named() {
        return Ok(digits);
    }
    let legend = legend(classes);
    Ok(Drawing::stack("Misread images", 8.0, vec![digits, legend]))
}

/// The names of the classes in columns.
fn legend(classes: &ClassNames) -> Drawing {
    const WIDTH: f64 = 680.0;
    const LETTER: f64 = 8.5;
    const LINE: f64 = 20.0;
    let labels: Vec<String> = (0..10).map(|class| classes.label(class).to_string()).collect();
    let longest = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
    let column = LETTER * (longest + 2) as f64;
    let columns = ((WIDTH / column) as usize).clamp(1, 5);
    let mut drawing = Drawing::new(WIDTH, LINE * labels.len().div_ceil(columns) as f64, "Classes");
    for (i, label) in labels.into_iter().enumerate() {
        let (x, y) = (column * (i % columns) as f64, LINE * (i / columns) as f64);
        drawing.text(8.0 + x, y + 14.0, Anchor::Start, Size::Body, label);
    }
    drawing
}

/// Prints a line for each.
pub(crate) fn write(out: &mut impl Write, misread: &[Misread], classes: &ClassNames) -> io::Result<()> {
    writeln!(out, "index  is  read as")?;
    if classes.is_named() {
        return misread.iter().try_for_each(|digit| {
            let [is, read] = [digit.is, digit.read].map(|class| classes.label(class));
            writeln!(out, "{:>5}  {is}  {read}", digit.index)
        });
    }
    misread.iter().try_for_each(|digit| writeln!(out, "{:>5}  {:>2}  {:>7}", digit.index, digit.is, digit.read))
}

//! The test digits that a model misreads.

use super::misread::misread_drawing;
use crate::draw::Drawing;
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

/// Draws ten digits per line, each above its label and what it was read as.
pub(crate) fn drawing(images: &[Image], misread: &[Misread]) -> anyhow::Result<Drawing> {
    misread_drawing(images, &misread[..misread.len().min(MOST)])
}

/// Which class each number stands for: the pictures have room for numbers only.
pub(crate) fn legend(classes: &ClassNames) -> String {
    let named = (0..10).filter(|class| classes.name(*class).is_some());
    let labels: Vec<String> = named.map(|class| classes.label(class).to_string()).collect();
    if labels.is_empty() { String::new() } else { format!(" Classes: {}.", labels.join(", ")) }
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

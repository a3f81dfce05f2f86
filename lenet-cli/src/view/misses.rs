//! `lenet view misses`: the test digits that a model misreads.

use crate::draw::{Drawing, misread_raster};
use crate::misread::Misread;
use crate::summary::thousands;
use lenet_model::Image;
use std::io::{self, Write};

/// A picture shows no more: a model that has learned nothing misreads thousands.
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

/// Ten digits to a line; below each what it is and what it was read as.
pub(crate) fn drawing(images: &[Image], misread: &[Misread]) -> anyhow::Result<Drawing> {
    let raster = misread_raster(images, &misread[..misread.len().min(MOST)])?;
    let mut drawing = Drawing::new(raster.width as f64, raster.height() as f64, "Misread digits");
    drawing.image(0.0, 0.0, 1.0, raster);
    Ok(drawing)
}

/// A line for each.
pub(super) fn write(out: &mut impl Write, misread: &[Misread]) -> io::Result<()> {
    writeln!(out, "index  is  read as")?;
    misread.iter().try_for_each(|digit| writeln!(out, "{:>5}  {:>2}  {:>7}", digit.index, digit.is, digit.read))
}

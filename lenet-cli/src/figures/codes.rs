//! The ten bitmaps that the RBF output compares F6 with.

use crate::draw::{Anchor, Drawing, Raster, Size};
use lenet_layers::{Bitmaps, Codes};
use std::io::{self, Write};

const BESIDE: usize = 5;

/// Draws the ten codes, foreground dark, each below its digit.
pub(crate) fn drawing() -> Drawing {
    const PIXEL: f64 = 10.0;
    const CAPTION: f64 = 24.0;
    let (wide, high) = (PIXEL * Bitmaps::WIDTH as f64, PIXEL * Bitmaps::HEIGHT as f64);
    let (across, down) = (wide + 30.0, high + CAPTION + 24.0);
    let title = format!("The ten codes of {}: foreground is +1, background -1", Bitmaps::WIDTH * Bitmaps::HEIGHT);
    let mut drawing = Drawing::new(across * BESIDE as f64 - 30.0, 24.0 + 2.0 * down - 24.0, title.as_str());
    drawing.text(0.0, 13.0, Anchor::Start, Size::Heading, title);
    for (digit, code) in Bitmaps::CODES.iter().enumerate() {
        let (x, y) = (across * (digit % BESIDE) as f64, 24.0 + down * (digit / BESIDE) as f64);
        drawing.text(x + 0.5 * wide, y + 17.0, Anchor::Middle, Size::Heading, digit.to_string());
        let grey = code.iter().map(|x| if *x > 0.0 { 0x1c } else { 0xe4 }).collect();
        drawing.image(x, y + CAPTION, PIXEL, Raster { width: Bitmaps::WIDTH, grey });
    }
    drawing
}

/// Prints five codes side by side. A cell is two characters wide, which is about square.
pub(crate) fn write(out: &mut impl Write) -> io::Result<()> {
    for digits in Bitmaps::CODES.chunks(BESIDE) {
        for row in 0..Bitmaps::HEIGHT {
            let line: Vec<String> = digits
                .iter()
                .map(|code| {
                    let cells = &code[row * Bitmaps::WIDTH..][..Bitmaps::WIDTH];
                    cells.iter().map(|x| if *x > 0.0 { "██" } else { "··" }).collect()
                })
                .collect();
            writeln!(out, "{}", line.join("  "))?;
        }
        writeln!(out)?;
    }
    writeln!(out, "ten codes of {}: foreground is +1, background -1", Bitmaps::WIDTH * Bitmaps::HEIGHT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_drawn_cell_by_cell() {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        // The bar and the top of the round stroke of 0, and the foot of 1 beside it.
        assert!(text.starts_with("··██████████··  ······████····  ··██████████··"), "{text}");
        assert_eq!(text.lines().nth(9).unwrap().split("  ").nth(1), Some("··████████████"));
        let ink: f32 = Bitmaps::CODES.as_flattened().iter().map(|x| (x + 1.0) / 2.0).sum();
        assert_eq!(text.matches('█').count(), 2 * ink as usize);
    }
}

//! `lenet view`: pictures of what the networks are made of.

use clap::{Args, ValueEnum};
use lenet_layers::{Bitmaps, Codes};
use std::io::{self, Write};

#[derive(Args)]
pub(crate) struct ViewArguments {
    /// What to show
    what: What,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    /// The ten 7x12 bitmaps that the RBF output of lenet5-1998 compares F6 with
    Codes,
}

pub(crate) fn run(arguments: &ViewArguments) -> anyhow::Result<()> {
    match arguments.what {
        What::Codes => Ok(write_codes(&mut io::stdout().lock())?),
    }
}

/// The ten codes, five beside each other; a cell is two characters wide, which makes it about square.
fn write_codes(out: &mut impl Write) -> io::Result<()> {
    const BESIDE: usize = 5;
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
    writeln!(out, "ten codes of {}: ink is +1, the rest -1", Bitmaps::WIDTH * Bitmaps::HEIGHT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_drawn_cell_by_cell() {
        let mut out = Vec::new();
        write_codes(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        // The bar and the round of 0, and the foot of 1 beside it.
        assert!(text.starts_with("··██████████··  ······████····  ··██████████··"), "{text}");
        assert_eq!(text.lines().nth(9).unwrap().split("  ").nth(1), Some("··████████████"));
        let ink: f32 = Bitmaps::CODES.as_flattened().iter().map(|x| (x + 1.0) / 2.0).sum();
        assert_eq!(text.matches('█').count(), 2 * ink as usize);
    }
}

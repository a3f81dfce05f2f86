//! The confusion matrix as a heat map.

use crate::draw::{Anchor, Drawing, Ink, Size};
use crate::term::words::thousands;
use lenet_data::ClassNames;

/// Draws a row for each digit and a column for what it was read as: correct ones blue, wrong ones red, darker for larger counts.
pub(crate) fn drawing(confusion: &[[u32; 10]; 10], classes: &ClassNames) -> Drawing {
    const CELL: (f64, f64) = (58.0, 34.0);
    const TOP: f64 = 42.0;
    let labels: Vec<String> = (0..10).map(|class| classes.label(class).to_string()).collect();
    let longest = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
    // Room for the longest label, in letters of eight units.
    let left = 64.0 + 8.0 * longest.saturating_sub(1) as f64;
    let width = left + 10.0 * CELL.0 + 76.0;
    let mut drawing = Drawing::new(width, TOP + 10.0 * CELL.1, "Which digit was read as which");
    drawing.text(left + 5.0 * CELL.0, 14.0, Anchor::Middle, Size::Body, "read as");
    drawing.text(0.5 * left - 4.0, TOP - 10.0, Anchor::Middle, Size::Body, "is");
    drawing.text(left + 10.0 * CELL.0 + 70.0, TOP - 10.0, Anchor::End, Size::Body, "error");
    let wrong = (0..100).filter(|i| i / 10 != i % 10).map(|i| confusion[i / 10][i % 10]).max().unwrap_or(0);
    for (is, row) in confusion.iter().enumerate() {
        let (y, total) = (TOP + CELL.1 * is as f64, row.iter().sum::<u32>());
        let line = y + 0.5 * CELL.1 + 4.5;
        drawing.text(0.5 * left - 4.0, line, Anchor::Middle, Size::Heading, labels[is].as_str());
        drawing.text(left + CELL.0 * (is as f64 + 0.5), TOP - 10.0, Anchor::Middle, Size::Heading, is.to_string());
        for (read, count) in row.iter().enumerate() {
            let right = is == read;
            // The square root makes one mistake visible beside twenty.
            let part = f64::from(*count) / f64::from(if right { total } else { wrong }.max(1));
            let colour = if right { mix(BLUE, part) } else { mix(RED, part.sqrt()) };
            let x = left + CELL.0 * read as f64;
            drawing.rect((x + 1.0, y + 1.0), (CELL.0 - 2.0, CELL.1 - 2.0), Ink::Rgb(colour), 1.0);
            if *count > 0 {
                let ink = if dark(colour) { Ink::Rgb([255; 3]) } else { Ink::Rgb([0x1c, 0x1e, 0x21]) };
                let middle = (x + 0.5 * CELL.0, line);
                drawing.words(middle, Anchor::Middle, Size::Body, ink, thousands(*count as usize));
            }
        }
        let error = 100.0 * f64::from(total - row[is]) / f64::from(total.max(1));
        drawing.text(left + 10.0 * CELL.0 + 70.0, line, Anchor::End, Size::Body, format!("{error:.2}%"));
    }
    drawing
}

const EMPTY: [u8; 3] = [0xf1, 0xf2, 0xf4];
const BLUE: [u8; 3] = [0x1f, 0x5f, 0xa8];
const RED: [u8; 3] = [0xc2, 0x3b, 0x22];

/// A colour between that of zero and `full`; small numbers are visibly different from zero.
fn mix(full: [u8; 3], part: f64) -> [u8; 3] {
    let part = if part > 0.0 { 0.12 + 0.88 * part.min(1.0) } else { 0.0 };
    let channel = |i: usize| f64::from(EMPTY[i]) * (1.0 - part) + f64::from(full[i]) * part;
    [0, 1, 2].map(|i| channel(i).round() as u8)
}

/// Whether white text is easier to read on it than black text.
fn dark([r, g, b]: [u8; 3]) -> bool {
    299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b) < 120_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_go_from_nothing_to_full() {
        assert_eq!((mix(RED, 0.0), mix(RED, 1.0), mix(BLUE, 7.0)), (EMPTY, RED, BLUE));
        assert_ne!(mix(RED, 1e-9), EMPTY);
        assert!(dark(BLUE) && dark(RED) && !dark(EMPTY) && !dark(mix(RED, 0.2)));
    }

    #[test]
    fn every_count_is_there_and_nothing_is_no_number() {
        let mut confusion = [[0; 10]; 10];
        confusion[4][9] = 1234;
        let svg = drawing(&confusion, &ClassNames::default()).svg_element().unwrap();
        // In the row of 4 and the column of 9, and nowhere else.
        let middle = "<text x=\"615\" y=\"199.5\"";
        assert!(svg.lines().any(|line| line.starts_with(middle) && line.ends_with(">1,234</text>")), "{svg}");
        assert!(svg.lines().any(|line| line.contains("y=\"199.5\"") && line.ends_with(">100.00%</text>")), "{svg}");
        assert_eq!((svg.matches(">0.00%<").count(), svg.matches("NaN").count()), (9, 0));
        assert_eq!(svg.matches("#c23b22").count(), 1);
    }
}

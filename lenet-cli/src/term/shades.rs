//! Pictures for a terminal, in characters: the darker a character, the larger the number.

use crate::draw::Range;

/// From white to black.
pub(crate) const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// How numbers are drawn as characters, which are twice as high as wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cells {
    /// Each number is two characters wide, which is about square.
    Wide,
    /// A character shows the mean of a number and the one below it: about square, at half the size.
    Paired,
}

/// Draws rows of `width` numbers as lines.
pub(crate) fn shades(width: usize, numbers: &[f32], range: Range, cells: Cells) -> Vec<String> {
    let rows: Vec<&[f32]> = numbers.chunks(width.max(1)).collect();
    match cells {
        Cells::Wide => rows.iter().map(|row| row.iter().flat_map(|x| [shade(range.part(*x)); 2]).collect()).collect(),
        Cells::Paired => {
            let pair = |rows: &[&[f32]]| {
                let mean = |i: usize| rows.iter().map(|row| range.part(row[i])).sum::<f32>() / rows.len() as f32;
                (0..width).map(|i| shade(mean(i))).collect()
            };
            rows.chunks(2).map(pair).collect()
        }
    }
}

fn shade(part: f32) -> char {
    SHADES[nearest(part, SHADES.len())]
}

/// Which of `n` even steps is nearest to `part`, which is between 0 and 1.
fn nearest(part: f32, n: usize) -> usize {
    ((part * (n - 1) as f32).round() as usize).min(n - 1)
}

/// A bar for each number; NaN and infinity are blank.
pub(crate) fn sparkline(numbers: &[f64]) -> String {
    let finite = || numbers.iter().copied().filter(|x| x.is_finite());
    let (low, high) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
    let bar = |x: &f64| {
        let part = if high > low { (x - low) / (high - low) } else { 0.5 };
        if x.is_finite() { BARS[nearest(part as f32, BARS.len())] } else { ' ' }
    };
    numbers.iter().map(bar).collect()
}

/// Puts blocks of lines side by side with `gap` blanks between them, as many in a row as fit in `width` characters. A blank line separates
/// rows.
pub(crate) fn beside(blocks: &[Vec<String>], gap: usize, width: usize) -> Vec<String> {
    let length = |block: &[String]| block.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let widest = blocks.iter().map(|block| length(block)).max().unwrap_or(0);
    let fit = ((width + gap) / (widest + gap).max(1)).max(1);
    let mut out = Vec::new();
    for (i, row) in blocks.chunks(fit).enumerate() {
        if i > 0 {
            out.push(String::new());
        }
        for line in 0..row.iter().map(Vec::len).max().unwrap_or(0) {
            let pieces = row.iter().map(|block| format!("{:widest$}", block.get(line).map_or("", String::as_str)));
            out.push(pieces.collect::<Vec<_>>().join(&" ".repeat(gap)).trim_end().to_owned());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn much_is_full() {
        let range = Range { white: -1.0, black: 1.0 };
        let numbers = [-1.0, -0.5, 0.0, 0.5, 1.0, f32::NAN];
        assert_eq!(shades(3, &numbers, range, Cells::Wide), ["  ░░▒▒", "▓▓██▒▒"]);
        // Means of -0.25, 0.25 and the middle.
        assert_eq!(shades(3, &numbers, range, Cells::Paired), ["▒▓▒"]);
        assert_eq!(shades(6, &numbers, range, Cells::Paired), [" ░▒▓█▒"]);
        assert!(shades(0, &[], range, Cells::Wide).is_empty());
    }

    #[test]
    fn sparklines_reach_from_foot_to_top() {
        assert_eq!(sparkline(&[0.0, 7.0, f64::NAN, 3.0]), "▁█ ▄");
        assert_eq!((sparkline(&[2.0, 2.0]), sparkline(&[])), ("▅▅".into(), String::new()));
    }

    #[test]
    fn blocks_wrap_and_no_line_ends_in_blanks() {
        let block = |text: &str| text.lines().map(String::from).collect::<Vec<_>>();
        let blocks = [block("aa\nb"), block("c"), block("dd\nee")];
        assert_eq!(beside(&blocks, 1, 5), ["aa c", "b", "", "dd", "ee"]);
        assert_eq!(beside(&blocks, 2, 80), ["aa  c   dd", "b       ee"]);
        assert_eq!(beside(&blocks, 1, 0).len(), 2 + 1 + 1 + 1 + 2);
    }
}

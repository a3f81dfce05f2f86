//! The table for the terminal: the paper's figures and ours.

use super::record::{Mean, Summary};
use std::io::{self, Write};

/// Prints the rows that were run, the published figures beside ours, in percent of the test images, and a note below.
pub(crate) fn write_table(out: &mut impl Write, summaries: &[Summary], note: Option<&str>) -> io::Result<()> {
    let title = |summary: &Summary| summary.row.title().chars().count();
    let width = summaries.iter().map(title).max().unwrap_or(0).max("network".len());
    writeln!(out, "{:width$}    test error, %                   refused for 0.5% error, %", "")?;
    writeln!(out, "{:width$}    paper   ours           seeds    paper   ours", "network")?;
    for summary in summaries {
        let line = format!(
            "{:width$}    {:>5.2}  {}  {:>5}    {:>5}  {}",
            summary.row.title(),
            summary.row.published(),
            mean(&summary.error),
            summary.error.count,
            summary.row.published_rejection().map_or("-".into(), |percent| format!("{percent:.2}")),
            mean(&summary.rejected),
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    if summaries.iter().any(|summary| summary.error.standard_error.is_some()) {
        writeln!(out, "ours: the mean of the seeds +- its standard error")?;
    }
    match note {
        Some(note) => writeln!(out, "{note}"),
        None => Ok(()),
    }
}

/// `1.02 +- 0.03`, or only the mean of a single number; always of the same width.
fn mean(numbers: &Mean) -> String {
    match numbers.standard_error {
        Some(error) => format!("{:>5.2} +- {error:<5.2}", numbers.mean),
        None => format!("{:>5.2}         ", numbers.mean),
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows::Row;
    use super::*;

    fn summary(row: Row, errors: &[f64], rejected: &[f64]) -> Summary {
        let of = |numbers| Mean::of(numbers).unwrap();
        Summary { row, error: of(errors), rejected: of(rejected), errors: errors.to_vec(), seconds: 1.0 }
    }

    fn text(summaries: &[Summary], note: Option<&str>) -> String {
        let mut out = Vec::new();
        write_table(&mut out, summaries, note).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn figures_stand_under_their_heads() {
        let summaries = [
            summary(Row::LeNet5, &[0.9, 1.0, 1.1], &[1.7, 1.9, 1.8]),
            summary(Row::LeNet1, &[1.71], &[3.9]),
            summary(Row::Boosted, &[12.0, 14.5], &[100.0, 90.0]),
        ];
        let expected = "
                          test error, %                   refused for 0.5% error, %
network                   paper   ours           seeds    paper   ours
LeNet-5                    0.95   1.00 +- 0.06       3        -   1.80 +- 0.06
LeNet-1                    1.70   1.71               1     3.70   3.90
boosted LeNet-4 [dist]     0.70  13.25 +- 1.25       2     0.50  95.00 +- 5.00
ours: the mean of the seeds +- its standard error
";
        assert_eq!(text(&summaries, None), expected[1..]);
    }

    #[test]
    fn a_note_comes_last_and_a_single_seed_needs_no_legend() {
        let text = text(&[summary(Row::LeNet5, &[2.5], &[9.0])], Some("--quick: not to be compared."));
        let expected = "
           test error, %                   refused for 0.5% error, %
network    paper   ours           seeds    paper   ours
LeNet-5     0.95   2.50               1        -   9.00
--quick: not to be compared.
";
        assert_eq!(text, expected[1..]);
    }

    #[test]
    fn nothing_run_is_a_head() {
        assert_eq!(text(&[], None).lines().count(), 2);
    }
}

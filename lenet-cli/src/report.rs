//! What is said about a result.

use lenet_model::Evaluation;
use std::io::{self, Write};

/// The confusion matrix: a row for each digit, a column for what it was read as; zeros are left blank.
pub(crate) fn write_confusion(out: &mut impl Write, evaluation: &Evaluation) -> io::Result<()> {
    write!(out, "  is \\ read as")?;
    for digit in 0..10 {
        write!(out, "{digit:>6}")?;
    }
    writeln!(out, "   error")?;
    for (digit, row) in evaluation.confusion.iter().enumerate() {
        write!(out, "{digit:>14}")?;
        for n in row {
            if *n == 0 {
                write!(out, "{:>6}", ".")?;
            } else {
                write!(out, "{n:>6}")?;
            }
        }
        let total: u32 = row.iter().sum();
        let wrong = f64::from(total - row[digit]) / f64::from(total.max(1));
        writeln!(out, "{:>7.2}%", 100.0 * wrong)?;
    }
    Ok(())
}

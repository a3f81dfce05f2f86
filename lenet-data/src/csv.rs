//! Images as rows of a CSV file, as Kaggle's digit recognizer has them: a header, then per image a label, if the set has
//! labels, and 784 grey levels.

use crate::{DataError, Image, labelled_images::check_levels};

/// The grey levels of an image.
const PIXELS: usize = 28 * 28;

/// The images of a CSV file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvImages {
    /// The images.
    pub images: Vec<Image>,
    /// The labels, 0 to 9, one for each image; `None` if the file has no labels, as Kaggle's `test.csv`.
    pub labels: Option<Vec<u8>>,
}

/// Bytes of a first line that are looked at: more than a header of 785 long names has.
pub(crate) const LONGEST_LINE: u64 = 64 << 10;

/// Whether a file is likely a CSV file of images: its first line is text with as many values as an image has, at least.
#[must_use]
pub fn is_csv(bytes: &[u8]) -> bool {
    let line = bytes.iter().take(LONGEST_LINE as usize).take_while(|byte| **byte != b'\n');
    let mut commas = 0;
    for byte in line {
        commas += usize::from(*byte == b',');
        if !(byte.is_ascii_graphic() || b" \t\r\xef\xbb\xbf".contains(byte)) {
            return false;
        }
    }
    commas + 1 >= PIXELS
}

/// Reads the images of a CSV file. `file` is its name in errors.
///
/// A first line whose first value has a letter in it is a header, or one in which most values have. Rows of 785 values begin with a label, rows of 784 have none.
///
/// ```
/// use lenet_data::read_csv;
///
/// let row = |label: &str, grey: &str| format!("{label},{}{grey}\n", "0,".repeat(783));
/// let header = format!("label{}\n", ",pixel".repeat(784));
/// let read = read_csv((header + &row("7", "255") + &row("3", "9")).as_bytes(), "train.csv")?;
/// assert_eq!((read.images[0][27][27], read.labels.as_deref()), (255, Some(&[7, 3][..])));
///
/// let error = read_csv(row("7", "256").as_bytes(), "train.csv").unwrap_err();
/// assert_eq!(error.to_string(), "train.csv: line 1: \"256\" is not a grey level from 0 to 255");
/// # Ok::<(), lenet_data::DataError>(())
/// ```
///
/// # Errors
/// If a value is not a number in its range, a row has another number of values, there is no image, or the grey levels are
/// all 0 and 1.
pub fn read_csv(bytes: &[u8], file: &str) -> Result<CsvImages, DataError> {
    let wrong = |line: usize, reason: String| DataError::Csv { file: file.into(), line, reason };
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let (mut images, mut labels, mut columns) = (Vec::new(), Vec::new(), None);
    let mut row = Vec::with_capacity(PIXELS + 1);
    for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        let line = line.trim_ascii();
        if number == 1 && is_header(line) {
            check_header(line).map_err(|reason| wrong(number, reason))?;
            continue;
        }
        if line.is_empty() {
            continue;
        }
        row.clear();
        for value in line.split(|byte| *byte == b',').take(PIXELS + 2) {
            row.push(grey(value.trim_ascii()).ok_or_else(|| {
                wrong(number, format!("{:?} is not a grey level from 0 to 255", shown(value.trim_ascii())))
            })?);
        }
        let expected = *columns.get_or_insert(if row.len() == PIXELS + 1 { PIXELS + 1 } else { PIXELS });
        if row.len() != expected {
            let found = if row.len() > PIXELS + 1 { "more".into() } else { row.len().to_string() };
            return Err(wrong(
                number,
                format!(
                    "expected {expected} values, found {found}: give rows of 784 grey levels, or a label before them"
                ),
            ));
        }
        if row.len() > PIXELS {
            if row[0] > 9 {
                return Err(wrong(number, format!("the label is {}: give labels from 0 to 9", row[0])));
            }
            labels.push(row[0]);
        }
        let mut image = [[0; 28]; 28];
        image.as_flattened_mut().copy_from_slice(&row[row.len() - PIXELS..]);
        images.push(image);
    }
    if images.is_empty() {
        return Err(wrong(1, "there are no images: give rows of 784 grey levels".into()));
    }
    check_levels(&images, file)?;
    Ok(CsvImages { images, labels: (columns == Some(PIXELS + 1)).then_some(labels) })
}

/// Whether a first line is a header: its first value has a letter in it, or most of its values have.
fn is_header(line: &[u8]) -> bool {
    let has_letter = |value: &[u8]| value.iter().any(u8::is_ascii_alphabetic);
    let (values, words) = line
        .split(|byte| *byte == b',')
        .fold((0, 0), |(values, words), value| (values + 1, words + usize::from(has_letter(value))));
    line.split(|byte| *byte == b',').next().is_some_and(has_letter) || 2 * words > values
}

/// Refuses a header of 785 columns that begins with a pixel or a number of the image: the label stands elsewhere, if there is one.
fn check_header(line: &[u8]) -> Result<(), String> {
    let mut columns = line.split(|byte| *byte == b',');
    let first = columns.next().unwrap_or_default().trim_ascii().to_ascii_lowercase();
    let name = first.strip_prefix(b"\"").unwrap_or(&first);
    let is_label = ![&b"pixel"[..], b"id", b"imageid", b"1x1"].iter().any(|other| name.starts_with(other));
    if columns.count() == PIXELS && !is_label {
        return Err(format!("the first column is {:?}: put the label there, or leave the column out", shown(&first)));
    }
    Ok(())
}

/// A grey level: one to three digits, at most 255.
fn grey(value: &[u8]) -> Option<u8> {
    let digits = (1..=3).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
    digits.then(|| std::str::from_utf8(value).ok()?.parse().ok())?
}

/// A value as it can be shown in one line.
fn shown(value: &[u8]) -> String {
    String::from_utf8_lossy(&value[..value.len().min(20)]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: usize, value: &str) -> String {
        vec![value; values].join(",")
    }

    #[test]
    fn rows_are_read_with_and_without_labels() {
        let text = format!("{}\r\n{}\r\n\r\n{}", row(784, "pixel0"), row(784, "3"), row(784, "255"));
        assert!(is_csv(text.as_bytes()));
        let read = read_csv(text.as_bytes(), "test.csv").unwrap();
        assert_eq!((read.images.len(), read.images[0][5][5], read.images[1][0][0], read.labels), (2, 3, 255, None));
        let text = format!("\u{feff}{}\n", row(785, "8"));
        assert!(is_csv(text.as_bytes()));
        assert_eq!(read_csv(text.as_bytes(), "train.csv").unwrap().labels, Some(vec![8]));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let error = |text: String| read_csv(text.as_bytes(), "a.csv").unwrap_err().to_string();
        let good = row(784, "1");
        assert!(
            error(format!("{good}\n{}", row(783, "1"))).starts_with("a.csv: line 2: expected 784 values, found 783")
        );
        assert!(
            error(format!("{good}\n{}", row(785, "1"))).starts_with("a.csv: line 2: expected 784 values, found 785")
        );
        assert!(error(row(900, "1")).starts_with("a.csv: line 1: expected 784 values, found more"));
        assert!(error(row(785, "10")).starts_with("a.csv: line 1: the label is 10"));
        assert!(error(format!("{good}\n{}", row(784, "-1"))).contains("line 2: \"-1\" is not a grey level"));
        assert!(error(format!("{good}\n{}", row(784, ""))).contains("\"\" is not a grey level"));
        assert!(error("label,pixel\n".into()).contains("there are no images"));
        assert!(error(String::new()).contains("there are no images"));
        assert_eq!(
            error(format!("{}\n{good}", row(784, "0"))),
            "a.csv: its grey levels are 0 to 1, expected 0 to 255: multiply them by 255"
        );
        // A first row with one bad value is not a header.
        let bad = format!("7,NaN,{}", row(783, "0"));
        assert!(error(format!("{bad}\n{}", row(785, "1"))).contains("line 1: \"NaN\" is not a grey level"));
        assert!(error(format!("+7,{}", row(783, "0"))).contains("\"+7\" is not a grey level"));
        let pixels: Vec<String> = (0..784).map(|n| format!("pixel{n}")).collect();
        assert!(error(format!("{},label\n", pixels.join(","))).contains("line 1: the first column is \"pixel0\""));
        assert!(error(format!("id,{}\n", pixels.join(","))).contains("the first column is \"id\""));
    }

    #[test]
    fn other_files_are_no_csv() {
        for bytes in [&b"\x89PNG\r\n"[..], b"\0\0\x08\x03", b"label,pixel0\n", b"", &[b','; 20], &[0; 2000]] {
            assert!(!is_csv(bytes), "{bytes:?}");
        }
    }
}

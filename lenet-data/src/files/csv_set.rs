//! Tables of images as Kaggle has them: `train.csv` with labels, and perhaps `test.csv` with labels too.

use std::{fs::File, path::Path};

use super::{Part, Parts};
use crate::{CsvImages, DataError, bounded::read_at_most, read_csv};

/// More bytes are not read: the 60,000 images of Fashion-MNIST are 133 MB.
const MOST_BYTES: u64 = 300 << 20;

/// What the names of the two files begin with: those of the digit recognizer, and of MNIST and Fashion-MNIST in CSV.
const PREFIXES: [&str; 3] = ["", "mnist_", "fashion-mnist_"];

/// The set in a folder, if there is a `train.csv`.
pub(super) fn read_folder(dir: &Path) -> Result<Option<Parts>, DataError> {
    let file = |prefix: &&str| dir.join(format!("{prefix}train.csv")).is_file();
    let Some(prefix) = PREFIXES.into_iter().find(|prefix| file(prefix)) else { return Ok(None) };
    let train = labelled(&dir.join(format!("{prefix}train.csv")))?;
    let path = dir.join(format!("{prefix}test.csv"));
    // The digit recognizer's test images have no labels: they are for `predict`.
    let test = if path.is_file() { part(&path)?.ok() } else { None };
    Ok(Some(Parts { train, test, classes: None }))
}

/// A file by itself, which must have labels.
pub(super) fn read_file(path: &Path) -> Result<Parts, DataError> {
    Ok(Parts { train: labelled(path)?, test: None, classes: None })
}

fn labelled(path: &Path) -> Result<Part, DataError> {
    part(path)?.map_err(|file| DataError::Csv {
        file,
        line: 1,
        reason: "the images have no labels: give a file with a label before the 784 grey levels of each image".into(),
    })
}

/// The images of a file; the inner error is the name of a file without labels.
fn part(path: &Path) -> Result<Result<Part, String>, DataError> {
    let file = path.display().to_string();
    let bytes = match File::open(path).and_then(|open| read_at_most(open, MOST_BYTES)) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Err(DataError::TooLong { file, megabytes: MOST_BYTES >> 20 }),
        Err(error) => return Err(DataError::Read { file, error }),
    };
    let CsvImages { images, labels } = read_csv(&bytes, &file)?;
    Ok(match labels {
        Some(labels) => Ok(Part { images, labels, file }),
        None => Err(file),
    })
}

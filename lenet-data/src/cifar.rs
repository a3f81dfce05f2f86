//! CIFAR-10 (Krizhevsky 2009): colour pictures of 32x32 in ten classes, read from the binary version of the set.
//!
//! A file is a sequence of records: a byte with the label, 1,024 bytes of red, 1,024 of green and 1,024 of blue, each row by
//! row. It has no header that gives its length. A file must therefore end with a whole record, and all files of a set must
//! have the same number of records, so that a file that was cut short is noticed.
//!
//! ```
//! use lenet_data::cifar::CifarImages;
//!
//! let mut file = vec![9];
//! file.extend([255; 1024].into_iter().chain([0; 2048])); // a red lorry
//! let images = CifarImages::read(&file[..], "data_batch_1.bin")?;
//! assert_eq!((images.labels(), images.images()[0][0][31][31], images.images()[0][1][0][0]), (&[9][..], 255, 0));
//!
//! let cut = CifarImages::read(&file[..3000], "data_batch_1.bin").unwrap_err();
//! assert_eq!(
//!     cut.to_string(),
//!     "data_batch_1.bin: record 0 has 3000 of 3073 bytes: the file is cut short, or is not a file of CIFAR-10's binary \
//!      version; fetch it again",
//! );
//! # Ok::<(), lenet_data::DataError>(())
//! ```

use std::{
    fmt,
    fs::{self, File},
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
};

use crate::{DataError, idx::fill};

/// One picture: its red, green and blue, each 32 rows of 32; 0 = dark, 255 = bright.
pub type ColourImage = [[[u8; 32]; 32]; 3];

/// What the classes are called, in the order of their labels.
pub const CLASSES: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// The files of the training pictures, in their order.
pub const TRAIN_FILES: [&str; 5] =
    ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"];

/// The file of the test pictures.
pub const TEST_FILE: &str = "test_batch.bin";

/// The folder in the archive that the set is published in.
const INNER: &str = "cifar-10-batches-bin";

/// The bytes of a record: the label, then the picture.
const RECORD: usize = 1 + 3 * 32 * 32;

/// More records of a file are not read: they take 300 MB.
const MOST_RECORDS: usize = 100_000;

/// The pictures of CIFAR-10.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cifar10 {
    /// The training pictures, 50,000 in the set as it is published.
    pub train: CifarImages,
    /// The test pictures, 10,000.
    pub test: CifarImages,
}

impl Cifar10 {
    /// Reads the set from the folder with `data_batch_1.bin` to `data_batch_5.bin` and `test_batch.bin`, or from the folder
    /// that holds it as `cifar-10-batches-bin`.
    ///
    /// # Errors
    /// If a file is missing, can't be read or is damaged, or has more or fewer pictures than the others.
    pub fn read_dir(folder: &Path) -> Result<Self, DataError> {
        let folder = &found(folder)?;
        let read = |name: &str| -> Result<CifarImages, DataError> {
            let path = folder.join(name);
            let file = path.display().to_string();
            let open = File::open(&path).map_err(|error| DataError::Read { file: file.clone(), error })?;
            CifarImages::read(BufReader::with_capacity(1 << 16, open), &file)
        };
        let mut train = read(TRAIN_FILES[0])?;
        let expected = train.len();
        let as_many = |name: &str| -> Result<CifarImages, DataError> {
            let images = read(name)?;
            if images.len() != expected {
                let (file, other) = (folder.join(name).display().to_string(), TRAIN_FILES[0]);
                return Err(DataError::Uneven { file, found: images.len(), other, expected });
            }
            Ok(images)
        };
        for name in &TRAIN_FILES[1..] {
            train.append(as_many(name)?);
        }
        Ok(Self { train, test: as_many(TEST_FILE)? })
    }
}

/// The folder itself, or the one in it, that has all files.
fn found(folder: &Path) -> Result<PathBuf, DataError> {
    match fs::metadata(folder) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => return Err(DataError::NotAFolder { folder: folder.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(DataError::NotFound { path: folder.to_owned() });
        }
        Err(error) => return Err(DataError::Read { file: folder.display().to_string(), error }),
    }
    let missing = |folder: &Path| -> Vec<&str> {
        TRAIN_FILES.into_iter().chain([TEST_FILE]).filter(|name| !folder.join(name).is_file()).collect()
    };
    let (here, inner) = (missing(folder), folder.join(INNER));
    if here.is_empty() {
        return Ok(folder.to_owned());
    }
    match missing(&inner) {
        none if none.is_empty() => Ok(inner),
        // The folder that has some of the files is the one that was meant.
        some if here.len() > TRAIN_FILES.len() && some.len() < here.len() => {
            Err(DataError::NoCifar { folder: inner, missing: some.join(", ") })
        }
        _ => Err(DataError::NoCifar { folder: folder.to_owned(), missing: here.join(", ") }),
    }
}

/// Pictures with their labels; at least one, every label 0 to 9.
#[derive(Clone, PartialEq, Eq)]
pub struct CifarImages {
    images: Vec<ColourImage>,
    labels: Vec<u8>,
}

// Never empty, so there is no is_empty() to offer.
#[allow(clippy::len_without_is_empty)]
impl CifarImages {
    /// Reads a whole file from any reader (a `&[u8]` is one), to its end. `name` stands for the file in errors. Memory grows
    /// with the bytes that arrive.
    ///
    /// # Errors
    /// If the reader fails, or the file is empty, ends within a record, has a label above 9 or more than 100,000 pictures.
    pub fn read(mut reader: impl Read, name: &str) -> Result<Self, DataError> {
        let file = || name.to_owned();
        let (mut images, mut labels) = (Vec::new(), Vec::new());
        let mut record = [0; RECORD];
        loop {
            let (index, found) = (labels.len(), fill(&mut reader, &mut record, name)?);
            match found {
                0 if index == 0 => return Err(DataError::Empty { file: file(), dims: vec![0, 3, 32, 32] }),
                0 => return Ok(Self { images, labels }),
                RECORD if index == MOST_RECORDS => {
                    return Err(DataError::TooLong {
                        file: file(),
                        megabytes: (RECORD * MOST_RECORDS) as u64 / 1_000_000,
                    });
                }
                RECORD => {}
                _ => return Err(DataError::PartOfARecord { file: file(), record: index, found, expected: RECORD }),
            }
            let (label, pixels) = (record[0], &record[1..]);
            if label > 9 {
                return Err(DataError::WrongLabel { file: file(), index, label: label.into() });
            }
            labels.push(label);
            images.push(image(pixels));
        }
    }

    fn append(&mut self, other: Self) {
        self.images.extend(other.images);
        self.labels.extend(other.labels);
    }

    /// The pictures.
    #[must_use]
    pub fn images(&self) -> &[ColourImage] {
        &self.images
    }

    /// The labels, 0 to 9, one for each picture.
    #[must_use]
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// How many pictures there are: at least one.
    #[must_use]
    pub fn len(&self) -> usize {
        self.images.len()
    }

    /// How many pictures there are of each class.
    #[must_use]
    pub fn class_counts(&self) -> [usize; 10] {
        let mut counts = [0; 10];
        for &label in &self.labels {
            counts[usize::from(label)] += 1;
        }
        counts
    }
}

/// The picture of a record without its label.
fn image(pixels: &[u8]) -> ColourImage {
    let mut image = [[[0; 32]; 32]; 3];
    image.as_flattened_mut().as_flattened_mut().copy_from_slice(pixels);
    image
}

/// How many there are, not the pixels.
impl fmt::Debug for CifarImages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CifarImages").field("len", &self.len()).finish_non_exhaustive()
    }
}

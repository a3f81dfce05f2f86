//! Archives of NumPy arrays: `mnist.npz` as Keras publishes it, and the four archives of KMNIST.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

use zip::ZipArchive;

use super::{
    Part, Parts,
    npy::{self, Header, Type},
};
use crate::{
    ClassNames, DataError, Image,
    bounded::Bounded,
    folder::{MOST_UNPACKED, image},
    idx,
    labelled_images::check_levels,
};

/// The name of an array that `numpy.savez` was given no name for.
const UNNAMED: &str = "arr_0";

/// The set of four archives.
const KMNIST: &str = "kmnist";

/// A file with the four arrays of a set.
pub(super) fn read_file(path: &Path) -> Result<Parts, DataError> {
    let mut npz = Npz::open(path)?;
    // Arrays without a name: one of them is a quarter of a set.
    let named = npz.zip.index_for_name("x_train.npy").is_some();
    if !named && npz.zip.index_for_name(&format!("{UNNAMED}.npy")).is_some() {
        return Err(npz.wrong(
            "has arrays without names: save them as x_train, y_train, x_test and y_test, or give the folder with the four files kmnist-train-imgs.npz, \
             kmnist-train-labels.npz, kmnist-test-imgs.npz and kmnist-test-labels.npz",
        ));
    }
    let mut part = |part: &str| -> Result<Part, DataError> {
        let images = npz.images(&format!("x_{part}"))?;
        let labels = npz.labels(&format!("y_{part}"))?;
        paired(images, labels)
    };
    Ok(Parts { train: part("train")?, test: Some(part("test")?), classes: None })
}

/// The set in a folder of four archives, if the first of them is there.
pub(super) fn read_folder(dir: &Path) -> Result<Option<Parts>, DataError> {
    let path = |part: &str, what: &str| dir.join(format!("{KMNIST}-{part}-{what}.npz"));
    if !path("train", "imgs").is_file() {
        return Ok(None);
    }
    let part = |part: &str| -> Result<Part, DataError> {
        let images = Npz::open(&path(part, "imgs"))?.images(UNNAMED)?;
        let labels = Npz::open(&path(part, "labels"))?.labels(UNNAMED)?;
        paired(images, labels)
    };
    let classes = Some(ClassNames::of_set(KMNIST));
    Ok(Some(Parts { train: part("train")?, test: Some(part("test")?), classes }))
}

/// Values, and the array that they are from, to name in errors.
type Named<T> = (Vec<T>, String);

fn paired((images, images_file): Named<Image>, (labels, labels_file): Named<u8>) -> Result<Part, DataError> {
    if images.len() != labels.len() {
        let (images, labels) = (images.len(), labels.len());
        return Err(DataError::CountsDiffer { images_file, labels_file, images, labels });
    }
    Ok(Part { images, labels, file: labels_file })
}

/// An open archive.
struct Npz {
    zip: ZipArchive<BufReader<File>>,
    file: String,
}

impl Npz {
    fn open(path: &Path) -> Result<Self, DataError> {
        let file = path.display().to_string();
        let open = File::open(path).and_then(|open| Ok((open.metadata()?.len(), open)));
        let (length, open) = match open {
            Ok(open) => open,
            Err(error) => return Err(DataError::Read { file, error }),
        };
        // The directory of an archive is read whole.
        if length > MOST_UNPACKED {
            return Err(DataError::TooLong { file, megabytes: MOST_UNPACKED >> 20 });
        }
        match ZipArchive::new(BufReader::new(open)) {
            Ok(zip) => Ok(Self { zip, file }),
            Err(error) => Err(DataError::Npz { file, reason: damaged(&error.to_string()) }),
        }
    }

    fn wrong(&self, reason: &str) -> DataError {
        DataError::Npz { file: self.file.clone(), reason: reason.into() }
    }

    fn images(&mut self, name: &str) -> Result<Named<Image>, DataError> {
        self.array(name, |mut values, header, file| {
            let &[images, rows, columns] = &header.shape[..] else {
                let (expected, what) = (3, "images, rows, columns");
                return Err(DataError::WrongDimensions {
                    file: file.into(),
                    expected,
                    what,
                    found: header.shape.len(),
                });
            };
            if header.values != Type::U8 {
                let reason = "its values are not of type |u1: save the images as uint8 from 0 to 255".into();
                return Err(DataError::Npy { file: file.into(), reason });
            }
            idx::count(&header.shape, 1, file)?;
            if (rows, columns) != (28, 28) {
                return Err(DataError::ImageSize { file: file.into(), rows, columns });
            }
            let size = size_of::<Image>();
            let count = idx::count(&[images], size, file)?;
            let images = idx::read_records(&mut values, count, size, |bytes| image(bytes, false), "images", file)?;
            check_levels(&images, file)?;
            Ok(images)
        })
    }

    fn labels(&mut self, name: &str) -> Result<Named<u8>, DataError> {
        self.array(name, |mut values, header, file| {
            let &[labels] = &header.shape[..] else {
                let (expected, what) = (1, "labels");
                return Err(DataError::WrongDimensions {
                    file: file.into(),
                    expected,
                    what,
                    found: header.shape.len(),
                });
            };
            let size = header.values.size();
            let count = idx::count(&[labels], size, file)?;
            let labels =
                idx::read_records(&mut values, count, size, |bytes| header.values.decode(bytes), "labels", file)?;
            let label = |(index, label): (usize, i64)| {
                u8::try_from(label).map_err(|_| DataError::WrongLabel { file: file.into(), index, label })
            };
            labels.into_iter().enumerate().map(label).collect()
        })
    }

    /// Opens an array and hands over its values, header and name. However small the archive is, no more is unpacked than the
    /// header announces, and one byte; and that has a bound.
    fn array<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&mut dyn Read, &Header, &str) -> Result<Vec<T>, DataError>,
    ) -> Result<Named<T>, DataError> {
        let file = format!("{}: {name}.npy", self.file);
        let Some(index) = self.zip.index_for_name(&format!("{name}.npy")) else {
            return Err(self.wrong(&format!(
                "has no array {name}: give a file with x_train, y_train, x_test and y_test, such as the mnist.npz of Keras"
            )));
        };
        let entry = match self.zip.by_index(index) {
            Ok(entry) => entry,
            Err(error) => return Err(DataError::Npz { file, reason: damaged(&error.to_string()) }),
        };
        let mut values = Bounded::new(BufReader::new(entry), MOST_UNPACKED);
        let read = npy::read_header(&mut values, &file).and_then(|header| parse(&mut values, &header, &file));
        match read {
            Ok(values) => Ok((values, file)),
            Err(DataError::Read { error, .. }) if error.kind() == io::ErrorKind::FileTooLarge => {
                Err(DataError::UnpacksToTooMuch { file, megabytes: MOST_UNPACKED >> 20 })
            }
            Err(DataError::Read { error, .. }) if crate::folder::is_gzip(&error) => {
                Err(DataError::Npz { file, reason: damaged(&error.to_string()) })
            }
            Err(error) => Err(error),
        }
    }
}

/// The archive can't be unpacked.
fn damaged(said: &str) -> String {
    // Names of the archive may be in the words of the decoder: one line, and not a long one.
    let said: String = said.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    format!("the ZIP archive is damaged or of a kind that is not read ({said}): fetch the file again")
}

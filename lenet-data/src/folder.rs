//! A data set in a folder: which file is which, and what is in it.

use std::{
    fs::{self, File},
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
};

use flate2::bufread::MultiGzDecoder;

use crate::ClassNames;
use crate::{
    DataError, Dataset, Image, LabelledImages, ReadOptions, Transpose,
    bounded::Bounded,
    idx::{self, Idx},
    labelled_images::check_levels,
};

/// What stands before the names of the sets that are published under names of their own; a folder is searched in this order.
const PREFIXES: [&str; 4] = ["", "emnist-digits-", "emnist-mnist-", "qmnist-"];

/// One of the four files.
struct Role {
    what: &'static str,
    /// The first half of its name, and the second: any of one with any of the other.
    parts: &'static [&'static str],
    kinds: &'static [&'static str],
}

const TRAIN: &[&str] = &["train"];
const TEST: &[&str] = &["t10k", "test"];
const IMAGES: &[&str] = &["-images-idx3-ubyte", "-images.idx3-ubyte"];
/// The last is QMNIST's: the class is the first of eight columns.
const LABELS: &[&str] = &["-labels-idx1-ubyte", "-labels.idx1-ubyte", QMNIST_LABELS];
const QMNIST_LABELS: &str = "-labels-idx2-int";

const TRAIN_IMAGES: Role = Role { what: "training images", parts: TRAIN, kinds: IMAGES };
const TRAIN_LABELS: Role = Role { what: "training labels", parts: TRAIN, kinds: LABELS };
const TEST_IMAGES: Role = Role { what: "test images", parts: TEST, kinds: IMAGES };
const TEST_LABELS: Role = Role { what: "test labels", parts: TEST, kinds: LABELS };

pub(crate) fn read(dir: &Path, options: ReadOptions) -> Result<Dataset, DataError> {
    let folder = || dir.to_owned();
    match fs::metadata(dir) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => return Err(DataError::NotAFolder { folder: folder() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(DataError::NoFolder { folder: folder() });
        }
        Err(error) => {
            return Err(DataError::Read { file: dir.display().to_string(), error });
        }
    }
    // The training images tell which set this is; the other three files must be of the same one.
    let prefix = PREFIXES.into_iter().find(|prefix| find(dir, &[prefix], &TRAIN_IMAGES).is_ok());
    let prefixes = prefix.as_ref().map_or(&PREFIXES[..], std::slice::from_ref);
    let transpose = match options.transpose {
        Transpose::Auto => prefix.is_some_and(|prefix| prefix.starts_with("emnist-")),
        Transpose::Always => true,
        Transpose::Never => false,
    };
    // All four are looked for before the first is read: a missing one is told at once.
    let [train_images, train_labels, test_images, test_labels] = [
        find(dir, prefixes, &TRAIN_IMAGES)?,
        find(dir, prefixes, &TRAIN_LABELS)?,
        find(dir, prefixes, &TEST_IMAGES)?,
        find(dir, prefixes, &TEST_LABELS)?,
    ];
    let name = name(dir, prefix.unwrap_or_default());
    Ok(Dataset {
        classes: ClassNames::read(dir)?.unwrap_or_else(|| ClassNames::of_set(&name)),
        name,
        train: read_examples(&train_images, &train_labels, transpose)?,
        test: read_examples(&test_images, &test_labels, transpose)?,
        held_out: false,
    })
}

/// Whether a folder has one of the four files at least.
pub(crate) fn is_idx(dir: &Path) -> bool {
    [TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS].iter().any(|role| find(dir, &PREFIXES, role).is_ok())
}

/// The set's own name if its files carry one, else the folder's.
fn name(dir: &Path, prefix: &str) -> String {
    if !prefix.is_empty() {
        return prefix.trim_end_matches('-').to_owned();
    }
    own_name(dir)
}

/// The folder's name.
pub(crate) fn own_name(dir: &Path) -> String {
    // The folder may have been given as `.` or `..`: ask what that is.
    let whole = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    whole.file_name().unwrap_or(whole.as_os_str()).to_string_lossy().into_owned()
}

/// The file that plays `role`, raw rather than `.gz`.
fn find(dir: &Path, prefixes: &[&str], role: &Role) -> Result<PathBuf, DataError> {
    let mut names = Vec::new();
    for prefix in prefixes {
        for part in role.parts {
            names.extend(role.kinds.iter().map(|kind| format!("{prefix}{part}{kind}")));
        }
    }
    let raw = names.iter().map(|name| dir.join(name));
    let gzip = names.iter().map(|name| dir.join(format!("{name}.gz")));
    raw.chain(gzip).find(|path| path.exists()).ok_or_else(|| DataError::MissingFile {
        folder: dir.to_owned(),
        what: role.what,
        names: names.join(", "),
    })
}

fn read_examples(images: &Path, labels: &Path, transpose: bool) -> Result<LabelledImages, DataError> {
    let [images_file, labels_file] = [images, labels].map(|path| path.display().to_string());
    let images = read_file(images, |reader, name| read_images(reader, name, transpose))?;
    check_levels(&images, &images_file)?;
    let is_qmnist = labels.file_name().is_some_and(|name| name.to_string_lossy().contains(QMNIST_LABELS));
    let labels = read_file(labels, if is_qmnist { read_qmnist_labels } else { read_labels })?;
    LabelledImages::named(images, labels, &images_file, &labels_file)
}

/// Opens a file, unpacks it if its name says gzip, and hands it over together with its name.
fn read_file<T>(path: &Path, parse: impl FnOnce(&mut dyn Read, &str) -> Result<T, DataError>) -> Result<T, DataError> {
    let file = path.display().to_string();
    if path.is_dir() {
        return Err(DataError::NotAFile { file });
    }
    let open = match File::open(path) {
        Ok(open) => BufReader::new(open),
        Err(error) => return Err(DataError::Read { file, error }),
    };
    if path.extension().is_none_or(|extension| extension != "gz") {
        let mut open = open;
        return parse(&mut open, &file);
    }
    // However much a gzip stream unpacks to, no more is read than the IDX header announces, and one byte; and that has a bound,
    // as a small file may unpack to a thousand times its size.
    let mut unpacked = Bounded::new(MultiGzDecoder::new(open), MOST_UNPACKED);
    parse(&mut unpacked, &file).map_err(|error| match error {
        DataError::Read { error, .. } if error.kind() == io::ErrorKind::FileTooLarge => {
            DataError::UnpacksToTooMuch { file, megabytes: MOST_UNPACKED >> 20 }
        }
        DataError::Read { error, .. } if is_gzip(&error) => DataError::Gzip { file, error },
        other => other,
    })
}

/// More is not unpacked: EMNIST's 240,000 digits are 180 MB.
pub(crate) const MOST_UNPACKED: u64 = 300 << 20;

/// Whether an error comes from the unpacking, not from the operating system.
pub(crate) fn is_gzip(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof)
}

fn read_images(mut reader: &mut dyn Read, name: &str, transpose: bool) -> Result<Vec<Image>, DataError> {
    let file = || name.to_owned();
    let dims = idx::read_header::<u8>(&mut reader, name)?;
    let &[images, rows, columns] = &dims[..] else {
        let what = "images, rows, columns";
        return Err(DataError::WrongDimensions { file: file(), expected: 3, what, found: dims.len() });
    };
    // The product of all three first: a damaged header is told as that.
    idx::count(&dims, 1, name)?;
    if (rows, columns) != (28, 28) {
        return Err(DataError::ImageSize { file: file(), rows, columns });
    }
    let count = idx::count(&[images], size_of::<Image>(), name)?;
    let decode = |bytes: &[u8]| image(bytes, transpose);
    idx::read_records(&mut reader, count, size_of::<Image>(), decode, "images", name)
}

/// An image from its 784 bytes.
pub(crate) fn image(bytes: &[u8], transpose: bool) -> Image {
    let mut image = [[0; 28]; 28];
    image.as_flattened_mut().copy_from_slice(bytes);
    if transpose { transposed(&image) } else { image }
}

/// The image with rows and columns exchanged.
pub(crate) fn transposed(image: &Image) -> Image {
    std::array::from_fn(|row| std::array::from_fn(|column| image[column][row]))
}

fn read_labels(mut reader: &mut dyn Read, name: &str) -> Result<Vec<u8>, DataError> {
    let dims = idx::read_header::<u8>(&mut reader, name)?;
    let &[labels] = &dims[..] else {
        let (file, found) = (name.to_owned(), dims.len());
        return Err(DataError::WrongDimensions { file, expected: 1, what: "labels", found });
    };
    let count = idx::count(&[labels], 1, name)?;
    idx::read_records(&mut reader, count, 1, |byte| byte[0], "labels", name)
}

fn read_qmnist_labels(reader: &mut dyn Read, name: &str) -> Result<Vec<u8>, DataError> {
    let file = || name.to_owned();
    let table = Idx::<i32>::read(reader, name)?;
    let &[_, columns] = table.dims() else {
        let found = table.dims().len();
        return Err(DataError::WrongDimensions { file: file(), expected: 2, what: "labels, columns", found });
    };
    if columns != 8 {
        return Err(DataError::LabelColumns { file: file(), columns });
    }
    let label = |(index, row): (usize, &[i32])| {
        let label = row[0];
        u8::try_from(label).map_err(|_| DataError::WrongLabel { file: file(), index, label: label.into() })
    };
    table.data().chunks_exact(8).enumerate().map(label).collect()
}

//! A data set in any of the forms that people have: which form a file or a folder has, and what follows from it.
//!
//! `csv_set` reads Kaggle's tables, `npz` the archives of NumPy arrays of Keras and KMNIST, `class_folders` pictures in folders
//! named by class. IDX files are `crate::folder`'s.

#[cfg(feature = "images")]
mod class_folders;
mod csv_set;
#[cfg(feature = "npz")]
mod npy;
#[cfg(feature = "npz")]
mod npz;

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use crate::csv::LONGEST_LINE;
use crate::{ClassNames, DataError, Dataset, Image, LabelledImages, ReadOptions, Transpose, folder, is_csv};

/// How files of arrays begin: as ZIP files.
const ZIP: &[u8] = b"PK";

/// One example in so many is held out where a set has no test part, as in MNIST: 10,000 of 70,000.
const HELD_OUT: usize = 7;

/// Images with labels that nothing has been checked of, and the file to name in errors.
struct Part {
    images: Vec<Image>,
    labels: Vec<u8>,
    file: String,
}

/// What was read, before it is a data set.
struct Parts {
    train: Part,
    /// `None` if the set has no test part.
    test: Option<Part>,
    /// The names of the classes, where the files tell them.
    classes: Option<ClassNames>,
}

pub(crate) fn read(path: &Path, options: ReadOptions) -> Result<Dataset, DataError> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => read_folder(path, options),
        // Nothing is lost of a file that is opened twice, but of a pipe its beginning.
        Ok(found) if !found.is_file() => Err(DataError::NotRegular { file: path.to_owned() }),
        Ok(_) => {
            let parts = read_file(path)?;
            let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
            finish(path, name, parts, options)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(DataError::NotFound { path: path.to_owned() }),
        Err(error) => Err(DataError::Read { file: path.display().to_string(), error }),
    }
}

fn read_folder(dir: &Path, options: ReadOptions) -> Result<Dataset, DataError> {
    if folder::is_idx(dir) {
        return folder::read(dir, options);
    }
    let parts = match csv_set::read_folder(dir)? {
        Some(parts) => Some(parts),
        None => read_npz_folder(dir)?,
    };
    let parts = match parts {
        Some(parts) => Some(parts),
        None => read_class_folders(dir)?,
    };
    let Some(parts) = parts else { return Err(DataError::NoSet { folder: dir.to_owned() }) };
    let name = folder::own_name(dir);
    finish(dir, name, parts, options)
}

#[cfg(feature = "npz")]
fn read_npz_folder(dir: &Path) -> Result<Option<Parts>, DataError> {
    npz::read_folder(dir)
}

#[cfg(not(feature = "npz"))]
fn read_npz_folder(dir: &Path) -> Result<Option<Parts>, DataError> {
    let file = dir.join("kmnist-train-imgs.npz");
    if file.is_file() { Err(DataError::WithoutNpz { file }) } else { Ok(None) }
}

#[cfg(feature = "images")]
fn read_class_folders(dir: &Path) -> Result<Option<Parts>, DataError> {
    class_folders::read(dir)
}

#[cfg(not(feature = "images"))]
fn read_class_folders(_: &Path) -> Result<Option<Parts>, DataError> {
    Ok(None)
}

/// A file that is a whole set by itself.
fn read_file(path: &Path) -> Result<Parts, DataError> {
    let failed = |error| DataError::Read { file: path.display().to_string(), error };
    // A CSV file of images shows in its first line.
    let mut start = Vec::new();
    File::open(path).map_err(failed)?.take(LONGEST_LINE).read_to_end(&mut start).map_err(failed)?;
    if start.starts_with(ZIP) {
        return read_npz(path);
    }
    if is_csv(&start) {
        return csv_set::read_file(path);
    }
    Err(DataError::UnknownSet { file: path.to_owned() })
}

#[cfg(feature = "npz")]
fn read_npz(path: &Path) -> Result<Parts, DataError> {
    npz::read_file(path)
}

#[cfg(not(feature = "npz"))]
fn read_npz(path: &Path) -> Result<Parts, DataError> {
    Err(DataError::WithoutNpz { file: path.to_owned() })
}

/// Makes a data set of what was read from `path`.
fn finish(path: &Path, name: String, parts: Parts, options: ReadOptions) -> Result<Dataset, DataError> {
    let transposed = match options.transpose {
        // The name of the files says it. That of a folder is the user's.
        Transpose::Auto => !path.is_dir() && name.starts_with("emnist-"),
        Transpose::Always => true,
        Transpose::Never => false,
    };
    let held_out = parts.test.is_none();
    let (mut train, mut test) = match (parts.train, parts.test) {
        (train, Some(test)) => (train, test),
        (train, None) => hold_out(path, train)?,
    };
    if transposed {
        for image in train.images.iter_mut().chain(&mut test.images) {
            *image = folder::transposed(image);
        }
    }
    let own = if path.is_dir() { ClassNames::read(path)? } else { None };
    Ok(Dataset {
        classes: own.or(parts.classes).unwrap_or_else(|| ClassNames::of_set(&name)),
        name,
        train: LabelledImages::named(train.images, train.labels, &train.file, &train.file)?,
        test: LabelledImages::named(test.images, test.labels, &test.file, &test.file)?,
        held_out,
    })
}

/// Every seventh example of each class becomes a test example: the same ones whenever the set is read, and of every class
/// its share, also if the file is sorted by class.
fn hold_out(path: &Path, all: Part) -> Result<(Part, Part), DataError> {
    let part = || Part { images: Vec::new(), labels: Vec::new(), file: all.file.clone() };
    let (mut train, mut test, mut seen) = (part(), part(), [0_usize; 256]);
    for (image, label) in all.images.into_iter().zip(all.labels) {
        let seen = &mut seen[usize::from(label)];
        *seen += 1;
        let to = if (*seen).is_multiple_of(HELD_OUT) { &mut test } else { &mut train };
        to.images.push(image);
        to.labels.push(label);
    }
    if test.images.is_empty() && !train.images.is_empty() {
        return Err(DataError::NothingToTest { path: path.to_owned(), examples: train.images.len() });
    }
    Ok((train, test))
}

/// The entries of a folder whose names do not begin with a dot, sorted by name.
#[cfg(feature = "images")]
fn entries(dir: &Path) -> Result<Vec<std::path::PathBuf>, DataError> {
    let failed = |error| DataError::Read { file: dir.display().to_string(), error };
    let mut entries = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            entries.push(entry.path());
        }
    }
    entries.sort();
    Ok(entries)
}

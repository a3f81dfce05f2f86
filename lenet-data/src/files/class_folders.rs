//! Pictures in folders named by class: `train/7/00012.png`, or `cat/tom.jpg` without a test part.

use std::{
    num::NonZero,
    path::{Path, PathBuf},
    thread,
};

use super::{Part, Parts, entries};
use crate::{ClassNames, DataError, Image, Picture, PictureError, labelled_images::check_levels, prepare};

/// The names of the folders with the two parts of a set, in any mix of capital and small letters.
const TRAIN: [&str; 2] = ["train", "training"];
const TEST: [&str; 2] = ["test", "testing"];

/// A set has ten classes at most.
const MOST_CLASSES: usize = 10;

/// More pictures are not read: as images of 28x28 they take 300 MB.
const MOST_PICTURES: usize = 400_000;

/// The set in a folder, if it has folders with pictures.
pub(super) fn read(dir: &Path) -> Result<Option<Parts>, DataError> {
    let folders: Vec<PathBuf> = entries(dir)?.into_iter().filter(|path| path.is_dir()).collect();
    let (train, test) = match part(&folders, TRAIN) {
        Some(train) => (Classes::of_part(train)?, part(&folders, TEST).map(Classes::of_part).transpose()?),
        None => (Classes::find(dir)?.0, None),
    };
    if train.0.is_empty() {
        return Ok(None);
    }
    if let Some(test) = test.as_ref().filter(|test| test.0.is_empty()) {
        return Err(DataError::NoClasses { folder: test.1.clone() });
    }
    let names = train.names(dir)?;
    let test = test.map(|test| test.read(&names.0)).transpose()?;
    Ok(Some(Parts { train: train.read(&names.0)?, test, classes: Some(names.1) }))
}

/// The folder of a part. If several have its names, the first name counts, and of one name the spelling in small letters.
fn part<'a>(folders: &'a [PathBuf], names: [&str; 2]) -> Option<&'a Path> {
    let is = |path: &Path, name: &str| path.file_name().is_some_and(|own| own.eq_ignore_ascii_case(name));
    // Small letters sort after capital ones.
    names.into_iter().find_map(|name| folders.iter().rfind(|path| is(path, name))).map(PathBuf::as_path)
}

/// The folders with pictures within a folder, sorted by name, each with its pictures, sorted too.
struct Classes(Vec<(String, Vec<PathBuf>)>, PathBuf);

/// Which folder is which class.
type Numbers = Vec<(String, u8)>;

impl Classes {
    /// The classes of a part. A folder is known as a part by its name: whatever is in its folders, they are classes.
    fn of_part(dir: &Path) -> Result<Self, DataError> {
        match Self::find(dir)? {
            (classes, Some(folder)) if classes.0.is_empty() => Err(DataError::NestedFolder { folder }),
            (classes, _) => Ok(classes),
        }
    }

    /// The classes in a folder, and the first folder within one of its folders. If no folder has a picture in it, there are no
    /// classes. If one has, all are classes: pictures that would not be read are told.
    fn find(dir: &Path) -> Result<(Self, Option<PathBuf>), DataError> {
        let (mut classes, mut pictures) = (Vec::new(), 0);
        let (mut empty, mut nested) = (None, None);
        for folder in entries(dir)?.into_iter().filter(|path| path.is_dir()) {
            let mut files = entries(&folder)?;
            nested = nested.or_else(|| files.iter().find(|path| path.is_dir()).cloned());
            files.retain(|path| is_picture(path));
            pictures += files.len();
            if pictures > MOST_PICTURES {
                return Err(DataError::TooManyPictures { folder: dir.to_owned(), most: MOST_PICTURES });
            }
            if files.is_empty() {
                empty.get_or_insert(folder);
            } else {
                let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
                classes.push((name, files));
            }
        }
        if classes.len() > MOST_CLASSES {
            return Err(DataError::TooManyClasses { folder: dir.to_owned(), found: classes.len() });
        }
        if !classes.is_empty() {
            if let Some(folder) = nested {
                return Err(DataError::NestedFolder { folder });
            }
            if let Some(folder) = empty {
                return Err(DataError::EmptyClass { folder });
            }
        }
        Ok((Self(classes, dir.to_owned()), nested))
    }

    /// Folders that are all named by a digit are the classes of these numbers. Others are numbered in the order of their
    /// names, which become the names of the classes.
    fn names(&self, dir: &Path) -> Result<(Numbers, ClassNames), DataError> {
        let digit = |name: &str| name.parse().ok().filter(|digit| *digit < 10 && name.len() == 1);
        let digits: Option<Numbers> = self.0.iter().map(|(name, _)| Some((name.clone(), digit(name)?))).collect();
        if let Some(digits) = digits {
            return Ok((digits, ClassNames::default()));
        }
        let names: Vec<&str> = self.0.iter().map(|(name, _)| name.as_str()).collect();
        let classes = ClassNames::new(&names, &dir.display().to_string())?;
        let numbers = self.0.iter().zip(0..).map(|((name, _), number)| (name.clone(), number));
        Ok((numbers.collect(), classes))
    }

    /// The pictures as images: the first of each class, then the second of each, so that any number of the first examples are of
    /// all classes.
    fn read(&self, numbers: &[(String, u8)]) -> Result<Part, DataError> {
        let mut files = Vec::new();
        for (name, pictures) in &self.0 {
            let Some((_, number)) = numbers.iter().find(|(known, _)| known == name) else {
                return Err(DataError::UnknownClass { folder: self.1.join(name) });
            };
            files.extend(pictures.iter().enumerate().map(|(place, path)| (place, *number, path)));
        }
        files.sort_by_key(|(place, number, _)| (*place, *number));
        let labels = files.iter().map(|(_, number, _)| *number).collect();
        let images = images(&files.iter().map(|(_, _, path)| path.as_path()).collect::<Vec<_>>())?;
        let file = self.1.display().to_string();
        check_levels(&images, &file)?;
        Ok(Part { images, labels, file })
    }
}

fn is_picture(path: &Path) -> bool {
    Picture::has_extension(path) && path.is_file()
}

/// The images of the files, in their order, read on all processors. Of several errors, the first file's.
fn images(files: &[&Path]) -> Result<Vec<Image>, DataError> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let share = files.len().div_ceil(threads).max(1);
    let read = |files: &[&Path]| files.iter().map(|file| image(file)).collect::<Result<Vec<Image>, DataError>>();
    thread::scope(|scope| {
        let start = |files| (files, thread::Builder::new().spawn_scoped(scope, move || read(files)));
        let started: Vec<_> = files.chunks(share).map(start).collect();
        let mut images = Vec::with_capacity(files.len());
        for (files, thread) in started {
            // Without a thread, or should one die, this one reads its share.
            let read = thread.ok().and_then(|thread| thread.join().ok()).unwrap_or_else(|| read(files));
            images.extend(read?);
        }
        Ok(images)
    })
}

/// A picture in MNIST's form.
fn image(file: &Path) -> Result<Image, DataError> {
    let failed = |error: PictureError| DataError::Picture { file: file.to_owned(), error };
    let picture = Picture::open(file).map_err(failed)?;
    match as_it_is(&picture) {
        Some(image) => Ok(image),
        None => Ok(prepare(&picture).map_err(failed)?.image),
    }
}

/// The image of a picture that is in the form of a set already: 28x28 pixels, bright on dark.
///
/// At most two of the four corners may be bright. Digits leave all of them dark; clothes, which fill their images, may cover some.
fn as_it_is(picture: &Picture) -> Option<Image> {
    let (rows, []) = picture.pixels().as_chunks::<28>() else { return None };
    if picture.width() != 28 {
        return None;
    }
    let image: Image = rows.try_into().ok()?;
    let bright = [(0, 0), (0, 25), (25, 0), (25, 25)].into_iter().filter(|&(top, left)| {
        let sum: u32 =
            image[top..top + 3].iter().flat_map(|row| &row[left..left + 3]).map(|level| u32::from(*level)).sum();
        sum > 9 * 127
    });
    (bright.count() <= 2).then_some(image)
}

//! Everything that can be wrong with a data set.
//!
//! Each message is one line: the file, what is wrong with it, and what to do.

use std::{io, path::PathBuf};

use crate::PictureError;

/// What is wrong with a data set, in one line that ends in what to do about it. The message of the operating system or of the
/// gzip decoder is the error's `source()`; what is wrong with a picture is in the line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// There is neither a file nor a folder.
    #[error("{}: there is no such file or folder; give a file or a folder with a data set", .path.display())]
    NotFound {
        /// The path as it was given.
        path: PathBuf,
    },
    /// The folder holds no data set in any form that is read.
    #[error(
        "{}: no data set is in this folder; give one with IDX files (train-images-idx3-ubyte and so on), with train.csv, with \
         the .npz files of KMNIST, or with a folder of pictures for each class", .folder.display()
    )]
    NoSet {
        /// The folder.
        folder: PathBuf,
    },
    /// The file is no data set in any form that is read.
    #[error(
        "{}: is not a data set in one file; give an .npz file with x_train, y_train, x_test and y_test, a CSV file with labels, \
         or the folder of a set", .file.display()
    )]
    UnknownSet {
        /// The file.
        file: PathBuf,
    },
    /// A pipe or a device stands where a file should.
    #[error("{}: is not a regular file; write its content to a file and give that", .file.display())]
    NotRegular {
        /// The path.
        file: PathBuf,
    },
    /// The file is an archive of arrays, and the library was built without the feature that reads them.
    #[error("{}: to read .npz files, build lenet-data with its feature `npz`", .file.display())]
    WithoutNpz {
        /// The file.
        file: PathBuf,
    },
    /// The file has more bytes than are read.
    #[error("{file}: has more than {megabytes} MB; give the set in smaller files")]
    TooLong {
        /// The file.
        file: String,
        /// Megabytes that are read.
        megabytes: u64,
    },
    /// An archive of arrays can't be read, or lacks an array.
    #[error("{file}: {reason}")]
    Npz {
        /// The archive, or an array of it.
        file: String,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// An array is not what it should be.
    #[error("{file}: {reason}")]
    Npy {
        /// The archive and the array.
        file: String,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// A picture of a set can't be read.
    #[error("{}", picture(.file, .error))]
    Picture {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        error: PictureError,
    },
    /// There are folders of pictures for more than ten classes.
    #[error("{}: {found} folders have pictures in them, for ten classes at most; leave the others out", .folder.display())]
    TooManyClasses {
        /// The folder with the folders.
        folder: PathBuf,
        /// The number of folders with pictures.
        found: usize,
    },
    /// There are more pictures than are read.
    #[error("{}: has more than {most} pictures; give fewer, or IDX files", .folder.display())]
    TooManyPictures {
        /// The folder with the folders of the classes.
        folder: PathBuf,
        /// As many as are read.
        most: usize,
    },
    /// A folder is within the folder of a class. Its pictures would not be read.
    #[error(
        "{}: this folder is within the folder of a class; move its pictures into the folder of the class, or this folder elsewhere",
        .folder.display()
    )]
    NestedFolder {
        /// The inner folder.
        folder: PathBuf,
    },
    /// A folder beside the folders of the classes has no pictures in it.
    #[error(
        "{}: no pictures that can be read are in this folder, and it is beside folders of classes; \
         add PNG or JPEG files, or move this folder elsewhere", .folder.display()
    )]
    EmptyClass {
        /// The folder without pictures.
        folder: PathBuf,
    },
    /// The folder of the test part has no folders with pictures.
    #[error(
        "{}: no folders of classes with pictures are in this folder; put the test pictures into one for each class, or move this \
         folder elsewhere", .folder.display()
    )]
    NoClasses {
        /// The folder of the test part.
        folder: PathBuf,
    },
    /// A class has test pictures but no training pictures.
    #[error("{}: this class has no training pictures; add some, or leave this folder out", .folder.display())]
    UnknownClass {
        /// The folder of the class in the test part.
        folder: PathBuf,
    },
    /// The set has no test part, and too few examples to hold some out.
    #[error(
        "{}: there are no test examples, and the {examples} examples have no class with 7, of which one could be held out; add a \
         test part", .path.display()
    )]
    NothingToTest {
        /// The file or the folder.
        path: PathBuf,
        /// The examples there are.
        examples: usize,
    },
    /// The folder does not exist.
    #[error("{}: there is no such folder; give the one that holds the IDX files", .folder.display())]
    NoFolder {
        /// The folder as it was given.
        folder: PathBuf,
    },
    /// A file stands where the folder should.
    #[error("{}: this is a file; give the folder that holds the IDX files", .folder.display())]
    NotAFolder {
        /// The folder as it was given.
        folder: PathBuf,
    },
    /// The folder does not hold one of the four files, under any of its names.
    #[error(
        "{}: no file of the {what} is here, under none of the names {names}, raw or .gz; \
         put it into this folder or give another", .folder.display()
    )]
    MissingFile {
        /// Where it was looked for.
        folder: PathBuf,
        /// "training images" and so on.
        what: &'static str,
        /// The names that were tried, without `.gz`, separated by commas.
        names: String,
    },
    /// A folder stands where a file should.
    #[error("{file}: this is a folder; put the file of that name in its place")]
    NotAFile {
        /// The file.
        file: String,
    },
    /// The operating system could not read the file or the folder.
    #[error("{file}: cannot be read; check that it is there and may be read")]
    Read {
        /// The file.
        file: String,
        /// What the operating system said.
        #[source]
        error: io::Error,
    },
    /// The file is named `.gz` and is not a valid gzip stream.
    #[error("{file}: the gzip data is damaged; fetch the file again")]
    Gzip {
        /// The file.
        file: String,
        /// What the decoder said.
        #[source]
        error: io::Error,
    },
    /// The file unpacks to more than is taken from a packed file.
    #[error(
        "{file}: unpacks to more than {megabytes} MB; if that is as it should be, unpack it and give the unpacked file"
    )]
    UnpacksToTooMuch {
        /// The file.
        file: String,
        /// Megabytes that are unpacked.
        megabytes: u64,
    },
    /// The file is gzip and is not named so.
    #[error("{file}: this is gzip data; unpack it, or let its name end in .gz")]
    UnexpectedGzip {
        /// The file.
        file: String,
    },
    /// The file does not begin as an IDX file does.
    #[error(
        "{file}: begins with {found:02x?}, an IDX file with two zero bytes, its type and its number \
         of dimensions; fetch the file again"
    )]
    WrongMagic {
        /// The file.
        file: String,
        /// Its first four bytes.
        found: [u8; 4],
    },
    /// The values are of another type than the one wanted.
    #[error(
        "{file}: its values are of type {found:#04x}, expected {expected:#04x} ({name}); \
         give a file of {name} values"
    )]
    WrongType {
        /// The file.
        file: String,
        /// The type byte wanted.
        expected: u8,
        /// The Rust type that belongs to it.
        name: &'static str,
        /// The type byte found.
        found: u8,
    },
    /// The file has another number of dimensions than the one wanted.
    #[error("{file}: has {found} dimensions, expected {expected} ({what}); check what this file is")]
    WrongDimensions {
        /// The file.
        file: String,
        /// The number wanted.
        expected: usize,
        /// What the dimensions are.
        what: &'static str,
        /// The number found.
        found: usize,
    },
    /// A line of a CSV file can't be read.
    #[error("{file}: line {line}: {reason}")]
    Csv {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong, and what to give instead.
        reason: String,
    },
    /// `classes.txt` does not hold the names of classes.
    #[error("{file}: {reason}")]
    Classes {
        /// The file.
        file: String,
        /// What is wrong, and what to give instead.
        reason: String,
    },
    /// The file ends before its header does.
    #[error("{file}: ends inside its header: the file is cut short; fetch it again")]
    HeaderCutShort {
        /// The file.
        file: String,
    },
    /// The file ends before the values its header announces do.
    #[error("{file}: expected {expected} {what}, found {found}: the file is cut short; fetch it again")]
    CutShort {
        /// The file.
        file: String,
        /// "values", "images" or "labels".
        what: &'static str,
        /// As many as the header announces.
        expected: usize,
        /// As many as are there, whole.
        found: usize,
    },
    /// The file goes on after the values its header announces.
    #[error(
        "{file}: goes on after the {expected} {what} that its header announces: \
         the header or the file is damaged; fetch it again"
    )]
    TrailingBytes {
        /// The file.
        file: String,
        /// "values", "images" or "labels".
        what: &'static str,
        /// As many as the header announces.
        expected: usize,
    },
    /// The header announces more than can be addressed.
    #[error(
        "{file}: its header announces {dims:?} values, more than this machine can address: \
         the header is damaged; fetch the file again"
    )]
    TooLarge {
        /// The file.
        file: String,
        /// The dimensions announced.
        dims: Vec<u32>,
    },
    /// There is nothing in the file.
    #[error(
        "{file}: holds nothing, its dimensions are {dims:?}; at least one value is needed, fetch or write the file again"
    )]
    Empty {
        /// The file.
        file: String,
        /// The dimensions announced.
        dims: Vec<u32>,
    },
    /// Values and dimensions that were given do not agree.
    #[error("{values} values do not fill the dimensions {dims:?}; give as many values as the dimensions' product")]
    Shape {
        /// The dimensions.
        dims: Vec<u32>,
        /// The number of values.
        values: usize,
    },
    /// The images are not 28 by 28.
    #[error(
        "{file}: its images are {rows}x{columns}, expected 28x28; \
         give a set of the MNIST family, or scale the images to 28x28 first"
    )]
    ImageSize {
        /// The file.
        file: String,
        /// Rows of an image.
        rows: u32,
        /// Columns of an image.
        columns: u32,
    },
    /// The grey levels of all images are 0 and 1. Read as 0 to 255, they would be nearly black.
    #[error("{file}: its grey levels are 0 to 1, expected 0 to 255: multiply them by 255")]
    GreyLevels {
        /// The file.
        file: String,
    },
    /// The bytes are not a whole number of 28 by 28 images.
    #[error("{file}: {bytes} bytes are not a whole number of 28x28 images; give 784 bytes for each image")]
    PartOfAnImage {
        /// The file, or what stands for it.
        file: String,
        /// The number of bytes.
        bytes: usize,
    },
    /// The labels of QMNIST have another number of columns than eight.
    #[error("{file}: has {columns} columns, expected the 8 of QMNIST's labels; fetch the file again")]
    LabelColumns {
        /// The file.
        file: String,
        /// The columns found.
        columns: u32,
    },
    /// Images and labels are not as many.
    #[error(
        "{labels_file}: expected {images} labels, one for each image of {images_file}, found {labels}: \
         the two are not of one set; give them as they were published together"
    )]
    CountsDiffer {
        /// Where the images come from.
        images_file: String,
        /// Where the labels come from.
        labels_file: String,
        /// The number of images.
        images: usize,
        /// The number of labels.
        labels: usize,
    },
    /// The labels are ten numbers an image, where one is wanted.
    #[error(
        "{file}: holds ten numbers for each image, expected one label; \
         leave label_format_one_hot() out when building it"
    )]
    OneHot {
        /// What holds the labels.
        file: String,
    },
    /// A label is not one of the ten classes.
    #[error("{file}: label {index} is {label}, expected 0 to 9; give a set of ten classes")]
    WrongLabel {
        /// The file, or "the labels".
        file: String,
        /// Which label, counted from 0.
        index: usize,
        /// Its value.
        label: i64,
    },
    /// A file of records ends within one.
    #[error(
        "{file}: record {record} has {found} of {expected} bytes: the file is cut short, or is not a file of CIFAR-10's binary \
         version; fetch it again"
    )]
    PartOfARecord {
        /// The file.
        file: String,
        /// Which record, counted from 0.
        record: usize,
        /// The bytes that are there.
        found: usize,
        /// The bytes of a record.
        expected: usize,
    },
    /// A file of a set has another number of pictures than the first.
    #[error("{file}: holds {found} pictures, {other} {expected}: one of the two is cut short; fetch the set again")]
    Uneven {
        /// The file.
        file: String,
        /// Its pictures.
        found: usize,
        /// The first file.
        other: &'static str,
        /// The pictures of the first file.
        expected: usize,
    },
    /// The folder does not hold all files of CIFAR-10.
    #[error(
        "{}: {missing} of CIFAR-10's binary version is not in this folder; give the one with data_batch_1.bin to \
         data_batch_5.bin and test_batch.bin", .folder.display()
    )]
    NoCifar {
        /// The folder.
        folder: PathBuf,
        /// The missing files, separated by commas.
        missing: String,
    },
    /// The validation set would leave nothing to train on.
    #[error(
        "validation: {validation} of {examples} examples held out leave none to train on; \
         hold out fewer than {examples}"
    )]
    NothingToTrainOn {
        /// The examples there are.
        examples: usize,
        /// The examples to be held out.
        validation: usize,
    },
    /// More examples than their indexes can count.
    #[error("{examples} examples are more than can be split; give at most 4294967295")]
    TooManyExamples {
        /// The examples there are.
        examples: usize,
    },
    /// A range of random distortions makes no sense.
    #[error("distortion: {range} is {value}, expected 0 to {most}; give a number between the two")]
    DistortionRange {
        /// "translation", "scale", "squeeze" or "shear".
        range: &'static str,
        /// Its value.
        value: f64,
        /// The largest it may be.
        most: f64,
    },
    /// The data inside the program is damaged.
    #[error("{file} (built in): {reason}; build the program again from a fresh copy of lenet-data")]
    BuiltIn {
        /// The file it was made from.
        file: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

/// The message of a picture, which begins with the name of the file.
fn picture(file: &std::path::Path, error: &PictureError) -> String {
    match error {
        PictureError::NoPixels { .. } | PictureError::Pixels { .. } | PictureError::NoInk => {
            format!("{}: {error}", file.display())
        }
        PictureError::Read { error: cause, .. } => format!("{error} ({cause})"),
        _ => error.to_string(),
    }
}

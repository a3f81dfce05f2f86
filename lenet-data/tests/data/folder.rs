//! Folders: every name a set may go by, and everything that may be wrong with one, each told in one line.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use lenet_data::{DataError, Dataset, Image, ReadOptions, Transpose, idx::Idx};
use tempfile::TempDir;

const NAMES: [&str; 4] =
    ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];

/// Image `n` of a set: no two alike, and none its own transpose.
fn image(n: u8) -> Image {
    std::array::from_fn(|row| std::array::from_fn(|column| n + row as u8 * 3 + column as u8))
}

fn transposed(image: Image) -> Image {
    std::array::from_fn(|row| std::array::from_fn(|column| image[column][row]))
}

fn bytes<T: lenet_data::idx::Element>(dims: Vec<u32>, data: Vec<T>) -> Vec<u8> {
    let mut bytes = Vec::new();
    Idx::new(dims, data).unwrap().write(&mut bytes).unwrap();
    bytes
}

fn images(range: std::ops::Range<u8>) -> Vec<u8> {
    let images: Vec<Image> = range.map(image).collect();
    bytes(vec![images.len() as u32, 28, 28], images.as_flattened().as_flattened().to_vec())
}

fn labels(labels: &[u8]) -> Vec<u8> {
    bytes(vec![labels.len() as u32], labels.to_vec())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Three training and two test examples, in the order of `NAMES`.
fn contents() -> [Vec<u8>; 4] {
    [images(0..3), labels(&[7, 0, 9]), images(10..12), labels(&[4, 5])]
}

struct Folder(TempDir);

impl Folder {
    fn new(names: [&str; 4]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, contents) in names.iter().zip(contents()) {
            folder.put(name, &contents);
        }
        folder
    }

    /// Writes a file, packed if its name ends in `.gz`.
    fn put(&self, name: &str, contents: &[u8]) {
        let packed = if name.ends_with(".gz") { gzip(contents) } else { contents.to_vec() };
        fs::write(self.path(name), packed).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self) -> Result<Dataset, DataError> {
        Dataset::read_dir(self.0.path(), ReadOptions::default())
    }

    fn read_transposed(&self, transpose: Transpose) -> Dataset {
        Dataset::read_dir(self.0.path(), ReadOptions { transpose }).unwrap()
    }

    /// The error's one line, without the folder's name.
    fn error(&self) -> String {
        let error = self.read().unwrap_err().to_string();
        assert!(!error.contains('\n'), "{error}");
        let folder = self.0.path().display().to_string();
        assert!(error.starts_with(&folder), "{error}");
        error[folder.len()..].trim_start_matches(['/', '\\']).to_owned()
    }
}

/// The sound folder, but for one file.
fn error_with(name: &str, contents: &[u8]) -> String {
    let folder = Folder::new(NAMES);
    fs::write(folder.path(name), contents).unwrap();
    folder.error()
}

fn assert_is_contents(read: &Dataset) {
    assert_eq!(read.train.images(), [image(0), image(1), image(2)]);
    assert_eq!(read.train.labels(), [7, 0, 9]);
    assert_eq!(read.test.images(), [image(10), image(11)]);
    assert_eq!(read.test.labels(), [4, 5]);
}

#[test]
fn grey_levels_of_0_and_1_are_told() {
    for name in [NAMES[0], NAMES[2]] {
        let images = if name == NAMES[0] { 3 } else { 2 };
        let levels =
            |most: u8| bytes(vec![images, 28, 28], (0..images * 784).map(|i| i as u8 % 5 / 4 * most).collect());
        let cure = "its grey levels are 0 to 1, expected 0 to 255: multiply them by 255";
        assert_eq!(error_with(name, &levels(1)), format!("{name}: {cure}"));
        // Dim images, and black ones.
        for most in [0, 2] {
            let folder = Folder::new(NAMES);
            folder.put(name, &levels(most));
            folder.read().unwrap();
        }
    }
}

#[test]
fn every_name_is_known() {
    for names in [
        NAMES,
        NAMES.map(|name| &*name.replace("-idx", ".idx").leak()),
        NAMES.map(|name| &*name.replace("t10k", "test").leak()),
        NAMES.map(|name| &*format!("{name}.gz").leak()),
        NAMES.map(|name| &*format!("{}.gz", name.replace("t10k", "test").replace("-idx", ".idx")).leak()),
    ] {
        let folder = Folder::new(names);
        let read = folder.read().unwrap();
        assert_is_contents(&read);
        assert_eq!(read.name, folder.0.path().file_name().unwrap().to_str().unwrap());
    }
}

#[test]
fn emnist_is_set_upright_unless_told_otherwise() {
    let names = NAMES.map(|name| &*format!("emnist-digits-{}.gz", name.replace("t10k", "test")).leak());
    let folder = Folder::new(names);
    let read = folder.read().unwrap();
    assert_eq!(read.name, "emnist-digits");
    assert_eq!(read.train.images()[1], transposed(image(1)));
    assert_eq!(read.test.images()[1], transposed(image(11)));
    assert_eq!(folder.read_transposed(Transpose::Always).train.images()[1], transposed(image(1)));
    assert_eq!(folder.read_transposed(Transpose::Never).train.images()[1], image(1));

    let folder = Folder::new(NAMES);
    assert_eq!(folder.read_transposed(Transpose::Always).train.images()[1], transposed(image(1)));
}

#[test]
fn qmnist_labels_are_the_first_of_eight_columns() {
    let names = NAMES
        .map(|name| &*format!("qmnist-{}.gz", name.replace("t10k", "test").replace("idx1-ubyte", "idx2-int")).leak());
    let folder = Folder::new(names);
    let table = |labels: &[i32]| {
        let rows = labels.iter().flat_map(|&label| [label, 1, 2, 3, 4, 5, 6, 300]);
        bytes(vec![labels.len() as u32, 8], rows.collect())
    };
    folder.put(names[1], &table(&[7, 0, 9]));
    folder.put(names[3], &table(&[4, 5]));
    let read = folder.read().unwrap();
    assert_is_contents(&read);
    assert_eq!(read.name, "qmnist");

    folder.put(names[3], &table(&[4, 256 + 5]));
    assert_eq!(
        folder.error(),
        "qmnist-test-labels-idx2-int.gz: label 1 is 261, expected 0 to 9; give a set of ten classes",
    );
    folder.put(names[3], &bytes(vec![2, 7], vec![0_i32; 14]));
    assert_eq!(
        folder.error(),
        "qmnist-test-labels-idx2-int.gz: has 7 columns, expected the 8 of QMNIST's labels; fetch the file again",
    );
}

#[test]
fn raw_is_preferred_to_gzip_and_plain_names_to_prefixed_ones() {
    let folder = Folder::new(NAMES);
    folder.put("train-labels-idx1-ubyte.gz", &labels(&[1, 1, 1]));
    folder.put("emnist-digits-train-images-idx3-ubyte", &images(50..53));
    assert_is_contents(&folder.read().unwrap());
}

#[test]
fn two_sets_in_a_folder_are_not_mixed() {
    let folder = Folder::new(NAMES.map(|name| &*format!("emnist-digits-{name}").leak()));
    folder.put("train-labels-idx1-ubyte", &labels(&[1, 1, 1]));
    assert_eq!(folder.read().unwrap().train.labels(), [7, 0, 9]);
}

#[test]
fn a_missing_file_is_told_with_every_name_it_may_have() {
    let folder = Folder::new(NAMES);
    fs::remove_file(folder.path("t10k-images-idx3-ubyte")).unwrap();
    assert_eq!(
        folder.error(),
        ": no file of the test images is here, under none of the names t10k-images-idx3-ubyte, \
         t10k-images.idx3-ubyte, test-images-idx3-ubyte, test-images.idx3-ubyte, raw or .gz; \
         put it into this folder or give another",
    );
    let empty = Folder(tempfile::tempdir().unwrap());
    let error = empty.error();
    assert!(error.starts_with(": no file of the training images is here"), "{error}");
    assert!(error.contains("emnist-digits-train-images-idx3-ubyte, "), "{error}");
}

#[test]
fn a_folder_that_is_none_is_told() {
    let folder = Folder::new(NAMES);
    let read = |path: &Path| {
        let error = Dataset::read_dir(path, ReadOptions::default()).unwrap_err();
        error.to_string().replace(&path.display().to_string(), "DIR")
    };
    assert_eq!(read(&folder.path("nowhere")), "DIR: there is no such folder; give the one that holds the IDX files",);
    assert_eq!(read(&folder.path(NAMES[0])), "DIR: this is a file; give the folder that holds the IDX files",);
    fs::remove_file(folder.path(NAMES[3])).unwrap();
    fs::create_dir(folder.path(NAMES[3])).unwrap();
    assert_eq!(folder.error(), "t10k-labels-idx1-ubyte: this is a folder; put the file of that name in its place",);
}

#[test]
fn images_must_be_28_by_28() {
    let wrong = |dims: Vec<u32>| {
        let count = dims.iter().product::<u32>() as usize;
        error_with("train-images-idx3-ubyte", &bytes(dims, vec![0_u8; count]))
    };
    assert_eq!(
        wrong(vec![1, 32, 30]),
        "train-images-idx3-ubyte: its images are 32x30, expected 28x28; \
         give a set of the MNIST family, or scale the images to 28x28 first",
    );
    assert_eq!(
        wrong(vec![2, 784]),
        "train-images-idx3-ubyte: has 2 dimensions, expected 3 (images, rows, columns); check what this file is",
    );
}

#[test]
fn images_and_labels_must_be_sound() {
    let sound = images(0..3);
    assert_eq!(
        error_with("train-images-idx3-ubyte", &sound[..sound.len() - 1]),
        "train-images-idx3-ubyte: expected 3 images, found 2: the file is cut short; fetch it again",
    );
    assert_eq!(
        error_with("train-images-idx3-ubyte", &[&sound[..], b"!"].concat()),
        "train-images-idx3-ubyte: goes on after the 3 images that its header announces: \
         the header or the file is damaged; fetch it again",
    );
    assert_eq!(
        error_with("train-images-idx3-ubyte", &[&[0, 0, 8, 3][..], &[0xff; 12]].concat()),
        "train-images-idx3-ubyte: its header announces [4294967295, 4294967295, 4294967295] values, \
         more than this machine can address: the header is damaged; fetch the file again",
    );
    assert_eq!(
        error_with("train-images-idx3-ubyte", &[0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 28, 0, 0, 0, 28]),
        "train-images-idx3-ubyte: holds nothing, its dimensions are [0, 28, 28]; at least one value is needed, \
         fetch or write the file again",
    );
    assert_eq!(
        error_with("train-images-idx3-ubyte", &labels(&[1, 2])),
        "train-images-idx3-ubyte: has 1 dimensions, expected 3 (images, rows, columns); check what this file is",
    );
    assert_eq!(
        error_with("t10k-labels-idx1-ubyte", b"no IDX file"),
        "t10k-labels-idx1-ubyte: begins with [6e, 6f, 20, 49], an IDX file with two zero bytes, its type \
         and its number of dimensions; fetch the file again",
    );
    assert_eq!(
        error_with("t10k-labels-idx1-ubyte", &bytes(vec![2], vec![4_i32, 5])),
        "t10k-labels-idx1-ubyte: its values are of type 0x0c, expected 0x08 (u8); give a file of u8 values",
    );
    let sound = labels(&[4, 5]);
    assert_eq!(
        error_with("t10k-labels-idx1-ubyte", &sound[..9]),
        "t10k-labels-idx1-ubyte: expected 2 labels, found 1: the file is cut short; fetch it again",
    );
    assert_eq!(
        error_with("t10k-labels-idx1-ubyte", &labels(&[4, 10])),
        "t10k-labels-idx1-ubyte: label 1 is 10, expected 0 to 9; give a set of ten classes",
    );
}

#[test]
fn as_many_labels_as_images() {
    let folder = Folder::new(NAMES);
    folder.put(NAMES[3], &labels(&[4, 5, 6]));
    assert_eq!(
        folder.error().replace(&format!("{}", folder.path("").display()), ""),
        "t10k-labels-idx1-ubyte: expected 2 labels, one for each image of t10k-images-idx3-ubyte, found 3: \
         the two are not of one set; give them as they were published together",
    );
}

#[test]
fn damaged_gzip_is_told() {
    let name = "train-images-idx3-ubyte";
    let packed_name = format!("{name}.gz");
    let folder = Folder::new(NAMES);
    fs::remove_file(folder.path(name)).unwrap();
    let packed = gzip(&images(0..3));
    let error = |packed: &[u8]| {
        fs::write(folder.path(&packed_name), packed).unwrap();
        folder.error()
    };
    let cure = "; fetch the file again";
    for damage in [
        error(b"no gzip at all"),
        error(&packed[..packed.len() - 3]),
        error(&packed[..packed.len() / 2]),
        error(&[&packed[..], b"more"].concat()),
    ] {
        assert!(damage.starts_with(&format!("{packed_name}: the gzip data is damaged")), "{damage}");
        assert!(damage.ends_with(cure), "{damage}");
    }
    // The pixels are right and the checksum is not.
    let mut wrong_sum = packed.clone();
    let at = packed.len() - 8;
    wrong_sum[at] ^= 1;
    assert!(error(&wrong_sum).contains("the gzip data is damaged"), "{}", error(&wrong_sum));
    // A file that was packed and kept its name.
    assert_eq!(
        error_with(name, &packed),
        "train-images-idx3-ubyte: this is gzip data; unpack it, or let its name end in .gz",
    );
}

/// A header of three images before what unpacks to 20 MB, and damage behind that: told after three images, as trailing
/// bytes. Whoever unpacks it all finds the damage.
#[test]
fn a_gzip_bomb_is_not_unpacked() {
    let folder = Folder::new(NAMES);
    fs::remove_file(folder.path(NAMES[0])).unwrap();
    let mut bomb = gzip(&[images(0..3), vec![0; 20_000_000]].concat());
    bomb.truncate(bomb.len() - 100);
    fs::write(folder.path("train-images-idx3-ubyte.gz"), bomb).unwrap();
    assert_eq!(
        folder.error(),
        "train-images-idx3-ubyte.gz: goes on after the 3 images that its header announces: \
         the header or the file is damaged; fetch it again",
    );
}

/// A few hundred kilobytes that unpack to a third of a gigabyte: not all of it is unpacked.
#[test]
fn what_unpacks_to_too_much_is_refused() {
    let count = 450_000_u32;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&[0, 0, 8, 3]).unwrap();
    [count, 28, 28].iter().for_each(|dim| encoder.write_all(&dim.to_be_bytes()).unwrap());
    let megabyte = vec![0; 1 << 20];
    (0..337).for_each(|_| encoder.write_all(&megabyte).unwrap());
    let packed = encoder.finish().unwrap();
    assert!(packed.len() < 4 << 20, "{}", packed.len());
    let folder = Folder::new(NAMES);
    fs::remove_file(folder.path(NAMES[0])).unwrap();
    fs::write(folder.path(&format!("{}.gz", NAMES[0])), packed).unwrap();
    let error = folder.read().unwrap_err();
    assert!(matches!(error, DataError::UnpacksToTooMuch { megabytes: 300, .. }), "{error}");
}

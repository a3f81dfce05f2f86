//! Data sets in the forms that people have beside IDX files: NumPy's archives, tables, folders of pictures; and what may be wrong.

use std::{
    fs,
    io::{Cursor, Write},
    path::PathBuf,
};

use image::{GrayImage, ImageFormat};
use lenet_data::{Dataset, Image, Picture, ReadOptions, Transpose, prepare};
use tempfile::TempDir;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn read(&self, name: &str) -> Dataset {
        Dataset::read(&self.path(name), ReadOptions::default()).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The error's one line, from the last part of the path on.
    fn error(&self, name: &str) -> String {
        let error = Dataset::read(&self.path(name), ReadOptions::default()).unwrap_err().to_string();
        assert!(error.lines().count() == 1 && error.len() < 600, "{error}");
        let folder = self.0.path().display().to_string();
        error.strip_prefix(&folder).unwrap_or_else(|| panic!("{error}")).trim_start_matches(['/', '\\']).to_owned()
    }
}

/// Image `n` of a set: no two alike, and none its own transpose. Its corners are dark.
fn image(n: u8) -> Image {
    std::array::from_fn(|row| {
        std::array::from_fn(|column| match (row, column) {
            (4..24, 4..20) => n.wrapping_mul(7).wrapping_add(row as u8 * 3 + column as u8),
            _ => 0,
        })
    })
}

fn images(range: std::ops::Range<u8>) -> Vec<Image> {
    range.map(image).collect()
}

fn npy(descr: &str, shape: &str, values: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\0", &length[..], header.as_bytes(), values].concat()
}

fn npy_images(images: &[Image]) -> Vec<u8> {
    npy("|u1", &format!("({}, 28, 28)", images.len()), images.as_flattened().as_flattened())
}

fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (number, (name, bytes)) in arrays.iter().enumerate() {
        // numpy.savez stores, numpy.savez_compressed deflates.
        let method = if number % 2 == 0 { CompressionMethod::Stored } else { CompressionMethod::Deflated };
        zip.start_file(format!("{name}.npy"), SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The arrays of mnist.npz, in the order in which Keras has them.
fn keras() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("x_test", npy_images(&images(10..12))),
        ("x_train", npy_images(&images(0..3))),
        ("y_test", npy("|u1", "(2,)", &[4, 5])),
        ("y_train", npy("|u1", "(3,)", &[7, 0, 9])),
    ]
}

fn assert_is_keras(read: &Dataset) {
    assert_eq!(read.train.images(), images(0..3));
    assert_eq!(read.train.labels(), [7, 0, 9]);
    assert_eq!(read.test.images(), images(10..12));
    assert_eq!(read.test.labels(), [4, 5]);
    assert!(!read.held_out);
}

#[test]
fn mnist_npz_is_read() {
    let folder = Folder::new();
    folder.put("mnist.npz", &npz(&keras()));
    let read = folder.read("mnist.npz");
    assert_is_keras(&read);
    assert_eq!((read.name.as_str(), read.classes.is_named()), ("mnist", false));
    // Labels as numpy makes them by default, and in the order of another machine.
    for (descr, size, big_endian) in [("<i8", 8, false), ("<i4", 4, false), (">i2", 2, true)] {
        let label = |label: u8| {
            let mut bytes = vec![0; size];
            bytes[if big_endian { size - 1 } else { 0 }] = label;
            bytes
        };
        let mut arrays = keras();
        arrays[3].1 = npy(descr, "(3,)", &[7, 0, 9].map(label).concat());
        folder.put("mnist.npz", &npz(&arrays));
        assert_is_keras(&folder.read("mnist.npz"));
    }
    let turned = Dataset::read(&folder.path("mnist.npz"), ReadOptions { transpose: Transpose::Always }).unwrap();
    assert_eq!(turned.test.images()[0][5][6], image(10)[6][5]);
}

#[test]
fn kmnist_npz_is_read() {
    let folder = Folder::new();
    for (name, array) in ["test-imgs", "train-imgs", "test-labels", "train-labels"].into_iter().zip(keras()) {
        folder.put(&format!("k/kmnist-{name}.npz"), &npz(&[("arr_0", array.1)]));
    }
    let read = folder.read("k");
    assert_is_keras(&read);
    assert_eq!((read.name.as_str(), read.classes.name(1)), ("k", Some("ki")));
    let error = folder.error("k/kmnist-train-imgs.npz");
    assert!(error.ends_with("kmnist-test-imgs.npz and kmnist-test-labels.npz"), "{error}");
    fs::remove_file(folder.path("k/kmnist-test-labels.npz")).unwrap();
    assert!(folder.error("k").starts_with("k/kmnist-test-labels.npz: cannot be read"));
}

/// The error of mnist.npz with another array.
fn error_with(name: &str, array: Vec<u8>) -> String {
    let folder = Folder::new();
    let mut arrays = keras();
    arrays.iter_mut().find(|(known, _)| *known == name).unwrap().1 = array;
    folder.put("m.npz", &npz(&arrays));
    folder.error("m.npz")
}

#[test]
fn what_is_wrong_with_an_array_is_said() {
    let pixels = images(0..3).as_flattened().as_flattened().to_vec();
    let x = |descr: &str, shape: &str, pixels: &[u8]| error_with("x_train", npy(descr, shape, pixels));
    assert_eq!(
        x("|u1", "(3, 28, 28)", &pixels[..2000]),
        "m.npz: x_train.npy: expected 3 images, found 2: the file is cut short; fetch it again",
    );
    assert!(x("|u1", "(2, 28, 28)", &pixels).contains("goes on after the 2 images"));
    assert!(x("|u1", "(3, 784)", &pixels).contains("has 2 dimensions, expected 3"));
    assert!(x("|u1", "(3, 14, 56)", &pixels).contains("its images are 14x56, expected 28x28"));
    assert!(x("|u1", "(0, 28, 28)", &[]).contains("holds nothing"));
    let float = x("<f4", "(3, 28, 28)", &pixels);
    assert!(
        float.contains("its values are of type <f4: save images as uint8 from 0 to 255, which are 255 times"),
        "{float}"
    );
    let bits: Vec<u8> = pixels.iter().map(|level| level % 2).collect();
    assert!(x("|b1", "(3, 28, 28)", &bits).contains("its values are of type |b1 (bool): save images as uint8"));
    assert_eq!(
        x("|u1", "(3, 28, 28)", &bits),
        "m.npz: x_train.npy: its grey levels are 0 to 1, expected 0 to 255: multiply them by 255",
    );
    assert!(x("<i8", "(3, 28, 28)", &pixels).contains("save the images as uint8"));
    assert!(x("|u1", "(4294967295, 4294967295, 4294967295)", &pixels).contains("more than this machine can address"));
    // A size that only the header claims: the values that are there are read, and no more memory is taken.
    assert!(x("|u1", "(4000000000, 28, 28)", &pixels).contains("expected 4000000000 images, found 3"));
    assert!(error_with("x_train", b"no array".to_vec()).contains("does not begin as a .npy file does"));
    let y = |descr: &str, shape: &str, labels: &[u8]| error_with("y_train", npy(descr, shape, labels));
    assert!(y("|u1", "(3,)", &[7, 10, 9]).contains("label 1 is 10, expected 0 to 9"));
    assert!(y("|i1", "(3,)", &[7, 0, 0xff]).contains("label 2 is -1"));
    assert!(y("|u1", "(2,)", &[7, 0]).contains("expected 3 labels"));
    assert!(y("|u1", "(3, 1)", &[7, 0, 9]).contains("has 2 dimensions, expected 1"));
}

#[test]
fn what_is_wrong_with_an_archive_is_said() {
    let folder = Folder::new();
    let whole = npz(&keras());
    folder.put("m.npz", &npz(&keras()[..3]));
    assert!(folder.error("m.npz").starts_with("m.npz: has no array y_train: give a file with x_train"));
    for length in [2, 30, whole.len() / 2, whole.len() - 1] {
        folder.put("m.npz", &whole[..length]);
        assert!(folder.error("m.npz").contains("the ZIP archive is damaged"), "{}", folder.error("m.npz"));
    }
    // A byte of the first image, which is stored: the checksum tells.
    let mut damaged = whole.clone();
    damaged[300] ^= 1;
    folder.put("m.npz", &damaged);
    assert!(folder.error("m.npz").contains("the ZIP archive is damaged"), "{}", folder.error("m.npz"));
}

/// 400 MB of zeros in 400 KB, which the header announces.
#[test]
fn bombs_are_not_unpacked() {
    let error = error_with("x_train", npy("|u1", "(535000, 28, 28)", &vec![0; 535_000 * 784]));
    assert_eq!(
        error,
        "m.npz: x_train.npy: unpacks to more than 300 MB; if that is as it should be, unpack it and give the unpacked file",
    );
}

fn csv(images: &[Image], labels: Option<&[u8]>) -> String {
    let mut text = String::new();
    for (number, image) in images.iter().enumerate() {
        let levels: Vec<String> = image.as_flattened().iter().map(u8::to_string).collect();
        let label = labels.map_or(String::new(), |labels| format!("{},", labels[number]));
        text += &format!("{label}{}\n", levels.join(","));
    }
    text
}

#[test]
fn tables_are_read() {
    let folder = Folder::new();
    let labels: Vec<u8> = (0..20).map(|n| n / 10).collect();
    let train = csv(&images(0..20), Some(&labels));
    folder.put("kaggle/train.csv", train.as_bytes());
    // Kaggle's test images, without labels, and a file that is no data.
    folder.put("kaggle/test.csv", csv(&images(30..33), None).as_bytes());
    folder.put("kaggle/sample_submission.csv", b"ImageId,Label\n1,0\n");
    let read = folder.read("kaggle");
    // The seventh of each class is held out.
    assert!(read.held_out);
    assert_eq!((read.test.images(), read.test.labels()), (&[image(6), image(16)][..], &[0, 1][..]));
    assert_eq!((read.train.len(), read.train.images()[6], read.name.as_str()), (18, image(7), "kaggle"));
    let alone = folder.read("kaggle/train.csv");
    assert_eq!((alone.train, alone.test, alone.name.as_str()), (read.train, read.test, "train"));

    folder.put("both/mnist_train.csv", train.as_bytes());
    folder.put("both/mnist_test.csv", csv(&images(40..42), Some(&[3, 4])).as_bytes());
    let read = folder.read("both");
    assert_eq!((read.train.len(), read.test.images(), read.test.labels()), (20, &images(40..42)[..], &[3, 4][..]));
    assert!(!read.held_out);
}

#[test]
fn what_is_wrong_with_a_table_is_said() {
    let folder = Folder::new();
    folder.put("test.csv", csv(&images(0..2), None).as_bytes());
    assert!(folder.error("test.csv").starts_with("test.csv: line 1: the images have no labels"));
    folder.put("few.csv", csv(&images(0..6), Some(&[1; 6])).as_bytes());
    assert!(folder.error("few.csv").starts_with("few.csv: there are no test examples, and the 6 examples"));
    folder.put("bad.csv", csv(&images(0..2), Some(&[1, 10])).as_bytes());
    assert!(folder.error("bad.csv").starts_with("bad.csv: line 2: the label is 10"));
    // Longer than is read, and sparse.
    folder.put("long/train.csv", csv(&images(0..2), Some(&[1, 2])).as_bytes());
    fs::File::options().append(true).open(folder.path("long/train.csv")).unwrap().set_len(400 << 20).unwrap();
    assert_eq!(folder.error("long"), "long/train.csv: has more than 300 MB; give the set in smaller files");
}

fn png(image: &Image) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let grey = GrayImage::from_raw(28, 28, image.as_flattened().to_vec()).unwrap();
    grey.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// A black bar on white, so many pixels wide.
fn photo(width: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let ink = |x, y| (20..20 + width).contains(&x) && (20..60).contains(&y);
    let grey = GrayImage::from_fn(90, 100, |x, y| image::Luma([if ink(x, y) { 0 } else { 255 }]));
    grey.write_to(&mut bytes, ImageFormat::Bmp).unwrap();
    bytes.into_inner()
}

#[test]
fn folders_named_by_digit_are_read() {
    for (train, test) in [("train", "test"), ("training", "testing"), ("Train", "TEST"), ("TrainIng", "Test")] {
        let folder = Folder::new();
        // Out of order; a class without test pictures; other files.
        for (name, n) in [("9/b.png", 1), ("9/a.PNG", 0), ("0/z.png", 2), ("9/c.png", 3)] {
            folder.put(&format!("set/{train}/{name}"), &png(&image(n)));
        }
        folder.put(&format!("set/{test}/9/1.png"), &png(&image(9)));
        folder.put(&format!("set/{train}/9/readme.txt"), b"no picture");
        folder.put(&format!("set/{train}/.cache/x.png"), b"no picture");
        folder.put("set/docs/x.png", b"no picture");
        let read = folder.read("set");
        assert_eq!(read.train.labels(), [0, 9, 9, 9]);
        // The pictures are taken as they are.
        assert_eq!(read.train.images(), [2, 0, 1, 3].map(image));
        assert_eq!((read.test.images(), read.test.labels()), (&[image(9)][..], &[9][..]));
        assert_eq!((read.held_out, read.classes.is_named(), read.name.as_str()), (false, false, "set"));
    }
}

#[test]
fn folders_named_by_word_give_the_classes_their_names() {
    let folder = Folder::new();
    for n in 0..8 {
        folder.put(&format!("dog/{n}.bmp"), &photo(n + 4));
        folder.put(&format!("cat/{n}.bmp"), &photo(n + 12));
    }
    let read = folder.read(".");
    let names = [0, 1, 2].map(|class| read.classes.name(class).map(String::from));
    assert_eq!(names, [Some("cat".into()), Some("dog".into()), None]);
    // One of each class in turn, without the seventh, and in MNIST's form.
    assert_eq!((read.held_out, read.train.labels()), (true, &[0, 1].repeat(7)[..]));
    let formed = |file: &str| prepare(&Picture::open(&folder.path(file)).unwrap()).unwrap().image;
    assert_eq!(read.train.images()[12..], [formed("cat/7.bmp"), formed("dog/7.bmp")]);
    assert_eq!(read.test.images(), [formed("cat/6.bmp"), formed("dog/6.bmp")]);
    folder.put("classes.txt", b"tom\nrex\n");
    assert_eq!(folder.read(".").classes.name(0), Some("tom"));
}

/// 28x28 pixels are in a set's form if at most two corners are bright: black on white is not, a coat is.
#[test]
fn pictures_of_28_by_28_are_taken_as_they_are_if_they_are_bright_on_dark() {
    let folder = Folder::new();
    let mut coat = image(3);
    coat[20..].fill([200; 28]);
    let black_on_white = image(5).map(|row| row.map(|level| if level > 0 { 0 } else { 255 }));
    for n in 0..7 {
        folder.put(&format!("0/{n}.png"), &png(&coat));
        folder.put(&format!("1/{n}.png"), &png(&black_on_white));
    }
    let read = folder.read(".");
    assert_eq!(read.train.images()[0], coat);
    let prepared = prepare(&Picture::from(&black_on_white)).unwrap();
    assert!(prepared.inverted);
    assert_eq!(read.train.images()[1], prepared.image);
}

#[test]
fn what_is_wrong_with_folders_of_pictures_is_said() {
    let folder = Folder::new();
    folder.put("set/train/3/a.png", &png(&image(1)));
    folder.put("set/train/3/b.png", b"no picture");
    folder.put("set/train/4/b.png", b"no picture either");
    folder.put("set/test/3/a.png", &png(&image(1)));
    assert!(folder.error("set").starts_with("set/train/4/b.png: is not a PNG"), "{}", folder.error("set"));
    folder.put("set/train/4/b.png", &png(&[[0; 28]; 28]));
    folder.put("set/train/3/b.png", &photo(0));
    assert!(folder.error("set").starts_with("set/train/3/b.png: no ink found"), "{}", folder.error("set"));
    folder.put("set/train/3/b.png", &photo(5));
    assert_eq!(folder.read("set").train.len(), 3);
    folder.put("set/test/5/a.png", &png(&image(1)));
    assert!(folder.error("set").starts_with("set/test/5: this class has no training pictures"));
    for n in 0..11 {
        folder.put(&format!("many/class {n}/a.png"), &png(&image(1)));
    }
    assert!(folder.error("many").starts_with("many: 11 folders have pictures in them, for ten classes at most"));
    let long = "x".repeat(30);
    folder.put(&format!("long/{long}/a.png"), &png(&image(1)));
    assert!(folder.error("long").contains("is no name of a class: give one of 1 to 24 characters"));
}

#[test]
fn folders_whose_pictures_would_be_ignored_are_told() {
    let folder = Folder::new();
    for part in ["train", "test"] {
        folder.put(&format!("nested/{part}/3/a.png"), &png(&image(1)));
        folder.put(&format!("empty/{part}/3/a.png"), &png(&image(1)));
    }
    folder.read("nested");
    // A class of the training part, one of the test part, and one of a set without parts.
    for (set, inner) in [("nested", "nested/train/3/more"), ("nested", "nested/test/3/more"), ("whole", "whole/3/more")]
    {
        folder.put("whole/3/a.png", &png(&image(1)));
        folder.put(&format!("{inner}/b.png"), &png(&image(2)));
        let cure = "move its pictures into the folder of the class, or this folder elsewhere";
        assert_eq!(folder.error(set), format!("{inner}: this folder is within the folder of a class; {cure}"));
        fs::remove_dir_all(folder.path(inner)).unwrap();
    }
    // All pictures lie too deep.
    folder.put("deep/Train/3/more/a.png", &png(&image(1)));
    assert!(folder.error("deep").starts_with("deep/Train/3/more: this folder is within the folder of a class"));

    folder.read("empty");
    for (set, class) in [("empty", "empty/train/4"), ("empty", "empty/test/4"), ("whole", "whole/4")] {
        folder.put(&format!("{class}/a.heic"), b"not read");
        assert!(folder.error(set).starts_with(&format!("{class}: no pictures that can be read are in this folder")));
        fs::remove_dir_all(folder.path(class)).unwrap();
    }
    // Hidden folders are ignored.
    folder.put("empty/train/3/.thumbnails/a.png", &png(&image(1)));
    folder.put("empty/train/.cache/a.txt", b"");
    assert_eq!(folder.read("empty").train.len(), 1);

    // Test pictures without classes.
    folder.put("flat/train/3/a.png", &png(&image(1)));
    folder.put("flat/test/a.png", &png(&image(1)));
    assert!(folder.error("flat").starts_with("flat/test: no folders of classes with pictures are in this folder"));
}

/// `Train` and `train` are two folders on most systems, where the latter counts; elsewhere they are one.
#[test]
fn of_two_training_parts_the_one_in_small_letters_is_read() {
    let folder = Folder::new();
    folder.put("set/Train/3/a.png", &png(&image(1)));
    folder.put("set/training/3/a.png", &png(&image(2)));
    folder.put("set/test/3/a.png", &png(&image(3)));
    folder.put("set/train/3/a.png", &png(&image(4)));
    assert_eq!(folder.read("set").train.images(), [image(4)]);
}

#[test]
fn what_is_no_set_is_said_to_be_none() {
    let folder = Folder::new();
    folder.put("empty/x/readme.txt", b"");
    assert!(folder.error("empty").starts_with("empty: no data set is in this folder; give one with IDX files"));
    assert!(folder.error("gone").starts_with("gone: there is no such file or folder"));
    folder.put("file", b"seven");
    assert!(folder.error("file").starts_with("file: is not a data set in one file"));
    folder.put("file", b"");
    assert!(folder.error("file").starts_with("file: is not a data set in one file"));
    // One of four IDX files: what is missing is said.
    folder.put("part/train-images-idx3-ubyte", b"");
    assert!(folder.error("part").starts_with("part: no file of the training labels is here"));
}

/// A folder of upright pictures may be called as its user likes; the files of EMNIST are transposed, and say so.
#[test]
fn only_the_name_of_a_file_says_that_it_is_transposed() {
    let folder = Folder::new();
    folder.put("emnist-mine/train.csv", csv(&images(0..3), Some(&[7, 0, 9])).as_bytes());
    folder.put("emnist-mine/test.csv", csv(&images(10..12), Some(&[4, 5])).as_bytes());
    assert_is_keras(&folder.read("emnist-mine"));
    folder.put("emnist-digits.npz", &npz(&keras()));
    let read = folder.read("emnist-digits.npz");
    assert_eq!(read.train.images()[1][5][9], image(1)[9][5]);
}

/// Grey levels of 0 and 1 are told in every form, and pictures that are all black are not among them.
#[test]
fn grey_levels_of_0_and_1_are_told() {
    let folder = Folder::new();
    let bits = image(3).map(|row| row.map(|level| u8::from(level > 0)));
    let cure = "its grey levels are 0 to 1, expected 0 to 255: multiply them by 255";
    folder.put("set/train.csv", csv(&[image(3), bits, [[0; 28]; 28]], Some(&[7, 0, 9])).as_bytes());
    folder.put("set/test.csv", csv(&[bits, [[0; 28]; 28]], Some(&[7, 0])).as_bytes());
    assert_eq!(folder.error("set"), format!("set/test.csv: {cure}"));
    folder.put("set/test.csv", csv(&[[[0; 28]; 28]], Some(&[7])).as_bytes());
    folder.read("set");
    folder.put("pictures/train/7/a.png", &png(&bits));
    assert_eq!(folder.error("pictures"), format!("pictures/train: {cure}"));
}

#[test]
fn arrays_without_names_are_told_and_do_no_harm_beside_named_ones() {
    let folder = Folder::new();
    let unnamed: Vec<_> = ["arr_0", "arr_1"].into_iter().map(|name| (name, npy_images(&images(0..1)))).collect();
    folder.put("unnamed.npz", &npz(&unnamed));
    assert!(folder.error("unnamed.npz").contains("has arrays without names: save them as x_train"));
    folder.put("both.npz", &npz(&[keras(), unnamed].concat()));
    assert_is_keras(&folder.read("both.npz"));
}

#[cfg(unix)]
#[test]
fn a_pipe_is_told_apart_from_a_file() {
    let folder = Folder::new();
    let pipe = folder.path("set.csv");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert!(folder.error("set.csv").contains("is not a regular file"));
}

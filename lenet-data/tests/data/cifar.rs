//! CIFAR-10's binary files: what is read from them, and what is said of damaged ones.

use std::{fs, path::Path};

use lenet_data::{
    ClassNames,
    cifar::{CLASSES, Cifar10, CifarImages, TEST_FILE, TRAIN_FILES},
};

/// A record whose bytes follow from its number.
pub(crate) fn record(number: usize) -> Vec<u8> {
    let pixels = (0..3072).map(|i| (i * 7 + number * 13) as u8);
    std::iter::once((number % 10) as u8).chain(pixels).collect()
}

/// Six files of `per_file` records, by name.
pub(crate) fn files(per_file: usize) -> Vec<(&'static str, Vec<u8>)> {
    let file = |(place, name)| (name, (place * per_file..(place + 1) * per_file).flat_map(record).collect());
    TRAIN_FILES.into_iter().chain([TEST_FILE]).enumerate().map(file).collect()
}

fn write(folder: &Path, per_file: usize) {
    fs::create_dir_all(folder).unwrap();
    files(per_file).iter().for_each(|(name, bytes)| fs::write(folder.join(name), bytes).unwrap());
}

fn refused(folder: &Path) -> String {
    Cifar10::read_dir(folder).unwrap_err().to_string()
}

#[test]
fn a_folder_is_read_file_by_file() {
    let place = tempfile::tempdir().unwrap();
    write(place.path(), 3);
    let set = Cifar10::read_dir(place.path()).unwrap();
    assert_eq!((set.train.len(), set.test.len()), (15, 3));
    assert_eq!(set.train.labels(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4]);
    assert_eq!(set.test.class_counts(), [0, 0, 0, 0, 0, 1, 1, 1, 0, 0]);
    // Channels first, then rows.
    for (number, image) in set.train.images().iter().chain(set.test.images()).enumerate() {
        for (channel, row, column) in [(0, 0, 0), (0, 0, 31), (0, 1, 0), (1, 0, 0), (2, 31, 31)] {
            let wanted = record(number)[1 + channel * 1024 + row * 32 + column];
            assert_eq!(image[channel][row][column], wanted, "picture {number}, {channel}, {row}, {column}");
        }
    }
    assert_eq!(format!("{set:?}"), "Cifar10 { train: CifarImages { len: 15, .. }, test: CifarImages { len: 3, .. } }");
    assert_eq!(ClassNames::of_set("cifar-10").names(), CLASSES);
    assert_eq!(ClassNames::of_set("cifar-10").label(9).to_string(), "9 truck");
}

/// As the archive unpacks.
#[test]
fn the_folder_in_the_folder_will_do() {
    let place = tempfile::tempdir().unwrap();
    let inner = place.path().join("cifar-10-batches-bin");
    write(&inner, 1);
    assert_eq!(Cifar10::read_dir(place.path()).unwrap(), Cifar10::read_dir(&inner).unwrap());
    fs::remove_file(inner.join("data_batch_4.bin")).unwrap();
    let said = refused(place.path());
    assert!(
        said.starts_with(&format!("{}: data_batch_4.bin of CIFAR-10's binary version is not", inner.display())),
        "{said}"
    );
}

#[test]
fn a_file_that_is_damaged_is_named_with_its_record() {
    let read = |bytes: &[u8]| CifarImages::read(bytes, "x.bin").map(|images| images.len());
    let said = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
    let two = [record(0), record(1)].concat();
    assert_eq!(read(&two).unwrap(), 2);
    let cut = "the file is cut short, or is not a file of CIFAR-10's binary version; fetch it again";
    assert_eq!(said(&two[..6145]), format!("x.bin: record 1 has 3072 of 3073 bytes: {cut}"));
    assert_eq!(said(&two[..1]), format!("x.bin: record 0 has 1 of 3073 bytes: {cut}"));
    assert!(said(&[]).starts_with("x.bin: holds nothing"), "{}", said(&[]));
    let mut wrong = two;
    wrong[3073] = 10;
    assert_eq!(said(&wrong), "x.bin: label 1 is 10, expected 0 to 9; give a set of ten classes");
    // A file without end is not read for ever.
    let endless = CifarImages::read(std::io::repeat(0), "pipe").unwrap_err().to_string();
    assert_eq!(endless, "pipe: has more than 307 MB; give the set in smaller files");
}

#[test]
fn a_folder_that_is_not_the_set_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let begins = |what: String| {
        let said = refused(folder);
        assert!(said.starts_with(&what) && said.lines().count() == 1, "{said}");
    };
    let all =
        "data_batch_1.bin, data_batch_2.bin, data_batch_3.bin, data_batch_4.bin, data_batch_5.bin, test_batch.bin";
    begins(format!(
        "{}: {all} of CIFAR-10's binary version is not in this folder; give the one with",
        folder.display()
    ));
    write(folder, 2);
    fs::write(folder.join("data_batch_3.bin"), record(0)).unwrap();
    let cut = folder.join("data_batch_3.bin");
    begins(format!("{}: holds 1 pictures, data_batch_1.bin 2: one of the two is cut short", cut.display()));
    write(folder, 2);
    fs::write(folder.join(TEST_FILE), [record(0), record(1), record(2)].concat()).unwrap();
    begins(format!("{}: holds 3 pictures, data_batch_1.bin 2", folder.join(TEST_FILE).display()));
    fs::remove_file(folder.join(TEST_FILE)).unwrap();
    begins(format!("{}: test_batch.bin of CIFAR-10's", folder.display()));
    assert!(refused(&folder.join("nothing")).contains("there is no such file or folder"));
    assert!(refused(&folder.join("data_batch_1.bin")).contains("this is a file; give the folder"));
}

//! CIFAR-10, which is published as a tar file packed by gzip.

use std::fs;

use lenet_data::{
    cifar::Cifar10,
    fetch::{Archive, Checksum, FetchError, Fetched, SetSource, SourceFile},
};

use super::{
    Place, gzip, md5, names, run,
    server::{Answer, Server},
};
use crate::cifar::files;

/// The bytes of the `.tar.gz` file with these entries.
fn packed(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in entries {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        tar.append_data(&mut header, name, *bytes).unwrap();
    }
    gzip(&tar.into_inner().unwrap(), 6)
}

/// A small set of two pictures a file, published in the archive `bytes`.
fn archived(bytes: &[u8], mirror: &str) -> SetSource {
    let file = |(name, bytes): (&str, Vec<u8>)| SourceFile {
        name: name.into(),
        size: bytes.len() as u64,
        checksum: Checksum::Size,
    };
    SetSource {
        name: "small".into(),
        mirrors: vec![mirror.into()],
        files: files(2).into_iter().map(file).collect(),
        archive: Some(Archive { name: "small-binary.tar.gz".into(), md5: md5(bytes), most: 100_000 }),
    }
}

/// All files as in the published archive: in a folder, among others, in another order.
fn whole() -> Vec<u8> {
    let files = files(2);
    let mut entries: Vec<(String, &[u8])> = vec![("small/readme.html".into(), b"not this")];
    entries.extend(files.iter().rev().map(|(name, bytes)| (format!("small/{name}"), &bytes[..])));
    let entries: Vec<(&str, &[u8])> = entries.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    packed(&entries)
}

#[test]
fn cifar_10_comes_out_of_its_archive() {
    let bytes = whole();
    let server = Server::new([
        ("/small-binary.tar.gz", Answer::Give(bytes.clone())),
        ("/moved/elsewhere.tar.gz", Answer::Give(bytes.clone())),
    ]);
    for path in ["", "/moved/elsewhere.tar.gz"] {
        let (place, source) = (Place::new(), archived(&bytes, &format!("{}{path}", server.address)));
        assert_eq!(run(&source, &place.folder()).unwrap(), Fetched::Downloaded);
        assert_eq!(names(&place.folder()).len(), 6, "the archive is left");
        let set = Cifar10::read_dir(&place.folder()).unwrap();
        assert_eq!((set.train.labels(), set.test.labels()), (&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9][..], &[0, 1][..]));
        let before = server.asked().len();
        assert_eq!(run(&source, &place.folder()).unwrap(), Fetched::AlreadyThere);
        assert_eq!(server.asked().len(), before);
        // A file that was cut is fetched again.
        fs::write(place.folder().join("data_batch_2.bin"), b"cut").unwrap();
        assert_eq!(run(&source, &place.folder()).unwrap(), Fetched::Downloaded);
        assert_eq!(Cifar10::read_dir(&place.folder()).unwrap(), set);
    }
}

#[test]
fn the_published_archive_is_known() {
    let source = SetSource::named("cifar-10").unwrap();
    let archive = source.archive.unwrap();
    assert_eq!((archive.name.as_str(), archive.most), ("cifar-10-binary.tar.gz", 170_052_171));
    assert_eq!(archive.md5, "c32a1d4ab5d03f1284b67883e8d87530");
    assert!(source.files.iter().all(|file| file.size == 30_730_000 && file.checksum == Checksum::Size));
    let names: Vec<_> = source.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, files(1).iter().map(|(name, _)| *name).collect::<Vec<_>>());
}

#[test]
fn a_tar_file_without_the_set_is_told() {
    let cut = files(2).swap_remove(0).1;
    let good = whole();
    let cases = [
        (packed(&[("small/readme.html", b"nothing else")]), "data_batch_1.bin is not in it".to_owned()),
        (packed(&[("data_batch_1.bin", &cut[..99])]), "data_batch_1.bin: has 99 bytes, expected 6146".into()),
        (packed(&[("data_batch_1.bin", &[0; 70_000])]), "data_batch_1.bin: has ".into()),
        (b"no archive".to_vec(), "is not a valid .tar.gz file (".into()),
        (good[..good.len() / 2].to_vec(), String::new()),
    ];
    for (bytes, what) in cases {
        let (place, server) = (Place::new(), Server::new([("/small-binary.tar.gz", Answer::Give(bytes.clone()))]));
        match run(&archived(&bytes, &server.address), &place.folder()) {
            Err(error @ FetchError::Archive { .. }) => {
                let line = error.to_string();
                let start = format!("{}: {what}", place.folder().join("small-binary.tar.gz").display());
                assert!(line.starts_with(&start) && line.ends_with("; give another archive of the set"), "{line}");
            }
            other => panic!("{other:?}"),
        }
        assert!(names(&place.folder()).iter().all(|name| !name.ends_with(".part")), "{:?}", names(&place.folder()));
    }
    // Another archive than the published one is not even unpacked.
    let (place, server) = (Place::new(), Server::new([("/small-binary.tar.gz", Answer::Give(whole()))]));
    let said = run(&archived(b"another", &server.address), &place.folder()).unwrap_err().to_string();
    assert!(said.contains("its MD5 is"), "{said}");
}

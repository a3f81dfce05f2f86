//! EMNIST, which is published as one archive of all its sets.

use std::io::Write;

use lenet_data::{
    Dataset, ReadOptions,
    fetch::{Archive, Checksum, FetchError, Fetched, SetSource},
};

use super::{
    Place, gzip, md5, names, packed, raw, run,
    server::{Answer, Server},
    source,
};

/// A zip file of stored and deflated entries.
fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The small set as EMNIST is published, its images column by column, in the archive `bytes`.
fn archived(bytes: &[u8], mirrors: &[&str]) -> SetSource {
    let mut source = source(mirrors);
    for file in &mut source.files {
        file.name = format!("emnist-digits-{}", file.name.replace("t10k", "test"));
        file.checksum = Checksum::Gzip;
    }
    source.archive = Some(Archive { name: "gzip.zip".into(), md5: md5(bytes), most: 100_000 });
    source
}

#[test]
fn emnist_comes_out_of_its_archive() {
    let files = archived(&[], &[]).files;
    let contents = packed();
    let mut entries = vec![("gzip/readme.txt".to_owned(), &b"not this"[..])];
    entries.extend(files.iter().zip(&contents).map(|(file, (_, bytes))| (format!("gzip/{}", file.name), &bytes[..])));
    let entries: Vec<_> = entries.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    let bytes = zip(&entries);
    let server = Server::new([
        ("/gzip.zip", Answer::Give(bytes.clone())),
        ("/moved/elsewhere.zip", Answer::Give(bytes.clone())),
        ("/cut/gzip.zip", Answer::Cut(bytes.clone(), 700)),
    ]);
    let address = |path: &str| format!("{}{path}", server.address);
    for mirrors in [&[address("")][..], &[address("/moved/elsewhere.zip")], &[address("/cut"), address("/")]] {
        let place = Place::new();
        let mirrors: Vec<_> = mirrors.iter().map(String::as_str).collect();
        let source = archived(&bytes, &mirrors);
        assert_eq!(run(&source, &place.folder()).unwrap(), Fetched::Downloaded);
        assert_eq!(names(&place.folder()).len(), 4, "the archive is left");
        let digits = Dataset::read_dir(&place.folder(), ReadOptions::default()).unwrap();
        assert_eq!((digits.name.as_str(), digits.train.len(), digits.test.len()), ("emnist-digits", 3, 2));
        assert_eq!(digits.train.images()[0][1][0], raw()[0].1[16 + 1], "not set upright");
        let before = server.asked().len();
        assert_eq!(run(&source, &place.folder()).unwrap(), Fetched::AlreadyThere);
        assert_eq!(server.asked().len(), before);
    }
    assert!(server.asked().contains(&"/gzip.zip from 700".to_owned()), "{:?}", server.asked());
}

#[test]
fn an_archive_without_the_set_is_told() {
    let name = archived(&[], &[]).files[0].name.clone();
    let cases = [
        (zip(&[("gzip/readme.txt", b"nothing else")]), format!("{name} is not in it")),
        (zip(&[(&name, b"no gzip")]), format!("{name}: is not a valid gzip file (")),
        (zip(&[(&name, &gzip(b"short", 6))]), format!("{name}: unpacks to 5 bytes, expected ")),
        (b"no zip".to_vec(), String::new()),
    ];
    for (bytes, what) in cases {
        let (place, server) = (Place::new(), Server::new([("/gzip.zip", Answer::Give(bytes.clone()))]));
        match run(&archived(&bytes, &[&server.address]), &place.folder()) {
            Err(error @ FetchError::Archive { .. }) => {
                let line = error.to_string();
                let start = format!("{}: {what}", place.folder().join("gzip.zip").display());
                assert!(line.starts_with(&start) && line.ends_with("; give another archive of the set"), "{line}");
            }
            other => panic!("{other:?}"),
        }
    }
}

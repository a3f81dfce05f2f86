//! Downloads from servers on this machine: a small set, the servers that have it, and the folder that it goes to.

mod archive;
mod complete;
mod refused;
mod server;
mod tar;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use flate2::{Compression, write::GzEncoder};
use lenet_data::{
    fetch::{Checksum, FetchError, FetchOptions, Fetched, Reason, SetSource, SourceFile, fetch},
    idx::Idx,
};
use md5::{Digest, Md5};
use server::{Answer, Server};

const PARTS: [(&str, u32); 2] = [("train", 3), ("t10k", 2)];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn md5(bytes: &[u8]) -> String {
    hex(&Md5::digest(bytes))
}

fn gzip(bytes: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The raw files of a small set, by name.
fn raw() -> Vec<(String, Vec<u8>)> {
    let file = |name: String, dims: Vec<u32>, data: Vec<u8>| {
        let mut bytes = Vec::new();
        Idx::new(dims, data).unwrap().write(&mut bytes).unwrap();
        (name, bytes)
    };
    let files = PARTS.map(|(part, n)| {
        // They hardly pack.
        let pixels = (0..n * 784).map(|i| (i.wrapping_mul(i | 1).wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        let images = file(format!("{part}-images-idx3-ubyte.gz"), vec![n, 28, 28], pixels);
        [images, file(format!("{part}-labels-idx1-ubyte.gz"), vec![n], vec![4; n as usize])]
    });
    files.into_iter().flatten().collect()
}

/// The files as they are published.
fn packed() -> Vec<(String, Vec<u8>)> {
    raw().into_iter().map(|(name, bytes)| (name, gzip(&bytes, 6))).collect()
}

/// The first file, which most tests are about.
fn images() -> (String, Vec<u8>) {
    packed().swap_remove(0)
}

/// Their source, known by MD5.
fn source(mirrors: &[&str]) -> SetSource {
    let file = |((name, raw), (_, packed)): ((String, Vec<u8>), (_, Vec<u8>))| SourceFile {
        name,
        size: raw.len() as u64,
        checksum: Checksum::Md5(md5(&packed)),
    };
    SetSource {
        name: "small".into(),
        mirrors: mirrors.iter().map(|&mirror| mirror.into()).collect(),
        files: raw().into_iter().zip(packed()).map(file).collect(),
        archive: None,
    }
}

/// The source of the first file alone.
fn images_source(mirrors: &[&str]) -> SetSource {
    let mut source = source(mirrors);
    source.files.truncate(1);
    source
}

/// A server of all files but that of the images, which is answered otherwise.
fn server(images: Answer) -> Server {
    let mut answers: Vec<_> =
        packed().into_iter().map(|(name, bytes)| (format!("/{name}"), Answer::Give(bytes))).collect();
    answers[0].1 = images;
    Server::new(answers)
}

fn good() -> Server {
    server(Answer::Give(images().1))
}

/// No test waits longer than a second for a byte that does not come.
fn options() -> FetchOptions {
    FetchOptions { timeout: Duration::from_secs(1), ..FetchOptions::default() }
}

fn run(source: &SetSource, folder: &Path) -> Result<Fetched, FetchError> {
    fetch(source, folder, &options(), &mut |_| {})
}

/// Why each mirror failed.
fn reasons(outcome: Result<Fetched, FetchError>) -> Vec<Reason> {
    match outcome {
        Err(FetchError::Mirrors { failures, .. }) => failures.into_iter().map(|failure| failure.reason).collect(),
        other => panic!("{other:?}"),
    }
}

/// What is in the folder, but for the lock.
fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name != "fetch.lock").collect();
    names.sort();
    names
}

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn folder(&self) -> PathBuf {
        self.0.path().join("cache/small")
    }

    fn file(&self) -> PathBuf {
        self.folder().join(images().0)
    }

    fn part(&self) -> PathBuf {
        self.folder().join(images().0 + ".part")
    }

    /// Something is there before.
    fn with(path: impl Fn(&Self) -> PathBuf, bytes: &[u8]) -> Self {
        let place = Self::new();
        fs::create_dir_all(place.folder()).unwrap();
        fs::write(path(&place), bytes).unwrap();
        place
    }

    /// The first file is there, right and alone.
    fn assert_good(&self) {
        assert_eq!(names(&self.folder()), [images().0]);
        assert_eq!(fs::read(self.file()).unwrap(), images().1);
    }
}

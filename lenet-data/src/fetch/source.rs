//! Where the sets of the family lie, and how their files are known to be the right ones.

use super::FetchError;
use crate::cifar::{TEST_FILE, TRAIN_FILES};

/// A set that can be downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetSource {
    /// What it is called.
    pub name: String,
    /// Addresses below which its files (or its archive) lie, in the order in which they are asked.
    pub mirrors: Vec<String>,
    /// The files that make the set.
    pub files: Vec<SourceFile>,
    /// The archive that the files are published in, if they are.
    pub archive: Option<Archive>,
}

/// A file of a set: a gzip file, or one that comes out of an archive as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Its name, here and there.
    pub name: String,
    /// How many bytes it unpacks to, or has if it is not packed.
    pub size: u64,
    /// What it is known by.
    pub checksum: Checksum,
}

/// What a file is known by. Hexadecimal, in small letters.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Checksum {
    /// The MD5 of the file as it is published.
    Md5(String),
    /// The SHA-256 of what it unpacks to: whoever packed it, and however.
    Contents(String),
    /// Its size and the CRC-32 in every gzip file alone: for files out of an archive with a checksum of its own.
    Gzip,
    /// Its size alone: for files that are not packed, out of an archive with a checksum of its own.
    Size,
}

/// A zip file, or a tar file packed by gzip (`.tar.gz`), with the files of a set in it, under any folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// Its name at a mirror.
    pub name: String,
    /// Its MD5.
    pub md5: String,
    /// More bytes than it has; who sends more is refused.
    pub most: u64,
}

/// The names of the four files, and the items each holds.
const FILES: [(&str, u64); 4] = [
    ("train-images-idx3-ubyte.gz", 16 + 60_000 * 784),
    ("train-labels-idx1-ubyte.gz", 8 + 60_000),
    ("t10k-images-idx3-ubyte.gz", 16 + 10_000 * 784),
    ("t10k-labels-idx1-ubyte.gz", 8 + 10_000),
];

/// SHA-256 of MNIST's raw files: its mirrors need not have packed them alike.
const MNIST: [&str; 4] = [
    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
];
/// MD5 of the packed files.
const FASHION: [&str; 4] = [
    "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "25c81989df183df01b3e8a0aad5dffbe",
    "bef4ecab320f06d8554ea6380940ec79",
    "bb300cfdad3c16e7a12a480ee83cd310",
];
const KMNIST: [&str; 4] = [
    "bdb82020997e1d708af4cf47b453dcf7",
    "e144d726b3acfaa3e44228e80efcd344",
    "5c965bf0a639b31b8f53240b1b52f4d7",
    "7320c461ea6c1c855c0b718fb2a4b134",
];

impl SetSource {
    /// The sets there is a source for.
    pub const NAMES: [&str; 5] = ["mnist", "fashion-mnist", "kmnist", "emnist-digits", "cifar-10"];

    /// The source of the set of that name, one of [`SetSource::NAMES`].
    ///
    /// ```
    /// use lenet_data::fetch::SetSource;
    ///
    /// for name in SetSource::NAMES {
    ///     let files = SetSource::named(name).expect("it is in the table").files.len();
    ///     assert_eq!(files, if name == "cifar-10" { 6 } else { 4 });
    /// }
    /// assert_eq!(SetSource::named("imagenet"), None);
    /// ```
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let md5 = |md5: &str| Checksum::Md5(md5.into());
        match name {
            "mnist" => Some(Self::of_four(
                name,
                &[
                    "https://ossci-datasets.s3.amazonaws.com/mnist/",
                    "https://storage.googleapis.com/cvdf-datasets/mnist/",
                ],
                MNIST.map(|sha256| Checksum::Contents(sha256.into())),
            )),
            // The two hosts below are published as http; what is received is checked anyway.
            "fashion-mnist" => Some(Self::of_four(
                name,
                &["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"],
                FASHION.map(md5),
            )),
            "kmnist" => Some(Self::of_four(name, &["http://codh.rois.ac.jp/kmnist/dataset/kmnist/"], KMNIST.map(md5))),
            "emnist-digits" => Some(Self::emnist_digits()),
            "cifar-10" => Some(Self::cifar_10()),
            _ => None,
        }
    }

    fn of_four(name: &str, mirrors: &[&str], checksums: [Checksum; 4]) -> Self {
        let file = |((name, size), checksum): ((&str, u64), _)| SourceFile { name: name.into(), size, checksum };
        Self {
            name: name.into(),
            mirrors: mirrors.iter().map(|&mirror| mirror.into()).collect(),
            files: FILES.into_iter().zip(checksums).map(file).collect(),
            archive: None,
        }
    }

    fn emnist_digits() -> Self {
        let file = |part, kind, size| SourceFile {
            name: format!("emnist-digits-{part}-{kind}-ubyte.gz"),
            size,
            checksum: Checksum::Gzip,
        };
        Self {
            name: "emnist-digits".into(),
            // It has moved before.
            mirrors: vec!["https://biometrics.nist.gov/cs_links/EMNIST/".into()],
            files: vec![
                file("train", "images-idx3", 16 + 240_000 * 784),
                file("train", "labels-idx1", 8 + 240_000),
                file("test", "images-idx3", 16 + 40_000 * 784),
                file("test", "labels-idx1", 8 + 40_000),
            ],
            archive: Some(Archive {
                name: "gzip.zip".into(),
                md5: "58c8d27c78d21e728a6bc7b3cc06412e".into(),
                // Some 560 MB, and room.
                most: 1_000_000_000,
            }),
        }
    }

    fn cifar_10() -> Self {
        let file =
            |name: &str| SourceFile { name: name.into(), size: 10_000 * (1 + 3 * 32 * 32), checksum: Checksum::Size };
        Self {
            name: "cifar-10".into(),
            mirrors: vec!["https://www.cs.toronto.edu/~kriz/".into()],
            files: TRAIN_FILES.into_iter().chain([TEST_FILE]).map(file).collect(),
            archive: Some(Archive {
                name: "cifar-10-binary.tar.gz".into(),
                md5: "c32a1d4ab5d03f1284b67883e8d87530".into(),
                most: 170_052_171,
            }),
        }
    }

    /// The address of `file` at `mirror`: below it, unless the mirror is itself the address of an archive. `{set}` in it
    /// stands for the set's name.
    pub(super) fn address(&self, mirror: &str, file: &str) -> Result<String, FetchError> {
        let mirror = mirror.replace("{set}", &self.name);
        let is_http =
            ["http://", "https://"].iter().any(|scheme| mirror.starts_with(scheme) && mirror.len() > scheme.len());
        if !is_http {
            return Err(FetchError::Address { address: mirror });
        }
        if self.archive.as_ref().is_some_and(|archive| mirror.ends_with(archive.suffix())) {
            return Ok(mirror);
        }
        Ok(format!("{}/{file}", mirror.trim_end_matches('/')))
    }
}

impl Archive {
    /// The end of its name, which tells its format.
    pub(super) fn suffix(&self) -> &'static str {
        if self.name.ends_with(TAR) { TAR } else { ".zip" }
    }
}

/// The end of the name of a tar file that is packed by gzip.
pub(super) const TAR: &str = ".tar.gz";

impl SourceFile {
    /// As many bytes as it can have: gzip stores what it can't make smaller, with a header and five bytes for each 16 KB or more.
    pub(super) fn most(&self) -> u64 {
        self.size + self.size / 1_000 + 1_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let mnist = SetSource::named("mnist").unwrap();
        let address = |mirror: &str| mnist.address(mirror, "a.gz").map_err(|error| error.to_string());
        assert_eq!(address("http://x").unwrap(), "http://x/a.gz");
        assert_eq!(address("https://x/y//").unwrap(), "https://x/y/a.gz");
        assert_eq!(address("https://x/{set}").unwrap(), "https://x/mnist/a.gz");
        assert_eq!(address("http://x/y.zip").unwrap(), "http://x/y.zip/a.gz");
        let said = "ftp://x: is not the address of a mirror; give one that begins with http:// or https://";
        assert_eq!(address("ftp://x").unwrap_err(), said);
        assert!(address("https://").is_err() && address("").is_err());
        let emnist = SetSource::named("emnist-digits").unwrap();
        assert_eq!(emnist.address("http://x/moved.zip", "gzip.zip").unwrap(), "http://x/moved.zip");
        assert_eq!(emnist.address("http://x/", "gzip.zip").unwrap(), "http://x/gzip.zip");
        let cifar = SetSource::named("cifar-10").unwrap();
        assert_eq!(cifar.address("http://x/moved.tar.gz", "c.tar.gz").unwrap(), "http://x/moved.tar.gz");
        assert_eq!(cifar.address("http://x/y.zip", "c.tar.gz").unwrap(), "http://x/y.zip/c.tar.gz");
    }
}

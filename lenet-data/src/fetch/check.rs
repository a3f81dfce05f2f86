//! Whether a file is the one that was published, and whole.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

use flate2::bufread::MultiGzDecoder;
use md5::{Digest, Md5};
use sha2::Sha256;

use super::{Checksum, SourceFile};

/// What a downloaded file has to be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Expected<'a> {
    /// A gzip file of a set.
    File(&'a SourceFile),
    /// Any file with this MD5.
    Md5(&'a String),
}

/// Reads a file from end to end. The inner error says in what it differs.
pub(super) fn check(path: &Path, expected: Expected<'_>) -> io::Result<Result<(), String>> {
    let file = BufReader::with_capacity(1 << 16, File::open(path)?);
    match expected {
        Expected::Md5(md5) | Expected::File(SourceFile { checksum: Checksum::Md5(md5), .. }) => {
            let (_, found) = digest::<Md5>(file)?;
            Ok(compare("its MD5 is", &found, md5))
        }
        Expected::File(SourceFile { size, checksum: Checksum::Size, .. }) => {
            let found = file.into_inner().metadata()?.len();
            Ok(if found == *size { Ok(()) } else { Err(format!("has {found} bytes, expected {size}")) })
        }
        Expected::File(SourceFile { size, checksum, .. }) => {
            // However much a gzip stream unpacks to, no more is read than was announced, and one byte.
            let contents = MultiGzDecoder::new(file).take(size + 1);
            let (found_size, found) = match digest::<Sha256>(contents) {
                Ok(found) => found,
                Err(error) if crate::folder::is_gzip(&error) => {
                    return Ok(Err(format!("is not a valid gzip file ({error})")));
                }
                Err(error) => return Err(error),
            };
            Ok(match checksum {
                _ if found_size > *size => Err(format!("unpacks to more than the {size} bytes expected")),
                _ if found_size < *size => Err(format!("unpacks to {found_size} bytes, expected {size}")),
                Checksum::Contents(sha256) => compare("the SHA-256 of its contents is", &found, sha256),
                _ => Ok(()),
            })
        }
    }
}

fn compare(what: &str, found: &str, expected: &str) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what} {found}, expected {expected}")) }
}

/// How many bytes there are, and their digest.
fn digest<D: Digest>(mut reader: impl Read) -> io::Result<(u64, String)> {
    let (mut digest, mut size) = (D::new(), 0);
    let mut bytes = vec![0; 1 << 16];
    loop {
        match reader.read(&mut bytes) {
            Ok(0) => break,
            Ok(read) => {
                digest.update(&bytes[..read]);
                size += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok((size, digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()))
}

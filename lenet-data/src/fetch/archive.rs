//! A set's files out of the zip file that they are published in.

use std::{
    fs::{self, File},
    io::{self, BufReader, Read},
    path::Path,
};

use zip::ZipArchive;

use super::{
    FetchError, SourceFile,
    check::{Expected, check},
    place::{move_into_place, part_of, write_error},
};

/// Takes `files` out of the archive, into `folder`: each beside its place first, checked, then renamed.
pub(super) fn unpack(archive: &Path, files: &[SourceFile], folder: &Path) -> Result<(), FetchError> {
    let wrong = |what: String| FetchError::Archive { archive: archive.to_owned(), what };
    let read = |error| FetchError::Read { file: archive.display().to_string(), error };
    let open = BufReader::new(File::open(archive).map_err(read)?);
    let mut zip = ZipArchive::new(open).map_err(|error| wrong(error.to_string()))?;
    for file in files {
        let index = (0..zip.len()).find(|&i| {
            let entry = zip.by_index_raw(i);
            entry.is_ok_and(|entry| entry.name().is_ok_and(|name| name.rsplit('/').next() == Some(&file.name)))
        });
        let index = index.ok_or_else(|| wrong(format!("{} is not in it", file.name)))?;
        let entry = zip.by_index(index).map_err(|error| wrong(format!("{}: {error}", file.name)))?;
        let path = folder.join(&file.name);
        let part = part_of(&path);
        let mut out = File::create(&part).map_err(write_error(&part))?;
        copy(entry.take(file.most() + 1), &mut out, &part, |error| wrong(format!("{}: {error}", file.name)))?;
        let unsound = check(&part, Expected::File(file)).map_err(read)?;
        if let Err(what) = unsound {
            let _ = fs::remove_file(&part);
            return Err(wrong(format!("{}: {what}", file.name)));
        }
        move_into_place(&out, &part, &path)?;
    }
    Ok(())
}

/// Copies to the end. What can't be read is the archive's fault, what can't be written the disk's: then nothing is left.
fn copy(
    mut from: impl Read,
    to: &mut File,
    part: &Path,
    wrong: impl Fn(io::Error) -> FetchError,
) -> Result<(), FetchError> {
    let mut bytes = vec![0; 1 << 16];
    loop {
        let copied = match from.read(&mut bytes) {
            Ok(0) => return Ok(()),
            Ok(read) => io::Write::write_all(to, &bytes[..read]).map_err(write_error(part)),
            Err(error) => Err(wrong(error)),
        };
        if copied.is_err() {
            let _ = fs::remove_file(part);
            return copied;
        }
    }
}

//! A set's files out of the zip or tar file that they are published in.

use std::{
    fs::{self, File},
    io::{self, BufReader, Read},
    path::Path,
};

use flate2::bufread::MultiGzDecoder;
use tar::Archive as TarArchive;
use zip::ZipArchive;

use super::{
    Archive, FetchError, SourceFile,
    check::{Expected, check},
    place::{move_into_place, part_of, write_error},
    source::TAR,
};

/// Takes `files` out of the archive, into `folder`: each beside its place first, checked, then renamed.
pub(super) fn unpack(published: &Archive, path: &Path, files: &[SourceFile], folder: &Path) -> Result<(), FetchError> {
    let unpacking = Unpacking { archive: path, folder };
    let open = BufReader::new(File::open(path).map_err(|error| unpacking.unread(error))?);
    if published.suffix() == TAR { unpacking.tar(open, files) } else { unpacking.zip(open, files) }
}

/// The archive, and where its files go.
struct Unpacking<'a> {
    archive: &'a Path,
    folder: &'a Path,
}

impl Unpacking<'_> {
    fn wrong(&self, what: String) -> FetchError {
        FetchError::Archive { archive: self.archive.to_owned(), what }
    }

    fn unread(&self, error: io::Error) -> FetchError {
        FetchError::Read { file: self.archive.display().to_string(), error }
    }

    fn zip(&self, open: BufReader<File>, files: &[SourceFile]) -> Result<(), FetchError> {
        let mut zip = ZipArchive::new(open).map_err(|error| self.wrong(error.to_string()))?;
        for file in files {
            let index = (0..zip.len()).find(|&i| {
                let entry = zip.by_index_raw(i);
                entry.is_ok_and(|entry| entry.name().is_ok_and(|name| name.rsplit('/').next() == Some(&file.name)))
            });
            let index = index.ok_or_else(|| self.missing(file))?;
            let entry = zip.by_index(index).map_err(|error| self.wrong(format!("{}: {error}", file.name)))?;
            self.extract(entry, file)?;
        }
        Ok(())
    }

    /// A tar file has no list of its contents: it is read from end to end.
    fn tar(&self, open: BufReader<File>, files: &[SourceFile]) -> Result<(), FetchError> {
        let damaged = |error: io::Error| self.wrong(format!("is not a valid .tar.gz file ({error})"));
        let mut wanted: Vec<&SourceFile> = files.iter().collect();
        let mut tar = TarArchive::new(MultiGzDecoder::new(open));
        for entry in tar.entries().map_err(damaged)? {
            let entry = entry.map_err(damaged)?;
            let name = entry.path().map_err(damaged)?.file_name().map(ToOwned::to_owned);
            let is_file = entry.header().entry_type().is_file();
            let place = wanted.iter().position(|file| is_file && name.as_deref() == Some(file.name.as_ref()));
            if let Some(place) = place {
                self.extract(entry, wanted.swap_remove(place))?;
            }
            if wanted.is_empty() {
                return Ok(());
            }
        }
        wanted.first().map_or(Ok(()), |file| Err(self.missing(file)))
    }

    fn missing(&self, file: &SourceFile) -> FetchError {
        self.wrong(format!("{} is not in it", file.name))
    }

    /// Brings one file of the archive to its place.
    fn extract(&self, entry: impl Read, file: &SourceFile) -> Result<(), FetchError> {
        let path = self.folder.join(&file.name);
        let part = part_of(&path);
        let mut out = File::create(&part).map_err(write_error(&part))?;
        copy(entry.take(file.most() + 1), &mut out, &part, |error| self.wrong(format!("{}: {error}", file.name)))?;
        let unsound = check(&part, Expected::File(file)).map_err(|error| self.unread(error))?;
        if let Err(what) = unsound {
            let _ = fs::remove_file(&part);
            return Err(self.wrong(format!("{}: {what}", file.name)));
        }
        move_into_place(&out, &part, &path)
    }
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

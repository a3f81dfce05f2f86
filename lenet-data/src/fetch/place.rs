//! From a file that grows to one that has its final name.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use super::FetchError;

/// Where a file grows until it is whole.
pub(super) fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// Gives a whole file its final name, once all of it is on disk.
pub(super) fn move_into_place(open: &File, part: &Path, path: &Path) -> Result<(), FetchError> {
    open.sync_all().and_then(|()| fs::rename(part, path)).map_err(write_error(path))
}

pub(super) fn write_error(file: &Path) -> impl Fn(io::Error) -> FetchError {
    move |error| FetchError::Write { file: file.display().to_string(), error }
}

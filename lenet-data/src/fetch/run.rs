//! A set, file by file and mirror by mirror, until it is there.

use std::{
    collections::VecDeque,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    Failure, FetchError, Reason, SetSource, archive,
    check::{Expected, check},
    client::{Client, Download, Stop},
    place::{move_into_place, part_of, write_error},
};

/// How to fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchOptions {
    /// Addresses to ask before the source's own, in this order; `{set}` in one stands for the set's name. For a set in an archive one
    /// that ends as the archive does, in `.zip` or `.tar.gz`, is the archive itself.
    pub mirrors: Vec<String>,
    /// How long a connection may take to come about, and how long the next byte may take to come.
    pub timeout: Duration,
    /// Fetch what is there already. It stays until the new file is whole.
    pub force: bool,
}

impl Default for FetchOptions {
    /// The source's own mirrors, 30 seconds, nothing twice.
    fn default() -> Self {
        Self { mirrors: Vec::new(), timeout: Duration::from_secs(30), force: false }
    }
}

/// What [`fetch`] had to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetched {
    /// Nothing: every file was there and whole.
    AlreadyThere,
    /// At least one file came.
    Downloaded,
}

/// What [`fetch`] is doing, for whoever shows it.
#[derive(Debug)]
#[non_exhaustive]
pub enum FetchEvent<'a> {
    /// Another process fetches into this folder; it is waited for.
    Waiting {
        /// The folder.
        folder: &'a Path,
    },
    /// A file is there and whole.
    Present {
        /// Its name.
        file: &'a str,
    },
    /// A mirror is asked for a file.
    Asking {
        /// The file's name.
        file: &'a str,
        /// Its address there.
        address: &'a str,
    },
    /// Bytes of that file came, or are there from an earlier download.
    Received {
        /// How many are there.
        bytes: u64,
        /// How many there will be, if the server has said so.
        total: Option<u64>,
    },
    /// That mirror did not give it; the next is asked, if there is one.
    Failed(&'a Failure),
    /// A file of the set has come, whole and right.
    Finished {
        /// Its name.
        file: &'a str,
    },
}

/// Makes sure that every file of a set is in `folder`, whole. The folder is made if need be; of several processes one fetches
/// and the others wait.
///
/// # Errors
/// The first file that no mirror gave, or what the disk or the archive is in the way with. What was in the folder under
/// its final name is still there then, and what came of a file is kept beside it, to go on from.
pub fn fetch(
    source: &SetSource,
    folder: &Path,
    options: &FetchOptions,
    progress: &mut dyn FnMut(FetchEvent<'_>),
) -> Result<Fetched, FetchError> {
    let published = source.archive.as_ref().map(|archive| &archive.name);
    for mirror in options.mirrors.iter().chain(&source.mirrors) {
        source.address(mirror, published.unwrap_or(&source.name))?;
    }
    fs::create_dir_all(folder).map_err(write_error(folder))?;
    let _lock = lock(folder, progress)?;
    let mut wanted = Vec::new();
    for file in &source.files {
        if !options.force && is_whole(&folder.join(&file.name), Expected::File(file))? {
            progress(FetchEvent::Present { file: &file.name });
        } else {
            wanted.push(file.clone());
        }
    }
    if wanted.is_empty() {
        return Ok(Fetched::AlreadyThere);
    }
    let client = Client::new(options.timeout)
        .ok_or_else(|| FetchError::NoClient { set: source.name.clone(), folder: folder.to_owned() })?;
    let mirrors = options.mirrors.iter().chain(&source.mirrors).map(String::as_str).collect();
    let mut run = Run { source, folder, client, mirrors, progress };
    if let Some(archive) = &source.archive {
        let path = run.get(&archive.name, archive.most, Expected::Md5(&archive.md5))?;
        archive::unpack(archive, &path, &wanted, folder)?;
        // A few files of it are wanted; a copy that can't be taken away does no harm.
        let _ = fs::remove_file(path);
        wanted.iter().for_each(|file| (run.progress)(FetchEvent::Finished { file: &file.name }));
    } else {
        for file in &wanted {
            run.get(&file.name, file.most(), Expected::File(file))?;
            (run.progress)(FetchEvent::Finished { file: &file.name });
        }
    }
    Ok(Fetched::Downloaded)
}

/// The right to write into a folder; it ends with the file, or with the process.
fn lock(folder: &Path, progress: &mut dyn FnMut(FetchEvent<'_>)) -> Result<File, FetchError> {
    let path = folder.join("fetch.lock");
    let file = File::create(&path).map_err(write_error(&path))?;
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(fs::TryLockError::WouldBlock) => progress(FetchEvent::Waiting { folder }),
        Err(fs::TryLockError::Error(error)) => return Err(write_error(&path)(error)),
    }
    file.lock().map_err(write_error(&path))?;
    Ok(file)
}

/// Whether a file is there as it should be.
fn is_whole(path: &Path, expected: Expected<'_>) -> Result<bool, FetchError> {
    match check(path, expected) {
        Ok(checked) => Ok(checked.is_ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(FetchError::Read { file: path.display().to_string(), error }),
    }
}

/// What one call of [`fetch`] works with.
struct Run<'a> {
    source: &'a SetSource,
    folder: &'a Path,
    client: Client,
    /// The one that gave the last file comes first: one that is dead costs its time once.
    mirrors: VecDeque<&'a str>,
    progress: &'a mut dyn FnMut(FetchEvent<'_>),
}

impl Run<'_> {
    /// Brings a file to its place in the folder, from the first mirror that gives it.
    fn get(&mut self, name: &str, most: u64, expected: Expected<'_>) -> Result<PathBuf, FetchError> {
        if self.mirrors.is_empty() {
            return Err(FetchError::NoMirror { set: self.source.name.clone() });
        }
        let path = self.folder.join(name);
        let part = part_of(&path);
        let mut failures = Vec::new();
        for place in 0..self.mirrors.len() {
            let address = self.source.address(self.mirrors[place], name)?;
            (self.progress)(FetchEvent::Asking { file: name, address: &address });
            match self.try_mirror(&Download { address: &address, part: &part, most }, expected) {
                Ok(()) => {
                    let open = File::options().append(true).open(&part).map_err(write_error(&part))?;
                    move_into_place(&open, &part, &path)?;
                    let mirror = self.mirrors.remove(place);
                    mirror.into_iter().for_each(|mirror| self.mirrors.push_front(mirror));
                    return Ok(path);
                }
                Err(Stop::Mirror(reason)) => {
                    let failure = Failure { address, reason };
                    (self.progress)(FetchEvent::Failed(&failure));
                    failures.push(failure);
                }
                Err(Stop::Disk(error)) => {
                    // Where there is no room, what came takes up the last of it.
                    let _ = fs::remove_file(&part);
                    return Err(write_error(&part)(error));
                }
            }
        }
        Err(FetchError::Mirrors { file: name.into(), failures })
    }

    /// Leaves the part whole and right, or says why not; then only what can be gone on from is left of it.
    fn try_mirror(&mut self, download: &Download<'_>, expected: Expected<'_>) -> Result<(), Stop> {
        let progress = &mut *self.progress;
        let mut once = || -> Result<(bool, Result<(), String>), Stop> {
            let mut tell = |bytes, total| progress(FetchEvent::Received { bytes, total });
            let continued = self.client.download(download, &mut tell)?;
            Ok((continued, check(download.part, expected).map_err(Stop::Disk)?))
        };
        let mut outcome = once();
        if let Ok((true, Err(_))) = outcome {
            // Two ends that do not belong together: from the start.
            fs::remove_file(download.part).map_err(Stop::Disk)?;
            outcome = once();
        }
        let reason = match outcome {
            Ok((_, Ok(()))) => return Ok(()),
            Ok((_, Err(what))) => Reason::Wrong(what),
            Err(Stop::Mirror(reason)) => reason,
            Err(disk) => return Err(disk),
        };
        if matches!(reason, Reason::Wrong(_) | Reason::TooLong { .. }) {
            let _ = fs::remove_file(download.part);
        }
        Err(reason.into())
    }
}

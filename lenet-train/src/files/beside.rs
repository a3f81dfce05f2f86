//! Files that are either complete or absent.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Names of temporary files begin with this. A file with such a name that is found later was left by a killed program.
pub const UNFINISHED: &str = ".lenet-unfinished-";

/// Writes `bytes` to a new file beside `path` and renames it when all of it is on disk. At any moment either the old
/// file or the new one is there, complete.
///
/// A symbolic link is followed: the file it points to is replaced, the link stays. A device or a pipe is written to,
/// not replaced.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = &folder.path().join("result.json");
/// lenet_train::write_beside(path, b"[1, 2]")?;
/// lenet_train::write_beside(path, b"[3]")?;
/// assert_eq!(std::fs::read(path)?, b"[3]");
/// // No temporary file is left.
/// assert_eq!(std::fs::read_dir(folder.path())?.count(), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// Those of the file system; the old file is then still there.
pub fn write_beside(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if is_special(path) {
        return OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    let path = follow(path)?;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // A temporary file is private by default; the umask decides who may read a result.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Whether `path` names a device, a pipe or a socket.
fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|target| !target.is_file() && !target.is_dir())
}

/// The path that a chain of symbolic links ends at. It need not exist.
fn follow(path: &Path) -> io::Result<PathBuf> {
    /// The limit of Linux.
    const MOST: usize = 40;
    let mut path = path.to_path_buf();
    for _ in 0..MOST {
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            // Not a link, or nothing there.
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

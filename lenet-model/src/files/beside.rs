//! Files that are whole or not there.

use std::io::Write;
use std::path::Path;

/// How the names of files begin that are not whole yet; one that is found later was left by a program that was killed.
pub const UNFINISHED: &str = ".lenet-unfinished-";

/// Writes `bytes` to a new file beside `path`, and renames it when all of it is on disk: at any moment the old file or
/// the new one is there, whole.
///
/// # Errors
/// Those of the file system; the old file is then still there.
pub fn write_beside(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // A temporary file is private by default; a result is as readable as the umask lets it be.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

//! Where downloaded sets are kept.

use std::{env, path::PathBuf};

use etcetera::BaseStrategy;

use super::FetchError;

/// The folder of all sets: what the environment variable `LENET_DATA` names, else `lenet` in the system's folder for
/// caches (`$XDG_CACHE_HOME` or `~/.cache` on Linux, `~/Library/Caches` on macOS, `%LOCALAPPDATA%` on Windows). It need not be there yet.
///
/// # Errors
/// [`FetchError::NoCacheFolder`] if there is neither.
pub fn cache_folder() -> Result<PathBuf, FetchError> {
    match env::var_os("LENET_DATA") {
        Some(folder) if !folder.is_empty() => Ok(folder.into()),
        _ => match etcetera::base_strategy::choose_native_strategy() {
            Ok(system) => Ok(system.cache_dir().join("lenet")),
            Err(_) => Err(FetchError::NoCacheFolder),
        },
    }
}

/// The folder of one set within [`cache_folder`].
///
/// # Errors
/// As there.
pub fn set_folder(set: &str) -> Result<PathBuf, FetchError> {
    Ok(cache_folder()?.join(set))
}

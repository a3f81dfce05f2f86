//! Where a data set is read from: the value of `--data`.

use super::Misuse;
use anyhow::{Context, bail};
use lenet_data::fetch::{SetSource, set_folder};
use lenet_data::{DataError, Dataset, ReadOptions, Transpose};
use std::path::{Path, PathBuf};

/// The set that is built into the program.
const BUILT_IN: &str = "mnist";

/// Where a set is read from.
pub(crate) enum Place {
    /// MNIST, built into the program.
    BuiltIn,
    /// The set with that name, in its folder of the cache.
    Cache(&'static str, PathBuf),
    /// Another folder, or a file.
    Path(PathBuf),
}

impl Place {
    /// Finds out what `word` means. The name of a set always means the set, because what a command does must not depend
    /// on the content of the current folder. `./mnist` is a folder.
    pub(crate) fn of(word: &Path) -> anyhow::Result<Self> {
        match SetSource::NAMES.into_iter().find(|name| word.as_os_str() == *name) {
            Some(BUILT_IN) => Ok(Place::BuiltIn),
            Some(name) => Ok(Place::Cache(name, set_folder(name)?)),
            None => Ok(Place::Path(word.to_path_buf())),
        }
    }

    /// The folder or the file, unless the set is built in.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Place::BuiltIn => None,
            Place::Cache(_, path) | Place::Path(path) => Some(path),
        }
    }

    /// Reads the set.
    pub(crate) fn load(&self, transpose: bool) -> anyhow::Result<Dataset> {
        if transpose && !matches!(self, Place::Path(_)) {
            return Err(Misuse(
                "--transpose is for files and folders: the program knows how the sets that have a name are stored; leave it out"
                    .into(),
            )
            .into());
        }
        match self {
            Place::BuiltIn => Ok(Dataset::mnist()?),
            Place::Cache(name, folder) => read_cache(name, folder),
            Place::Path(path) => {
                let transpose = if transpose { Transpose::Always } else { Transpose::Auto };
                match Dataset::read(path, ReadOptions { transpose }) {
                    Err(error @ DataError::NotFound { .. }) if path.components().count() > 1 => Err(error.into()),
                    Err(DataError::NotFound { path }) => bail!(
                        "{}: there is no such file or folder, and no set with that name; the sets are {}",
                        path.display(),
                        SetSource::NAMES.join(", ")
                    ),
                    read => Ok(read?),
                }
            }
        }
    }
}

/// The set whose images are no images of the MNIST family.
const COLOUR: &str = "cifar-10";

/// Reads a set that has been fetched. The error says how to fetch it.
fn read_cache(name: &str, folder: &Path) -> anyhow::Result<Dataset> {
    if name == COLOUR {
        bail!(
            "{name}: its images are 32x32 in colour, and this command reads sets of 28x28 grey levels: choose another set, or \
             read it in a program of your own with lenet_data::cifar"
        );
    }
    let here = || match Path::new(name).is_dir() {
        true => format!("; for the folder of that name write ./{name}"),
        false => String::new(),
    };
    match Dataset::read_dir(folder, ReadOptions::default()) {
        Ok(set) => Ok(Dataset { name: name.into(), ..set }),
        Err(DataError::NoFolder { .. } | DataError::MissingFile { .. }) => {
            bail!("{name}: is not in {}: run `lenet data fetch {name}`{}", folder.display(), here())
        }
        Err(error) => Err(error).with_context(|| format!("{name}: run `lenet data fetch {name}` again")),
    }
}

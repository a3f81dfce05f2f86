//! Where pictures come from: files, folders, standard input; pictures, IDX and CSV, recognised by their content.

use anyhow::{Context, bail};
use lenet_data::idx::Idx;
use lenet_data::{CsvImages, Picture, is_csv, read_csv};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The most bytes of a file that are read, before and after decompression.
const MOST_BYTES: u64 = 64 << 20;

/// A file, or standard input.
pub(super) enum Source {
    File(PathBuf),
    StandardInput,
}

/// The content of a source.
pub(super) enum Content {
    Picture(Picture),
    /// Many pictures of one size.
    Idx {
        images: Idx<u8>,
        width: usize,
        height: usize,
    },
    /// The images of a CSV file.
    Csv(CsvImages),
}

impl Source {
    /// The sources that `word` stands for: `-`, a file, or the pictures of a folder in the order of their names. Folders within
    /// it are left out.
    pub(super) fn all(word: &OsStr) -> anyhow::Result<Vec<Source>> {
        if word == "-" {
            return Ok(vec![Source::StandardInput]);
        }
        let path = PathBuf::from(word);
        if !path.is_dir() {
            return Ok(vec![Source::File(path)]);
        }
        let unreadable = || format!("{}: can't be read", path.display());
        let mut files = Vec::new();
        for entry in fs::read_dir(&path).with_context(unreadable)? {
            let file = entry.with_context(unreadable)?.path();
            if is_named_as_picture(&file) && !file.is_dir() {
                files.push(file);
            }
        }
        if files.is_empty() {
            bail!("{}: this folder has no picture and no IDX file of images: give another one", path.display());
        }
        files.sort();
        Ok(files.into_iter().map(Source::File).collect())
    }

    /// Its name in results and messages.
    pub(super) fn name(&self) -> String {
        match self {
            Source::File(path) => path.display().to_string(),
            Source::StandardInput => "stdin".into(),
        }
    }

    /// The word of the command line that names it.
    pub(super) fn word(&self) -> String {
        match self {
            Source::File(path) => path.display().to_string(),
            Source::StandardInput => "-".into(),
        }
    }

    /// Reads it.
    pub(super) fn read(&self) -> anyhow::Result<Content> {
        let name = self.name();
        let cannot = || format!("{name}: can't be read: check that it is there and may be read");
        let bytes = match self {
            Source::StandardInput => bounded(io::stdin().lock()),
            Source::File(path) if path.is_dir() => bail!("{name}: this is a folder; give a picture or an IDX file"),
            Source::File(path) => File::open(path).and_then(bounded),
        };
        let bytes = bytes.with_context(cannot)?;
        content(&name, bytes)
    }
}

/// Reads up to one byte more than the limit, which shows that there is too much.
fn bounded(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn content(name: &str, bytes: Vec<u8>) -> anyhow::Result<Content> {
    const GZIP: &[u8] = &[0x1f, 0x8b];
    let bytes = if bytes.starts_with(GZIP) {
        bounded(flate2::read::MultiGzDecoder::new(&bytes[..]))
            .with_context(|| format!("{name}: the gzip data are damaged: fetch the file again"))?
    } else {
        bytes
    };
    let csv = is_csv(&bytes);
    // Two zeros and the type of the values. AVIF, HEIC and ICO files begin with zeros too.
    let idx = matches!(bytes[..], [0, 0, 0x08..=0x0e, ..]);
    if !csv && !idx {
        return Ok(Content::Picture(Picture::decode(name, &bytes)?));
    }
    if bytes.len() as u64 > MOST_BYTES {
        bail!("{name}: more than {} MB of images: give them in parts", MOST_BYTES >> 20);
    }
    if csv {
        return Ok(Content::Csv(read_csv(&bytes, name)?));
    }
    let images = Idx::<u8>::read(&bytes[..], name)?;
    match *images.dims() {
        [_, height, width] => Ok(Content::Idx { width: width as usize, height: height as usize, images }),
        _ => bail!(
            "{name}: has {} dimensions, expected 3 (images, rows, columns); give a file of images",
            images.dims().len()
        ),
    }
}

/// Whether the name is one of a picture or of an IDX file of images.
fn is_named_as_picture(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let is_idx = ["idx3-ubyte", "idx3-ubyte.gz"].iter().any(|end| name.ends_with(end));
    !name.starts_with('.') && (Picture::has_extension(path) || is_idx)
}

//! Everything that can be wrong with a picture. Each message is one line: what is wrong, and what to do.

use std::{io, path::PathBuf};

/// What is wrong with a picture, in one line that ends in what to do about it. The message of the operating system is
/// the error's `source()`; the decoder's is in the line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// A side of the picture is zero.
    #[error("a picture of {width}x{height} has no pixels; give one of at least 1x1")]
    NoPixels {
        /// Pixels in a row.
        width: usize,
        /// Rows.
        height: usize,
    },
    /// The number of pixels is not what the sides multiply to.
    #[error("{found} pixels do not fill a picture of {width}x{height}; give {expected}")]
    Pixels {
        /// Pixels in a row.
        width: usize,
        /// Rows.
        height: usize,
        /// The pixels given.
        found: usize,
        /// The pixels wanted.
        expected: usize,
    },
    /// Nothing in the picture stands out from its ground as a digit does.
    #[error(
        "no ink found: nothing of at least 5 pixels stands out from the ground; give a picture with more contrast, or cut it \
         closer to the digit"
    )]
    NoInk,
    /// A folder stands where a file should.
    #[error("{}: this is a folder; give a picture file", .file.display())]
    NotAFile {
        /// The folder.
        file: PathBuf,
    },
    /// The operating system could not read the file.
    #[error("{}: cannot be read; check that it is there and may be read", .file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        #[source]
        error: io::Error,
    },
    /// The file has more bytes than are read.
    #[error("{}: has more than {most} bytes; give a smaller picture file", .file.display())]
    TooLong {
        /// The file.
        file: PathBuf,
        /// As many as are read.
        most: u64,
    },
    /// There is nothing in the file.
    #[error("{}: is empty; give a picture file", .file.display())]
    Empty {
        /// The file.
        file: PathBuf,
    },
    /// The file does not begin as a file of one of the formats that are read.
    #[error(
        "{}: is not a PNG, JPEG, WebP, BMP, GIF, TIFF or PNM picture, whatever its name; save it as one of them",
        .file.display()
    )]
    UnknownFormat {
        /// The file.
        file: PathBuf,
    },
    /// The picture has more pixels than are decoded.
    #[error(
        "{}: is {width}x{height}, more than {most} megapixels; scale it down, or cut it closer to the digits",
        .file.display()
    )]
    TooLarge {
        /// The file.
        file: PathBuf,
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
        /// Megapixels that are decoded.
        most: u32,
    },
    /// The file can't be decoded.
    #[error("{}: is damaged or of a kind that is not read ({reason}); save it again as PNG or JPEG", .file.display())]
    Decode {
        /// The file.
        file: PathBuf,
        /// What the decoder said.
        reason: String,
    },
}

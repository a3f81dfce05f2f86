//! The IDX format, read and written: two zero bytes, a type byte, the number of dimensions, the dimensions as big-endian
//! `u32`, then the values, big-endian and row by row.
//!
//! A header is a claim, not a fact. Memory grows with the bytes that have arrived, never with what the header
//! announces, and a file must end exactly where its header says.
//!
//! ```
//! use lenet_data::idx::Idx;
//!
//! let written = Idx::new(vec![2, 3], vec![1_i32, 2, 3, 4, 5, 6])?;
//! let mut file = Vec::new();
//! written.write(&mut file)?;
//! assert_eq!(file[..4], [0, 0, 0x0c, 2]);
//!
//! let read = Idx::<i32>::read(&file[..], "six-idx2-int")?;
//! assert_eq!(read.dims(), [2, 3]);
//! assert_eq!(read.data(), [1, 2, 3, 4, 5, 6]);
//!
//! let cut = Idx::<i32>::read(&file[..30], "six-idx2-int").unwrap_err();
//! assert_eq!(
//!     cut.to_string(),
//!     "six-idx2-int: expected 6 values, found 4: the file is cut short; fetch it again",
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::io::{self, Read, Write};

use crate::DataError;

/// How many bytes are read at a time, at the least.
const CHUNK: usize = 1 << 16;

/// A type that IDX files can hold: `u8`, `i8`, `i16`, `i32`, `f32` and `f64`.
pub trait Element: Copy + sealed::BigEndian {
    /// The third byte of a file of this type.
    const TYPE: u8;
    /// The name in error messages.
    const NAME: &'static str;
}

mod sealed {
    pub trait BigEndian: Sized {
        const SIZE: usize;
        /// `bytes` are `SIZE` long.
        fn decode(bytes: &[u8]) -> Self;
        fn encode(self, out: &mut Vec<u8>);
    }
}

macro_rules! elements {
    ($($type:ty = $code:literal),*) => {$(
        impl Element for $type {
            const TYPE: u8 = $code;
            const NAME: &'static str = stringify!($type);
        }
        impl sealed::BigEndian for $type {
            const SIZE: usize = size_of::<$type>();
            fn decode(bytes: &[u8]) -> Self {
                let mut own = [0; size_of::<$type>()];
                own.copy_from_slice(bytes);
                Self::from_be_bytes(own)
            }
            fn encode(self, out: &mut Vec<u8>) {
                out.extend(self.to_be_bytes());
            }
        }
    )*};
}
elements!(u8 = 0x08, i8 = 0x09, i16 = 0x0b, i32 = 0x0c, f32 = 0x0d, f64 = 0x0e);

/// The contents of an IDX file: at least one value, and exactly as many as the dimensions multiply to.
#[derive(Debug, Clone, PartialEq)]
pub struct Idx<T> {
    dims: Vec<u32>,
    data: Vec<T>,
}

impl<T: Element> Idx<T> {
    /// Values of the given dimensions, the last of which runs fastest; at most 255 dimensions.
    ///
    /// # Errors
    /// If there are no values, not as many as the dimensions multiply to, or more than 255 dimensions.
    pub fn new(dims: Vec<u32>, data: Vec<T>) -> Result<Self, DataError> {
        if data.is_empty() {
            let file = "these values".into();
            return Err(DataError::Empty { file, dims });
        }
        if dims.len() > 255 || product(&dims) != Some(data.len()) {
            let values = data.len();
            return Err(DataError::Shape { dims, values });
        }
        Ok(Self { dims, data })
    }

    /// Reads a whole file from any reader (a `&[u8]` is one), to its end. `name` stands for the file in errors.
    ///
    /// # Errors
    /// If the reader fails, or what it gives is not an IDX file of `T` values that is neither cut short nor followed by more.
    pub fn read(mut reader: impl Read, name: &str) -> Result<Self, DataError> {
        let dims = read_header::<T>(&mut reader, name)?;
        let count = count(&dims, T::SIZE, name)?;
        let data = read_records(&mut reader, count, T::SIZE, T::decode, "values", name)?;
        Ok(Self { dims, data })
    }

    /// Writes the file that [`Idx::read`] reads.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&self, mut writer: impl Write) -> io::Result<()> {
        // `new` and the format itself keep the dimensions below 256.
        let mut bytes = vec![0, 0, T::TYPE, self.dims.len() as u8];
        bytes.extend(self.dims.iter().flat_map(|dim| dim.to_be_bytes()));
        for values in self.data.chunks(CHUNK) {
            for &value in values {
                value.encode(&mut bytes);
            }
            writer.write_all(&bytes)?;
            bytes.clear();
        }
        writer.flush()
    }

    /// The dimensions, slowest first.
    #[must_use]
    pub fn dims(&self) -> &[u32] {
        &self.dims
    }

    /// The values, row by row.
    #[must_use]
    pub fn data(&self) -> &[T] {
        &self.data
    }

    /// The values, given away.
    #[must_use]
    pub fn into_data(self) -> Vec<T> {
        self.data
    }
}

fn product(dims: &[u32]) -> Option<usize> {
    dims.iter().try_fold(1_usize, |product, &dim| product.checked_mul(usize::try_from(dim).ok()?))
}

/// How many records of `size` bytes the dimensions announce: at least one, and no more than memory has addresses.
pub(crate) fn count(dims: &[u32], size: usize, name: &str) -> Result<usize, DataError> {
    let file = || name.to_owned();
    // A zero among the dimensions hides an overflow of the others: look for it first.
    if dims.contains(&0) {
        return Err(DataError::Empty { file: file(), dims: dims.to_vec() });
    }
    match product(dims) {
        Some(count) if count.checked_mul(size).is_some_and(|bytes| bytes <= isize::MAX as usize) => Ok(count),
        _ => Err(DataError::TooLarge { file: file(), dims: dims.to_vec() }),
    }
}

/// Reads the magic number and the dimensions of a file whose values are `T`.
pub(crate) fn read_header<T: Element>(reader: &mut impl Read, name: &str) -> Result<Vec<u32>, DataError> {
    let file = || name.to_owned();
    let mut magic = [0; 4];
    let found = fill(reader, &mut magic, name)?;
    if magic.starts_with(&[0x1f, 0x8b]) {
        return Err(DataError::UnexpectedGzip { file: file() });
    }
    if found < magic.len() {
        return Err(DataError::HeaderCutShort { file: file() });
    }
    let [0, 0, code, dimensions] = magic else {
        return Err(DataError::WrongMagic { file: file(), found: magic });
    };
    if code != T::TYPE {
        return Err(DataError::WrongType { file: file(), expected: T::TYPE, name: T::NAME, found: code });
    }
    let mut dims = Vec::new();
    for _ in 0..dimensions {
        let mut dim = [0; 4];
        if fill(reader, &mut dim, name)? < dim.len() {
            return Err(DataError::HeaderCutShort { file: file() });
        }
        dims.push(u32::from_be_bytes(dim));
    }
    Ok(dims)
}

/// Reads `count` records of `size` bytes (`count * size` having been checked), after which the file must end.
pub(crate) fn read_records<R>(
    reader: &mut impl Read,
    count: usize,
    size: usize,
    mut decode: impl FnMut(&[u8]) -> R,
    what: &'static str,
    name: &str,
) -> Result<Vec<R>, DataError> {
    let at_once = CHUNK.div_ceil(size);
    let mut bytes = vec![0; at_once.min(count) * size];
    let mut records = Vec::new();
    while records.len() < count {
        let wanted = at_once.min(count - records.len());
        let chunk = &mut bytes[..wanted * size];
        let whole = fill(reader, chunk, name)? / size;
        if whole < wanted {
            let (file, found) = (name.to_owned(), records.len() + whole);
            return Err(DataError::CutShort { file, what, expected: count, found });
        }
        if records.capacity() - records.len() < wanted {
            // Twice what has arrived, never more than is announced: no slack stays behind.
            records.reserve_exact(wanted.max(records.len()).min(count - records.len()));
        }
        records.extend(chunk.chunks_exact(size).map(&mut decode));
    }
    if fill(reader, &mut [0], name)? > 0 {
        return Err(DataError::TrailingBytes { file: name.to_owned(), what, expected: count });
    }
    Ok(records)
}

/// Reads until `buffer` is full or the file ends; returns how many bytes came.
pub(crate) fn fill(reader: &mut impl Read, buffer: &mut [u8], name: &str) -> Result<usize, DataError> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                return Err(DataError::Read { file: name.to_owned(), error });
            }
        }
    }
    Ok(filled)
}

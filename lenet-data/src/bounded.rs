//! Reading no more than expected: a small file can unpack to a thousand times its size, and a pipe has no end.

use std::io::{self, ErrorKind, Read};

/// A reader that fails with [`ErrorKind::FileTooLarge`] once it has given more than its limit.
pub(crate) struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Bounded<R> {
    /// A reader of `most` bytes at most.
    pub(crate) fn new(inner: R, most: u64) -> Self {
        Self { inner, left: most }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // One byte more than is left shows that there is more.
        let most = usize::try_from(self.left.saturating_add(1)).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.inner.read(&mut buffer[..most])?;
        self.left = self.left.checked_sub(read as u64).ok_or(ErrorKind::FileTooLarge)?;
        Ok(read)
    }
}

/// Reads to the end; `None` if there are more than `most` bytes.
pub(crate) fn read_at_most(reader: impl Read, most: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    match Bounded::new(reader, most).read_to_end(&mut bytes) {
        Ok(_) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::FileTooLarge => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_itself_is_read_and_one_byte_more_is_not() {
        let bytes = [7; 100];
        assert_eq!(read_at_most(&bytes[..], 100).unwrap().unwrap(), bytes);
        assert!(read_at_most(&bytes[..], 99).unwrap().is_none());
        assert!(read_at_most(io::repeat(7), 1 << 20).unwrap().is_none());
        assert_eq!(read_at_most(&[][..], 0).unwrap().unwrap(), []);
    }
}

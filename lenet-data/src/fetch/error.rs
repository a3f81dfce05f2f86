//! Everything that can go wrong between a server and the cache. As in [`DataError`](crate::DataError), a message is one line.

use std::{fmt, io, path::PathBuf};

/// Why a set is not there, in one line that ends in what to do about it. The message of the
/// operating system is the error's `source()`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The system names no folder for caches.
    #[error("this system names no folder for caches; name one by the environment variable LENET_DATA")]
    NoCacheFolder,
    /// The program has no HTTP client: lenet-data was built without its feature `http`.
    #[error(
        "{set}: this program was built without downloads; build it with the feature `https` of lenet-data, or put the \
         set's files into {}", .folder.display()
    )]
    NoClient {
        /// The set.
        set: String,
        /// Where its files would go.
        folder: PathBuf,
    },
    /// A mirror is not given by an address.
    #[error("{address}: is not the address of a mirror; give one that begins with http:// or https://")]
    Address {
        /// As it was given.
        address: String,
    },
    /// There is nowhere to ask.
    #[error("{set}: no address is known for it; give a mirror")]
    NoMirror {
        /// The set.
        set: String,
    },
    /// The system did not let a file or folder of the cache be written.
    #[error("{file}: cannot be written; make room, or name another folder by the environment variable LENET_DATA")]
    Write {
        /// The file or the folder.
        file: String,
        /// What the operating system said.
        #[source]
        error: io::Error,
    },
    /// The system did not let a file of the cache be read.
    #[error("{file}: cannot be read; take it away, or name another folder by the environment variable LENET_DATA")]
    Read {
        /// The file.
        file: String,
        /// What the operating system said.
        #[source]
        error: io::Error,
    },
    /// The archive arrived as it was published, and the set is not in it.
    #[error("{}: {what}; give another archive of the set", .archive.display())]
    Archive {
        /// The archive.
        archive: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// Every mirror was asked and none gave the file.
    #[error("{file}: no mirror gave it: {}; check the network, or give another mirror", Joined(.failures))]
    Mirrors {
        /// The file.
        file: String,
        /// What each of them said, in the order in which they were asked.
        failures: Vec<Failure>,
    },
}

/// What one mirror said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{address}: {reason}")]
pub struct Failure {
    /// The file's address there.
    pub address: String,
    /// Why it is not had from there.
    pub reason: Reason,
}

/// Why a mirror did not give a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// An answer other than the file.
    #[error("HTTP {0}")]
    Status(u16),
    /// No connection, or none that HTTP or TLS is spoken on.
    #[error("{0}")]
    Connection(String),
    /// The address begins with https, and lenet-data was built without its feature `https`.
    #[error("an https address needs TLS, without which this program was built (the feature `https` of lenet-data)")]
    NoTls,
    /// Nothing came for so long.
    #[error("no byte came for {seconds} s")]
    Stalled {
        /// Seconds.
        seconds: u64,
    },
    /// It sends from place to place.
    #[error("more than {0} redirects")]
    Redirects(u32),
    /// It sends more than the file can be.
    #[error("sends more than the {most} bytes that the file has at most")]
    TooLong {
        /// Bytes.
        most: u64,
    },
    /// It stopped before the end. What came is kept, and the next download goes on from there.
    #[error("cut off after {found} of {expected} bytes")]
    CutShort {
        /// Bytes that came, with those of earlier downloads.
        found: u64,
        /// Bytes announced.
        expected: u64,
    },
    /// What came is another file.
    #[error("{0}")]
    Wrong(String),
}

/// What the mirrors said, one after the other.
struct Joined<'a>(&'a [Failure]);

impl fmt::Display for Joined<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, failure) in self.0.iter().enumerate() {
            write!(f, "{}{failure}", if i == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

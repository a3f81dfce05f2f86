//! What brings the bytes of a file. The feature `http` decides whether there is anything that does.

#[cfg_attr(feature = "http", path = "http.rs")]
#[cfg_attr(not(feature = "http"), path = "none.rs")]
mod protocol;

use std::{io, path::Path};

use super::Reason;

pub(super) use protocol::Client;

/// Why a download ended too early: the mirror's fault, or the disk's.
pub(super) enum Stop {
    Mirror(Reason),
    Disk(io::Error),
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Self {
        Stop::Mirror(reason)
    }
}

/// What is downloaded where.
#[cfg_attr(not(feature = "http"), allow(dead_code, reason = "the client reads them"))]
pub(super) struct Download<'a> {
    pub(super) address: &'a str,
    /// The file that grows.
    pub(super) part: &'a Path,
    /// Bytes that it has at most when it is whole.
    pub(super) most: u64,
}

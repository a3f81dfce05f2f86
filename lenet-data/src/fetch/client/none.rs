//! The client of a program without the feature `http`: there is none.

use std::time::Duration;

use super::{Download, Stop};

/// Has no values.
pub(in crate::fetch) enum Client {}

impl Client {
    pub(in crate::fetch) fn new(_timeout: Duration) -> Option<Self> {
        None
    }

    pub(in crate::fetch) fn download(
        &self,
        _download: &Download<'_>,
        _progress: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<bool, Stop> {
        match *self {}
    }
}

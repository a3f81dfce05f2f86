//! Arguments that several commands share.

pub(crate) mod data;
pub(crate) mod model;
pub(crate) mod place;
pub(crate) mod threads;

/// An option whose value is wrong, although the parser could not know it: the program ends with exit code 2, as after
/// any other wrong usage.
#[derive(Debug)]
pub(crate) struct Misuse(pub(crate) String);

impl std::fmt::Display for Misuse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Misuse {}

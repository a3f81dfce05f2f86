//! The sets of the MNIST family, downloaded once, checked, and kept in a folder that [`Dataset::read_dir`] reads.
//!
//! A [`SetSource`] says where a set lies and how its files are known to be the right ones; [`fetch`] brings them. A file comes
//! under a name of its own (`.part`) and gets its final one when it is whole and its checksum right: whatever happens, what
//! has the final name is good. A download that was cut off goes on where it ended.
//!
//! A download needs the feature `https`, or `http` for a mirror that needs no TLS. Without them [`fetch`] finds the files
//! that are already there, and returns [`FetchError::NoClient`] if one is missing.
//!
//! ```no_run
//! use lenet_data::{Dataset, ReadOptions, fetch::{self, FetchOptions, SetSource}};
//!
//! let source = SetSource::named("fashion-mnist").expect("one of SetSource::NAMES");
//! let folder = fetch::set_folder("fashion-mnist")?;
//! fetch::fetch(&source, &folder, &FetchOptions::default(), &mut |event| eprintln!("{event:?}"))?;
//! let fashion = Dataset::read_dir(&folder, ReadOptions::default())?;
//! assert_eq!(fashion.train.len(), 60_000);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Dataset::read_dir`]: crate::Dataset::read_dir

mod archive;
mod cache;
mod check;
mod client;
mod error;
mod place;
mod run;
mod source;

pub use cache::{cache_folder, set_folder};
pub use error::{Failure, FetchError, Reason};
pub use run::{FetchEvent, FetchOptions, Fetched, fetch};
pub use source::{Archive, Checksum, SetSource, SourceFile};

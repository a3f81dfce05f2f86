//! Reading digits with a trained network.

mod classify;
#[cfg(feature = "pretrained")]
mod pretrained;
mod reading;
#[cfg(feature = "train")]
mod rejection;

#[cfg(feature = "files")]
pub use classify::Classifier;
pub use classify::{Classify, read_many};
pub use reading::{Reading, read};
#[cfg(all(feature = "reader", feature = "train"))]
pub(crate) use rejection::fewest;
#[cfg(feature = "train")]
pub use rejection::{Rejection, least_margin, reject, score_margin, sure_margin};

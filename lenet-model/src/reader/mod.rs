//! Reading a line of digits as a whole: a network that sweeps over the line, and a search over what it says (LeCun et
//! al. 1998, sections V to IX).
//!
//! ```
//! use lenet_layers::Params;
//! use lenet_model::Normalization;
//! use lenet_model::reader::{Column, Grammar, Line, Sweep, decode, sweep};
//!
//! // A network has an answer at every fourth column of a line; one of zeros finds every class equally likely.
//! let network: Box<Sweep> = Sweep::boxed_zeroed();
//! let line = Line::new(200, vec![0; 32 * 200]).expect("32 rows of 200 columns");
//! let columns = &sweep(&*network, &[line], Normalization::PAPER)[0];
//! assert_eq!(columns.len(), (200 - 32) / 4 + 1);
//! assert!((columns[0][0].exp() - 1.0 / 11.0).abs() < 1e-6);
//!
//! // Columns that are sure of 1, the blank between digits, 1 and 7 read as a number.
//! let sure = |class: usize| -> Column { std::array::from_fn(|i| if i == class { -0.01 } else { -7.0 }) };
//! let best = &decode(&[1, 10, 1, 7].map(sure), &Grammar::length(3..=3), 1)[0];
//! assert_eq!((&best.digits[..], &best.places[..]), (&[1, 1, 7][..], &[(0, 0), (2, 2), (3, 3)][..]));
//! assert!(best.probability > 0.9);
//! ```

#[cfg(feature = "train")]
mod calibrate;
mod decode;
mod grammar;
#[cfg(feature = "train")]
mod lines;
mod network;
mod read;
#[cfg(feature = "pretrained")]
mod singles;
mod sweep;
#[cfg(feature = "train")]
mod training;
mod views;

pub use decode::{Column, Hypothesis, decode, edit_distance};
pub use grammar::{Grammar, GrammarError};
#[cfg(feature = "train")]
pub use lines::ComposedLines;
pub use network::{LINE_HEIGHT, STRIDE, Sweep, SweepTrace, TILE, TILE_COLUMNS};
pub use read::{Number, ReadDigit, Reader, ReaderDescription};
pub use sweep::{Line, sweep};
#[cfg(feature = "train")]
pub use training::{
    LONGEST, LineEvaluation, Lines, ReaderEpoch, ReaderEvent, ReaderRecipe, ReaderRun, Tile, evaluate_lines,
};

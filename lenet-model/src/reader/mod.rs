//! Reading a line of digits as a whole: a network that sweeps over the line, and a search over what it says (LeCun et
//! al. 1998, sections V to IX).

mod decode;
mod grammar;
mod network;
mod sweep;
#[cfg(feature = "train")]
mod training;

pub use decode::{Column, Hypothesis, decode};
pub use grammar::{Grammar, GrammarError};
pub use network::{LINE_HEIGHT, STRIDE, Sweep, SweepTrace, TILE, TILE_COLUMNS};
pub use sweep::{Line, sweep};
#[cfg(feature = "train")]
pub use training::{
    LONGEST, LineEvaluation, Lines, ReaderEpoch, ReaderEvent, ReaderRecipe, ReaderRun, Tile, evaluate_lines,
};

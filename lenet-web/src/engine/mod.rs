//! What the page computes. Nothing here knows of a browser: the exports in `exports.rs` hand bytes in and out.

pub mod alter;
mod digits;
mod explain;
mod exports;
mod learn;
mod numbers;
mod running;
mod steps;

pub use digits::{Digits, DigitsError};
pub use explain::{Explanation, Field, Term, explain};
pub use learn::{Lesson, Progress};
pub use numbers::{numbers, packed_reader, unpacked_reader};
pub use running::{Running, RunningOf, describe, half_numbers, set_half_numbers};
pub use steps::packed_steps;

//! Which training examples are held out for validation.

use rand::seq::SliceRandom;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::DataError;

/// The training examples in two parts, as indexes into them, both ascending.
///
/// ```
/// use lenet_data::Split;
///
/// let split = Split::new(60_000, 5_000, 1)?;
/// assert_eq!((split.train.len(), split.validation.len()), (55_000, 5_000));
/// assert_eq!(split, Split::new(60_000, 5_000, 1)?);
///
/// let error = Split::new(100, 100, 1).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "validation: 100 of 100 examples held out leave none to train on; hold out fewer than 100",
/// );
/// # Ok::<(), lenet_data::DataError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The examples to train on: at least one.
    pub train: Vec<u32>,
    /// The examples held out; may be none.
    pub validation: Vec<u32>,
}

impl Split {
    /// The stream of ChaCha8 that splits are drawn from, the word "split": whatever else a program draws from the same
    /// seed, on another stream, is independent of the split.
    pub const STREAM: u64 = u64::from_be_bytes(*b"\0\0\0split");

    /// Holds `validation` of `examples` examples out: those that a Fisher-Yates shuffle puts first, by
    /// `ChaCha8Rng::seed_from_u64(seed)` on the stream [`Split::STREAM`]. A larger validation set of the same seed
    /// contains the smaller one.
    ///
    /// # Errors
    /// If no example is left to train on, or there are more than `u32::MAX` examples.
    pub fn new(examples: usize, validation: usize, seed: u64) -> Result<Self, DataError> {
        if validation >= examples {
            return Err(DataError::NothingToTrainOn { examples, validation });
        }
        let Ok(count) = u32::try_from(examples) else {
            return Err(DataError::TooManyExamples { examples });
        };
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(Self::STREAM);
        let mut held_out: Vec<u32> = (0..count).collect();
        held_out.shuffle(&mut rng);
        let mut train = held_out.split_off(validation);
        train.sort_unstable();
        held_out.sort_unstable();
        Ok(Self { train, validation: held_out })
    }
}

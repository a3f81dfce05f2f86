//! The mode of a pass: inference or training.

/// What layers such as dropout and batch normalization need to know about a pass in training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrainingPass {
    /// The number of examples in the pass. They are in the first lanes; the other lanes hold none.
    pub examples: usize,
    /// The number of examples in the whole batch, of which this pass may be a part.
    pub batch: usize,
    /// It determines everything random in the pass. Use a different seed for each pass.
    pub seed: u64,
}

impl TrainingPass {
    /// A pass of all examples of a batch.
    #[must_use]
    pub fn whole(examples: usize, seed: u64) -> Self {
        TrainingPass { examples, batch: examples, seed }
    }
}

/// The mode of a pass through a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As after training.
    Inference,
    /// As in training.
    Training(TrainingPass),
}

impl Mode {
    /// The mode for one of several stages: each has a seed of its own.
    #[doc(hidden)]
    #[inline(always)]
    #[must_use]
    pub fn at(self, stage: u64) -> Self {
        match self {
            Mode::Inference => Mode::Inference,
            Mode::Training(pass) => Mode::Training(TrainingPass { seed: mix(pass.seed ^ stage), ..pass }),
        }
    }
}

/// Returns a number whose bits all depend on all bits of `x`: the output function of SplitMix64 (Steele, Lea, Flood 2014).
#[inline(always)]
pub(crate) const fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Returns a number for the name of a stage (FNV-1a).
#[doc(hidden)]
#[must_use]
pub const fn name_hash(name: &str) -> u64 {
    let (bytes, mut hash, mut i) = (name.as_bytes(), 0xcbf2_9ce4_8422_2325_u64, 0);
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0100_0000_01b3);
        i += 1;
    }
    hash
}

//! Random numbers of a line.

use rand::Rng;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

/// Which numbers of a line's stream are drawn. What one part draws moves no other part's numbers.
#[derive(Clone, Copy)]
pub(super) enum Part {
    /// The digits and how they are written.
    Digits,
    /// The clutter.
    Clutter,
    /// Contrast, blur and noise.
    Finish,
    /// Whether the line is neat.
    Kind,
}

/// ChaCha8, and the distributions that composing needs.
///
/// They are written out here because a few multiplications are all that they take, while a line draws hundreds of numbers.
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    /// Each part has 2^32 words of the stream: far more than it draws.
    pub(super) fn new(seed: u64, stream: u64, part: Part) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(stream);
        random.set_word_pos((part as u128) << 32);
        Self(random)
    }

    /// 64 random bits, to seed a cheaper generator.
    pub(super) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform from 0 to below 1, in steps of 2^-24.
    pub(super) fn unit(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 * (1.0 / 16_777_216.0)
    }

    /// Uniform between the two.
    pub(super) fn within(&mut self, [from, to]: [f32; 2]) -> f32 {
        from + self.unit() * (to - from)
    }

    /// Uniform between minus and plus the range.
    pub(super) fn around(&mut self, range: f32) -> f32 {
        self.within([-range, range])
    }

    pub(super) fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// A whole number from 0 to below `count`; 0 if that is 0.
    pub(super) fn below(&mut self, count: usize) -> usize {
        // The bias is at most count / 2^32.
        ((u64::from(self.0.next_u32()) * count as u64) >> 32) as usize
    }

    /// A whole number from the first to the second, both included.
    pub(super) fn whole(&mut self, [from, to]: [i32; 2]) -> i32 {
        from.saturating_add(self.below(to.abs_diff(from.min(to)) as usize + 1) as i32)
    }

    /// Almost normal, with mean 0 and deviation 1, from -3 to 3: the sum of three uniform numbers.
    pub(super) fn bell(&mut self) -> f32 {
        2.0 * (self.unit() + self.unit() + self.unit()) - 3.0
    }
}

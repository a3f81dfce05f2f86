//! Boosting as the paper has it: networks that learn what the ones before them find hard.
//!
//! "The first one is trained the usual way. The second one is trained on patterns that are filtered by the first net so that the
//! second machine sees a mix of patterns, 50% of which the first net got right, and 50% of which it got wrong. Finally, the
//! third net is trained on new patterns on which the first and the second nets disagree." (LeCun et al. 1998, section III.C.8,
//! after Drucker, Schapire and Simard 1993.) It takes more patterns than there are: distorted ones.

use super::evaluation::score;
use crate::Normalization;
use crate::image::most_likely;
use crate::{AnyNetwork, Examples};

/// Variants of some pictures, in order: all of them in one variant, then in the next.
///
/// A picture's number must be that of one, and the examples must have variants, or reading them panics.
///
/// What it selects are numbers of examples, for [`Training`](crate::Training) to learn from. It runs on the rayon pool that it
/// is called in.
#[derive(Clone, Copy, Debug)]
pub struct PatternStream<'a> {
    /// The pictures and their variants.
    pub examples: Examples<'a>,
    /// Which of the pictures are shown.
    pub pictures: &'a [u32],
    /// The first variant of each that is shown.
    pub first: u32,
    /// The last variant of each that is shown, if there is not enough before it.
    pub last: u32,
    /// What the grey levels become.
    pub normalization: Normalization,
}

/// Patterns that are looked at at once.
const PART: usize = 4096;

impl PatternStream<'_> {
    /// The first `count` patterns, or one less if that is odd, half of them misread by `network` and half read rightly; fewer
    /// of both if the stream ends before.
    pub fn half_wrong(&self, network: &dyn AnyNetwork, count: usize) -> Vec<u32> {
        let (mut wrong, mut right) = (Vec::new(), Vec::new());
        let half = count / 2;
        self.walk(|part| {
            for (index, read) in part.iter().zip(self.read(network, part)) {
                let list = if read == self.label(*index) { &mut right } else { &mut wrong };
                if list.len() < half {
                    list.push(*index);
                }
            }
            right.len() < half || wrong.len() < half
        });
        let pairs = right.len().min(wrong.len());
        wrong.truncate(pairs);
        wrong.extend(&right[..pairs]);
        wrong
    }

    /// The first `count` patterns that the two networks read differently; fewer if the stream ends before.
    pub fn disagreements(&self, first: &dyn AnyNetwork, second: &dyn AnyNetwork, count: usize) -> Vec<u32> {
        let mut found = Vec::new();
        self.walk(|part| {
            let read = self.read(first, part).into_iter().zip(self.read(second, part));
            found.extend(part.iter().zip(read).filter(|(_, (a, b))| a != b).map(|(index, _)| *index));
            found.len() < count
        });
        found.truncate(count);
        found
    }

    /// Shows the stream to `see`, part by part, as long as that wants more.
    fn walk(&self, mut see: impl FnMut(&[u32]) -> bool) {
        let pictures = self.examples.images().len() as u32;
        for variant in self.first..=self.last {
            // An example's number must fit in an `u32`; behind the last that does the stream ends.
            let Some(first) = variant.checked_mul(pictures).filter(|first| first.checked_add(pictures).is_some())
            else {
                return;
            };
            for part in self.pictures.chunks(PART) {
                let part: Vec<u32> = part.iter().map(|picture| first + picture).collect();
                if !see(&part) {
                    return;
                }
            }
        }
    }

    fn label(&self, index: u32) -> usize {
        self.examples.label(index).index()
    }

    fn read(&self, network: &dyn AnyNetwork, part: &[u32]) -> Vec<usize> {
        score(network, &self.examples, part, self.normalization).iter().map(most_likely).collect()
    }
}

/// What several networks say together: their scores for each picture added up, as the paper adds the outputs.
///
/// # Panics
/// If one has scores for fewer pictures than the first.
pub fn add_scores(of_each: &[Vec<[f32; 10]>]) -> Vec<[f32; 10]> {
    let [first, others @ ..] = of_each else { return Vec::new() };
    let sum = |i: usize| core::array::from_fn(|digit| others.iter().fold(first[i][digit], |sum, o| sum + o[i][digit]));
    (0..first.len()).map(sum).collect()
}

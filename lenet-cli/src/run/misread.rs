//! Test images that a network reads wrongly.

use lenet_data::Examples;
use lenet_model::{AnyNetwork, Normalization, most_likely, score};
use serde::{Deserialize, Serialize};

/// A test image that was read wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Misread {
    /// Its number in the test set.
    pub(crate) index: u32,
    pub(crate) is: u8,
    pub(crate) read: u8,
}

/// Those of the examples whose largest score is not their label's, in order.
pub(crate) fn misread(scores: &[[f32; 10]], labels: &[u8]) -> Vec<Misread> {
    let all = (0..).zip(scores.iter().zip(labels));
    let read = all.map(|(index, (scores, is))| Misread { index, is: *is, read: most_likely(scores) as u8 });
    read.filter(|digit| digit.is != digit.read).collect()
}

/// What a network misreads of a set. Runs on the rayon pool it is called in.
pub(crate) fn misread_by(
    network: &dyn AnyNetwork,
    set: &Examples,
    normalization: Normalization,
) -> anyhow::Result<Vec<Misread>> {
    let examples = lenet_model::Examples::new(set.images(), set.labels())?;
    Ok(misread(&score(network, &examples, &examples.all(), normalization), set.labels()))
}

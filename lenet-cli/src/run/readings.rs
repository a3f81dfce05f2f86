//! The result of reading a set of images, and which of them were misread.

use lenet_data::LabelledImages;
use lenet_model::{AnyNetwork, Evaluation, Normalization, most_likely, score};
use serde::{Deserialize, Serialize};

/// A test image that was misread.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Misread {
    /// Its number in the test set.
    pub(crate) index: u32,
    pub(crate) is: u8,
    pub(crate) read: u8,
}

/// The examples whose largest score is not that of their label, in order.
pub(crate) fn misread(scores: &[[f32; 10]], labels: &[u8]) -> Vec<Misread> {
    let all = (0..).zip(scores.iter().zip(labels));
    let read = all.map(|(index, (scores, is))| Misread { index, is: *is, read: most_likely(scores) as u8 });
    read.filter(|digit| digit.is != digit.read).collect()
}

/// The result of reading a set.
pub(crate) struct Readings {
    /// The accuracy and the confusion matrix. The loss is not computed, because nothing shows it.
    pub(crate) evaluation: Evaluation,
    pub(crate) misread: Vec<Misread>,
}

/// Reads every image of a set. Runs on the rayon pool in which it is called.
pub(crate) fn read_set(
    network: &dyn AnyNetwork,
    set: &LabelledImages,
    normalization: Normalization,
) -> anyhow::Result<Readings> {
    let examples = lenet_model::Examples::new(set.images(), set.labels())?;
    let scores = score(network, &examples, &examples.all(), normalization);
    let mut evaluation = Evaluation::default();
    for (scores, is) in scores.iter().zip(set.labels()) {
        evaluation.confusion[usize::from(*is)][most_likely(scores)] += 1;
    }
    Ok(Readings { evaluation, misread: misread(&scores, set.labels()) })
}

//! The data of a run: their record in `run.json`, and reading the same data again.

use super::distorted::DistortionRecord;
use crate::args::data::DataArguments;
use anyhow::{Context, bail};
use lenet_data::{Dataset, Split};
use lenet_model::Normalization;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;

#[derive(Serialize, Deserialize)]
pub(crate) struct DataRecord {
    pub(crate) name: String,
    /// The absolute path of the folder or the file they were read from; `None` for the built-in MNIST.
    pub(crate) folder: Option<String>,
    /// Whether `--transpose` was given.
    pub(crate) transposed: bool,
    pub(crate) limit: Option<u32>,
    /// [`Dataset::fingerprint`] of the images that were used, in hexadecimal digits. Older records have none.
    #[serde(default)]
    pub(crate) fingerprint: Option<String>,
    /// Whether the source had no test images, so that some of its images were held out to be these.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) held_out_for_test: bool,
    /// What the grey levels 0 and 255 were mapped to.
    pub(crate) ground: f32,
    pub(crate) ink: f32,
    /// How training images were distorted, if they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) distortion: Option<DistortionRecord>,
    /// The number of images without a digit that were learned from in each epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rubbish: Option<usize>,
    pub(crate) train: usize,
    pub(crate) validation: usize,
    pub(crate) test: usize,
}

impl DataRecord {
    /// Reads the data of a new run.
    pub(crate) fn begin(
        arguments: &DataArguments,
        limit: Option<u32>,
        normalization: Normalization,
    ) -> anyhow::Result<(Dataset, Self)> {
        let data = limited(arguments.load()?, limit);
        let path = match arguments.path()? {
            // The run may be resumed from another folder.
            Some(path) => Some(fs::canonicalize(&path).with_context(|| path.display().to_string())?),
            None => None,
        };
        let record = DataRecord {
            name: data.name.clone(),
            folder: path.map(|path| path.display().to_string()),
            held_out_for_test: data.held_out,
            transposed: arguments.transpose,
            limit,
            fingerprint: Some(fingerprint(&data)),
            ground: normalization.ground,
            ink: normalization.ink,
            distortion: None,
            rubbish: None,
            train: data.train.len(),
            validation: 0,
            test: data.test.len(),
        };
        Ok((data, record))
    }

    /// Divides the training images into those to learn from and those held out.
    pub(crate) fn divide(&mut self, split: &Split) {
        self.train = split.train.len();
        self.validation = split.validation.len();
    }

    /// Reads the data of the run in `folder` again, from where they were or from where `moved` says they are now.
    ///
    /// # Errors
    /// If they can't be read, or are not the same.
    pub(crate) fn load(&self, folder: &Path, moved: Option<&DataArguments>) -> anyhow::Result<Dataset> {
        let before = DataArguments::of_run(self.folder.as_deref(), self.transposed);
        let data = limited(moved.unwrap_or(&before).load()?, self.limit);
        let lengths = (data.train.len(), data.test.len()) == (self.train + self.validation, self.test);
        let is_same = self.fingerprint.as_ref().is_none_or(|before| *before == fingerprint(&data));
        if !(lengths && is_same) {
            bail!("{}: the data are not those of the run: start a new run", folder.display());
        }
        Ok(data)
    }
}

fn limited(mut data: Dataset, limit: Option<u32>) -> Dataset {
    if let Some(limit) = limit {
        data.train.truncate(limit as usize);
    }
    data
}

fn fingerprint(data: &Dataset) -> String {
    format!("{:016x}", data.fingerprint())
}

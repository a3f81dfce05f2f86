//! A whole data set, and the ways to get one.

use std::path::Path;

use crate::{DataError, Examples, folder};

/// Examples to train on and examples to test with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// What to call it: "mnist", or after the folder or the files it was read from.
    pub name: String,
    /// The training examples.
    pub train: Examples,
    /// The test examples.
    pub test: Examples,
}

/// How a folder is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReadOptions {
    /// Whether rows and columns of the images change places.
    pub transpose: Transpose,
}

/// Whether rows and columns of the images change places on reading. EMNIST stores its images column by column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Transpose {
    /// If the files are named `emnist-...`.
    #[default]
    Auto,
    /// Whatever the files are named.
    Always,
    /// Under no name.
    Never,
}

impl Dataset {
    /// MNIST, from inside the program: 60,000 training and 10,000 test examples.
    ///
    /// ```
    /// let mnist = lenet_data::Dataset::mnist()?;
    /// assert_eq!((mnist.train.len(), mnist.test.len()), (60_000, 10_000));
    /// assert_eq!(mnist.train.labels()[..5], [5, 0, 4, 1, 9]);
    /// # Ok::<(), lenet_data::DataError>(())
    /// ```
    #[cfg(feature = "builtin")]
    pub fn mnist() -> Result<Self, DataError> {
        crate::builtin::mnist()
    }

    /// Reads the four IDX files of a set of 28x28 images, any number of them, from a folder.
    ///
    /// The files may be raw or gzip (`.gz`) and named as MNIST, Fashion-MNIST and KMNIST are
    /// (`train-images-idx3-ubyte`, `t10k-labels-idx1-ubyte`; a dot may stand for the second hyphen, `test` for `t10k`),
    /// as EMNIST's sets of digits are (`emnist-digits-train-images-idx3-ubyte` or `emnist-mnist-...`), or as QMNIST
    /// is (`qmnist-train-images-idx3-ubyte`, `qmnist-train-labels-idx2-int`). If a folder holds several sets, the first in
    /// this order is read; if it holds a file raw and as `.gz`, the raw one.
    ///
    /// ```
    /// use lenet_data::{Dataset, ReadOptions, idx::Idx};
    ///
    /// let dir = tempfile::tempdir()?;
    /// for (part, n) in [("train", 3), ("t10k", 2)] {
    ///     let images = Idx::new(vec![n, 28, 28], vec![0_u8; n as usize * 784])?;
    ///     images.write(std::fs::File::create(dir.path().join(format!("{part}-images-idx3-ubyte")))?)?;
    ///     let labels = Idx::new(vec![n], vec![7_u8; n as usize])?;
    ///     labels.write(std::fs::File::create(dir.path().join(format!("{part}-labels-idx1-ubyte")))?)?;
    /// }
    /// let own = Dataset::read_dir(dir.path(), ReadOptions::default())?;
    /// assert_eq!((own.train.len(), own.test.labels()), (3, &[7, 7][..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_dir(dir: &Path, options: ReadOptions) -> Result<Self, DataError> {
        folder::read(dir, options)
    }
}

//! A whole data set, and the ways to get one.

use std::path::Path;

use crate::{ClassNames, DataError, LabelledImages, folder};

/// Examples to train on and examples to test with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// What to call it: "mnist", or after the folder or the files it was read from.
    pub name: String,
    /// The training examples.
    pub train: LabelledImages,
    /// The test examples.
    pub test: LabelledImages,
    /// What the classes are called: from `classes.txt` beside the IDX files, or known by the name of the set.
    pub classes: ClassNames,
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
    /// A number that tells this set from another: other images, other labels or another order of them give another number.
    /// It guards against mistakes, not against somebody who wants two sets to have the same.
    ///
    /// ```
    /// use lenet_data::Dataset;
    /// let mut mnist = Dataset::mnist()?;
    /// let before = mnist.fingerprint();
    /// assert_eq!(before, Dataset::mnist()?.fingerprint());
    /// mnist.train.truncate(59_999);
    /// assert_ne!(before, mnist.fingerprint());
    /// # Ok::<(), lenet_data::DataError>(())
    /// ```
    pub fn fingerprint(&self) -> u64 {
        [&self.train, &self.test].into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, set| {
            let hash = mixed(hash, set.len() as u64);
            let hash = add(hash, set.images().as_flattened().as_flattened());
            add(hash, set.labels())
        })
    }

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

/// Adds bytes to a hash, eight at a time.
fn add(hash: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let hash = words.iter().fold(hash, |hash, word| mixed(hash, u64::from_le_bytes(*word)));
    rest.iter().fold(hash, |hash, byte| mixed(hash, u64::from(*byte)))
}

/// A step of FNV-1a on words; the rotation lets the high bits reach the low ones.
fn mixed(hash: u64, word: u64) -> u64 {
    (hash ^ word).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(29)
}

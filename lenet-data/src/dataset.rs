//! A whole data set, and the ways to get one.

use std::path::Path;

use crate::{ClassNames, DataError, LabelledImages, files, folder};

/// Examples to train on and examples to test with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// What to call it: "mnist", or after the folder or the files it was read from.
    pub name: String,
    /// The training examples.
    pub train: LabelledImages,
    /// The test examples.
    pub test: LabelledImages,
    /// What the classes are called: from `classes.txt` in the folder, from the names of the folders of
    /// pictures, or known by the name of the set.
    pub classes: ClassNames,
    /// Whether the source had no test examples: then every seventh example of each class, in the order of the source, was held out
    /// to be one.
    pub held_out: bool,
}

/// How a set is to be read.
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
    #[must_use]
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
    ///
    /// # Errors
    /// If the data inside the program are damaged.
    #[cfg(feature = "builtin")]
    pub fn mnist() -> Result<Self, DataError> {
        crate::builtin::mnist()
    }

    /// Reads a data set in any of the forms that people have, recognised by its content.
    ///
    /// A folder may hold, and the first in this order is read:
    ///
    /// * IDX files, as [`Dataset::read_dir`] reads them;
    /// * `train.csv` as Kaggle has it (also `mnist_train.csv`, `fashion-mnist_train.csv`), and `test.csv`, which is used if it has
    ///   labels;
    /// * the four `.npz` files of KMNIST (feature `npz`);
    /// * pictures in folders named by class, within `train` (or `training`) and `test` (or `testing`), or without these
    ///   (feature `images`). Folders that are all named by a digit are these classes; others, ten at most, are numbered in the order
    ///   of their names, which become [`Dataset::classes`]. Pictures of 28x28, bright on dark, are taken as they are, others are
    ///   brought into MNIST's form by [`prepare`](crate::prepare). The names of the parts may have capital letters. Each folder
    ///   of a class must have pictures in it and no folders. Folders beside the two parts, pictures beside the folders of the
    ///   classes and names that begin with a dot are ignored.
    ///
    /// A file may be `mnist.npz` as Keras publishes it (feature `npz`), or a CSV file with labels.
    ///
    /// Images in files of arrays, tables and IDX files are taken as they are. Their grey levels are to be 0 to 255, bright strokes on a
    /// dark ground as in MNIST: a set with dark strokes on a bright ground is not inverted. Files whose grey levels are all 0 and 1
    /// are refused.
    ///
    /// If there are no test examples, every seventh example of each class becomes one, and [`Dataset::held_out`] says so.
    ///
    /// ```
    /// use lenet_data::{Dataset, ReadOptions};
    ///
    /// // Seven images of a 7 and seven of a 3, as a table: a label and 784 grey levels a row.
    /// let row = |label: u8| format!("{label}{}\n", ",0".repeat(784));
    /// let dir = tempfile::tempdir()?;
    /// let file = dir.path().join("train.csv");
    /// std::fs::write(&file, row(7).repeat(7) + &row(3).repeat(7))?;
    ///
    /// let own = Dataset::read(&file, ReadOptions::default())?;
    /// assert_eq!((own.train.len(), own.test.labels(), own.held_out), (12, &[7, 3][..], true));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If there is no set at `path`, or something is wrong with one of its files.
    pub fn read(path: &Path, options: ReadOptions) -> Result<Self, DataError> {
        files::read(path, options)
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
    ///
    /// # Errors
    /// If `dir` is not a folder, one of the four files is missing or can't be read, one is not what its name says, or the
    /// images and the labels are not of one set of ten classes.
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

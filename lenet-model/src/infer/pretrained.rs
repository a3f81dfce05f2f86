//! Trained networks inside the program, in read-only memory.
//!
//! The files in `models/` are what `lenet train` wrote; their metadata say how they were trained. They are parsed at
//! compile time: with a file of another length the crate does not compile. A test checks that every number is in its
//! place.

use crate::{LeNet5, LeNet5Modern};
use lenet_layers::{__private::native, Connections, Params, Table1, zerocopy};

const LENET5: &[u8] = include_bytes!("../../models/lenet5.safetensors");
const MODERN: &[u8] = include_bytes!("../../models/modern.safetensors");

/// One stage in a file: the lengths of its biases and of its weights. The tensors are in alphabetical order: the stages, and within
/// one the biases first.
struct InFile {
    biases: usize,
    weights: usize,
    /// C3 has zeros in the file where its maps are not connected.
    sparse: bool,
}

impl InFile {
    const fn dense(biases: usize, weights: usize) -> Self {
        InFile { biases, weights, sparse: false }
    }
}

static LENET5_NETWORK: LeNet5 = zerocopy::transmute!(numbers::<{ 4 * <LeNet5 as Params>::LEN }, 7>(
    LENET5,
    &[
        InFile::dense(6, 150),
        InFile { biases: 16, weights: 16 * 6 * KERNEL, sparse: true },
        InFile::dense(120, 48_000),
        InFile::dense(84, 10_080),
        InFile::dense(10, 840),
        InFile::dense(6, 6),
        InFile::dense(16, 16),
    ],
    // S2 and S4 come last alphabetically.
    [0, 5, 1, 6, 2, 3, 4],
));

static MODERN_NETWORK: LeNet5Modern = zerocopy::transmute!(numbers::<{ 4 * <LeNet5Modern as Params>::LEN }, 5>(
    MODERN,
    &[
        InFile::dense(8, 200),
        InFile::dense(40, 8_000),
        InFile::dense(48, 48_000),
        InFile::dense(64, 3_072),
        InFile::dense(10, 640),
    ],
    [0, 1, 2, 3, 4],
));

/// The length of a kernel.
const KERNEL: usize = 5 * 5;

/// The numbers of a file in the order of the network's fields, in the byte order of the target; `order` has the index of
/// each field among the stages of the file. Whole arrays are copied: a loop over single numbers takes the compiler ten
/// seconds.
const fn numbers<const BYTES: usize, const S: usize>(
    file: &[u8],
    stages: &[InFile; S],
    order: [usize; S],
) -> [u8; BYTES] {
    let mut numbers = [0; BYTES];
    let (mut filled, mut field) = (0, 0);
    while field < S {
        let stage = &stages[order[field]];
        let bias = start(file, stages, order[field]);
        let weight = bias + 4 * stage.biases;
        filled = match stage.sparse {
            true => connected(&mut numbers, filled, file, weight),
            false => copy(&mut numbers, filled, file, weight, 4 * stage.weights),
        };
        filled = copy(&mut numbers, filled, file, bias, 4 * stage.biases);
        field += 1;
    }
    assert!(filled == BYTES && start(file, stages, S) == file.len());
    native(numbers)
}

/// Where stage number `index` of a file begins.
const fn start<const S: usize>(file: &[u8], stages: &[InFile; S], index: usize) -> usize {
    let mut start = match file.first_chunk() {
        Some(header) => 8 + u64::from_le_bytes(*header) as usize,
        None => panic!("not a safetensors file"),
    };
    let mut stage = 0;
    while stage < index {
        start += 4 * (stages[stage].biases + stages[stage].weights);
        stage += 1;
    }
    start
}

/// Copies the kernels of C3 that are connected, and returns where they end.
const fn connected(numbers: &mut [u8], mut to: usize, file: &[u8], from: usize) -> usize {
    let mut pair = 0;
    while pair < 16 * 6 {
        if <Table1 as Connections<6, 16, 60>>::TABLE[pair / 6][pair % 6] {
            to = copy(numbers, to, file, from + 4 * KERNEL * pair, 4 * KERNEL);
        }
        pair += 1;
    }
    to
}

/// Copies `length` bytes of the file from `from` to `to`, and returns where they end.
const fn copy(numbers: &mut [u8], to: usize, file: &[u8], from: usize, length: usize) -> usize {
    let (source, _) = file.split_at(from).1.split_at(length);
    let (place, _) = numbers.split_at_mut(to).1.split_at_mut(length);
    place.copy_from_slice(source);
    to + length
}

impl LeNet5 {
    /// A trained LeNet-5, without a heap and without a file. It is the result of
    /// `lenet train --distort --european --rubbish --loss cross-entropy --epochs 60` and reads 99.4% of MNIST's test digits
    /// correctly. Needs the feature `pretrained`.
    ///
    /// [`LeNet5Modern::pretrained`] misreads fewer digits and takes longer. [`Classify`](crate::Classify) reads with either:
    ///
    /// ```
    /// use lenet_model::{Classify, LeNet5};
    /// let mut seven = [[0; 28]; 28];
    /// seven[6..8].iter_mut().for_each(|row| row[8..20].fill(255));
    /// (8..24).for_each(|row| seven[row][22 - row / 2..24 - row / 2].fill(255));
    /// let reading = LeNet5::pretrained().classify(&seven);
    /// assert_eq!(reading.digit, 7);
    /// assert!(reading.probabilities[7] > 0.9);
    /// ```
    #[must_use]
    pub fn pretrained() -> &'static LeNet5 {
        &LENET5_NETWORK
    }

    /// The file of [`pretrained`](LeNet5::pretrained), for [`Checkpoint::from_bytes`](crate::Checkpoint::from_bytes): a
    /// model like any other, whose metadata say how it was trained.
    #[must_use]
    pub fn pretrained_file() -> &'static [u8] {
        LENET5
    }
}

impl LeNet5Modern {
    /// A trained network of today, without a heap and without a file. It is the result of
    /// `lenet train --recipe modern --rubbish` and reads 99.5% of MNIST's test digits correctly, with three times as many
    /// multiply-adds as [`LeNet5::pretrained`]. Because it has learned from smoothed targets, its probabilities stay below 92%, also
    /// where it is sure. Needs the feature `pretrained`.
    ///
    /// ```
    /// use lenet_model::{Classify, LeNet5Modern};
    /// let mut one = [[0; 28]; 28];
    /// one[5..23].iter_mut().for_each(|row| row[13..15].fill(255));
    /// assert_eq!(LeNet5Modern::pretrained().classify(&one).digit, 1);
    /// ```
    #[must_use]
    pub fn pretrained() -> &'static LeNet5Modern {
        &MODERN_NETWORK
    }

    /// The file of [`pretrained`](LeNet5Modern::pretrained), for [`Checkpoint::from_bytes`](crate::Checkpoint::from_bytes).
    #[must_use]
    pub fn pretrained_file() -> &'static [u8] {
        MODERN
    }
}

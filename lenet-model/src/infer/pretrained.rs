//! A trained LeNet-5 inside the program, in read-only memory.
//!
//! `models/lenet5.safetensors` is a file that `lenet train` wrote; its metadata say how it was trained. It is parsed at
//! compile time: with a file of another length the crate does not compile. A test checks that every number is in its
//! place.

use crate::LeNet5;
use lenet_layers::{__private::native, Connections, Params, Table1, zerocopy};

/// The file.
const FILE: &[u8] = include_bytes!("../../models/lenet5.safetensors");

/// The offset of the numbers.
const DATA: usize = match FILE.first_chunk() {
    Some(header) => 8 + u64::from_le_bytes(*header) as usize,
    None => panic!("not a safetensors file"),
};

/// An array of the network: its offset in the file, whose tensors are in alphabetical order, and its length there.
struct Array(usize, usize);

/// The arrays in the order of the network's fields.
const ARRAYS: [Array; 14] = {
    const C1: usize = 0;
    const C3: usize = C1 + 6 + 150;
    const C5: usize = C3 + 16 + DENSE_C3;
    const F6: usize = C5 + 120 + 48_000;
    const OUTPUT: usize = F6 + 84 + 10_080;
    const S2: usize = OUTPUT + 10 + 840;
    const S4: usize = S2 + 6 + 6;
    assert!(FILE.len() == DATA + 4 * (S4 + 16 + 16));
    // Within a stage the bias comes first alphabetically.
    [
        Array(C1 + 6, 150),
        Array(C1, 6),
        Array(S2 + 6, 6),
        Array(S2, 6),
        Array(C3 + 16, DENSE_C3),
        Array(C3, 16),
        Array(S4 + 16, 16),
        Array(S4, 16),
        Array(C5 + 120, 48_000),
        Array(C5, 120),
        Array(F6 + 84, 10_080),
        Array(F6, 84),
        Array(OUTPUT + 10, 840),
        Array(OUTPUT, 10),
    ]
};

/// The length of C3's weights in the file, including the kernels that are not connected.
const DENSE_C3: usize = 16 * 6 * KERNEL;
const KERNEL: usize = 5 * 5;
/// Their index in [`ARRAYS`].
const C3_WEIGHT: usize = 4;

static NETWORK: LeNet5 = zerocopy::transmute!(numbers());

/// The number of bytes of all numbers.
const BYTES: usize = 4 * <LeNet5 as Params>::LEN;

/// The numbers in the order of the network's fields, in the byte order of the target. Whole arrays are copied: a loop over
/// single numbers takes the compiler ten seconds.
const fn numbers() -> [u8; BYTES] {
    let mut numbers = [0; BYTES];
    let (mut filled, mut array) = (0, 0);
    while array < ARRAYS.len() {
        let Array(start, length) = ARRAYS[array];
        let start = DATA + 4 * start;
        if array == C3_WEIGHT {
            let mut pair = 0;
            while pair < 16 * 6 {
                if <Table1 as Connections<6, 16, 60>>::TABLE[pair / 6][pair % 6] {
                    copy(&mut numbers, filled, start + 4 * KERNEL * pair, 4 * KERNEL);
                    filled += 4 * KERNEL;
                }
                pair += 1;
            }
        } else {
            copy(&mut numbers, filled, start, 4 * length);
            filled += 4 * length;
        }
        array += 1;
    }
    assert!(filled == BYTES);
    native(numbers)
}

/// Copies `length` bytes of the file from `from` to `to`.
const fn copy(numbers: &mut [u8; BYTES], to: usize, from: usize, length: usize) {
    let (source, _) = FILE.split_at(from).1.split_at(length);
    let (place, _) = numbers.split_at_mut(to).1.split_at_mut(length);
    place.copy_from_slice(source);
}

impl LeNet5 {
    /// A trained network, without a heap and without a file. It is the result of
    /// `lenet train --distort --european --rubbish --loss cross-entropy --epochs 60` and reads 99.4% of MNIST's test digits
    /// correctly. Needs the feature `pretrained`.
    ///
    /// [`Classify`](crate::Classify) reads with it:
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
        &NETWORK
    }

    /// The file of [`pretrained`](LeNet5::pretrained), for [`Checkpoint::from_bytes`](crate::Checkpoint::from_bytes): a
    /// model like any other, whose metadata say how it was trained.
    #[must_use]
    pub fn pretrained_file() -> &'static [u8] {
        FILE
    }
}

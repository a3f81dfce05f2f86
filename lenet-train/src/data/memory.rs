//! Examples in memory: floats as they are, and bytes with a normalization.

use super::Examples;
use lenet_layers::Shape;
use std::marker::PhantomData;

/// Numbers and targets that do not form a set of examples.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ExamplesError {
    /// The number of numbers is not that of the examples.
    #[error(
        "{numbers} numbers for {targets} examples of {each}: give all numbers of each example, in the order of the targets"
    )]
    Lengths {
        /// How many numbers there are.
        numbers: usize,
        /// How many targets there are.
        targets: usize,
        /// How many numbers an example has.
        each: usize,
    },
    /// The normalization is not for this number of channels.
    #[error("a normalization of {given} channels for {channels}: give one mean and deviation for each channel")]
    Channels {
        /// How many channels the normalization has.
        given: usize,
        /// How many channels an example has.
        channels: usize,
    },
    /// The normalization of a channel does not give finite numbers.
    #[error(
        "channel {channel} has the mean {mean} and the deviation {deviation}: give a mean that is finite and a deviation \
         above 0 (1 for a channel whose bytes are all the same)"
    )]
    Normalization {
        /// The channel, from 0.
        channel: usize,
        /// Its mean.
        mean: f32,
        /// Its deviation.
        deviation: f32,
    },
}

fn check<In: Shape>(numbers: usize, targets: usize) -> Result<(), ExamplesError> {
    let fits = targets.checked_mul(In::LEN) == Some(numbers);
    if fits { Ok(()) } else { Err(ExamplesError::Lengths { numbers, targets, each: In::LEN }) }
}

/// Examples that are floats in memory, one example after the other, each in the order of its shape.
///
/// ```
/// use lenet_layers::{Class, Units};
/// use lenet_train::{ExamplesError, Examples, Floats};
/// let classes = [0, 1].map(|class| Class::<2>::new(class).unwrap());
/// let examples = Floats::<Units<3>, _>::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &classes)?;
/// let mut input = [0.0; 3];
/// assert_eq!((examples.show(1, 0, &mut input).index(), input), (1, [4.0, 5.0, 6.0]));
///
/// let short = Floats::<Units<3>, _>::new(&[1.0, 2.0], &classes).unwrap_err();
/// assert!(short.to_string().starts_with("2 numbers for 2 examples of 3: "));
/// # Ok::<(), ExamplesError>(())
/// ```
#[derive(Debug)]
pub struct Floats<'a, In, T> {
    numbers: &'a [f32],
    targets: &'a [T],
    shape: PhantomData<fn(In)>,
}

impl<'a, In: Shape, T> Floats<'a, In, T> {
    /// Numbers and targets that belong together.
    ///
    /// # Errors
    /// If the number of numbers is not that of as many examples as there are targets.
    pub fn new(numbers: &'a [f32], targets: &'a [T]) -> Result<Self, ExamplesError> {
        check::<In>(numbers.len(), targets.len())?;
        Ok(Floats { numbers, targets, shape: PhantomData })
    }
}

impl<In: Shape, T: Clone + Send + Sync> Examples for Floats<'_, In, T> {
    type Input = In;
    type Target = T;
    fn len(&self) -> usize {
        self.targets.len()
    }
    fn show(&self, index: usize, _: u64, input: &mut [f32]) -> T {
        input.copy_from_slice(&self.numbers[index * In::LEN..][..In::LEN]);
        self.targets[index].clone()
    }
}

/// The order of the bytes of an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Channel after channel, as the maps of a network and the files of CIFAR-10.
    Planar,
    /// The channels of a pixel next to each other, as most decoders of pictures give them.
    Interleaved,
}

/// Examples that are bytes in memory, such as the pixels of pictures. The channels are the first axis of the shape. Byte
/// b becomes (b/255 - mean) / deviation of its channel when it is shown.
///
/// ```
/// use lenet_layers::Maps;
/// use lenet_train::{Bytes, ExamplesError, Examples, Layout};
/// // Two pixels of two channels, next to each other; the second channel has another range.
/// let examples = Bytes::<Maps<2, 1, 2>, _>::new(&[255, 0, 0, 255], &["a"], Layout::Interleaved, &[(0.0, 1.0), (0.5, 0.25)])?;
/// let mut input = [0.0; 4];
/// assert_eq!((examples.show(0, 0, &mut input), input), ("a", [1.0, 0.0, -2.0, 2.0]));
/// # Ok::<(), ExamplesError>(())
/// ```
#[derive(Debug)]
pub struct Bytes<'a, In, T> {
    bytes: &'a [u8],
    targets: &'a [T],
    layout: Layout,
    /// What each byte becomes, for each channel.
    becomes: Vec<[f32; 256]>,
    shape: PhantomData<fn(In)>,
}

impl<'a, In: Shape, T> Bytes<'a, In, T> {
    /// Bytes and targets that belong together, and the mean and the deviation of each channel, as fractions of 255.
    ///
    /// # Errors
    /// If the number of bytes is not that of as many examples as there are targets, there is not one mean and deviation
    /// for each channel, or a deviation is not above 0.
    pub fn new(
        bytes: &'a [u8],
        targets: &'a [T],
        layout: Layout,
        normalization: &[(f32, f32)],
    ) -> Result<Self, ExamplesError> {
        check::<In>(bytes.len(), targets.len())?;
        let (given, channels) = (normalization.len(), In::DIMS[0]);
        if given != channels {
            return Err(ExamplesError::Channels { given, channels });
        }
        let table = |(mean, deviation): &(f32, f32)| std::array::from_fn(|b| (b as f32 / 255.0 - mean) / deviation);
        let becomes: Vec<[f32; 256]> = normalization.iter().map(table).collect();
        for (channel, (becomes, (mean, deviation))) in becomes.iter().zip(normalization).enumerate() {
            let sound = *deviation > 0.0 && deviation.is_finite() && becomes.iter().all(|number| number.is_finite());
            if !sound {
                return Err(ExamplesError::Normalization { channel, mean: *mean, deviation: *deviation });
            }
        }
        Ok(Bytes { bytes, targets, layout, becomes, shape: PhantomData })
    }
}

impl<In: Shape, T: Clone + Send + Sync> Examples for Bytes<'_, In, T> {
    type Input = In;
    type Target = T;
    fn len(&self) -> usize {
        self.targets.len()
    }
    fn show(&self, index: usize, _: u64, input: &mut [f32]) -> T {
        let bytes = &self.bytes[index * In::LEN..][..In::LEN];
        let (channels, pixels) = (self.becomes.len(), In::LEN / self.becomes.len());
        for (channel, (becomes, input)) in self.becomes.iter().zip(input.chunks_exact_mut(pixels)).enumerate() {
            let (first, step) = match self.layout {
                Layout::Planar => (channel * pixels, 1),
                Layout::Interleaved => (channel, channels),
            };
            for (number, byte) in input.iter_mut().zip(bytes[first..].iter().step_by(step)) {
                *number = becomes[usize::from(*byte)];
            }
        }
        self.targets[index].clone()
    }
}

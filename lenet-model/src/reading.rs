//! Reading digits: one without a heap, many in the lanes of registers.

use crate::DigitNetwork;
use crate::networks::{Retina, scores};
use lenet_layers::{Normalization, Tensor, Trace, Units, softmax};

/// A picture of 28 rows and 28 columns; 0 is ground, 255 is ink.
pub type Image = [[u8; 28]; 28];

/// What a network makes of a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reading {
    /// The digit, 0 to 9.
    pub digit: u8,
    /// The softmax of the outputs, or of the negated penalties: one for each digit, in sum 1.
    pub probabilities: [f32; 10],
}

impl Reading {
    /// From what speaks for each digit.
    pub(crate) fn of(scores: [f32; 10]) -> Self {
        let mut probabilities = Tensor::<Units<10>>::ZERO;
        softmax(&Tensor { data: scores }, &mut probabilities);
        let probabilities = probabilities.data;
        Reading { digit: most_likely(&probabilities) as u8, probabilities }
    }

    /// All ten digits, the likeliest first; of equals the smaller.
    ///
    /// ```
    /// # use lenet_model::Reading;
    /// let mut reading = Reading { digit: 7, probabilities: [0.0; 10] };
    /// (reading.probabilities[7], reading.probabilities[2]) = (0.75, 0.25);
    /// assert_eq!(reading.ranked(), [7, 2, 0, 1, 3, 4, 5, 6, 8, 9]);
    /// assert_eq!(reading.margin(), 0.5);
    /// ```
    pub fn ranked(&self) -> [u8; 10] {
        let mut digits = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
        let probability = |digit: &u8| self.probabilities[usize::from(*digit)];
        digits.sort_unstable_by(|a, b| probability(b).total_cmp(&probability(a)).then(a.cmp(b)));
        digits
    }

    /// By how much the likeliest digit is ahead of the second.
    pub fn margin(&self) -> f32 {
        let [first, second, ..] = self.ranked().map(|digit| self.probabilities[usize::from(digit)]);
        first - second
    }
}

/// Reads one picture, without a heap. It needs less than 64 KB of stack, most of it for the stages' outputs (128 KB where the
/// compiler does not optimise).
///
/// ```
/// use lenet_layers::Params;
/// use lenet_model::{LeNet5, Normalization, read};
/// let mut network: Box<LeNet5> = LeNet5::boxed();
/// network.output.bias[7] = 5.0;
/// let reading = read(&*network, &[[0; 28]; 28], Normalization::PAPER);
/// assert_eq!(reading.digit, 7);
/// assert!(reading.probabilities[7] > 0.9);
/// ```
pub fn read<N: DigitNetwork>(network: &N, image: &Image, normalization: Normalization) -> Reading {
    let mut trace = N::Trace::<f32>::zeroed();
    N::Input::lay(trace.input_mut(), &[image], normalization);
    Reading::of(scores(network.forward(&mut trace).data, N::PENALTIES))
}

/// Reads pictures, each into its place; the longer of the two slices keeps what it has beyond the other's end. With std they
/// are read sixteen at a time on the rayon pool it is called in, which takes some memory for each thread; a picture's
/// probabilities are those of [`read`] but for rounding. Without, one after another, as `read` does.
pub fn read_many<N: DigitNetwork>(
    network: &N,
    images: &[Image],
    readings: &mut [Reading],
    normalization: Normalization,
) {
    let both = images.len().min(readings.len());
    let (images, readings) = (&images[..both], &mut readings[..both]);
    #[cfg(feature = "std")]
    if both > crate::step::FEW {
        return read_blocks(network, images, readings, normalization);
    }
    for (image, reading) in images.iter().zip(readings) {
        *reading = read(network, image, normalization);
    }
}

/// Reads pictures sixteen at a time; the threads share them.
#[cfg(feature = "std")]
fn read_blocks(
    network: &dyn crate::AnyNetwork,
    images: &[Image],
    readings: &mut [Reading],
    normalization: Normalization,
) {
    use crate::any_network::scores_in;
    use crate::step::{LANES, fork};
    let penalties = network.info().penalties;
    let share = images.len().div_ceil(rayon::current_num_threads()).next_multiple_of(LANES);
    let mut shares: Vec<_> = images.chunks(share).zip(readings.chunks_mut(share)).collect();
    fork(&mut shares, &|(images, readings)| {
        let mut pass = network.lanes_pass();
        for (images, readings) in images.chunks(LANES).zip(readings.chunks_mut(LANES)) {
            let block: [&Image; LANES] = core::array::from_fn(|lane| &images[lane.min(images.len() - 1)]);
            pass.lay(&block[..images.len()], normalization);
            pass.forward(network);
            for (lane, reading) in readings.iter_mut().enumerate() {
                *reading = Reading::of(scores_in(pass.output(), lane, penalties));
            }
        }
    });
}

/// Whoever reads digits: a network, whose pixels are then [`Normalization::PAPER`]'s, as every recipe but Lush's has them, or
/// a [`Classifier`], which knows what they are.
///
/// ```
/// # #[cfg(feature = "pretrained")] {
/// use lenet_model::{Classify, LeNet5, Reading};
/// let blank = [[0; 28]; 28];
/// let mut bar = blank;
/// bar[5..23].iter_mut().for_each(|row| row[13..15].fill(255));
/// assert_eq!(LeNet5::pretrained().classify(&bar).digit, 1);
/// let mut readings = [Reading::default(); 2];
/// LeNet5::pretrained().classify_many(&[blank, bar], &mut readings);
/// assert_eq!(readings[1].digit, 1);
/// # }
/// ```
pub trait Classify: Send + Sync {
    /// Reads one picture, without a heap and with less than 64 KB of stack.
    fn classify(&self, image: &Image) -> Reading;
    /// Reads pictures, each into its place, as fast as can be: see [`read_many`].
    fn classify_many(&self, images: &[Image], readings: &mut [Reading]);
}

impl<N: DigitNetwork> Classify for N {
    fn classify(&self, image: &Image) -> Reading {
        read(self, image, Normalization::PAPER)
    }
    fn classify_many(&self, images: &[Image], readings: &mut [Reading]) {
        read_many(self, images, readings, Normalization::PAPER);
    }
}

/// A network and what pixels become before it sees them.
#[cfg(feature = "std")]
pub struct Classifier<N: crate::AnyNetwork + ?Sized = dyn crate::AnyNetwork> {
    /// The network.
    pub network: Box<N>,
    /// What pixels become.
    pub normalization: Normalization,
}

#[cfg(feature = "std")]
impl<N: crate::AnyNetwork + ?Sized> Classify for Classifier<N> {
    fn classify(&self, image: &Image) -> Reading {
        self.network.read_image(image, self.normalization)
    }
    fn classify_many(&self, images: &[Image], readings: &mut [Reading]) {
        if images.len().min(readings.len()) > crate::step::FEW {
            let both = images.len().min(readings.len());
            return read_blocks(self.network.as_dyn(), &images[..both], &mut readings[..both], self.normalization);
        }
        for (image, reading) in images.iter().zip(readings) {
            *reading = self.classify(image);
        }
    }
}

/// The digit whose score is the largest; of equals the first.
///
/// ```
/// assert_eq!(lenet_model::most_likely(&[0.0, 0.5, -1.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), 1);
/// ```
pub fn most_likely(outputs: &[f32; 10]) -> usize {
    (1..10).fold(0, |best, i| if outputs[i] > outputs[best] { i } else { best })
}

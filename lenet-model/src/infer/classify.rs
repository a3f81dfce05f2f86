//! Reading digits with a network, or with a network and its normalization; many digits at once in the lanes of
//! registers.

use crate::DigitNetwork;
use crate::Normalization;
#[cfg(feature = "files")]
use crate::any_network::{AnyNetwork, scores_in};
use crate::image::Image;
use crate::infer::reading::{Reading, read};
#[cfg(feature = "files")]
use lenet_layers::Mode;
#[cfg(feature = "files")]
use lenet_train::{FEW, LANES, fork};

/// Reads each image into the reading at the same position; if one slice is longer, its rest is left unchanged. With the
/// feature `files` the images are read sixteen at a time on the rayon pool in which this is called, which takes some
/// memory for each thread; the probabilities are those of [`read`] except for rounding. Without the feature they are
/// read one after another.
///
/// ```
/// use lenet_layers::Params;
/// use lenet_model::{LeNet5, Normalization, Reading, read_many};
/// let mut network: Box<LeNet5> = LeNet5::boxed_zeroed();
/// network.output.bias[2] = 1.0;
/// let mut readings = [Reading::default(); 20];
/// read_many(&*network, &[[[0; 28]; 28]; 19], &mut readings, Normalization::PAPER);
/// assert!(readings[..19].iter().all(|reading| reading.digit == 2));
/// // There was no image for the last one.
/// assert_eq!(readings[19], Reading::default());
/// ```
pub fn read_many<N: DigitNetwork>(
    network: &N,
    images: &[Image],
    readings: &mut [Reading],
    normalization: Normalization,
) {
    let both = images.len().min(readings.len());
    let (images, readings) = (&images[..both], &mut readings[..both]);
    #[cfg(feature = "files")]
    if both > FEW {
        return read_blocks(network, images, readings, normalization);
    }
    for (image, reading) in images.iter().zip(readings) {
        *reading = read(network, image, normalization);
    }
}

/// Reads images sixteen at a time; the threads share the work.
#[cfg(feature = "files")]
fn read_blocks(network: &dyn AnyNetwork, images: &[Image], readings: &mut [Reading], normalization: Normalization) {
    let penalties = network.info().penalties;
    let share = images.len().div_ceil(rayon::current_num_threads()).next_multiple_of(LANES);
    let mut shares: Vec<_> = images.chunks(share).zip(readings.chunks_mut(share)).collect();
    fork(&mut shares, &|(images, readings)| {
        let mut pass = network.lanes_pass();
        for (images, readings) in images.chunks(LANES).zip(readings.chunks_mut(LANES)) {
            let block: [&Image; LANES] = core::array::from_fn(|lane| &images[lane.min(images.len() - 1)]);
            pass.lay(&block[..images.len()], normalization);
            pass.forward(network, Mode::Inference);
            for (lane, reading) in readings.iter_mut().enumerate() {
                *reading = Reading::of(scores_in(pass.output(), lane, penalties));
            }
        }
    });
}

/// Reads digits. A network implements it with [`Normalization::PAPER`], which is right for every recipe except Lush's.
/// A `Classifier` is a network together with the normalization it was trained with.
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
    /// Reads one image, without a heap and with less than 64 KB of stack.
    #[must_use]
    fn classify(&self, image: &Image) -> Reading;
    /// Reads many images as fast as possible, each into its place: see [`read_many`].
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

/// A network together with the normalization that it was trained with. It dereferences to the network.
/// [`Checkpoint::classifier`](crate::Checkpoint::classifier) and [`Outcome`](crate::Outcome) have one.
///
/// ```
/// use lenet_layers::Params;
/// use lenet_model::{Classifier, Classify, LeNet5, Normalization, Reading};
/// let network: Box<LeNet5> = LeNet5::boxed_zeroed();
/// let mut classifier = Classifier { network, normalization: Normalization::PAPER };
/// classifier.network.output.bias[6] = 5.0;
/// assert_eq!(classifier.classify(&[[0; 28]; 28]).digit, 6);
/// // A field of the network.
/// assert_eq!(classifier.output.bias[6], 5.0);
///
/// // As an object, together with networks of other types.
/// let readers: [Box<dyn Classify>; 1] = [Box::new(classifier)];
/// let mut readings = [Reading::default(); 20];
/// readers[0].classify_many(&[[[0; 28]; 28]; 20], &mut readings);
/// assert!(readings.iter().all(|reading| reading.digit == 6));
/// ```
#[cfg(feature = "files")]
#[derive(Debug)]
pub struct Classifier<N: AnyNetwork + ?Sized = dyn AnyNetwork> {
    /// The network.
    pub network: Box<N>,
    /// The values to which pixels are mapped.
    pub normalization: Normalization,
}

#[cfg(feature = "files")]
impl<N: AnyNetwork + ?Sized> core::ops::Deref for Classifier<N> {
    type Target = N;
    fn deref(&self) -> &N {
        &self.network
    }
}

#[cfg(feature = "files")]
impl<N: AnyNetwork + ?Sized> Classify for Classifier<N> {
    fn classify(&self, image: &Image) -> Reading {
        self.network.read_image(image, self.normalization)
    }
    fn classify_many(&self, images: &[Image], readings: &mut [Reading]) {
        if images.len().min(readings.len()) > FEW {
            let both = images.len().min(readings.len());
            return read_blocks(self.network.as_dyn(), &images[..both], &mut readings[..both], self.normalization);
        }
        for (image, reading) in images.iter().zip(readings) {
            *reading = self.classify(image);
        }
    }
}

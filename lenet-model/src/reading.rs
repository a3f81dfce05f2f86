//! Reading one digit, without a heap.

use crate::DigitNetwork;
use crate::networks::{Retina, scores};
use lenet_layers::{Normalization, Tensor, Trace, Units, softmax};

/// A picture of 28 rows and 28 columns; 0 is ground, 255 is ink.
pub type Image = [[u8; 28]; 28];

/// What a network makes of a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// The digit, 0 to 9.
    pub digit: u8,
    /// The softmax of the outputs, or of the negated penalties: one for each digit, in sum 1.
    pub probabilities: [f32; 10],
}

/// Reads one picture, without a heap. It needs 72 KB of stack, half of them for the stages' outputs and the rest for what the
/// kernels lay out (48 KB on the scalar set, 128 KB where the compiler does not optimise).
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
    let scores = scores::<N>(network.forward(&mut trace).data);
    let mut probabilities = Tensor::<Units<10>>::ZERO;
    softmax(&Tensor { data: scores }, &mut probabilities);
    let probabilities = probabilities.data;
    Reading { digit: most_likely(&probabilities) as u8, probabilities }
}

/// The digit whose score is the largest; of equals the first.
///
/// ```
/// assert_eq!(lenet_model::most_likely(&[0.0, 0.5, -1.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), 1);
/// ```
pub fn most_likely(outputs: &[f32; 10]) -> usize {
    (1..10).fold(0, |best, i| if outputs[i] > outputs[best] { i } else { best })
}

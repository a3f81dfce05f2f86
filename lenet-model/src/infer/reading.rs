//! Reading one digit, without a heap.

use crate::DigitNetwork;
use crate::Normalization;
use crate::image::{Image, ImageInput, most_likely, scores};
use lenet_layers::{Tensor, Units, softmax};

/// The result of reading an image.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reading {
    /// The digit, 0 to 9.
    pub digit: u8,
    /// The softmax of the outputs, or of the negated penalties: one probability for each digit, with sum 1.
    pub probabilities: [f32; 10],
}

impl Reading {
    /// The reading for the scores of the digits.
    pub(crate) fn of(scores: [f32; 10]) -> Self {
        let mut probabilities = Tensor::<Units<10>>::ZERO;
        softmax(&Tensor { data: scores }, &mut probabilities);
        let probabilities = probabilities.data;
        Reading { digit: most_likely(&probabilities) as u8, probabilities }
    }

    /// The reading for the outputs of a network of type `N`: the largest output wins, or the smallest penalty.
    ///
    /// ```
    /// use lenet_model::{LeNet5, LeNet5Rbf, Reading};
    /// let outputs = [0.0, 1.0, 2.0, 9.0, 4.0, 5.0, 6.0, 7.0, 8.0, 3.0];
    /// assert_eq!(Reading::of_outputs::<LeNet5>(outputs).digit, 3);
    /// assert_eq!(Reading::of_outputs::<LeNet5Rbf>(outputs).digit, 0);
    /// ```
    #[must_use]
    pub fn of_outputs<N: DigitNetwork>(outputs: [f32; 10]) -> Self {
        Self::of(scores(outputs, N::PENALTIES))
    }

    /// All ten digits, the likeliest first; among equals the smaller first.
    ///
    /// ```
    /// # use lenet_model::Reading;
    /// let mut reading = Reading { digit: 7, probabilities: [0.0; 10] };
    /// (reading.probabilities[7], reading.probabilities[2]) = (0.75, 0.25);
    /// assert_eq!(reading.ranked(), [7, 2, 0, 1, 3, 4, 5, 6, 8, 9]);
    /// assert_eq!(reading.margin(), 0.5);
    /// ```
    #[must_use]
    pub fn ranked(&self) -> [u8; 10] {
        let mut digits = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
        let probability = |digit: &u8| self.probabilities[usize::from(*digit)];
        digits.sort_unstable_by(|a, b| probability(b).total_cmp(&probability(a)).then(a.cmp(b)));
        digits
    }

    /// The difference between the probabilities of the likeliest digit and the second.
    #[must_use]
    pub fn margin(&self) -> f32 {
        let [first, second, ..] = self.ranked().map(|digit| self.probabilities[usize::from(digit)]);
        first - second
    }
}

/// Reads one image, without a heap. It needs less than 64 KB of stack, most of it for the stages' outputs (160 KB
/// for LeNet-5 without compiler optimisation, 224 KB for `LeNet5Modern`).
///
/// ```
/// use lenet_layers::Params;
/// use lenet_model::{LeNet5, Normalization, read};
/// let mut network: Box<LeNet5> = LeNet5::boxed_zeroed();
/// network.output.bias[7] = 5.0;
/// let reading = read(&*network, &[[0; 28]; 28], Normalization::PAPER);
/// assert_eq!(reading.digit, 7);
/// assert!(reading.probabilities[7] > 0.9);
/// ```
#[must_use]
pub fn read<N: DigitNetwork>(network: &N, image: &Image, normalization: Normalization) -> Reading {
    let mut input = Tensor::<N::Input>::zeroed();
    N::Input::lay(&mut input, &[image], normalization);
    Reading::of_outputs::<N>(network.output_of(&input).data)
}

//! Batch normalization.

use crate::kernels::normalization::{
    EPSILON, Factors, Statistics, inverse_deviation, measure, near_mean, scale_and_apply, slopes_and_sums,
};
use crate::layers::conv::Kernels;
use crate::layers::conv1d::Kernels1d;
use crate::layers::dense::Weights;
use crate::params::flat_mut;
use crate::{Activation, Identity, Layer, LayerInfo, Mode, Operation, ParamInfo, Params, Role, Trainable};
use core::{fmt, marker::PhantomData};
use lenet_tensor::{Cell, Element, Maps, Shape, Tensor, Units, simd::Simd};
use zerocopy::{FromBytes, Immutable, KnownLayout};

/// Normalizes each of `C` maps or units by its mean and variance, then scales and shifts it:
/// y = A(weight (x - mean) / sqrt(variance + 1e-5) + bias), with the activation function `A`: `Maps<C, H, W>` to itself, or
/// `Units<C>` to itself (Ioffe & Szegedy 2015, "Batch Normalization", algorithms 1 and 2).
///
/// In training ([`Network::forward_training`](crate::Network::forward_training)) mean and variance are those of the
/// examples of the pass: in lanes, of up to sixteen, whatever the size of the batch ("ghost batches", Hoffer, Hubara,
/// Soudry 2017). So passes do not wait for each other, and the result does not depend on the number of threads. The
/// backward pass adds the differences between its statistics and the arrays `running_mean` and `running_var` to the
/// gradient of these, as the mean over the batch, and the optimizer moves the arrays by a part of it
/// ([`STATISTIC_MOMENTUM`]). Otherwise, with `forward` and `backward`, the layer uses the two arrays, and they stay as
/// they are.
///
/// A single example of `Units` has no variance: in training its outputs are `A(bias)`, and it does not change the running
/// variance. The layer has no second derivatives.
///
/// After training, [`BatchNormParams::fold`] merges it into the convolution or full connection before it.
///
/// ```
/// use lenet_layers::{BatchNorm, BatchNormParams, Layer, Params, Tensor, Units, simd::Scalar};
/// let mut params = BatchNormParams::<1, f64>::zeroed();
/// (params.weight, params.bias, params.running_mean, params.running_var) = ([3.0], [1.0], [2.0], [4.0 - 1e-5]);
/// let mut y = Tensor::<Units<1>, f64>::ZERO;
/// <BatchNorm<1> as Layer<Units<1>>>::forward(Scalar, &params, &Tensor { data: [6.0] }, &mut y);
/// assert!((y.data[0] - 7.0).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BatchNorm<const C: usize, A = Identity>(PhantomData<A>);

/// The part of the way that a step moves the running statistics of [`BatchNorm`] towards those of its batch.
pub const STATISTIC_MOMENTUM: f64 = 0.1;

/// The parameters of a [`BatchNorm`]. The last two arrays are measured, not trained.
#[derive(Clone, Debug, PartialEq, FromBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct BatchNormParams<const C: usize, E = f32> {
    /// Multiplies the normalized input; one for each map or unit.
    pub weight: [E; C],
    /// One for each map or unit.
    pub bias: [E; C],
    /// The mean of each map or unit over the training examples.
    pub running_mean: [E; C],
    /// The variance of each map or unit over the training examples.
    pub running_var: [E; C],
}

impl<const C: usize, E: Element> Params for BatchNormParams<C, E> {
    type Element = E;
    const TENSORS: usize = 4;
    const LEN: usize = 4 * C;
    const STATISTICS: usize = 2 * C;
    fn tensor(&self, index: usize) -> &[E] {
        let arrays = [&self.weight, &self.bias, &self.running_mean, &self.running_var];
        arrays[index]
    }
    fn tensor_mut(&mut self, index: usize) -> &mut [E] {
        let arrays = [&mut self.weight, &mut self.bias, &mut self.running_mean, &mut self.running_var];
        arrays.into_iter().nth(index).expect("batch normalization has four arrays")
    }
    fn is_statistic(index: usize) -> bool {
        index >= 2
    }
}

/// Parameters with a row of weights and a bias for each of `C` outputs, into which a [`BatchNorm`] after them can be merged.
pub trait Rows<const C: usize, E> {
    /// Returns the weights, `C` rows one after another, and the biases.
    fn rows(&mut self) -> (&mut [E], &mut [E; C]);
}
impl<const CI: usize, const CO: usize, const K: usize, E: Element> Rows<CO, E> for Kernels<CI, CO, K, E> {
    fn rows(&mut self) -> (&mut [E], &mut [E; CO]) {
        (flat_mut(&mut self.weight), &mut self.bias)
    }
}
impl<const CI: usize, const CO: usize, const K: usize, E: Element> Rows<CO, E> for Kernels1d<CI, CO, K, E> {
    fn rows(&mut self) -> (&mut [E], &mut [E; CO]) {
        (flat_mut(&mut self.weight), &mut self.bias)
    }
}
impl<const I: usize, const O: usize, E: Element> Rows<O, E> for Weights<I, O, E> {
    fn rows(&mut self) -> (&mut [E], &mut [E; O]) {
        (flat_mut(&mut self.weight), &mut self.bias)
    }
}

impl<const C: usize, E: Element> BatchNormParams<C, E> {
    /// Merges the layer into the convolution or full connection before it, whose activation function must be
    /// [`Identity`]: `kernels` then computes what both computed, and takes the activation function of this layer.
    ///
    /// ```
    /// use lenet_layers::{BatchNormParams, Params, Weights};
    /// let mut norm = BatchNormParams::<1, f64>::zeroed();
    /// (norm.weight, norm.bias, norm.running_mean, norm.running_var) = ([3.0], [1.0], [2.0], [4.0 - 1e-5]);
    /// let mut dense = Weights::<1, 1, f64> { weight: [[10.0]], bias: [6.0] };
    /// norm.fold(&mut dense);
    /// // 3 (10 x + 6 - 2) / 2 + 1
    /// assert!((dense.weight[0][0] - 15.0).abs() < 1e-9 && (dense.bias[0] - 7.0).abs() < 1e-9);
    /// ```
    pub fn fold(&self, kernels: &mut impl Rows<C, E>) {
        let (weight, bias) = kernels.rows();
        let row = weight.len() / C.max(1);
        for (c, bias) in bias.iter_mut().enumerate() {
            let (scale, shift) = self.scale_and_shift(lenet_tensor::simd::Scalar, c);
            *bias = scale * *bias + shift;
            for weight in &mut weight[c * row..(c + 1) * row] {
                *weight = scale * *weight;
            }
        }
    }

    /// What the layer computes of map `c` outside training is `scale x + shift`.
    fn scale_and_shift<S: Simd>(&self, simd: S, c: usize) -> (E, E) {
        let scale = self.weight[c] * inverse_deviation(simd, self.running_var[c]);
        (scale, self.bias[c] - scale * self.running_mean[c])
    }
}

impl<const C: usize, A: Send + Sync + 'static> Trainable for BatchNorm<C, A> {
    type Params<E: Element> = BatchNormParams<C, E>;
}

impl<const C: usize, A: Activation> LayerInfo for BatchNorm<C, A> {
    const OPERATION: Operation = Operation::BatchNorm { epsilon: EPSILON, activation: A::KIND };
    fn info(index: usize) -> ParamInfo {
        let (name, role) = match index {
            0 => ("weight", Role::Scale),
            1 => ("bias", Role::Bias),
            2 => ("running_mean", Role::Mean),
            3 => ("running_var", Role::Variance),
            _ => panic!("no parameter {index} in a batch normalization"),
        };
        ParamInfo::new(name, &[C], role, |_| 1)
    }
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "batch normalization, {}", A::NAME)
    }
}

macro_rules! batch_norm_on {
    ($shape:ty, $($n:ident),+) => {
        impl<$(const $n: usize,)+ A: Activation> Layer<$shape> for BatchNorm<C, A> {
            type Out = $shape;
            const CONNECTIONS: usize = 2 * <$shape as Shape>::LEN;
            const MULTIPLY_ADDS: usize = <$shape as Shape>::LEN;

            fn forward<S: Simd, T: Cell>(
                simd: S,
                params: &BatchNormParams<C, T::Element>,
                x: &Tensor<$shape, T>,
                y: &mut Tensor<$shape, T>,
            ) {
                forward::<A, S, T, C>(simd, params, x.cells(), y.cells_mut(), None);
            }
            fn forward_in<S: Simd, T: Cell>(
                simd: S,
                params: &BatchNormParams<C, T::Element>,
                x: &Tensor<$shape, T>,
                y: &mut Tensor<$shape, T>,
                mode: Mode,
            ) {
                forward::<A, S, T, C>(simd, params, x.cells(), y.cells_mut(), examples::<T>(mode));
            }
            fn backward<S: Simd, T: Cell, const TO_INPUT: bool>(
                simd: S,
                params: &BatchNormParams<C, T::Element>,
                x: &Tensor<$shape, T>,
                y: &Tensor<$shape, T>,
                dy: &mut Tensor<$shape, T>,
                dx: &mut Tensor<$shape, T>,
                grad: &mut BatchNormParams<C, T::Element>,
            ) {
                Self::backward_in::<S, T, TO_INPUT>(simd, params, x, y, dy, dx, grad, Mode::Inference);
            }
            fn backward_in<S: Simd, T: Cell, const TO_INPUT: bool>(
                simd: S,
                params: &BatchNormParams<C, T::Element>,
                x: &Tensor<$shape, T>,
                y: &Tensor<$shape, T>,
                dy: &mut Tensor<$shape, T>,
                dx: &mut Tensor<$shape, T>,
                grad: &mut BatchNormParams<C, T::Element>,
                mode: Mode,
            ) {
                let dx: Option<&mut [T]> = if TO_INPUT { Some(dx.cells_mut()) } else { None };
                backward::<A, S, T, C>(simd, params, [x.cells(), y.cells()], dy.cells_mut(), dx, grad, mode);
            }
        }
    };
}
batch_norm_on!(Maps<C, H, W>, C, H, W);
batch_norm_on!(Units<C>, C);

/// The number of examples of a pass in training; `None` otherwise.
fn examples<T: Cell>(mode: Mode) -> Option<usize> {
    match mode {
        Mode::Inference => None,
        Mode::Training(pass) => Some(pass.examples.clamp(1, T::LANES)),
    }
}

fn forward<A: Activation, S: Simd, T: Cell, const C: usize>(
    simd: S,
    params: &BatchNormParams<C, T::Element>,
    x: &[T],
    y: &mut [T],
    examples: Option<usize>,
) {
    let per = x.len() / C;
    for (c, (x, y)) in x.chunks_exact(per).zip(y.chunks_exact_mut(per)).enumerate() {
        let (scale, shift) = match examples {
            None => params.scale_and_shift(simd, c),
            Some(examples) => {
                let Statistics { mean, inverse_deviation, .. } = measure(simd, x, examples);
                let scale = params.weight[c] * inverse_deviation;
                (scale, params.bias[c] - scale * mean)
            }
        };
        scale_and_apply::<A, S, _>(simd, scale, shift, T::elements(x), T::elements_mut(y));
        // Normalized with the statistics of the examples, the numbers of a lane without one could grow without limit.
        if let Some(idle) = examples.filter(|examples| *examples < T::LANES) {
            y.iter_mut().for_each(|y| y.lanes_mut()[idle..].fill(T::Element::default()));
        }
    }
}

fn backward<A: Activation, S: Simd, T: Cell, const C: usize>(
    simd: S,
    params: &BatchNormParams<C, T::Element>,
    [x, y]: [&[T]; 2],
    dy: &mut [T],
    mut dx: Option<&mut [T]>,
    grad: &mut BatchNormParams<C, T::Element>,
    mode: Mode,
) {
    let (per, lanes) = (x.len() / C, examples::<T>(mode).unwrap_or(T::LANES));
    let numbers = per * lanes;
    // One map after the other, so that both passes over it find it in the cache.
    for c in 0..C {
        let here = c * per..(c + 1) * per;
        let (x, y, da) = (&x[here.clone()], &y[here.clone()], &mut dy[here.clone()]);
        let near = match mode {
            Mode::Inference => params.running_mean[c],
            Mode::Training(_) => near_mean(simd, x, lanes),
        };
        let [db, products, differences, squares] = slopes_and_sums::<A, S, T>(simd, [x, y], da, near, lanes);
        let statistics = match mode {
            Mode::Inference => {
                let variance = params.running_var[c];
                Statistics { mean: near, variance, inverse_deviation: inverse_deviation(simd, variance) }
            }
            Mode::Training(_) => Statistics::new(simd, near, differences, squares, numbers),
        };
        let dw = statistics.inverse_deviation * (products - (statistics.mean - near) * db);
        grad.bias[c] += db;
        grad.weight[c] += dw;
        let mut factors = Factors::outside_training(params.weight[c], &statistics);
        if let Mode::Training(pass) = mode {
            factors.subtract_means(db, dw, numbers, &statistics);
            let share = T::Element::from_f64(lanes as f64 / pass.batch.max(lanes) as f64);
            grad.running_mean[c] += share * (statistics.mean - params.running_mean[c]);
            // The variance of all examples is estimated from these, as PyTorch does. One number says nothing about it.
            if numbers > 1 {
                let unbiased = T::Element::from_f64(numbers as f64 / (numbers - 1) as f64);
                grad.running_var[c] += share * (unbiased * statistics.variance - params.running_var[c]);
            }
        }
        if let Some(dx) = &mut dx {
            factors.write(simd, x, da, &mut dx[here], lanes);
        }
    }
}

//! Batch normalization.

use crate::kernels::tile::{load, store, width};
use crate::layers::conv::Kernels;
use crate::layers::conv1d::Kernels1d;
use crate::layers::dense::Weights;
use crate::params::flat_mut;
use crate::{Activation, Identity, Layer, LayerInfo, Mode, Operation, ParamInfo, Params, Role, Trainable};
use core::{fmt, marker::PhantomData};
use lenet_tensor::simd::{Simd, Vector};
use lenet_tensor::{Cell, Element, Maps, Shape, Tensor, Units};
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

/// Added to the variance, so that its square root is not zero.
const EPSILON: f64 = 1e-5;

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
        let scale = self.weight[c] * inverse_root(simd, self.running_var[c]);
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

/// Returns 1 / sqrt(variance + epsilon). Core has no square root.
fn inverse_root<S: Simd, E: Element>(simd: S, variance: E) -> E {
    let (half, x) = (E::from_f64(0.5), variance + E::from_f64(EPSILON));
    let estimate = (E::from_f64(-0.5) * x.ln(simd)).exp(simd);
    // A step of Newton's method corrects the last digits.
    estimate * (E::from_f64(1.5) - half * x * estimate * estimate)
}

/// Mean, variance and the inverse of the deviation of the examples of a pass.
struct Statistics<E> {
    mean: E,
    variance: E,
    root: E,
}

/// The number of cells that stay in the L1 cache while several passes read them.
const AT_HAND: usize = 128;

/// Returns a number that is not far from the mean of the first `examples` lanes: the mean of the first cells. Sums of
/// differences from it lose no digits, where sums of the numbers themselves would.
fn near_mean<S: Simd, T: Cell>(simd: S, x: &[T], examples: usize) -> T::Element {
    let x = &x[..x.len().min(AT_HAND)];
    let [sum] = simd.vectorize(
        #[inline(always)]
        || {
            totals::<S, T, 1>(
                simd,
                x.len(),
                examples,
                #[inline(always)]
                |k, part| [x[k].part(simd, part)],
            )
        },
    );
    T::Element::from_f64(1.0 / (x.len() * examples) as f64) * sum
}

impl<E: Element> Statistics<E> {
    /// From the sums of the differences from `near`, and of their squares, over so many numbers.
    fn new<S: Simd>(simd: S, near: E, differences: E, squares: E, numbers: usize) -> Self {
        let share = E::from_f64(1.0 / numbers as f64);
        let difference = share * differences;
        let variance = share * squares - difference * difference;
        // Where all numbers are equal, the rounding of large ones could make it negative.
        let variance = if variance < E::default() { E::default() } else { variance };
        Statistics { mean: near + difference, variance, root: inverse_root(simd, variance) }
    }
}

/// Measures one map over the first `examples` lanes.
#[inline(never)]
fn measure<S: Simd, T: Cell>(simd: S, x: &[T], examples: usize) -> Statistics<T::Element> {
    let near = near_mean(simd, x, examples);
    let [differences, squares] = simd.vectorize(
        #[inline(always)]
        || {
            let near = Vector::splat(simd, near);
            totals::<S, T, 2>(
                simd,
                x.len(),
                examples,
                #[inline(always)]
                |k, part| {
                    let d = x[k].part(simd, part) - near;
                    [d, d * d]
                },
            )
        },
    );
    Statistics::new(simd, near, differences, squares, x.len() * examples)
}

/// Returns the sums over the cells and the first `examples` lanes of the `N` numbers that `f(cell, part)` computes. `f`
/// should be `#[inline(always)]`.
#[inline(always)]
fn totals<S: Simd, T: Cell, const N: usize>(
    simd: S,
    cells: usize,
    examples: usize,
    mut f: impl FnMut(usize, usize) -> [T::Vector<S>; N],
) -> [T::Element; N] {
    /// The number of independent sums, so that none waits for another.
    const CHAINS: usize = 2;
    let mut lanes = [T::ZERO; N];
    for first in (0..cells).step_by(AT_HAND) {
        let end = cells.min(first + AT_HAND);
        for part in 0..T::parts::<S>() {
            let mut sums = [[T::Vector::splat(simd, Default::default()); N]; CHAINS];
            let mut k = first;
            while k < end {
                for sums in &mut sums {
                    if k < end {
                        let numbers = f(k, part);
                        for n in 0..N {
                            sums[n] = sums[n] + numbers[n];
                        }
                    }
                    k += 1;
                }
            }
            for n in 0..N {
                lanes[n].set_part(part, lanes[n].part(simd, part) + (sums[0][n] + sums[1][n]));
            }
        }
    }
    let mut totals = [T::Element::default(); N];
    for n in 0..N {
        for lane in &lanes[n].lanes()[..examples] {
            totals[n] += *lane;
        }
    }
    totals
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
                let Statistics { mean, root, .. } = measure(simd, x, examples);
                let scale = params.weight[c] * root;
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

/// Computes y = A(scale x + shift).
#[inline(never)]
fn scale_and_apply<A: Activation, S: Simd, E: Element>(simd: S, scale: E, shift: E, x: &[E], y: &mut [E]) {
    simd.vectorize(
        #[inline(always)]
        || {
            let width = const { width::<S, E>() };
            let (scale, shift) = (E::Row::splat(simd, scale), E::Row::splat(simd, shift));
            for (x, y) in x.chunks(width).zip(y.chunks_mut(width)) {
                store(A::apply(load::<E::Row<S>>(simd, x).mul_add(scale, shift)), y);
            }
        },
    );
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
                Statistics { mean: near, variance, root: inverse_root(simd, variance) }
            }
            Mode::Training(_) => Statistics::new(simd, near, differences, squares, numbers),
        };
        let dw = statistics.root * (products - (statistics.mean - near) * db);
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

/// Converts `dy` to the gradient before the activation function, `da`, and returns the sums of `da`, of its products
/// with the differences between `x` and `near`, of these differences, and of their squares.
#[inline(never)]
fn slopes_and_sums<A: Activation, S: Simd, T: Cell>(
    simd: S,
    [x, y]: [&[T]; 2],
    dy: &mut [T],
    near: T::Element,
    lanes: usize,
) -> [T::Element; 4] {
    simd.vectorize(
        #[inline(always)]
        || {
            let near = Vector::splat(simd, near);
            let (cells, y, dy) = (x.len(), &y[..x.len()], &mut dy[..x.len()]);
            totals::<S, T, 4>(
                simd,
                cells,
                lanes,
                #[inline(always)]
                |k, part| {
                    let d = x[k].part(simd, part) - near;
                    let da = dy[k].part(simd, part) * A::slope(y[k].part(simd, part));
                    dy[k].set_part(part, da);
                    [da, d * da, d, d * d]
                },
            )
        },
    )
}

/// The gradient with respect to the input is `da` times `of_da`, plus x times `of_x`, plus `constant`.
struct Factors<E> {
    of_da: E,
    of_x: E,
    constant: E,
}

impl<E: Element> Factors<E> {
    fn outside_training(weight: E, statistics: &Statistics<E>) -> Self {
        Factors { of_da: weight * statistics.root, of_x: E::default(), constant: E::default() }
    }

    /// In training mean and variance depend on the input too:
    /// dx = weight root (da - mean of da - normalized x times the mean of da times normalized x).
    fn subtract_means(&mut self, db: E, dw: E, numbers: usize, Statistics { mean, root, .. }: &Statistics<E>) {
        let share = E::from_f64(1.0 / numbers as f64);
        let zero = E::default();
        self.of_x = zero - self.of_da * *root * share * dw;
        self.constant = zero - self.of_da * share * db - self.of_x * *mean;
    }

    /// Lanes without an example get zero.
    #[inline(never)]
    fn write<S: Simd, T: Cell<Element = E>>(&self, simd: S, x: &[T], da: &[T], dx: &mut [T], lanes: usize) {
        let mut mask = T::ZERO;
        mask.lanes_mut()[..lanes].fill(E::from_f64(1.0));
        simd.vectorize(
            #[inline(always)]
            || {
                for ((x, da), dx) in x.chunks(AT_HAND).zip(da.chunks(AT_HAND)).zip(dx.chunks_mut(AT_HAND)) {
                    for part in 0..T::parts::<S>() {
                        let mask = mask.part(simd, part);
                        let factor = |factor: E| T::Vector::<S>::splat(simd, factor) * mask;
                        let (of_da, of_x, constant) = (factor(self.of_da), factor(self.of_x), factor(self.constant));
                        for ((x, da), dx) in x.iter().zip(da).zip(&mut *dx) {
                            let linear = x.part(simd, part).mul_add(of_x, constant);
                            dx.set_part(part, da.part(simd, part).mul_add(of_da, linear));
                        }
                    }
                }
            },
        );
    }
}

//! The loops of batch normalization over one map: its statistics, its output, and the gradients.

use crate::Activation;
use crate::kernels::tile::{load, store, width};
use lenet_tensor::simd::{Simd, Vector};
use lenet_tensor::{Cell, Element};

/// Added to the variance, so that its square root is not zero.
pub(crate) const EPSILON: f64 = 1e-5;

/// Returns 1 / sqrt(variance + epsilon). Core has no square root.
pub(crate) fn inverse_deviation<S: Simd, E: Element>(simd: S, variance: E) -> E {
    let (half, x) = (E::from_f64(0.5), variance + E::from_f64(EPSILON));
    let estimate = (E::from_f64(-0.5) * x.ln(simd)).exp(simd);
    // A step of Newton's method corrects the last digits.
    estimate * (E::from_f64(1.5) - half * x * estimate * estimate)
}

/// Mean, variance and the inverse of the deviation of the examples of a pass.
pub(crate) struct Statistics<E> {
    pub(crate) mean: E,
    pub(crate) variance: E,
    pub(crate) inverse_deviation: E,
}

/// The number of cells that stay in the L1 cache while several passes read them.
const CELLS_IN_L1: usize = 128;

/// Returns a number that is not far from the mean of the first `examples` lanes: the mean of the first cells. Sums of
/// differences from it lose no digits, where sums of the numbers themselves would.
pub(crate) fn near_mean<S: Simd, T: Cell>(simd: S, x: &[T], examples: usize) -> T::Element {
    let x = &x[..x.len().min(CELLS_IN_L1)];
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
    pub(crate) fn new<S: Simd>(simd: S, near: E, differences: E, squares: E, numbers: usize) -> Self {
        let share = E::from_f64(1.0 / numbers as f64);
        let difference = share * differences;
        let variance = share * squares - difference * difference;
        // Where all numbers are equal, the rounding of large ones could make it negative.
        let variance = if variance < E::default() { E::default() } else { variance };
        Statistics { mean: near + difference, variance, inverse_deviation: inverse_deviation(simd, variance) }
    }
}

/// Measures one map over the first `examples` lanes.
#[inline(never)]
pub(crate) fn measure<S: Simd, T: Cell>(simd: S, x: &[T], examples: usize) -> Statistics<T::Element> {
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
    for first in (0..cells).step_by(CELLS_IN_L1) {
        let end = cells.min(first + CELLS_IN_L1);
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

/// Computes y = A(scale x + shift).
#[inline(never)]
pub(crate) fn scale_and_apply<A: Activation, S: Simd, E: Element>(simd: S, scale: E, shift: E, x: &[E], y: &mut [E]) {
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

/// Converts `dy` to the gradient before the activation function, `da`, and returns the sums of `da`, of its products
/// with the differences between `x` and `near`, of these differences, and of their squares.
#[inline(never)]
pub(crate) fn slopes_and_sums<A: Activation, S: Simd, T: Cell>(
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
pub(crate) struct Factors<E> {
    of_da: E,
    of_x: E,
    constant: E,
}

impl<E: Element> Factors<E> {
    pub(crate) fn outside_training(weight: E, statistics: &Statistics<E>) -> Self {
        Factors { of_da: weight * statistics.inverse_deviation, of_x: E::default(), constant: E::default() }
    }

    /// In training mean and variance depend on the input too:
    /// dx = weight / deviation (da - mean of da - normalized x times the mean of da times normalized x).
    pub(crate) fn subtract_means(
        &mut self,
        db: E,
        dw: E,
        numbers: usize,
        Statistics { mean, inverse_deviation, .. }: &Statistics<E>,
    ) {
        let share = E::from_f64(1.0 / numbers as f64);
        let zero = E::default();
        self.of_x = zero - self.of_da * *inverse_deviation * share * dw;
        self.constant = zero - self.of_da * share * db - self.of_x * *mean;
    }

    /// Lanes without an example get zero.
    #[inline(never)]
    pub(crate) fn write<S: Simd, T: Cell<Element = E>>(&self, simd: S, x: &[T], da: &[T], dx: &mut [T], lanes: usize) {
        let mut mask = T::ZERO;
        mask.lanes_mut()[..lanes].fill(E::from_f64(1.0));
        simd.vectorize(
            #[inline(always)]
            || {
                for ((x, da), dx) in x.chunks(CELLS_IN_L1).zip(da.chunks(CELLS_IN_L1)).zip(dx.chunks_mut(CELLS_IN_L1)) {
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

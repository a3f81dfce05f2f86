//! One pass over the parameters: the gradients are summed, and each number is updated with its own state.

use crate::STATISTIC_MOMENTUM;
use crate::kernels::tile::{load, store, width};
use lenet_tensor::Element;
use lenet_tensor::simd::{Isa, Kernel, Simd, Vector};

/// The update of one number, given its gradient and `STATES` numbers of state that belong to it: none for
/// [`Statistic`], the velocity for momentum, two means for [`Adam`](crate::Adam).
pub trait Rule<E: Element, const STATES: usize = 1>: Copy + Send + Sync {
    /// Applies a step against the gradient `g` to one register of numbers, or to fewer at the end.
    #[doc(hidden)]
    fn one<S: Simd>(self, simd: S, g: E::Row<S>, p: &mut [E], state: [&mut [E]; STATES]);

    /// Updates the parameters `p` and their state with one step against the sum of `gradients`, added in order.
    ///
    /// # Panics
    /// If the slices have different lengths.
    fn step(self, p: &mut [E], state: [&mut [E]; STATES], gradients: &[&[E]]) {
        let n = p.len();
        let of_one_length = state.iter().all(|s| s.len() == n) && gradients.iter().all(|g| g.len() == n);
        assert!(of_one_length, "slices of one length");
        Isa::current().dispatch(Step { rule: self, p, state, gradients });
    }
}

/// The update of an array of statistics ([`Params::is_statistic`](crate::Params::is_statistic)), which needs no state. Their
/// gradient is the difference between what a pass in training has measured and the array, and the array moves by
/// [`STATISTIC_MOMENTUM`] of it: p = p + 0.1 g. After a backward pass that is not of a training pass the difference is
/// zero. The optimizers apply this rule to such arrays whatever their own, without weight decay and clipping.
///
/// ```
/// use lenet_layers::{Rule, Statistic};
/// let mut mean = [1.0];
/// Statistic.step(&mut mean, [], &[&[2.0], &[3.0]]);
/// assert_eq!(mean, [1.5]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Statistic;

impl<E: Element> Rule<E, 0> for Statistic {
    #[inline(always)]
    fn one<S: Simd>(self, simd: S, g: E::Row<S>, p: &mut [E], _: [&mut [E]; 0]) {
        let at = load::<E::Row<S>>(simd, p);
        store(g.mul_add(Vector::splat(simd, E::from_f64(STATISTIC_MOMENTUM)), at), p);
    }
}

struct Step<'a, R, E, const STATES: usize> {
    rule: R,
    p: &'a mut [E],
    state: [&'a mut [E]; STATES],
    gradients: &'a [&'a [E]],
}

/// The number of registers per iteration of a step, so that the loads of one do not wait for the sums of another.
const ROWS: usize = 4;

/// A part of every slice.
#[inline(always)]
fn part<'a, E, const N: usize>(slices: &'a mut [&mut [E]; N], range: core::ops::Range<usize>) -> [&'a mut [E]; N] {
    slices.each_mut().map(
        #[inline(always)]
        |slice| &mut slice[range.clone()],
    )
}

impl<R: Rule<E, STATES>, E: Element, const STATES: usize> Kernel for Step<'_, R, E, STATES> {
    type Output = ();
    fn run<S: Simd>(self, simd: S) {
        let Step { rule, p, mut state, gradients } = self;
        simd.vectorize(
            #[inline(always)]
            || {
                let width = const { width::<S, E>() };
                let whole = p.len() / (ROWS * width) * (ROWS * width);
                for first in (0..whole).step_by(ROWS * width) {
                    let here = first..first + ROWS * width;
                    let g = summed(simd, gradients, first);
                    let (p, mut state) = (&mut p[here.clone()], part(&mut state, here));
                    for t in 0..ROWS {
                        let here = t * width..(t + 1) * width;
                        rule.one(simd, g[t], &mut p[here.clone()], part(&mut state, here));
                    }
                }
                for first in (whole..p.len()).step_by(width) {
                    let here = first..p.len().min(first + width);
                    let g = summed_few(simd, gradients, here.clone());
                    rule.one(simd, g, &mut p[here.clone()], part(&mut state, here));
                }
            },
        );
    }
}

/// The sum of the gradients at the [`ROWS`] registers from `first`.
#[inline(always)]
fn summed<S: Simd, E: Element>(simd: S, gradients: &[&[E]], first: usize) -> [E::Row<S>; ROWS] {
    let width = const { width::<S, E>() };
    let mut g = [E::Row::splat(simd, E::default()); ROWS];
    for gradient in gradients {
        let gradient = &gradient[first..first + ROWS * width];
        for t in 0..ROWS {
            g[t] = g[t] + Vector::load(simd, &gradient[t * width..]);
        }
    }
    g
}

/// The sum of the gradients in a range of up to one register.
#[inline(always)]
fn summed_few<S: Simd, E: Element>(simd: S, gradients: &[&[E]], here: core::ops::Range<usize>) -> E::Row<S> {
    let mut g = E::Row::splat(simd, E::default());
    for gradient in gradients {
        g = g + load::<E::Row<S>>(simd, &gradient[here.clone()]);
    }
    g
}

/// Returns the sum of the squares of the sum of `gradients`, which have one length and are added in order.
///
/// It is computed in `E`, in an order that depends on the length and the instruction set alone.
pub(super) fn squares<E: Element>(gradients: &[&[E]]) -> E {
    let n = gradients.first().map_or(0, |g| g.len());
    Isa::current().dispatch(Squares { gradients, n })
}

struct Squares<'a, E> {
    gradients: &'a [&'a [E]],
    n: usize,
}
impl<E: Element> Kernel for Squares<'_, E> {
    type Output = E;
    fn run<S: Simd>(self, simd: S) -> E {
        let Squares { gradients, n } = self;
        simd.vectorize(
            #[inline(always)]
            || {
                let width = const { width::<S, E>() };
                let whole = n / (ROWS * width) * (ROWS * width);
                let mut sums = [E::Row::splat(simd, E::default()); ROWS];
                for first in (0..whole).step_by(ROWS * width) {
                    let g = summed(simd, gradients, first);
                    for t in 0..ROWS {
                        sums[t] = g[t].mul_add(g[t], sums[t]);
                    }
                }
                for first in (whole..n).step_by(width) {
                    let g = summed_few(simd, gradients, first..n.min(first + width));
                    sums[0] = g.mul_add(g, sums[0]);
                }
                ((sums[0] + sums[1]) + (sums[2] + sums[3])).sum()
            },
        )
    }
}

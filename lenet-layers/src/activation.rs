//! Activation functions, as type parameters of the layers that apply them.

use core::marker::PhantomData;
use lenet_tensor::Element;
use lenet_tensor::simd::{Simd, Vector};

/// An activation function. Its slope is a function of its *output*, so that the backward pass needs only the outputs
/// that the forward pass stored in the trace.
///
/// It is written once over [`Vector`], for a register of numbers and for a single number.
///
/// ```
/// use lenet_layers::{Activation, Vector};
/// /// a / 2 where a is negative.
/// struct Leaky;
/// impl Activation for Leaky {
///     const NAME: &'static str = "leaky";
///     fn apply<V: Vector>(a: V) -> V {
///         a.max(a * a.like(0.5))
///     }
///     fn slope<V: Vector>(y: V) -> V {
///         y.map(|y| V::Element::from_f64(if y.to_f64() > 0.0 { 1.0 } else { 0.5 }))
///     }
/// }
/// # use lenet_layers::{Element, simd::{One, Scalar}};
/// assert_eq!(Leaky::apply(One::<_, f64>::splat(Scalar, -3.0)).sum(), -1.5);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an activation",
    note = "choose Identity, ScaledTanh, Tanh, Sigmoid, Relu or LeakyRelu, or implement `Activation` for your own type"
)]
pub trait Activation: Send + Sync + 'static {
    /// The function's name in a summary.
    const NAME: &'static str;
    /// The function's formula as data, if it is one of these. A custom activation function may leave this out.
    const KIND: ActivationKind = ActivationKind::Custom;
    /// `y = f(a)`.
    fn apply<V: Vector>(a: V) -> V;
    /// `f'(a)`, from `y = f(a)`.
    fn slope<V: Vector>(y: V) -> V;
}

/// An activation function as data, for code that converts a network to another format.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ActivationKind {
    /// a.
    Identity,
    /// tanh(a).
    Tanh,
    /// amplitude tanh(slope a).
    ScaledTanh {
        /// The limit for large a.
        amplitude: f64,
        /// The factor of a.
        slope: f64,
    },
    /// 1 / (1 + e^-a).
    Sigmoid,
    /// max(a, 0).
    Relu,
    /// max(a, slope a).
    LeakyRelu {
        /// The factor of negative a.
        slope: f64,
    },
    /// a (1 + tanh(sqrt(2/pi) (a + 0.044715 a^3))) / 2.
    GeluTanh,
    /// a / (1 + e^-a).
    Silu,
    /// a min(max(a + 3, 0), 6) / 6.
    HardSwish,
    /// Another function, which only the implementation can compute.
    Custom,
}

/// `f(a) = a`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Identity;
impl Activation for Identity {
    const NAME: &'static str = "identity";
    const KIND: ActivationKind = ActivationKind::Identity;
    #[inline(always)]
    fn apply<V: Vector>(a: V) -> V {
        a
    }
    #[inline(always)]
    fn slope<V: Vector>(y: V) -> V {
        y.like(1.0)
    }
}

/// `f(a) = A tanh(S a)` with A = 1.7159 and S = 2/3, so that f(1) = 1 and f(-1) = -1 (LeCun et al. 1998, eq. 6 and
/// appendix A).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScaledTanh;
impl ScaledTanh {
    /// The amplitude A.
    pub const A: f64 = 1.7159;
    /// The slope S at the origin, before the amplitude.
    pub const S: f64 = 2.0 / 3.0;
}
impl Activation for ScaledTanh {
    const NAME: &'static str = "scaled tanh";
    const KIND: ActivationKind = ActivationKind::ScaledTanh { amplitude: Self::A, slope: Self::S };
    #[inline(always)]
    fn apply<V: Vector>(a: V) -> V {
        a.like(Self::A) * (a.like(Self::S) * a).tanh()
    }
    #[inline(always)]
    fn slope<V: Vector>(y: V) -> V {
        // A S (1 - tanh^2) with tanh = y / A
        (y * y).neg_mul_add(y.like(Self::S / Self::A), y.like(Self::A * Self::S))
    }
}

/// `f(a) = tanh(a)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tanh;
impl Activation for Tanh {
    const NAME: &'static str = "tanh";
    const KIND: ActivationKind = ActivationKind::Tanh;
    #[inline(always)]
    fn apply<V: Vector>(a: V) -> V {
        a.tanh()
    }
    #[inline(always)]
    fn slope<V: Vector>(y: V) -> V {
        y.neg_mul_add(y, y.like(1.0))
    }
}

/// `f(a) = 1 / (1 + e^-a)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sigmoid;
impl Activation for Sigmoid {
    const NAME: &'static str = "sigmoid";
    const KIND: ActivationKind = ActivationKind::Sigmoid;
    #[inline(always)]
    fn apply<V: Vector>(a: V) -> V {
        // (1 + tanh(a / 2)) / 2 is the same function, without an exponential that could overflow.
        let half = a.like(0.5);
        (half * a).tanh().mul_add(half, half)
    }
    #[inline(always)]
    fn slope<V: Vector>(y: V) -> V {
        y.neg_mul_add(y, y)
    }
}

/// `f(a) = max(a, 0)`; its slope at 0 is taken as 0. NaN stays NaN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Relu;
impl Activation for Relu {
    const NAME: &'static str = "ReLU";
    const KIND: ActivationKind = ActivationKind::Relu;
    #[inline(always)]
    fn apply<V: Vector>(a: V) -> V {
        a.max(a.like(0.0))
    }
    #[inline(always)]
    fn slope<V: Vector>(y: V) -> V {
        y.map(
            #[inline(always)]
            |y| V::Element::from_f64(f64::from(u8::from(y > V::Element::from_f64(0.0)))),
        )
    }
}

/// `f(a) = max(a, 0.01 a)`, with PyTorch's slope; its slope at 0 is that of negative a. NaN stays NaN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeakyRelu;
impl LeakyRelu {
    /// The slope where a is negative.
    pub const SLOPE: f64 = 0.01;
}
impl Activation for LeakyRelu {
    const NAME: &'static str = "leaky ReLU";
    const KIND: ActivationKind = ActivationKind::LeakyRelu { slope: Self::SLOPE };
    #[inline(always)]
    fn apply<V: Vector>(a: V) -> V {
        a.max(a * a.like(Self::SLOPE))
    }
    #[inline(always)]
    fn slope<V: Vector>(y: V) -> V {
        y.map(
            #[inline(always)]
            |y| {
                let zero = V::Element::from_f64(0.0);
                V::Element::from_f64(if y > zero { 1.0 } else { Self::SLOPE })
            },
        )
    }
}

/// `A` with the square of its slope in place of the slope, to propagate curvatures backwards.
pub(crate) struct SquaredSlope<A>(PhantomData<A>);
impl<A: Activation> Activation for SquaredSlope<A> {
    const NAME: &'static str = A::NAME;
    const KIND: ActivationKind = A::KIND;
    #[inline(always)]
    fn apply<V: Vector>(a: V) -> V {
        A::apply(a)
    }
    #[inline(always)]
    fn slope<V: Vector>(y: V) -> V {
        let slope = A::slope(y);
        slope * slope
    }
}

/// Writes the square of every number of `x` to `squares`.
#[inline(never)]
pub(crate) fn square<S: Simd, E: Element>(simd: S, x: &[E], squares: &mut [E]) {
    squares.copy_from_slice(x);
    map_rows(
        simd,
        squares,
        #[inline(always)]
        |x| x * x,
    );
}

/// Converts weighted sums to outputs, in place.
#[inline(never)]
pub(crate) fn apply_activation<A: Activation, S: Simd, E: Element>(simd: S, a: &mut [E]) {
    map_rows(
        simd,
        a,
        #[inline(always)]
        |a| A::apply(a),
    );
}

/// Applies `f` to every number in place, one register at a time. `f` should be `#[inline(always)]`.
#[inline]
pub(crate) fn map_rows<S: Simd, E: Element>(simd: S, numbers: &mut [E], f: impl Fn(E::Row<S>) -> E::Row<S>) {
    simd.vectorize(
        #[inline(always)]
        || {
            let mut rows = numbers.chunks_exact_mut(<E::Row<S> as Vector>::LANES);
            for row in &mut rows {
                f(E::Row::load(simd, row)).store(row);
            }
            let rest = rows.into_remainder();
            if !rest.is_empty() {
                f(E::Row::load_few(simd, rest)).store_few(rest);
            }
        },
    );
}

/// Converts `dy` to `da` in place: the gradient with respect to the layer's output becomes the gradient with respect to
/// its weighted sum. Returns the sum of all of `da`, which is the gradient with respect to a bias that all of them
/// share.
#[inline(never)]
pub(crate) fn apply_slope<A: Activation, S: Simd, E: Element>(simd: S, y: &[E], dy: &mut [E]) -> E {
    /// The number of independent sums, so that none waits for another.
    const CHAINS: usize = 4;
    simd.vectorize(
        #[inline(always)]
        || {
            let width = <E::Row<S> as Vector>::LANES;
            let mut sums = [E::Row::splat(simd, E::from_f64(0.0)); CHAINS];
            let (mut ys, mut dys) = (y.chunks_exact(CHAINS * width), dy.chunks_exact_mut(CHAINS * width));
            for (y, dy) in (&mut ys).zip(&mut dys) {
                for t in 0..CHAINS {
                    let (y, dy) = (&y[t * width..], &mut dy[t * width..]);
                    let da = E::Row::load(simd, dy) * A::slope(E::Row::load(simd, y));
                    da.store(dy);
                    sums[t] = sums[t] + da;
                }
            }
            let (mut ys, mut dys) = (ys.remainder().chunks_exact(width), dys.into_remainder().chunks_exact_mut(width));
            for (y, dy) in (&mut ys).zip(&mut dys) {
                let da = E::Row::load(simd, dy) * A::slope(E::Row::load(simd, y));
                da.store(dy);
                sums[0] = sums[0] + da;
            }
            let (y, dy) = (ys.remainder(), dys.into_remainder());
            if !dy.is_empty() {
                let da = E::Row::load_few(simd, dy) * A::slope(E::Row::load_few(simd, y));
                da.store_few(dy);
                // Loaded again, because the lanes past the end may hold any slope.
                sums[1] = sums[1] + E::Row::load_few(simd, dy);
            }
            ((sums[0] + sums[1]) + (sums[2] + sums[3])).sum()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenet_tensor::simd::{One, Scalar};

    fn check<A: Activation>() {
        let apply = |a: f64| A::apply(One::<_, f64>::splat(Scalar, a)).sum();
        let single = |a: f32| A::apply(One::<_, f32>::splat(Scalar, a)).sum();
        for i in -40..40 {
            let a = f64::from(i) * 0.1 + 0.05; // never on ReLU's kink
            let h = 1e-6;
            let numeric = (apply(a + h) - apply(a - h)) / (2.0 * h);
            let slope = A::slope(One::<_, f64>::splat(Scalar, apply(a))).sum();
            assert!((numeric - slope).abs() < 1e-8, "{} at {a}: {slope} by rule, {numeric} by difference", A::NAME);
            let a = a as f32;
            assert!((f64::from(single(a)) - apply(f64::from(a))).abs() < 5e-7, "{} in f32 at {a}", A::NAME);
        }
        assert!(single(f32::NAN).is_nan(), "{} swallows a NaN", A::NAME);
    }

    #[test]
    fn slopes_are_the_derivatives() {
        check::<Identity>();
        check::<ScaledTanh>();
        check::<Tanh>();
        check::<Sigmoid>();
        check::<Relu>();
        check::<LeakyRelu>();
    }

    #[test]
    fn the_scaled_tanh_passes_through_one() {
        // "f(1) = 1 and f(-1) = -1" holds to the precision that the paper gives.
        for x in [1.0, -1.0] {
            assert!((ScaledTanh::apply(One::<_, f64>::splat(Scalar, x)).sum() - x).abs() < 1e-4);
        }
    }
}

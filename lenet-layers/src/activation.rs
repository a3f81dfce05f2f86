//! Squashing functions, as type parameters of the layers that apply them.

use lenet_tensor::{Cell, Element, simd::Simd};

/// A squashing function. Its slope is written in terms of its *output*, so that the backward pass needs nothing but
/// what the forward pass left in the trace.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an activation",
    note = "choose Identity, ScaledTanh, Tanh, Sigmoid or Relu, or implement `Activation` for your own type"
)]
pub trait Activation: Send + Sync + 'static {
    /// Its name in a summary.
    const NAME: &'static str;
    /// `y = f(a)`.
    fn apply<S: Simd, E: Element>(simd: S, a: E) -> E;
    /// `f'(a)`, from `y = f(a)`.
    fn slope<E: Element>(y: E) -> E;
}

/// `f(a) = a`.
pub struct Identity;
impl Activation for Identity {
    const NAME: &'static str = "identity";
    #[inline(always)]
    fn apply<S: Simd, E: Element>(_: S, a: E) -> E {
        a
    }
    #[inline(always)]
    fn slope<E: Element>(_: E) -> E {
        E::from_f64(1.0)
    }
}

/// `f(a) = A tanh(S a)` with A = 1.7159 and S = 2/3, so that f(1) = 1 and f(-1) = -1 (LeCun et al. 1998, eq. 6 and
/// appendix A).
pub struct ScaledTanh;
impl ScaledTanh {
    /// The amplitude A.
    pub const A: f64 = 1.7159;
    /// The slope S at the origin, before the amplitude.
    pub const S: f64 = 2.0 / 3.0;
}
impl Activation for ScaledTanh {
    const NAME: &'static str = "scaled tanh";
    #[inline(always)]
    fn apply<S: Simd, E: Element>(simd: S, a: E) -> E {
        E::from_f64(Self::A) * (E::from_f64(Self::S) * a).tanh(simd)
    }
    #[inline(always)]
    fn slope<E: Element>(y: E) -> E {
        // A S (1 - tanh^2) with tanh = y / A
        E::from_f64(Self::A * Self::S) - E::from_f64(Self::S / Self::A) * y * y
    }
}

/// `f(a) = tanh(a)`.
pub struct Tanh;
impl Activation for Tanh {
    const NAME: &'static str = "tanh";
    #[inline(always)]
    fn apply<S: Simd, E: Element>(simd: S, a: E) -> E {
        a.tanh(simd)
    }
    #[inline(always)]
    fn slope<E: Element>(y: E) -> E {
        E::from_f64(1.0) - y * y
    }
}

/// `f(a) = 1 / (1 + e^-a)`.
pub struct Sigmoid;
impl Activation for Sigmoid {
    const NAME: &'static str = "sigmoid";
    #[inline(always)]
    fn apply<S: Simd, E: Element>(simd: S, a: E) -> E {
        // (1 + tanh(a / 2)) / 2 is the same function, and has no exponential to overflow.
        let half = E::from_f64(0.5);
        half + half * (half * a).tanh(simd)
    }
    #[inline(always)]
    fn slope<E: Element>(y: E) -> E {
        y * (E::from_f64(1.0) - y)
    }
}

/// `f(a) = max(a, 0)`; its slope at 0 is taken as 0. NaN stays NaN.
pub struct Relu;
impl Activation for Relu {
    const NAME: &'static str = "ReLU";
    #[inline(always)]
    fn apply<S: Simd, E: Element>(_: S, a: E) -> E {
        if a < E::from_f64(0.0) { E::from_f64(0.0) } else { a }
    }
    #[inline(always)]
    fn slope<E: Element>(y: E) -> E {
        if y > E::from_f64(0.0) { E::from_f64(1.0) } else { E::from_f64(0.0) }
    }
}

/// `f(a)` in every lane.
#[inline(always)]
pub(crate) fn squash<A: Activation, S: Simd, T: Cell>(simd: S, a: T) -> T {
    a.map(
        #[inline(always)]
        |a| A::apply(simd, a),
    )
}

/// From `dy` to `da`, in place: the gradient by the layer's output becomes the gradient by its weighted sum.
#[inline(always)]
pub(crate) fn unsquash<A: Activation, T: Cell>(y: &[T], dy: &mut [T]) {
    for (dy, y) in dy.iter_mut().zip(y) {
        *dy = dy.zip(
            *y,
            #[inline(always)]
            |d, y| d * A::slope(y),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenet_tensor::simd::Scalar;

    fn check<A: Activation>() {
        for i in -40..40 {
            let a = f64::from(i) * 0.1 + 0.05; // never on ReLU's kink
            let h = 1e-6;
            let numeric = (A::apply(Scalar, a + h) - A::apply(Scalar, a - h)) / (2.0 * h);
            let slope = A::slope(A::apply(Scalar, a));
            assert!((numeric - slope).abs() < 1e-8, "{} at {a}: {slope} by rule, {numeric} by difference", A::NAME);
            let single = f64::from(A::apply(Scalar, a as f32));
            assert!((single - A::apply(Scalar, f64::from(a as f32))).abs() < 4e-7, "{} in f32 at {a}", A::NAME);
        }
        assert!(A::apply(Scalar, f32::NAN).is_nan(), "{} swallows a NaN", A::NAME);
    }

    #[test]
    fn slopes_are_the_derivatives() {
        check::<Identity>();
        check::<ScaledTanh>();
        check::<Tanh>();
        check::<Sigmoid>();
        check::<Relu>();
    }

    #[test]
    fn the_scaled_tanh_passes_through_one() {
        // "f(1) = 1 and f(-1) = -1" holds to the digits the paper gives.
        assert!((ScaledTanh::apply(Scalar, 1.0) - 1.0_f64).abs() < 1e-4);
        assert!((ScaledTanh::apply(Scalar, -1.0) + 1.0_f64).abs() < 1e-4);
    }
}

//! Functions that a stage of their own applies: those whose slope is not a function of their output.

use crate::activation::map_rows;
use crate::{Activation, ActivationKind};
use lenet_tensor::Element;
use lenet_tensor::simd::{Simd, Vector};

/// A function that [`Apply`](crate::Apply) applies to every cell. Its slope is a function of its input and its output, so
/// that functions that fall and rise again are possible; an [`Activation`] has only its output. Every activation is a
/// function too; the names differ from those of `Activation`, so that calls by type are not ambiguous where both traits
/// are imported.
///
/// ```
/// use lenet_layers::{Function, Vector};
/// /// x^2
/// struct Square;
/// impl Function for Square {
///     const LABEL: &'static str = "square";
///     fn value<V: Vector>(x: V) -> V {
///         x * x
///     }
///     fn derivative<V: Vector>(x: V, _: V) -> V {
///         x + x
///     }
/// }
/// # use lenet_layers::{simd::{One, Scalar}};
/// assert_eq!(Square::value(One::<_, f64>::splat(Scalar, -3.0)).sum(), 9.0);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a function to apply",
    note = "choose GeluTanh, Silu, HardSwish or an activation function, or implement `Function` for your own type"
)]
pub trait Function: Send + Sync + 'static {
    /// The function's name in a summary.
    const LABEL: &'static str;
    /// The function's formula as data, if it is one of these. A custom function may leave this out.
    const FORMULA: ActivationKind = ActivationKind::Custom;
    /// `y = f(x)`.
    fn value<V: Vector>(x: V) -> V;
    /// `f'(x)`, from `x` and `y = f(x)`.
    fn derivative<V: Vector>(x: V, y: V) -> V;
}

// Not recommended in errors: what is no function should not be told that it is no activation.
#[diagnostic::do_not_recommend]
impl<A: Activation> Function for A {
    const LABEL: &'static str = A::NAME;
    const FORMULA: ActivationKind = A::KIND;
    #[inline(always)]
    fn value<V: Vector>(x: V) -> V {
        A::apply(x)
    }
    #[inline(always)]
    fn derivative<V: Vector>(_: V, y: V) -> V {
        A::slope(y)
    }
}

/// 1 / (1 + e^-x), within a few ulp even where it is close to 0.
#[inline(always)]
pub(crate) fn sigmoid<S: Simd, E: Element>(simd: S, x: E) -> E {
    let (zero, one) = (E::from_f64(0.0), E::from_f64(1.0));
    // e^-|x|, which does not overflow.
    let e = (if x > zero { -x } else { x }).exp(simd);
    (if x < zero { e } else { one }) / (one + e)
}

/// The sigmoid of a register.
#[inline(always)]
fn gate<V: Vector>(x: V) -> V {
    let simd = x.simd();
    x.map(
        #[inline(always)]
        |x| sigmoid(simd, x),
    )
}

/// `f(x) = x / (1 + e^-x)`, also called swish (Hendrycks & Gimpel 2016; Ramachandran et al. 2017).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Silu;
impl Silu {
    /// Below this, and above its negative, the function is that of its limit. The gate is never 0 in `f32`, so that its
    /// product with a larger number would be wrong.
    const LIMIT: f64 = 1e3;
}
impl Function for Silu {
    const LABEL: &'static str = "SiLU";
    const FORMULA: ActivationKind = ActivationKind::Silu;
    #[inline(always)]
    fn value<V: Vector>(x: V) -> V {
        x.max(x.like(-Self::LIMIT)) * gate(x)
    }
    #[inline(always)]
    fn derivative<V: Vector>(x: V, _: V) -> V {
        // s + x s (1 - s), where 1 - s is the gate of -x.
        let (s, rest) = (gate(x), gate(-x));
        let x = x.max(x.like(-Self::LIMIT)).min(x.like(Self::LIMIT));
        (x * s).mul_add(rest, s)
    }
}

/// `f(x) = x (1 + tanh(u)) / 2` with `u = sqrt(2/pi) (x + 0.044715 x^3)`: the GELU (Hendrycks & Gimpel 2016) in its
/// approximation by a tanh, PyTorch's `gelu(approximate="tanh")`. It is at most 5e-4 from the exact one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GeluTanh;
impl GeluTanh {
    /// The factor of x^3.
    pub const CUBE: f64 = 0.044_715;
    /// sqrt(2/pi).
    pub const SCALE: f64 = 0.797_884_560_802_865_4;
    /// As for [`Silu`].
    const LIMIT: f64 = 20.0;
    /// 2u, so that (1 + tanh(u)) / 2 is the sigmoid of it: near 0 that loses no digits.
    #[inline(always)]
    fn twice_u<V: Vector>(x: V) -> V {
        x * (x * x).mul_add(x.like(2.0 * Self::SCALE * Self::CUBE), x.like(2.0 * Self::SCALE))
    }
}
impl Function for GeluTanh {
    const LABEL: &'static str = "GELU (tanh)";
    const FORMULA: ActivationKind = ActivationKind::GeluTanh;
    #[inline(always)]
    fn value<V: Vector>(x: V) -> V {
        x.max(x.like(-Self::LIMIT)) * gate(Self::twice_u(x))
    }
    #[inline(always)]
    fn derivative<V: Vector>(x: V, _: V) -> V {
        let x = x.max(x.like(-Self::LIMIT)).min(x.like(Self::LIMIT));
        let z = Self::twice_u(x);
        let (s, rest) = (gate(z), gate(-z));
        // x dz/dx
        let slope = x * (x * x).mul_add(x.like(6.0 * Self::SCALE * Self::CUBE), x.like(2.0 * Self::SCALE));
        (slope * s).mul_add(rest, s)
    }
}

/// `f(x) = x min(max(x + 3, 0), 6) / 6` (Howard et al. 2019, MobileNetV3); its slope is 0 at -3, and 1 at 3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HardSwish;
impl Function for HardSwish {
    const LABEL: &'static str = "hard swish";
    const FORMULA: ActivationKind = ActivationKind::HardSwish;
    #[inline(always)]
    fn value<V: Vector>(x: V) -> V {
        x * ((x + x.like(3.0)).max(x.like(0.0)).min(x.like(6.0)) * x.like(1.0 / 6.0))
    }
    #[inline(always)]
    fn derivative<V: Vector>(x: V, _: V) -> V {
        x.map(
            #[inline(always)]
            |x| {
                let e = V::Element::from_f64;
                let slope = x * e(1.0 / 3.0) + e(0.5);
                let slope = if x >= e(3.0) { e(1.0) } else { slope };
                if x <= e(-3.0) { e(0.0) } else { slope }
            },
        )
    }
}

/// Writes `y = f(x)`.
#[inline(never)]
pub(crate) fn apply<F: Function, S: Simd, E: Element>(simd: S, x: &[E], y: &mut [E]) {
    y.copy_from_slice(x);
    map_rows(
        simd,
        y,
        #[inline(always)]
        |x| F::value(x),
    );
}

/// `dy` times the slope, or times its square if `SQUARED`.
#[inline(always)]
fn sloped<F: Function, V: Vector, const SQUARED: bool>(x: V, y: V, dy: V) -> V {
    let slope = F::derivative(x, y);
    dy * if SQUARED { slope * slope } else { slope }
}

/// Multiplies `dy` by the slope, or by its square if `SQUARED`.
#[inline(never)]
pub(crate) fn apply_slope<F: Function, S: Simd, E: Element, const SQUARED: bool>(
    simd: S,
    x: &[E],
    y: &[E],
    dy: &mut [E],
) {
    simd.vectorize(
        #[inline(always)]
        || {
            let width = <E::Row<S> as Vector>::LANES;
            let (mut xs, mut ys, mut dys) = (x.chunks_exact(width), y.chunks_exact(width), dy.chunks_exact_mut(width));
            for ((x, y), dy) in (&mut xs).zip(&mut ys).zip(&mut dys) {
                sloped::<F, _, SQUARED>(E::Row::load(simd, x), E::Row::load(simd, y), E::Row::load(simd, dy)).store(dy);
            }
            let (x, y, dy) = (xs.remainder(), ys.remainder(), dys.into_remainder());
            if !dy.is_empty() {
                let (x, y) = (E::Row::load_few(simd, x), E::Row::load_few(simd, y));
                sloped::<F, _, SQUARED>(x, y, E::Row::load_few(simd, dy)).store_few(dy);
            }
        },
    );
}

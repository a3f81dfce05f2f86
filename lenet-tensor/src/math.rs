//! The elementary functions of `f32`. They are branch-free, so that the compiler can vectorise a loop over lanes.
//!
//! The same definition is used for one example and for sixteen, in training and in inference. The functions of std and
//! libm would differ from each other, and neither vectorises.

use crate::Cell;
use crate::simd::{Simd, Vector};

/// Splits `e^z` into `scale * (1 + p)`: `scale` is a power of two, `p = e^r - 1`, and `r` is the remainder in ±ln(2)/2.
#[inline(always)]
fn exp_parts<S: Simd>(simd: S, z: f32) -> (f32, f32) {
    // Adding 1.5 * 2^23 rounds to an integer and leaves the integer in the low bits of the mantissa.
    const MAGIC: f32 = 12_582_912.0;
    // ln 2 as a sum of two numbers. The first is short enough that n * LN2_HI is exact.
    const LN2_HI: f32 = 0.693_359_4;
    const LN2_LO: f32 = -2.121_944_4e-4;
    let shifted = Cell::mul_add(z, simd, core::f32::consts::LOG2_E, MAGIC);
    let n = shifted - MAGIC;
    let r = Cell::mul_add(-n, simd, LN2_HI, z);
    let r = Cell::mul_add(-n, simd, LN2_LO, r);
    // Minimax polynomial of (e^r - 1 - r) / r^2 on ±ln(2)/2 (Cephes, expf).
    let mut q = 1.987_569_2e-4;
    for c in [1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_6e-1, 0.5] {
        q = Cell::mul_add(q, simd, r, c);
    }
    let p = Cell::mul_add(q, simd, r * r, r);
    let scale = f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000));
    (scale, p)
}

/// `e^x`, clamped below at x = -87 and above at 88. NaN stays NaN.
#[inline(always)]
pub(crate) fn exp<S: Simd>(simd: S, x: f32) -> f32 {
    // Comparisons, not `min` and `max`: these would discard a NaN.
    let x = if x < -87.0 { -87.0 } else { x };
    let x = if x > 88.0 { 88.0 } else { x };
    let (scale, p) = exp_parts(simd, x);
    Cell::mul_add(scale, simd, p, scale)
}

/// Natural logarithm. Subnormal numbers count as zero, whose logarithm is -infinity; it is NaN for numbers below zero.
#[inline(always)]
pub(crate) fn ln<S: Simd>(simd: S, x: f32) -> f32 {
    const LN2_HI: f32 = 0.693_359_4;
    const LN2_LO: f32 = -2.121_944_4e-4;
    // x = 2^n * m, with m from sqrt(1/2) to sqrt(2).
    const ROOT_HALF: u32 = 0x3f35_04f3;
    let n = (x.to_bits().wrapping_sub(ROOT_HALF) as i32) >> 23;
    let f = f32::from_bits(x.to_bits().wrapping_sub((n << 23) as u32)) - 1.0;
    let n = n as f32;
    // Minimax polynomial of (ln(1 + f) - f + f^2 / 2) / f^3 (Cephes, logf).
    let mut q = 7.037_683_6e-2;
    for c in [
        -1.151_461e-1,
        1.167_699_9e-1,
        -1.242_014_1e-1,
        1.424_932_3e-1,
        -1.666_805_8e-1,
        2.000_071_5e-1,
        -2.499_999_4e-1,
        3.333_333e-1,
    ] {
        q = Cell::mul_add(q, simd, f, c);
    }
    let square = f * f;
    let tail = Cell::mul_add(n, simd, LN2_LO, q * f * square);
    let tail = Cell::mul_add(square, simd, -0.5, tail);
    let y = Cell::mul_add(n, simd, LN2_HI, f + tail);
    let y = if x < f32::MIN_POSITIVE { f32::NEG_INFINITY } else { y };
    let y = if x == f32::INFINITY { x } else { y };
    if x < 0.0 || x.is_nan() { f32::NAN } else { y }
}

/// tanh(x) = 2r / (1 + r^2) with r = tanh(x/2) = p / q, that is 2pq / (q^2 + p^2). This needs one division, and the
/// closer tanh is to 1, the less an error of p / q matters. NaN stays NaN.
///
/// p/x and q are the minimax rational approximation of degrees 3 and 3 in x^2 for x up to 2 * 4.55; beyond this, tanh
/// is 1 in `f32`. A common factor and the last bits were chosen by a search for the smallest error of the computation
/// in `f32`. p holds twice the numerator.
#[inline(always)]
pub(crate) fn tanh<V: Vector>(x: V) -> V {
    const LIMIT: f64 = 9.1;
    const P: [f64; 4] = [1.864_528_5, 0.058_711_562, 0.000_297_956_58, 1.599_810_6e-7];
    const Q: [f64; 4] = [1.864_528_5, 0.214_088_83, 0.002_601_008_6, 5.097_532_7e-6];
    let x = x.max(x.like(-LIMIT)).min(x.like(LIMIT));
    let z = x * x;
    let (mut p, mut q) = (z.like(P[3]), z.like(Q[3]));
    for i in (0..3).rev() {
        p = p.mul_add(z, z.like(P[i]));
        q = q.mul_add(z, z.like(Q[i]));
    }
    let p = x * p;
    let y = (p * q).ratio(p.mul_add(p * p.like(0.25), q * q));
    // Where products are rounded on their own, the quotient can be one ulp above 1.
    if V::Simd::FMA { y } else { y.max(y.like(-1.0)).min(y.like(1.0)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{Isa, Kernel, One};

    /// Returns the error of `y` against the exact value, in units of the last place of the nearest `f32`.
    fn ulps(y: f32, exact: f64) -> f64 {
        let near = (exact as f32).abs();
        let ulp = f64::from(f32::from_bits(near.to_bits() + 1)) - f64::from(near);
        (f64::from(y) - exact).abs() / ulp
    }

    /// Returns every `step`th float from 2^-126 to 100.
    fn floats(step: usize) -> impl Iterator<Item = f32> {
        (f32::MIN_POSITIVE.to_bits()..100f32.to_bits()).step_by(step).map(f32::from_bits)
    }

    struct Tanh;
    impl Kernel for Tanh {
        type Output = (f64, bool);
        /// Returns the largest error, and whether multiply-adds are fused; the vector and the single number must agree to
        /// the bit.
        fn run<S: Simd>(self, simd: S) -> (f64, bool) {
            let mut worst: f64 = 0.0;
            let mut y = [0.0; 16];
            let n = S::F32::LANES;
            let mut all = floats(499);
            while let Some(first) = all.next() {
                let x: [f32; 16] =
                    core::array::from_fn(|i| if i % 2 == 0 { first } else { -all.next().unwrap_or(first) });
                S::F32::load(simd, &x).tanh().store(&mut y);
                for (i, x) in x.into_iter().enumerate() {
                    let mut one = [0.0];
                    One::<S, f32>::splat(simd, x).tanh().store(&mut one);
                    let [one] = one;
                    assert!(i >= n || y[i] == one, "tanh({x}) differs with the width");
                    assert!(one.abs() <= 1.0, "tanh({x}) is {one}");
                    worst = worst.max(ulps(one, libm::tanh(f64::from(x))));
                }
            }
            (worst, S::FMA)
        }
    }

    #[test]
    fn tanh_is_within_3_6_ulp_of_f64() {
        for isa in Isa::all_available() {
            let (worst, is_fused) = isa.dispatch(Tanh);
            // Without a fused multiply-add each step rounds twice, so the error is a little larger.
            let allowed = if is_fused { 3.6 } else { 5.0 };
            assert!(worst < allowed, "{isa}: {worst} ulp");
        }
    }

    struct Exp;
    impl Kernel for Exp {
        type Output = f64;
        fn run<S: Simd>(self, simd: S) -> f64 {
            let both = floats(997).flat_map(|x| [x, -x]).filter(|x| (-87.0..88.0).contains(x));
            both.map(|x| ulps(exp(simd, x), libm::exp(f64::from(x)))).fold(0.0, f64::max)
        }
    }

    #[test]
    fn exp_is_within_two_ulp_of_f64() {
        for isa in Isa::all_available() {
            let worst = isa.dispatch(Exp);
            assert!(worst < 2.0, "{isa}: {worst} ulp");
        }
    }

    struct Ln;
    impl Kernel for Ln {
        type Output = f64;
        fn run<S: Simd>(self, simd: S) -> f64 {
            let normal = floats(997).filter(|x| *x >= f32::MIN_POSITIVE && x.is_finite());
            normal.map(|x| ulps(ln(simd, x), libm::log(f64::from(x)))).fold(0.0, f64::max)
        }
    }

    #[test]
    fn ln_is_within_0_8_ulp_of_f64() {
        for isa in Isa::all_available() {
            let worst = isa.dispatch(Ln);
            assert!(worst < 0.8, "{isa}: {worst} ulp");
        }
    }

    struct Edges;
    impl Kernel for Edges {
        type Output = ();
        fn run<S: Simd>(self, s: S) {
            let tanh = |x| S::F32::splat(s, x).tanh().sum() / S::F32::LANES as f32;
            assert!(tanh(f32::NAN).is_nan() && exp(s, f32::NAN).is_nan());
            assert!((tanh(f32::INFINITY) - 1.0).abs() <= f32::EPSILON);
            assert_eq!(tanh(f32::NEG_INFINITY), -tanh(f32::INFINITY));
            assert_eq!(tanh(0.0), 0.0);
            assert_eq!(exp(s, 0.0), 1.0);
            assert!(ln(s, f32::NAN).is_nan() && ln(s, -1.0).is_nan() && ln(s, f32::NEG_INFINITY).is_nan());
            assert_eq!((ln(s, 0.0), ln(s, 1.0), ln(s, f32::INFINITY)), (f32::NEG_INFINITY, 0.0, f32::INFINITY));
            assert!(exp(s, f32::NEG_INFINITY) > 0.0 && exp(s, f32::INFINITY).is_finite());
        }
    }

    #[test]
    fn edges() {
        for isa in Isa::all_available() {
            isa.dispatch(Edges);
        }
    }
}

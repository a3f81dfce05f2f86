//! The elementary functions of `f32`, branch-free, so that a loop over lanes becomes vector code.
//!
//! One definition serves one example and sixteen, training and inference; std's and libm's would differ from each
//! other and neither vectorises.

use crate::{Cell, simd::Simd};

/// `e^z = scale * (1 + p)`: `scale` a power of two, `p = e^r - 1` for the remainder `r` in ±ln(2)/2.
#[inline(always)]
fn exp_parts<S: Simd>(simd: S, z: f32) -> (f32, f32) {
    // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits of the mantissa.
    const MAGIC: f32 = 12_582_912.0;
    // ln 2 in two parts, the first short enough that n * LN2_HI is exact.
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
    // Comparisons, not `min`: those would swallow a NaN.
    let x = if x < -87.0 { -87.0 } else { x };
    let x = if x > 88.0 { 88.0 } else { x };
    let (scale, p) = exp_parts(simd, x);
    Cell::mul_add(scale, simd, p, scale)
}

/// tanh(x) = t / (t + 2) with t = e^(2|x|) - 1, which loses nothing near zero. NaN stays NaN.
#[inline(always)]
pub(crate) fn tanh<S: Simd>(simd: S, x: f32) -> f32 {
    let z = 2.0 * x.abs();
    // e^20 - 1 already gives exactly 1.
    let z = if z > 20.0 { 20.0 } else { z };
    let (scale, p) = exp_parts(simd, z);
    let t = Cell::mul_add(scale, simd, p, scale - 1.0);
    (t / (t + 2.0)).copysign(x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{Isa, Kernel};

    struct Sweep(fn(f64) -> f64, bool);
    impl Kernel for Sweep {
        type Output = f64;
        /// The largest error in units of the last place, over every 997th float from 2^-126 to 100, both signs.
        fn run<S: Simd>(self, simd: S) -> f64 {
            let mut worst: f64 = 0.0;
            let mut bits = f32::MIN_POSITIVE.to_bits();
            while bits < 100f32.to_bits() {
                for x in [f32::from_bits(bits), -f32::from_bits(bits)] {
                    if self.1 && !(-87.0..88.0).contains(&x) {
                        continue;
                    }
                    let y = if self.1 { exp(simd, x) } else { tanh(simd, x) };
                    let exact = (self.0)(f64::from(x));
                    let near = (exact as f32).abs();
                    let ulp = f64::from(f32::from_bits(near.to_bits() + 1)) - f64::from(near);
                    worst = worst.max((f64::from(y) - exact).abs() / ulp);
                }
                bits += 997;
            }
            worst
        }
    }

    #[test]
    fn tanh_is_within_two_and_a_half_ulp_of_f64() {
        for isa in Isa::all_available() {
            let worst = isa.dispatch(Sweep(libm::tanh, false));
            assert!(worst < 2.5, "{isa}: {worst} ulp");
        }
    }

    #[test]
    fn exp_is_within_two_ulp_of_f64() {
        for isa in Isa::all_available() {
            let worst = isa.dispatch(Sweep(libm::exp, true));
            assert!(worst < 2.0, "{isa}: {worst} ulp");
        }
    }

    struct Edges;
    impl Kernel for Edges {
        type Output = ();
        fn run<S: Simd>(self, s: S) {
            assert!(tanh(s, f32::NAN).is_nan() && exp(s, f32::NAN).is_nan());
            assert_eq!(tanh(s, f32::INFINITY), 1.0);
            assert_eq!(tanh(s, f32::NEG_INFINITY), -1.0);
            assert_eq!(tanh(s, 0.0), 0.0);
            assert!(tanh(s, -0.0).is_sign_negative());
            assert_eq!(exp(s, 0.0), 1.0);
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

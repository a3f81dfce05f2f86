//! From grey pixels to input cells: normalised, padded and laid side by side in one pass.

use lenet_layers::simd::{Isa, Kernel, Simd, Vector, WIDEST, transpose};
use lenet_layers::{Cell, Element, Maps, Tensor};

/// The straight line that takes a grey level of 0..=255 (0 the ground, 255 the ink) to the value a network sees.
///
/// ```
/// let paper = lenet_model::Normalization::PAPER;
/// assert_eq!(paper.apply(0), -0.1);
/// assert_eq!(paper.apply(255), 1.175);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalization {
    /// What a pixel of ground becomes.
    pub ground: f32,
    /// What a pixel of full ink becomes.
    pub ink: f32,
}

impl Normalization {
    /// Background -0.1, ink 1.175 (LeCun et al. 1998, section II.B).
    pub const PAPER: Self = Normalization { ground: -0.1, ink: 1.175 };

    /// The value of one grey level.
    #[inline(always)]
    pub fn apply(self, pixel: u8) -> f32 {
        // Written as a mean of the ends, so that both ends come out exactly.
        let t = f32::from(pixel) * (1.0 / 255.0);
        self.ground * (1.0 - t) + self.ink * t
    }
}

/// Lays one image in each lane of a map, centred, with background around it. Lanes without an image are all background.
///
/// The images need not be of 28x28: a network of one's own takes any size.
///
/// # Panics
/// If there are more images than lanes. That an image is no larger than the map is checked when the program is
/// compiled.
///
/// ```
/// use lenet_layers::{Maps, Tensor};
/// use lenet_model::{Normalization, lay_images};
/// let mut x = Tensor::<Maps<1, 4, 4>>::ZERO;
/// lay_images(&mut x, &[&[[0, 255], [255, 0]]], Normalization::PAPER);
/// assert_eq!(x.data[0][0], [-0.1; 4]);
/// assert_eq!(x.data[0][1], [-0.1, -0.1, 1.175, -0.1]);
/// ```
pub fn lay_images<T: Cell, const H: usize, const W: usize, const IH: usize, const IW: usize>(
    x: &mut Tensor<Maps<1, H, W>, T>,
    images: &[&[[u8; IW]; IH]],
    normalization: Normalization,
) {
    lay_images_with(Isa::current(), x, images, normalization);
}

/// [`lay_images`] with an instruction set that the caller chooses: the tests compare all of them.
#[doc(hidden)]
pub fn lay_images_with<T: Cell, const H: usize, const W: usize, const IH: usize, const IW: usize>(
    isa: Isa,
    x: &mut Tensor<Maps<1, H, W>, T>,
    images: &[&[[u8; IW]; IH]],
    normalization: Normalization,
) {
    const { assert!(IH <= H && IW <= W, "the image is larger than the map it is laid in") };
    assert!(images.len() <= T::LANES, "{} images for {} lanes", images.len(), T::LANES);
    isa.dispatch(Lay { map: &mut x.data[0], images, normalization });
}

/// What is laid where.
struct Lay<'a, T, const H: usize, const W: usize, const IH: usize, const IW: usize> {
    map: &'a mut [[T; W]; H],
    images: &'a [&'a [[u8; IW]; IH]],
    normalization: Normalization,
}

impl<T: Cell, const H: usize, const W: usize, const IH: usize, const IW: usize> Kernel for Lay<'_, T, H, W, IH, IW> {
    type Output = ();
    fn run<S: Simd>(self, simd: S) {
        simd.vectorize(
            #[inline(always)]
            || {
                let ground = T::Element::from_f64(f64::from(self.normalization.apply(0)));
                let (top, left) = ((H - IH) / 2, (W - IW) / 2);
                self.map.as_flattened_mut().fill(T::splat(ground));
                for r in 0..IH {
                    let cells = &mut self.map[top + r][left..left + IW];
                    if let (1, [image, ..]) = (T::LANES, self.images) {
                        widen(simd, &image[r], self.normalization, T::elements_mut(cells));
                        continue;
                    }
                    // As many lanes at once as a register has; their rows, one below the other, are turned into columns.
                    for part in 0..T::parts::<S>() {
                        let first = (part * T::Vector::<S>::LANES).min(self.images.len());
                        turn(simd, &self.images[first..], r, self.normalization, part, cells);
                    }
                }
            },
        );
    }
}

/// What [`Normalization::apply`] does, for a register of pixels.
#[inline(always)]
fn apply<V: Vector>(simd: V::Simd, normalization: Normalization, pixels: &[u8]) -> V {
    let number = |x: f32| V::splat(simd, V::Element::from_f64(f64::from(x)));
    let t = V::load_bytes(simd, pixels) * number(1.0 / 255.0);
    number(normalization.ground) * (number(1.0) - t) + number(normalization.ink) * t
}

/// Writes a row of one image to the cells of one example.
#[inline(always)]
fn widen<S: Simd, E: Element>(simd: S, pixels: &[u8], normalization: Normalization, row: &mut [E]) {
    let width = <E::Row<S> as Vector>::LANES;
    let mut c = 0;
    while c < row.len() {
        // The last register overlaps the one before it.
        c = c.min(row.len().saturating_sub(width));
        let (mut padded, mut values) = ([0; WIDEST], [E::default(); WIDEST]);
        let n = width.min(row.len());
        padded[..n].copy_from_slice(&pixels[c..c + n]);
        apply::<E::Row<S>>(simd, normalization, &padded).store(&mut values);
        row[c..c + n].copy_from_slice(&values[..n]);
        c += width;
    }
}

/// Writes row `r` of each image to its lane of a part of the cells; lanes without an image stay as they are.
#[inline(always)]
fn turn<S: Simd, T: Cell, const IH: usize, const IW: usize>(
    simd: S,
    images: &[&[[u8; IW]; IH]],
    r: usize,
    normalization: Normalization,
    part: usize,
    cells: &mut [T],
) {
    let width = T::Vector::<S>::LANES;
    let ground = T::Vector::splat(simd, T::Element::from_f64(f64::from(normalization.apply(0))));
    let mut c = 0;
    while c < IW {
        // The last square overlaps the one before it.
        c = c.min(IW.saturating_sub(width));
        let mut square = [ground; WIDEST];
        for (row, image) in square[..width].iter_mut().zip(images) {
            let mut padded = [0; WIDEST];
            let pixels = if IW < width {
                padded[..IW].copy_from_slice(&image[r]);
                &padded[..]
            } else {
                &image[r][c..]
            };
            *row = apply(simd, normalization, pixels);
        }
        transpose(&mut square);
        for k in 0..width.min(IW) {
            cells[c + k].set_part(part, square[k]);
        }
        c += width;
    }
}

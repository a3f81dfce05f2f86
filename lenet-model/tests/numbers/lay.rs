//! Images laid into the lanes of a network's input, on every instruction set.

use lenet_layers::simd::Isa;
use lenet_layers::{Cell, Element, Lanes, Maps, Tensor};
use lenet_model::{Normalization, lay_images, lay_images_with};

/// Widths on both sides of every register's, on every cell: each pixel is what `Normalization::apply` makes of it.
#[test]
fn every_pixel_arrives() {
    fn check<T: Cell, const IW: usize>() {
        let images: [[[u8; IW]; 3]; 16] = core::array::from_fn(|i| {
            core::array::from_fn(|r| core::array::from_fn(|c| (i * 83 + r * 31 + c * 7) as u8))
        });
        let refs: [&[[u8; IW]; 3]; 16] = core::array::from_fn(|i| &images[i]);
        for isa in Isa::all_available() {
            for n in 0..=T::LANES {
                let mut x = Tensor::<Maps<1, 8, 40>, T>::boxed_zeroed();
                let normalization = Normalization { ground: 0.3, ink: -1.7 };
                lay_images_with(isa, &mut x, &refs[..n], normalization);
                for (r, row) in x.data[0].iter().enumerate() {
                    for (c, cell) in row.iter().enumerate() {
                        let (top, left) = (8 / 2 - 2, (40 - IW) / 2);
                        for (lane, value) in cell.lanes().iter().enumerate() {
                            let inside = lane < n && (top..top + 3).contains(&r) && (left..left + IW).contains(&c);
                            let pixel = if inside { images[lane][r - top][c - left] } else { 0 };
                            let wanted = f64::from(normalization.apply(pixel));
                            // An `f64` is not rounded to the `f32` that `apply` gives.
                            let allowed = if size_of::<T::Element>() == 8 { 1e-7 } else { 0.0 };
                            assert!((value.to_f64() - wanted).abs() <= allowed, "{isa}, {IW}, {n}: {value}");
                        }
                    }
                }
            }
        }
    }
    check::<Lanes<16>, 5>();
    check::<Lanes<16>, 16>();
    check::<Lanes<16>, 28>();
    check::<f32, 5>();
    check::<f32, 28>();
    check::<f64, 11>();
}

#[test]
fn each_image_has_its_lane_and_the_rest_is_ground() {
    let (a, b) = ([[1u8, 2], [3, 4]], [[5u8, 6], [7, 8]]);
    let mut x = Tensor::<Maps<1, 6, 4>, Lanes<16>>::ZERO;
    let norm = Normalization { ground: 0.0, ink: 255.0 };
    lay_images(&mut x, &[&a, &b], norm);
    assert_eq!(x.data[0][2][1].0[..4], [1.0, 5.0, 0.0, 0.0]);
    assert_eq!(x.data[0][3][2].0[..4], [4.0, 8.0, 0.0, 0.0]);
    assert_eq!(x.cells().iter().map(|c| c.sum()).sum::<f32>(), 36.0);
    lay_images(&mut x, &[&b], norm);
    assert_eq!(x.data[0][2][1].0[..4], [5.0, 0.0, 0.0, 0.0], "what lay there before is gone");
}

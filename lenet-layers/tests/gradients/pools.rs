//! Max pooling of equal cells and of NaNs.

use lenet_layers::simd::{Isa, Kernel, Simd};
use lenet_layers::*;

struct Ties;
impl Kernel for Ties {
    type Output = ();
    fn run<S: Simd>(self, simd: S) {
        let no = NoParams::default();
        let mut y = Tensor::<Maps<1, 2, 2>>::ZERO;
        let mut x = Tensor::<Maps<1, 4, 4>> {
            data: [[[3.0, 3.0, 1.0, 2.0], [3.0, 3.0, 2.0, 2.0], [0.0, -0.0, -5.0, -7.0], [0.0, -1.0, -6.0, -5.0]]],
        };
        MaxPool::<2>::forward(simd, &no, &x, &mut y);
        assert_eq!(y.data, [[[3.0, 2.0], [0.0, -5.0]]]);
        let mut dy = Tensor { data: [[[1.0, 2.0], [4.0, 8.0]]] };
        let mut dx = x.clone();
        MaxPool::<2>::backward::<_, _, true>(simd, &no, &x, &y, &mut dy, &mut dx, &mut NoParams::default());
        // The first of several equal cells, row by row, has the whole gradient.
        assert_eq!(dx.data, [[[1.0, 0.0, 0.0, 2.0], [0.0, 0.0, 0.0, 0.0], [4.0, 0.0, 8.0, 0.0], [0.0, 0.0, 0.0, 0.0]]]);

        for bad in 0..4 {
            x.data[0][bad / 2][bad % 2] = f32::NAN;
            MaxPool::<2>::forward(simd, &no, &x, &mut y);
            assert!(y.data[0][0][0].is_nan(), "a NaN at cell {bad} of the window is ignored");
            assert_eq!(y.data[0][1][1], -5.0);
            x.data[0][bad / 2][bad % 2] = 3.0;
        }
    }
}

#[test]
fn ties_go_to_the_first_and_a_nan_is_seen() {
    for isa in Isa::all_available() {
        isa.dispatch(Ties);
    }
}

/// Each lane has its own largest cell.
#[test]
fn lanes_have_their_own_largest() {
    let no = NoParams::default();
    let mut x = Tensor::<Maps<1, 2, 2>, Lanes<16>>::ZERO;
    for lane in 0..16 {
        x.data[0][lane % 4 / 2][lane % 2].0[lane] = 1.0;
    }
    let (mut y, mut dx) = (Tensor::<Maps<1, 1, 1>, Lanes<16>>::ZERO, x.clone());
    MaxPool::<2>::forward(simd::Scalar, &no, &x, &mut y);
    assert_eq!(y.data[0][0][0].0, [1.0; 16]);
    let mut dy = Tensor { data: [[[Lanes(core::array::from_fn(|lane| 1.0 + lane as f32))]]] };
    MaxPool::<2>::backward::<_, _, true>(simd::Scalar, &no, &x, &y, &mut dy, &mut dx, &mut NoParams::default());
    for lane in 0..16 {
        let got: Vec<f32> = dx.cells().iter().map(|cell| cell.0[lane]).collect();
        let want: Vec<f32> = (0..4).map(|i| if i == lane % 4 { 1.0 + lane as f32 } else { 0.0 }).collect();
        assert_eq!(got, want);
    }
}

//! Dropout.

use crate::mode::mix;
use crate::{Curved, Layer, LayerInfo, Mode, NoParams, Operation, ParamInfo, Trainable};
use core::fmt;
use lenet_tensor::{Cell, Element, Shape, Tensor, simd::Simd};

/// In training sets each cell of each example to zero with a probability of `P` percent, and multiplies the others by
/// 100 / (100 - P), so that the mean stays the same; otherwise it changes nothing (Srivastava, Hinton, Krizhevsky, Sutskever,
/// Salakhutdinov 2014). It takes any shape.
///
/// The seed of the pass ([`TrainingPass::seed`](crate::TrainingPass::seed)) and the stage's name determine which cells are
/// dropped.
///
/// ```
/// use lenet_layers::{Dropout, Layer, Mode, NoParams, Tensor, TrainingPass, Units, simd::Scalar};
/// let x = Tensor::<Units<1000>> { data: [3.0; 1000] };
/// let mut y = Tensor::<Units<1000>>::ZERO;
/// Dropout::<25>::forward(Scalar, &NoParams::default(), &x, &mut y);
/// assert_eq!(y, x);
/// Dropout::<25>::forward_in(Scalar, &NoParams::default(), &x, &mut y, Mode::Training(TrainingPass::whole(1, 7)));
/// let dropped = y.data.iter().filter(|y| **y == 0.0).count();
/// assert!((200..300).contains(&dropped) && y.data.iter().all(|y| [0.0, 4.0].contains(y)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropout<const P: usize>;

impl<const P: usize> Trainable for Dropout<P> {
    type Params<E: Element> = NoParams<E>;
}

impl<const P: usize> LayerInfo for Dropout<P> {
    const OPERATION: Operation = Operation::Dropout { percent: P };
    fn info(index: usize) -> ParamInfo {
        panic!("no parameter {index}: Dropout has none")
    }
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dropout of {P}%")
    }
}

impl<const P: usize, I: Shape> Layer<I> for Dropout<P> {
    type Out = I;
    const CONNECTIONS: usize = 0;
    const MULTIPLY_ADDS: usize = 0;

    fn forward<S: Simd, T: Cell>(_: S, _: &NoParams<T::Element>, x: &Tensor<I, T>, y: &mut Tensor<I, T>) {
        y.cells_mut().copy_from_slice(x.cells());
    }
    fn forward_in<S: Simd, T: Cell>(
        simd: S,
        nothing: &NoParams<T::Element>,
        x: &Tensor<I, T>,
        y: &mut Tensor<I, T>,
        mode: Mode,
    ) {
        match mode {
            Mode::Inference => Self::forward(simd, nothing, x, y),
            Mode::Training(pass) => drop_some::<P, S, T>(simd, pass.seed, x.cells(), y.cells_mut()),
        }
    }
    fn backward<S: Simd, T: Cell, const TO_INPUT: bool>(
        _: S,
        _: &NoParams<T::Element>,
        _: &Tensor<I, T>,
        _: &Tensor<I, T>,
        dy: &mut Tensor<I, T>,
        dx: &mut Tensor<I, T>,
        _: &mut NoParams<T::Element>,
    ) {
        if TO_INPUT {
            dx.cells_mut().copy_from_slice(dy.cells());
        }
    }
    fn backward_in<S: Simd, T: Cell, const TO_INPUT: bool>(
        simd: S,
        nothing: &NoParams<T::Element>,
        x: &Tensor<I, T>,
        y: &Tensor<I, T>,
        dy: &mut Tensor<I, T>,
        dx: &mut Tensor<I, T>,
        grad: &mut NoParams<T::Element>,
        mode: Mode,
    ) {
        match mode {
            Mode::Inference => Self::backward::<S, T, TO_INPUT>(simd, nothing, x, y, dy, dx, grad),
            Mode::Training(pass) if TO_INPUT => {
                drop_some::<P, S, T>(simd, pass.seed, dy.cells(), dx.cells_mut());
            }
            Mode::Training(_) => {}
        }
    }
}

/// As outside training: every slope is 1.
impl<const P: usize, I: Shape> Curved<I> for Dropout<P> {
    fn curvature<S: Simd, T: Cell>(
        _: S,
        _: &NoParams<T::Element>,
        _: &Tensor<I, T>,
        _: &Tensor<I, T>,
        d2y: &mut Tensor<I, T>,
        d2x: &mut Tensor<I, T>,
        _: &mut NoParams<T::Element>,
    ) {
        d2x.cells_mut().copy_from_slice(d2y.cells());
    }
}

/// Writes `x` with `P` percent of its numbers dropped. The same seed drops the same numbers.
fn drop_some<const P: usize, S: Simd, T: Cell>(simd: S, seed: u64, x: &[T], y: &mut [T]) {
    const { assert!(P < 100, "dropout drops less than 100 percent") };
    /// Sixteen random bits decide about each number.
    const NUMBERS: usize = 4;
    let least = (P << 16) / 100;
    let kept = T::Element::from_f64(100.0 / (100 - P) as f64);
    simd.vectorize(
        #[inline(always)]
        || {
            let pairs = T::elements(x).chunks(NUMBERS).zip(T::elements_mut(y).chunks_mut(NUMBERS));
            for (word, (x, y)) in pairs.enumerate() {
                let mut bits = mix(seed.wrapping_add(word as u64));
                for (x, y) in x.iter().zip(y) {
                    let keep = (bits & 0xffff) as usize >= least;
                    *y = if keep { *x * kept } else { T::Element::default() };
                    bits >>= 16;
                }
            }
        },
    );
}

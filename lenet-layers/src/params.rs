//! Trainable numbers: a struct of arrays, each of which can be had as a slice, and what is known of each.

use core::fmt;
use lenet_tensor::Element;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// A struct of arrays of one element: the parameters of a layer or of a network, or anything of the same form (a
/// gradient, an optimizer's velocity).
///
/// Code that does not care for shapes walks the arrays as slices, by index.
pub trait Params:
    Clone + PartialEq + fmt::Debug + Sized + Send + Sync + 'static + FromBytes + Immutable + KnownLayout
{
    /// The type of each number.
    type Element: Element;
    /// How many arrays there are.
    const TENSORS: usize;
    /// How many numbers there are in all.
    const LEN: usize;

    /// Array number `index`, flat, the last axis running fastest.
    ///
    /// # Panics
    /// If `index` is not below `TENSORS`.
    fn tensor(&self, index: usize) -> &[Self::Element];
    /// Array number `index`, flat, to write to.
    ///
    /// # Panics
    /// If `index` is not below `TENSORS`.
    fn tensor_mut(&mut self, index: usize) -> &mut [Self::Element];

    /// All arrays in order.
    fn tensors(&self) -> impl Iterator<Item = &[Self::Element]> {
        (0..Self::TENSORS).map(|i| self.tensor(i))
    }
    /// Sets every number to `value`.
    fn fill(&mut self, value: Self::Element) {
        for i in 0..Self::TENSORS {
            self.tensor_mut(i).fill(value);
        }
    }
    /// Copies every number from `source`, in place: nothing of the struct's size touches the stack.
    fn copy_from(&mut self, source: &Self) {
        for i in 0..Self::TENSORS {
            self.tensor_mut(i).copy_from_slice(source.tensor(i));
        }
    }
    /// Adds every number of `other`.
    fn add(&mut self, other: &Self) {
        for i in 0..Self::TENSORS {
            for (a, b) in self.tensor_mut(i).iter_mut().zip(other.tensor(i)) {
                *a += *b;
            }
        }
    }
    /// Whether no number is infinite or NaN.
    fn is_finite(&self) -> bool {
        self.tensors().all(|t| t.iter().all(|x| x.is_finite()))
    }
    /// All zeros, by value.
    #[must_use]
    fn zeroed() -> Self {
        zerocopy::FromZeros::new_zeroed()
    }
    /// All zeros, straight on the heap.
    ///
    /// # Panics
    /// If the allocator has no memory left, as `Box::new` does.
    #[cfg(feature = "alloc")]
    #[must_use]
    fn boxed_zeroed() -> alloc::boxed::Box<Self> {
        zerocopy::FromZeros::new_box_zeroed().expect("memory for parameters")
    }
}

/// Declares a struct of the form of `P` that cannot be mixed up with it.
macro_rules! of_the_form_of {
    ($($(#[$meta:meta])* $name:ident;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, FromBytes, Immutable, KnownLayout)]
        #[repr(transparent)]
        pub struct $name<P>(pub P);

        impl<P: Params> Params for $name<P> {
            type Element = P::Element;
            const TENSORS: usize = P::TENSORS;
            const LEN: usize = P::LEN;
            #[inline]
            fn tensor(&self, index: usize) -> &[P::Element] {
                self.0.tensor(index)
            }
            #[inline]
            fn tensor_mut(&mut self, index: usize) -> &mut [P::Element] {
                self.0.tensor_mut(index)
            }
        }
    )+};
}
of_the_form_of! {
    /// Gradients of `P`: the same fields and shapes, but a type of its own, so that the two cannot be mixed up.
    Grad;
    /// Second derivatives of a loss by each number of `P`, in the Gauss-Newton approximation.
    Curvature;
    /// The square of each number of `P`: what curvatures are worked out with.
    Squared;
}

impl<P: Params> Squared<P> {
    /// Squares every number of `params`.
    pub fn set(&mut self, params: &P) {
        for i in 0..P::TENSORS {
            for (square, number) in self.tensor_mut(i).iter_mut().zip(params.tensor(i)) {
                *square = *number * *number;
            }
        }
    }
}

/// What a parameter does in its layer; initial values depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Multiplies one input.
    Weight,
    /// Is added.
    Bias,
    /// Multiplies the sum of a subsampling window of this many cells.
    Coefficient {
        /// Cells in the window.
        window: usize,
    },
}

/// What is known of one array of parameters before the program runs.
#[derive(Clone, Copy)]
pub struct ParamInfo {
    /// The stage it belongs to: `c1`. Empty when a layer speaks of itself.
    pub stage: &'static str,
    /// Its name in the layer: `weight`.
    pub name: &'static str,
    /// The extent of each axis as the world sees the array: a sparse convolution says `[16, 6, 5, 5]`.
    pub dims: &'static [usize],
    /// What it does.
    pub role: Role,
    /// For weights that are only there where two maps are connected: the table, `[output][input]` flattened. The
    /// array then holds the connected kernels alone, in this order. Empty: all are there.
    pub connected: &'static [bool],
    /// The fan-in of the unit that the number at this position of the array feeds.
    pub fan_in: fn(usize) -> usize,
}

impl ParamInfo {
    /// The number of trainable numbers in the array.
    #[must_use]
    pub fn len(&self) -> usize {
        let all: usize = self.dims.iter().product();
        match self.connected.len() {
            0 => all,
            pairs => all / pairs * self.connected.iter().filter(|c| **c).count(),
        }
    }

    /// Whether there is nothing in the array.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where each number of the array lies in the dense array of extent `dims`, in the array's order.
    ///
    /// ```
    /// use lenet_layers::{LayerInfo, SparseConv2d, Table1};
    /// let c3 = SparseConv2d::<6, 16, 60, 5, Table1>::info(0);
    /// assert_eq!((c3.len(), c3.positions().count()), (1500, 1500));
    /// // C3's map 0 sees maps 0, 1 and 2; map 1 sees 1, 2 and 3: the fourth kernel belongs to the pair (1, 1).
    /// assert_eq!(c3.positions().nth(3 * 25), Some((1 * 6 + 1) * 25));
    /// ```
    pub fn positions(self) -> impl Iterator<Item = usize> {
        let all: usize = self.dims.iter().product();
        let block = all.checked_div(self.connected.len()).unwrap_or(all);
        (0..all).filter(move |i| self.connected.is_empty() || self.connected[i / block])
    }
}

impl fmt::Display for ParamInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.stage.is_empty() {
            write!(f, "{}.", self.stage)?;
        }
        f.write_str(self.name)
    }
}

impl fmt::Debug for ParamInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} {:?} {:?}", self.dims, self.role)
    }
}

/// The parameters of a layer that has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, FromBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct NoParams<E> {
    nothing: [E; 0],
}

impl<E: Element> Params for NoParams<E> {
    type Element = E;
    const TENSORS: usize = 0;
    const LEN: usize = 0;
    fn tensor(&self, index: usize) -> &[E] {
        panic!("no parameter {index}: this layer has none")
    }
    fn tensor_mut(&mut self, index: usize) -> &mut [E] {
        panic!("no parameter {index}: this layer has none")
    }
}

/// A nested array as one slice.
#[inline]
pub(crate) fn flat<E: Element, A: IntoBytes + Immutable>(array: &A) -> &[E] {
    <[E]>::ref_from_bytes(array.as_bytes()).expect("an array of elements is a slice of elements")
}

/// A nested array as one slice to write to.
#[inline]
pub(crate) fn flat_mut<E: Element, A: IntoBytes + FromBytes>(array: &mut A) -> &mut [E] {
    <[E]>::mut_from_bytes(array.as_mut_bytes()).expect("an array of elements is a slice of elements")
}

/// Declares a layer's struct of parameters: its fields in order are the tensors.
macro_rules! params {
    ($(#[$meta:meta])* $name:ident<$(const $n:ident),+> {
        $($index:literal $(#[$field_meta:meta])* $field:ident: $array:ty = $len:expr,)+
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, zerocopy::FromBytes, zerocopy::Immutable,
            zerocopy::KnownLayout)]
        #[repr(C)]
        pub struct $name<$(const $n: usize,)+ E = f32> { $($(#[$field_meta])* pub $field: $array,)+ }
        impl<$(const $n: usize,)+ E: lenet_tensor::Element> $crate::Params for $name<$($n,)+ E> {
            type Element = E;
            const TENSORS: usize = [$($index),+].len();
            const LEN: usize = 0 $(+ $len)+;
            #[inline]
            fn tensor(&self, index: usize) -> &[E] {
                match index {
                    $($index => $crate::params::flat(&self.$field),)+
                    _ => panic!("no parameter {index} in {}", stringify!($name)),
                }
            }
            #[inline]
            fn tensor_mut(&mut self, index: usize) -> &mut [E] {
                match index {
                    $($index => $crate::params::flat_mut(&mut self.$field),)+
                    _ => panic!("no parameter {index} in {}", stringify!($name)),
                }
            }
        }
    };
}
pub(crate) use params;

//! Trainable numbers: a struct of arrays, access to each array as a slice, and information about each.

use core::fmt;
use lenet_tensor::Element;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// A struct of arrays of one element type: the parameters of a layer or of a network, or anything of the same form (a
/// gradient, an optimizer's velocity).
///
/// Code that does not depend on shapes can visit the arrays as slices, by index.
pub trait Params:
    Clone + PartialEq + fmt::Debug + Sized + Send + Sync + 'static + FromBytes + Immutable + KnownLayout
{
    /// The type of each number.
    type Element: Element;
    /// The number of arrays.
    const TENSORS: usize;
    /// The total number of elements.
    const LEN: usize;
    /// The number of elements that are measured and not trained ([`Params::is_statistic`]).
    const STATISTICS: usize = 0;

    /// Returns array number `index` as a flat slice; the last axis varies fastest.
    ///
    /// # Panics
    /// If `index` is not less than `TENSORS`.
    fn tensor(&self, index: usize) -> &[Self::Element];
    /// Returns array number `index` as a flat mutable slice.
    ///
    /// # Panics
    /// If `index` is not less than `TENSORS`.
    fn tensor_mut(&mut self, index: usize) -> &mut [Self::Element];

    /// Returns `true` if array number `index` holds statistics of the data and no trainable numbers. A backward pass in
    /// training adds the difference between the statistics of its examples and this array to the gradient, and an
    /// optimizer moves the array by a part of it ([`Statistic`](crate::Statistic)).
    ///
    /// # Panics
    /// It may panic if `index` is not less than `TENSORS`.
    #[must_use]
    fn is_statistic(index: usize) -> bool {
        let _ = index;
        false
    }

    /// Returns all arrays in order.
    fn tensors(&self) -> impl Iterator<Item = &[Self::Element]> {
        (0..Self::TENSORS).map(|i| self.tensor(i))
    }
    /// Sets every number to `value`.
    fn fill(&mut self, value: Self::Element) {
        for i in 0..Self::TENSORS {
            self.tensor_mut(i).fill(value);
        }
    }
    /// Copies every number from `source`, in place; no value of the struct's size is placed on the stack.
    fn copy_from(&mut self, source: &Self) {
        for i in 0..Self::TENSORS {
            self.tensor_mut(i).copy_from_slice(source.tensor(i));
        }
    }
    /// Adds every number of `other` to the number at the same place.
    fn add(&mut self, other: &Self) {
        for i in 0..Self::TENSORS {
            for (a, b) in self.tensor_mut(i).iter_mut().zip(other.tensor(i)) {
                *a += *b;
            }
        }
    }
    /// Returns `true` if no number is infinite or NaN.
    fn is_finite(&self) -> bool {
        self.tensors().all(|t| t.iter().all(|x| x.is_finite()))
    }
    /// Returns a zeroed value.
    #[must_use]
    fn zeroed() -> Self {
        zerocopy::FromZeros::new_zeroed()
    }
    /// Returns a zeroed value allocated directly on the heap.
    ///
    /// # Panics
    /// If memory cannot be allocated, as for `Box::new`.
    #[cfg(feature = "alloc")]
    #[must_use]
    fn boxed_zeroed() -> alloc::boxed::Box<Self> {
        zerocopy::FromZeros::new_box_zeroed().expect("memory for parameters")
    }
}

/// Declares a struct with the same fields as `P` and a different type, so that the two cannot be confused.
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
            const STATISTICS: usize = P::STATISTICS;
            #[inline]
            fn tensor(&self, index: usize) -> &[P::Element] {
                self.0.tensor(index)
            }
            #[inline]
            fn tensor_mut(&mut self, index: usize) -> &mut [P::Element] {
                self.0.tensor_mut(index)
            }
            fn is_statistic(index: usize) -> bool {
                P::is_statistic(index)
            }
        }
    )+};
}
of_the_form_of! {
    /// Gradients of `P`: the same fields and shapes, but a different type, so that the two cannot be confused.
    Grad;
    /// Second derivatives of a loss with respect to each number of `P`, in the Gauss-Newton approximation.
    Curvature;
    /// The square of each number of `P`, which the computation of curvatures needs.
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

/// The role of a parameter in its layer. Initial values depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It multiplies one input.
    Weight,
    /// It is added.
    Bias,
    /// It multiplies the sum of a subsampling window with this many cells.
    Coefficient {
        /// Cells in the window.
        window: usize,
    },
    /// It multiplies a normalized input; 1 at first.
    Scale,
    /// The mean of an input, which is measured and not trained; 0 at first.
    Mean,
    /// The variance of an input, which is measured and not trained; 1 at first.
    Variance,
}

/// The number of names from a stage of networks to an array: each network within another has its own name and that of
/// its stage.
const INNER: usize = 2 * DEEPEST;
/// How many networks may be within each other, not counting the outermost.
pub(crate) const DEEPEST: usize = 4;

/// The compile-time information about one array of parameters.
#[derive(Clone, Copy)]
pub struct ParamInfo {
    /// The stage it belongs to, such as `c1`. Empty if a layer describes itself.
    pub stage: &'static str,
    /// The way from there, if the stage consists of networks: `"block"`, `"c1"`, and empty strings.
    pub inner: [&'static str; INNER],
    /// Its name in the layer, such as `weight`.
    pub name: &'static str,
    /// The extent of each axis in the dense form of the array: for a sparse convolution, `[16, 6, 5, 5]`.
    pub dims: &'static [usize],
    /// Its role.
    pub role: Role,
    /// For weights that exist only where two maps are connected: the table, `[output][input]` flattened. The array then
    /// holds only the connected kernels, in this order. If the table is empty, all weights exist.
    pub connected: &'static [bool],
    /// Returns the fan-in of the unit that the number at this position of the array feeds.
    pub fan_in: fn(usize) -> usize,
}

impl ParamInfo {
    /// Describes an array for [`LayerInfo::info`](crate::LayerInfo::info): all numbers exist, and their fan-in is
    /// `fan_in` of their position.
    #[must_use]
    pub const fn new(name: &'static str, dims: &'static [usize], role: Role, fan_in: fn(usize) -> usize) -> Self {
        ParamInfo { stage: "", inner: [""; INNER], name, dims, role, connected: &[], fan_in }
    }

    /// Describes the same array as a part of the stage `outer`.
    ///
    /// # Panics
    /// If more than four networks are within each other, which `sequential!` does not allow.
    #[must_use]
    pub fn within(self, outer: &'static str) -> Self {
        if self.stage.is_empty() {
            return ParamInfo { stage: outer, ..self };
        }
        let mut inner = [self.stage; INNER];
        assert!(self.inner[INNER - 1].is_empty(), "networks are at most four deep within each other");
        inner[1..].copy_from_slice(&self.inner[..INNER - 1]);
        ParamInfo { stage: outer, inner, ..self }
    }

    /// Returns the number of trainable numbers in the array.
    #[must_use]
    pub fn len(&self) -> usize {
        let all: usize = self.dims.iter().product();
        match self.connected.len() {
            0 => all,
            pairs => all / pairs * self.connected.iter().filter(|c| **c).count(),
        }
    }

    /// Returns `true` if the array is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the position of each number of the array in the dense array of extent `dims`, in the array's order.
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
        for inner in self.inner.iter().filter(|inner| !inner.is_empty()) {
            write!(f, "{inner}.")?;
        }
        f.write_str(self.name)
    }
}

impl fmt::Debug for ParamInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} {:?} {:?}", self.dims, self.role)
    }
}

/// The parameters of a layer without parameters.
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

/// Returns a nested array as one slice.
#[inline]
pub(crate) fn flat<E: Element, A: IntoBytes + Immutable>(array: &A) -> &[E] {
    <[E]>::ref_from_bytes(array.as_bytes()).expect("an array of elements is a slice of elements")
}

/// Returns a nested array as one mutable slice.
#[inline]
pub(crate) fn flat_mut<E: Element, A: IntoBytes + FromBytes>(array: &mut A) -> &mut [E] {
    <[E]>::mut_from_bytes(array.as_mut_bytes()).expect("an array of elements is a slice of elements")
}

/// Declares a layer's struct of parameters; its fields, in order, are the tensors.
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

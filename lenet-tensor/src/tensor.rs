//! The tensor type: a shape and a cell type, nothing else.

use crate::{Cell, Shape};
use core::fmt;
use zerocopy::{FromBytes, Immutable, KnownLayout};

/// A tensor of shape `S` with cells of type `T`, 64-byte aligned.
///
/// The array is public: `maps.data[c][row][column]` is a cell, bounds-checked at compile time if the index is known.
/// Create large tensors directly on the heap, with [`Tensor::boxed_zeroed`].
///
/// ```
/// use lenet_tensor::{Maps, Tensor};
/// let mut t = Tensor::<Maps<6, 28, 28>>::ZERO;
/// t.data[5][27][27] = 1.0;
/// assert_eq!(t.cells()[6 * 28 * 28 - 1], 1.0);
/// ```
#[derive(FromBytes, Immutable, KnownLayout)]
#[repr(C, align(64))]
pub struct Tensor<S: Shape, T: Cell = f32> {
    /// The cells.
    pub data: S::Array<T>,
}

impl<S: Shape, T: Cell> Tensor<S, T> {
    /// Returns all cells as one slice; the last axis varies fastest.
    #[inline(always)]
    pub fn cells(&self) -> &[T] {
        S::cells(&self.data)
    }

    /// Returns all cells as one mutable slice.
    #[inline(always)]
    pub fn cells_mut(&mut self) -> &mut [T] {
        S::cells_mut(&mut self.data)
    }

    /// Sets every cell to `value`.
    pub fn fill(&mut self, value: T) {
        self.cells_mut().fill(value);
    }

    /// Returns a zeroed tensor, of a shape that need not be known: `Tensor::<S>::ZERO` for every `S`.
    ///
    /// ```
    /// use lenet_tensor::{Maps, Tensor};
    /// assert_eq!(Tensor::<Maps<1, 2, 2>>::zeroed(), Tensor::<Maps<1, 2, 2>>::ZERO);
    /// ```
    #[must_use]
    pub fn zeroed() -> Self {
        zerocopy::FromZeros::new_zeroed()
    }

    /// Returns a zeroed tensor allocated on the heap. No value of the tensor's size is placed on the stack.
    ///
    /// # Panics
    /// If memory cannot be allocated, as for `Box::new`.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn boxed_zeroed() -> alloc::boxed::Box<Self> {
        use zerocopy::FromZeros;
        Self::new_box_zeroed().expect("memory for a tensor")
    }
}

impl<const C: usize, const H: usize, const W: usize, T: Cell> Tensor<crate::Maps<C, H, W>, T> {
    /// A zeroed tensor, by value.
    pub const ZERO: Self = Tensor { data: [[[T::ZERO; W]; H]; C] };
}

impl<const N: usize, T: Cell> Tensor<crate::Units<N>, T> {
    /// A zeroed tensor, by value.
    pub const ZERO: Self = Tensor { data: [T::ZERO; N] };
}

impl<S: Shape, T: Cell> Clone for Tensor<S, T> {
    fn clone(&self) -> Self {
        Tensor { data: self.data.clone() }
    }
    fn clone_from(&mut self, source: &Self) {
        self.cells_mut().copy_from_slice(source.cells());
    }
}

impl<S: Shape, T: Cell> PartialEq for Tensor<S, T> {
    fn eq(&self, other: &Self) -> bool {
        self.data == other.data
    }
}

impl<S: Shape, T: Cell> fmt::Debug for Tensor<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tensor").field("dims", &S::DIMS).field("data", &self.data).finish()
    }
}

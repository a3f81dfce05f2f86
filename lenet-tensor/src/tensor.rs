//! The tensor: a shape, a cell, and nothing else.

use crate::{Cell, Shape};
use core::fmt;
use zerocopy::{FromBytes, Immutable, KnownLayout};

/// Cells of type `T` in the shape `S`, 64-byte aligned.
///
/// The array is public: `maps.data[c][row][column]` is the cell, checked at compile time where the index is known.
/// Large tensors belong on the heap from birth ([`Tensor::boxed_zeroed`]).
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
    /// All cells in one slice, the last axis running fastest.
    #[inline(always)]
    pub fn cells(&self) -> &[T] {
        S::cells(&self.data)
    }

    /// All cells in one slice to write to.
    #[inline(always)]
    pub fn cells_mut(&mut self) -> &mut [T] {
        S::cells_mut(&mut self.data)
    }

    /// Sets every cell to `value`.
    pub fn fill(&mut self, value: T) {
        self.cells_mut().fill(value);
    }

    /// All zeros, straight on the heap: nothing of the tensor's size touches the stack.
    ///
    /// # Panics
    /// If the allocator has no memory left, as `Box::new` does.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn boxed_zeroed() -> alloc::boxed::Box<Self> {
        use zerocopy::FromZeros;
        Self::new_box_zeroed().expect("memory for a tensor")
    }
}

impl<const C: usize, const H: usize, const W: usize, T: Cell> Tensor<crate::Maps<C, H, W>, T> {
    /// All zeros, by value.
    pub const ZERO: Self = Tensor { data: [[[T::ZERO; W]; H]; C] };
}

impl<const N: usize, T: Cell> Tensor<crate::Units<N>, T> {
    /// All zeros, by value.
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

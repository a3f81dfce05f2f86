//! Shapes as zero-sized types, and the nested arrays that they map to.

use crate::Cell;
use core::fmt::Debug;
use zerocopy::{FromBytes, Immutable, KnownLayout};

/// The shape of a [`Tensor`](crate::Tensor).
pub trait Shape: 'static {
    /// The array that holds the cells.
    type Array<T: Cell>: Clone + Debug + PartialEq + Send + Sync + FromBytes + Immutable + KnownLayout;
    /// The extent of each axis, outermost first.
    const DIMS: &'static [usize];
    /// The number of cells.
    const LEN: usize;
    /// Returns all cells as one slice; the last axis varies fastest.
    fn cells<T: Cell>(array: &Self::Array<T>) -> &[T];
    /// Returns all cells as one mutable slice.
    fn cells_mut<T: Cell>(array: &mut Self::Array<T>) -> &mut [T];
}

/// `C` feature maps of `H` rows and `W` columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Maps<const C: usize, const H: usize, const W: usize>;

/// `N` units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Units<const N: usize>;

impl<const C: usize, const H: usize, const W: usize> Shape for Maps<C, H, W> {
    type Array<T: Cell> = [[[T; W]; H]; C];
    const DIMS: &'static [usize] = &[C, H, W];
    const LEN: usize = C * H * W;
    #[inline(always)]
    fn cells<T: Cell>(array: &Self::Array<T>) -> &[T] {
        array.as_flattened().as_flattened()
    }
    #[inline(always)]
    fn cells_mut<T: Cell>(array: &mut Self::Array<T>) -> &mut [T] {
        array.as_flattened_mut().as_flattened_mut()
    }
}

impl<const N: usize> Shape for Units<N> {
    type Array<T: Cell> = [T; N];
    const DIMS: &'static [usize] = &[N];
    const LEN: usize = N;
    #[inline(always)]
    fn cells<T: Cell>(array: &Self::Array<T>) -> &[T] {
        array
    }
    #[inline(always)]
    fn cells_mut<T: Cell>(array: &mut Self::Array<T>) -> &mut [T] {
        array
    }
}

//! nalgebra's static vectors and matrices: views without a copy, and conversions.
//!
//! A map is stored row by row and nalgebra stores column by column. The view without a copy is therefore contiguous and
//! *transposed*. There is no strided row-major view: products with such views trigger undefined behaviour in nalgebra
//! 0.35 (its issue 1616).

use crate::{Cell, Maps, Tensor, Units};
use nalgebra::{SMatrix, SMatrixView, SMatrixViewMut, SVector};

impl<const N: usize, T: Cell> Tensor<Units<N>, T> {
    /// Returns the units as a column vector, without a copy.
    ///
    /// ```
    /// use lenet_tensor::{Tensor, Units};
    /// let x = Tensor::<Units<3>> { data: [1.0, 2.0, 2.0] };
    /// assert_eq!(x.as_vector().dot(&x.as_vector()), 9.0);
    /// ```
    pub fn as_vector(&self) -> SMatrixView<'_, T, N, 1> {
        SMatrixView::from_slice(&self.data)
    }

    /// Returns the units as a mutable column vector, without a copy.
    pub fn as_vector_mut(&mut self) -> SMatrixViewMut<'_, T, N, 1> {
        SMatrixViewMut::from_slice(&mut self.data)
    }
}

impl<const C: usize, const H: usize, const W: usize, T: Cell> Tensor<Maps<C, H, W>, T> {
    /// Returns map `c` transposed, `W` rows by `H` columns, without a copy.
    ///
    /// # Panics
    /// If `c` is not less than `C`.
    ///
    /// ```
    /// use lenet_tensor::{Maps, Tensor};
    /// let mut x = Tensor::<Maps<1, 2, 3>>::ZERO;
    /// x.data[0][1][2] = 7.0;
    /// assert_eq!(x.transposed_map(0)[(2, 1)], 7.0);
    /// ```
    pub fn transposed_map(&self, c: usize) -> SMatrixView<'_, T, W, H> {
        SMatrixView::from_slice(self.data[c].as_flattened())
    }

    /// Returns map `c` transposed, as a mutable view.
    ///
    /// # Panics
    /// If `c` is not less than `C`.
    pub fn transposed_map_mut(&mut self, c: usize) -> SMatrixViewMut<'_, T, W, H> {
        SMatrixViewMut::from_slice(self.data[c].as_flattened_mut())
    }

    /// Returns a copy of map `c` as a matrix of `H` rows and `W` columns.
    ///
    /// # Panics
    /// If `c` is not less than `C`.
    pub fn map_matrix(&self, c: usize) -> SMatrix<T, H, W> {
        self.transposed_map(c).transpose()
    }
}

impl<const N: usize, T: Cell> From<SVector<T, N>> for Tensor<Units<N>, T> {
    fn from(v: SVector<T, N>) -> Self {
        Tensor { data: v.data.0[0] }
    }
}

impl<const N: usize, T: Cell> From<Tensor<Units<N>, T>> for SVector<T, N> {
    fn from(t: Tensor<Units<N>, T>) -> Self {
        t.data.into()
    }
}

impl<const H: usize, const W: usize, T: Cell> From<SMatrix<T, H, W>> for Tensor<Maps<1, H, W>, T> {
    fn from(m: SMatrix<T, H, W>) -> Self {
        Tensor { data: [m.transpose().data.0] }
    }
}

impl<const H: usize, const W: usize, T: Cell> From<&Tensor<Maps<1, H, W>, T>> for SMatrix<T, H, W> {
    fn from(t: &Tensor<Maps<1, H, W>, T>) -> Self {
        t.map_matrix(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_share_memory_and_conversions_round_trip() {
        let mut t = Tensor::<Maps<2, 3, 4>, f64>::ZERO;
        for (i, x) in t.cells_mut().iter_mut().enumerate() {
            *x = i as f64;
        }
        let view = t.transposed_map(1);
        assert_eq!(view.as_ptr(), &raw const t.data[1][0][0], "a view, not a copy");
        assert_eq!(view[(3, 2)], t.data[1][2][3]);
        t.transposed_map_mut(0)[(1, 2)] = -1.0;
        assert_eq!(t.data[0][2][1], -1.0);

        let one = Tensor::<Maps<1, 3, 4>, f64> { data: [t.data[1]] };
        let m: SMatrix<f64, 3, 4> = (&one).into();
        assert_eq!(m[(2, 3)], t.data[1][2][3]);
        assert_eq!(Tensor::from(m), one);

        let u = Tensor::<Units<3>> { data: [1.0, 2.0, 3.0] };
        let v: SVector<f32, 3> = u.clone().into();
        assert_eq!(Tensor::from(v), u);
    }
}

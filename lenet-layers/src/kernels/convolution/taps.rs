//! The gradient with respect to the input, for one example, with registers along a row of the kernels: the taps of the
//! row, and for each tap the input maps.
//!
//! A cell of `da` sends a row of taps back to as many neighbours in a row of `dx`. With input maps as the last axis,
//! these are contiguous. Only lanes in the last register of a row are wasted. The cost is transposing the
//! kernels and `dx`.

use super::{Bank, Convolution, ROOM};
use crate::kernels::tile::{Tiling, for_tiles, load, store, sums_in_tile, version, width};
use lenet_tensor::Element;
use lenet_tensor::simd::{Simd, Vector};

/// Kernels with the input map as the last axis: `[output map][row][column][input map]`.
type Taps<E, const CI: usize, const CO: usize, const R: usize, const K: usize> = [[[[E; CI]; K]; R]; CO];

/// The largest number of registers that a row may fill; each also needs a register for its sums.
const MOST_REGISTERS: usize = 4;

/// The number of registers that `numbers` numbers fill.
const fn registers<S: Simd, E: Element>(numbers: usize) -> usize {
    numbers.div_ceil(width::<S, E>())
}

/// The number of rows of `da` in a tile in which each row has `registers` registers of sums.
const fn rows_in_tile(available: usize, registers: usize) -> usize {
    let most = sums_in_tile(available) / if registers == 0 { 1 } else { registers };
    if most == 0 { 1 } else { most }
}

impl<
    B: Bank<CI, CO, R, K>,
    const CI: usize,
    const CO: usize,
    const R: usize,
    const K: usize,
    const H: usize,
    const W: usize,
    const OH: usize,
    const OW: usize,
> Convolution<B, CI, CO, R, K, H, W, OH, OW>
{
    /// Returns `true` if a row of the kernels fills its registers well enough, and the transposed arrays fit on the
    /// stack.
    pub(super) const fn taps_fit<S: Simd, E: Element>() -> bool {
        let room = (CO * R * K + H * W) * CI * size_of::<E>() <= ROOM;
        let registers = registers::<S, E>(K * CI);
        let idle = registers * width::<S, E>() - K * CI;
        room && B::GROUP[0] == CI && B::MOSTLY_FULL && registers <= MOST_REGISTERS && 4 * idle <= K * CI
    }

    /// Computes the gradient with respect to the input.
    #[inline(never)]
    pub(super) fn taps_input_gradient<S: Simd, E: Element>(simd: S, params: &B::Params<E>, da: &[E], dx: &mut [E]) {
        simd.vectorize(
            #[inline(always)]
            || {
                let taps = Self::kernels_by_input::<E>(params);
                let mut turned = [[[E::default(); CI]; W]; H];
                version!(registers::<S, E>(K * CI), 1..=4, L => Self::send_rows_back::<S, E, L>)(
                    simd,
                    &taps,
                    da,
                    &mut turned,
                );
                for (i, dx) in dx.chunks_exact_mut(H * W).enumerate() {
                    for (dx, turned) in dx.iter_mut().zip(turned.as_flattened()) {
                        *dx = turned[i];
                    }
                }
            },
        );
    }

    /// Returns the transposed kernels, with zeros for the missing ones.
    #[inline(always)]
    fn kernels_by_input<E: Element>(params: &B::Params<E>) -> Taps<E, CI, CO, R, K> {
        let mut taps = [[[[E::default(); CI]; K]; R]; CO];
        for o in 0..CO {
            for i in 0..CI {
                let Some(kernel) = B::kernel(params, o, i) else { continue };
                for u in 0..R {
                    for v in 0..K {
                        taps[o][u][v][i] = kernel[u][v];
                    }
                }
            }
        }
        taps
    }

    /// Adds the contributions of all cells through the kernels, whose rows fill `L` registers.
    #[inline(always)]
    fn send_rows_back<S: Simd, E: Element, const L: usize>(
        simd: S,
        taps: &Taps<E, CI, CO, R, K>,
        da: &[E],
        dx: &mut [[[E; CI]; W]; H],
    ) {
        // The rows of a tile lie below each other: neighbouring cells of a row send to the same cells, so the second
        // would wait for the first.
        for_tiles!(
            Tiling::new(OH, rows_in_tile(S::REGISTERS, registers::<S, E>(K * CI))),
            N => Self::send_back::<S, E, N, L>,
            |tile, r| for u in 0..R {
                for c in 0..OW {
                    tile(simd, taps, da, [r, c, u], dx);
                }
            }
        );
    }

    /// Adds the contributions of the cells in column `c` of `N` rows from `r` through row `u` of the kernels, which
    /// fills `L` registers.
    #[inline(always)]
    fn send_back<S: Simd, E: Element, const N: usize, const L: usize>(
        simd: S,
        taps: &Taps<E, CI, CO, R, K>,
        da: &[E],
        [r, c, u]: [usize; 3],
        dx: &mut [[[E; CI]; W]; H],
    ) {
        let mut sums = [[E::Row::splat(simd, E::default()); L]; N];
        for (taps, da) in taps.iter().zip(da.chunks_exact(OH * OW)) {
            let line = taps[u].as_flattened();
            let mut weights = [E::Row::splat(simd, E::default()); L];
            for j in 0..L {
                weights[j] = load(simd, &line[j * width::<S, E>()..]);
            }
            for n in 0..N {
                let da = E::Row::splat(simd, da[(r + n) * OW + c]);
                for j in 0..L {
                    sums[n][j] = weights[j].mul_add(da, sums[n][j]);
                }
            }
        }
        for n in 0..N {
            let Some(row) = Self::ROWS.cell(r + n, u) else { continue };
            if const { B::PADDING > 0 } && !(Self::WITHIN[0]..Self::WITHIN[1]).contains(&c) {
                Self::add_at_border::<S, E, L>(&sums[n], c, &mut dx[row]);
                continue;
            }
            let line = dx[row][c * B::STRIDE - B::PADDING..][..K].as_flattened_mut();
            for j in 0..L {
                let line = &mut line[j * width::<S, E>()..];
                store(load::<E::Row<S>>(simd, line) + sums[n][j], line);
            }
        }
    }

    /// Adds to a row of `dx` what window `c`, which is partly outside of it, sends back.
    #[inline(always)]
    fn add_at_border<S: Simd, E: Element, const L: usize>(sums: &[E::Row<S>; L], c: usize, dx: &mut [[E; CI]; W]) {
        let mut window = [[E::default(); CI]; K];
        for (sums, window) in sums.iter().zip(window.as_flattened_mut().chunks_mut(width::<S, E>())) {
            store(*sums, window);
        }
        for (v, sums) in window.iter().enumerate() {
            let Some(column) = Self::COLUMNS.cell(c, v) else { continue };
            for (dx, sum) in dx[column].iter_mut().zip(sums) {
                *dx += *sum;
            }
        }
    }
}

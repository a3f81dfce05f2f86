//! Code that the fast loops share: tiles of sums that stay in registers.

use lenet_tensor::Element;
use lenet_tensor::simd::{Simd, Vector};

/// Divides a length into `count` tiles: the first `wide_count` have length `wide`, and the others one less.
#[derive(Clone, Copy)]
pub(crate) struct Tiling {
    pub(crate) count: usize,
    pub(crate) wide: usize,
    pub(crate) wide_count: usize,
}

impl Tiling {
    /// As few tiles as `most` allows, of lengths as equal as possible: a short last tile would leave registers idle.
    pub(crate) const fn new(length: usize, most: usize) -> Self {
        let count = length.div_ceil(most);
        let wide = if count == 0 { 0 } else { length.div_ceil(count) };
        Tiling { count, wide, wide_count: length - count * wide.saturating_sub(1) }
    }
    /// Returns the length of the tiles that are not wide.
    pub(crate) const fn narrow(self) -> usize {
        self.wide.saturating_sub(1)
    }
    /// The same, or `wide` if there are no such tiles.
    pub(crate) const fn rest(self) -> usize {
        if self.wide_count < self.count { self.narrow() } else { self.wide }
    }
    /// The wide tiles that are neither the first nor the last: from one number to before another.
    pub(crate) const fn wide_between(self) -> [usize; 2] {
        [1, if self.wide_count < self.count { self.wide_count } else { self.count - 1 }]
    }
    /// The same for the tiles that are not wide.
    pub(crate) const fn narrow_between(self) -> [usize; 2] {
        [self.wide_count, self.count - 1]
    }
    /// The last tile, unless it is also the first.
    pub(crate) const fn last(self) -> [usize; 2] {
        [if self.count < 2 { 1 } else { self.count - 1 }, self.count]
    }
    /// Returns the start of tile number `tile`.
    pub(crate) const fn start(self, tile: usize) -> usize {
        if tile < self.wide_count {
            tile * self.wide
        } else {
            self.wide_count * self.wide + (tile - self.wide_count) * self.narrow()
        }
    }
}

/// The function `$f` with its const generic size `$N` set to `$value`. `$value` is computed from other sizes, which
/// stable Rust does not accept as a const generic argument.
///
/// The result is a constant function pointer, so the compiler sees a call of that one version and inlines it. A `match`
/// with a call in every arm would do the same, but the compiler also processes every function that dead code mentions,
/// unless each arm has a constant guard; the build took several times as long.
macro_rules! version {
    ($value:expr, 1..=4, $N:ident => $f:expr) => {
        $crate::kernels::tile::version!(@arms $value, $N => $f, 1 2 3 4)
    };
    ($value:expr, 1..=24, $N:ident => $f:expr) => {
        $crate::kernels::tile::version!(@arms $value, $N => $f, 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24)
    };
    (@arms $value:expr, $N:ident => $f:expr, $($n:literal)*) => {
        const {
            match $value {
                $($n => { const $N: usize = $n; $f })*
                // This arm is reached only if there is nothing to do, or if other loops are used; it still has to
                // compile.
                _ => { const $N: usize = 1; $f }
            }
        }
    };
}
pub(crate) use version;

/// Iterates over the tiles of a constant [`Tiling`]. In `$body`, `$tile` is the version of `$f` for the tile's length
/// `$N`, and `$start` is the start of the tile.
macro_rules! for_tiles {
    ($tiling:expr, $N:ident => $f:expr, |$tile:ident, $start:ident| $body:expr) => {
        assert!(const { $tiling.wide <= 24 }, "no version for this size");
        let $tile = $crate::kernels::tile::version!($tiling.wide, 1..=24, $N => $f);
        for tile in 0..const { $tiling.wide_count } {
            let $start = const { $tiling }.start(tile);
            $body
        }
        let $tile = $crate::kernels::tile::version!($tiling.rest(), 1..=24, $N => $f);
        for tile in const { $tiling.wide_count }..const { $tiling.count } {
            let $start = const { $tiling }.start(tile);
            $body
        }
    };
}
pub(crate) use for_tiles;

/// The number of lanes of a register along an array.
pub(crate) const fn width<S: Simd, E: Element>() -> usize {
    <E::Row<S> as Vector>::LANES
}

/// Loads the first numbers of a slice; if it is shorter than a register, the remaining lanes are zeros.
#[inline(always)]
pub(crate) fn load<V: Vector>(simd: V::Simd, from: &[V::Element]) -> V {
    if from.len() < V::LANES { V::load_few(simd, from) } else { V::load(simd, from) }
}

/// Writes the lanes to the start of a slice, as many as fit.
#[inline(always)]
pub(crate) fn store<V: Vector>(register: V, to: &mut [V::Element]) {
    if to.len() < V::LANES { register.store_few(to) } else { register.store(to) }
}

/// Returns the start of register number `j` over `length` numbers. The last register ends with the numbers, so it may
/// overlap the one before it.
#[inline(always)]
pub(crate) fn begin<V: Vector>(j: usize, length: usize) -> usize {
    (j * V::LANES).min(length - V::LANES)
}

/// The number of output maps in a tile: as many as the registers allow, and a divisor of the number of maps if four or
/// three is one.
pub(crate) const fn maps_in_tile(registers: usize, maps: usize) -> usize {
    if registers < 32 {
        if maps < 2 { maps } else { 2 }
    } else if maps.is_multiple_of(4) || maps > 4 && !maps.is_multiple_of(3) {
        4
    } else if maps.is_multiple_of(3) {
        3
    } else {
        maps
    }
}

/// The number of sums of a tile that fit in the registers. Thirty-two registers also hold the inputs and two weights;
/// with sixteen, the products read their inputs from memory.
pub(crate) const fn sums_in_tile(registers: usize) -> usize {
    if registers < 32 { 12 } else { 24 }
}

/// The number of columns in a tile of `maps` output maps. With thirty-two registers, the sums, their inputs and two
/// weights must fit in the registers; with one more the compiler would keep a sum on the stack.
pub(crate) const fn columns_in_tile(registers: usize, maps: usize) -> usize {
    let maps = if maps == 0 { 1 } else { maps };
    let most = sums_in_tile(registers) / maps;
    let fit = (registers - 2) / (maps + 1);
    if registers < 32 || most < fit { most } else { fit }
}

/// The number of output maps in a tile of the weight gradient, with a row of `k` taps each.
pub(crate) const fn maps_in_gradient(registers: usize, k: usize) -> usize {
    match sums_in_tile(registers) / k {
        0 => 1,
        few @ 1..=4 => few,
        _ => 4,
    }
}

/// Adds the contribution of one input map to the sums of the tile: for each of the `M` output maps of the tile that is
/// connected with it, the taps in the rows `rows` of the kernel times the inputs. `x(u, v, t)` is the input under tap
/// `u`, `v` for sum number `t` of a map. If all maps of every tile are connected, the innermost loop has no branch.
#[inline(always)]
pub(crate) fn add_taps<V: Vector, const R: usize, const K: usize, const M: usize, const N: usize>(
    simd: V::Simd,
    sums: &mut [[V; N]; M],
    all: bool,
    kernels: [Option<&[[V::Element; K]; R]>; M],
    rows: core::ops::Range<usize>,
    x: impl Fn(usize, usize, usize) -> V,
) {
    // Loops, here and in the other kernels, because the compiler does not always inline `array::map`.
    let mut any = None;
    for m in 0..M {
        any = any.or(kernels[m]);
    }
    let Some(any) = any else { return };
    let (mut connected, mut taps) = ([false; M], [any; M]);
    for m in 0..M {
        if let Some(kernel) = kernels[m] {
            (connected[m], taps[m]) = (true, kernel);
        }
    }
    for u in rows {
        for v in 0..K {
            let mut inputs = [V::splat(simd, Default::default()); N];
            for t in 0..N {
                inputs[t] = x(u, v, t);
            }
            for m in 0..M {
                if all || connected[m] {
                    let weight = V::splat(simd, taps[m][u][v]);
                    for t in 0..N {
                        sums[m][t] = inputs[t].mul_add(weight, sums[m][t]);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_cover_a_length_once() {
        for length in 1..100 {
            for most in 1..25 {
                let tiling = Tiling::new(length, most);
                let mut end = 0;
                for tile in 0..tiling.count {
                    assert_eq!(tiling.start(tile), end);
                    end += if tile < tiling.wide_count { tiling.wide } else { tiling.narrow() };
                }
                assert_eq!(end, length);
                assert!(tiling.wide <= most);
            }
        }
    }
}

//! The maps that a sparse convolution connects: a picture that the compiler reads.

/// A table of `N` connections from `CI` input maps to `CO` output maps, as a type.
/// [`connection_table!`](crate::connection_table) makes one from a picture.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a table of {N} connections from {CI} maps to {CO}",
    label = "this table connects other numbers of maps",
    note = "the first three sizes of a `SparseConv2d` are input maps, output maps and kernels, as its table draws them"
)]
pub trait Connections<const CI: usize, const CO: usize, const N: usize>: ConnectionTable {
    /// `[o][i]` is `true` if output map `o` sees input map `i`.
    const TABLE: [[bool; CI]; CO];
}

/// A connection table of any size.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a connection table",
    note = "`connection_table!` makes one from a picture"
)]
pub trait ConnectionTable: Send + Sync + 'static {
    /// `true` for each connection, row by row, as drawn.
    const MARKS: &'static [bool];
}

/// The table `C` with its connections numbered, read as `CO` rows of `CI`.
pub(crate) struct Numbered<C, const CI: usize, const CO: usize>(core::marker::PhantomData<C>);
impl<C: ConnectionTable, const CI: usize, const CO: usize> Numbered<C, CI, CO> {
    /// The number of the kernel of the pair `[o][i]`, counting the connected pairs row by row; `None` if they are not
    /// connected.
    pub(crate) const KERNEL: [[Option<usize>; CI]; CO] = number(C::MARKS);
}

/// Numbers the connections, row by row.
const fn number<const CI: usize, const CO: usize>(marks: &[bool]) -> [[Option<usize>; CI]; CO] {
    let mut out = [[None; CI]; CO];
    let (mut n, mut o) = (0, 0);
    while o < CO {
        let mut i = 0;
        while i < CI {
            if marks[o * CI + i] {
                out[o][i] = Some(n);
                n += 1;
            }
            i += 1;
        }
        o += 1;
    }
    out
}

/// Reads a picture: a row for each output map and a column for each input map; `X` is connected, `.` is not.
#[doc(hidden)]
#[must_use]
pub const fn parse<const CI: usize, const CO: usize>(rows: [&str; CO], kernels: usize) -> [[bool; CI]; CO] {
    let mut table = [[false; CI]; CO];
    let (mut n, mut o) = (0, 0);
    while o < CO {
        let row = rows[o].as_bytes();
        let (mut byte, mut i) = (0, 0);
        while byte < row.len() {
            match row[byte] {
                b' ' => {}
                mark @ (b'X' | b'.') => {
                    assert!(i < CI, "a row of the connection table has more marks than there are input maps");
                    table[o][i] = mark == b'X';
                    n += table[o][i] as usize;
                    i += 1;
                }
                _ => panic!("a connection table is drawn with X and . alone"),
            }
            byte += 1;
        }
        assert!(i == CI, "a row of the connection table has fewer marks than there are input maps");
        o += 1;
    }
    assert!(n == kernels, "the connection table does not have as many X as it declares kernels");
    table
}

/// Declares a connection table: `name: input maps -> output maps, kernels;` and its picture, a row for each output map.
///
/// ```
/// use lenet_layers::{Connections, connection_table};
/// connection_table! {
///     /// Three maps, each of which sees two.
///     pub struct Ring: 3 -> 3, 6;
///     "X X ."
///     ". X X"
///     "X . X"
/// }
/// assert_eq!(Ring::TABLE[2], [true, false, true]);
/// ```
///
/// A row of the wrong length does not compile, nor does a number of connections that differs from the declared one:
///
/// ```compile_fail
/// use lenet_layers::connection_table;
/// connection_table! {
///     pub struct Ring: 3 -> 3, 6;
///     "X X ."
///     ". X X"
///     "X . ."
/// }
/// ```
#[macro_export]
macro_rules! connection_table {
    ($(#[$meta:meta])* $vis:vis struct $name:ident: $ci:literal -> $co:literal, $n:literal; $($row:literal)*) => {
        $(#[$meta])*
        $vis struct $name;
        impl $crate::Connections<$ci, $co, $n> for $name {
            const TABLE: [[bool; $ci]; $co] = $crate::__private::parse([$($row),*], $n);
        }
        impl $crate::ConnectionTable for $name {
            const MARKS: &'static [bool] = <$name as $crate::Connections<$ci, $co, $n>>::TABLE.as_flattened();
        }
        // Evaluated here, so that an error is reported even if the table is not used.
        const _: [[bool; $ci]; $co] = <$name as $crate::Connections<$ci, $co, $n>>::TABLE;
    };
}

connection_table! {
    /// Table I of the 1998 paper: the maps of S2 (columns) that each map of C3 (rows) sees. The first six take three
    /// neighbours, the next six take four neighbours, the next three take four with gaps, and the last takes all.
    #[derive(Clone, Copy, Debug)]
    pub struct Table1: 6 -> 16, 60;
    "X X X . . ."
    ". X X X . ."
    ". . X X X ."
    ". . . X X X"
    "X . . . X X"
    "X X . . . X"
    "X X X X . ."
    ". X X X X ."
    ". . X X X X"
    "X . . X X X"
    "X X . . X X"
    "X X X . . X"
    "X X . X X ."
    ". X X . X X"
    "X . X X . X"
    "X X X X X X"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_1_is_the_papers() {
        // The paper's own list, by output map.
        let listed: [&[usize]; 16] = [
            &[0, 1, 2],
            &[1, 2, 3],
            &[2, 3, 4],
            &[3, 4, 5],
            &[0, 4, 5],
            &[0, 1, 5],
            &[0, 1, 2, 3],
            &[1, 2, 3, 4],
            &[2, 3, 4, 5],
            &[0, 3, 4, 5],
            &[0, 1, 4, 5],
            &[0, 1, 2, 5],
            &[0, 1, 3, 4],
            &[1, 2, 4, 5],
            &[0, 2, 3, 5],
            &[0, 1, 2, 3, 4, 5],
        ];
        for (row, inputs) in Table1::TABLE.iter().zip(listed) {
            for (i, connected) in row.iter().enumerate() {
                assert_eq!(*connected, inputs.contains(&i));
            }
        }
        assert_eq!(Numbered::<Table1, 6, 16>::KERNEL[15][5], Some(59));
        assert_eq!(Numbered::<Table1, 6, 16>::KERNEL[4], [Some(12), None, None, None, Some(13), Some(14)]);
    }
}

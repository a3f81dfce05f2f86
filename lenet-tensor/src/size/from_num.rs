//! The typenum integers that have a size ([`FromNum`](super::FromNum)): the results of the layers' arithmetic,
//! including the units of flattened maps.
//!
//! The compiler compares all pairs of implementations of a trait for types of the same name, so a flat table of n sizes
//! costs n^2 comparisons. The table is therefore indexed by octal digits, starting from the last one, and the
//! implementations for each digit of each row are on a type of their own. Each row stands for a power of eight. An
//! integer whose last octal digit is 0 is looked up in the next row, without that digit.

use super::{FromNum, Size};
use typenum::{B0, B1, UInt, UTerm};

/// Three binary digits after the integer `U`.
type Octal<U, A, B, C> = UInt<UInt<UInt<U, A>, B>, C>;

/// For a last octal digit: the size of the integer with the preceding digits `U`, times the power of the row.
pub trait After<U> {
    /// The size.
    type Size;
}

/// One row: the trait that maps an integer to its size times `$power`, and a type for each last digit.
macro_rules! row {
    ($row:ident, $Row:path, $power:literal, $($zero:tt)*) => {
        mod $row {
            pub struct D0;
            pub struct D1;
            pub struct D2;
            pub struct D3;
            pub struct D4;
            pub struct D5;
            pub struct D6;
            pub struct D7;
        }
        row!(@digit $Row, $row::D0, B0, B0, B0);
        row!(@digit $Row, $row::D1, B0, B0, B1);
        row!(@digit $Row, $row::D2, B0, B1, B0);
        row!(@digit $Row, $row::D3, B0, B1, B1);
        row!(@digit $Row, $row::D4, B1, B0, B0);
        row!(@digit $Row, $row::D5, B1, B0, B1);
        row!(@digit $Row, $row::D6, B1, B1, B0);
        row!(@digit $Row, $row::D7, B1, B1, B1);
        // Integers of fewer than three binary digits.
        #[diagnostic::do_not_recommend]
        impl $Row for typenum::U1 { type Size = Size<$power>; }
        #[diagnostic::do_not_recommend]
        impl $Row for typenum::U2 { type Size = Size<{ 2 * $power }>; }
        #[diagnostic::do_not_recommend]
        impl $Row for typenum::U3 { type Size = Size<{ 3 * $power }>; }
        row!(@after $row, $power, 0 UTerm);
        $($zero)*
    };
    (@digit $Row:path, $D:ty, $a:ident, $b:ident, $c:ident) => {
        #[diagnostic::do_not_recommend]
        impl<U> $Row for Octal<U, $a, $b, $c> where $D: After<U> {
            type Size = <$D as After<U>>::Size;
        }
    };
    (@after $row:ident, $power:literal, $high:literal $U:ty) => {
        impl After<$U> for $row::D1 { type Size = Size<{ ($high * 8 + 1) * $power }>; }
        impl After<$U> for $row::D2 { type Size = Size<{ ($high * 8 + 2) * $power }>; }
        impl After<$U> for $row::D3 { type Size = Size<{ ($high * 8 + 3) * $power }>; }
        impl After<$U> for $row::D4 { type Size = Size<{ ($high * 8 + 4) * $power }>; }
        impl After<$U> for $row::D5 { type Size = Size<{ ($high * 8 + 5) * $power }>; }
        impl After<$U> for $row::D6 { type Size = Size<{ ($high * 8 + 6) * $power }>; }
        impl After<$U> for $row::D7 { type Size = Size<{ ($high * 8 + 7) * $power }>; }
    };
}
/// The last digit is zero: the size is in the next row.
macro_rules! next {
    ($row:ident, $Next:path) => {
        #[diagnostic::do_not_recommend]
        impl<U: $Next> After<U> for $row::D0 {
            type Size = U::Size;
        }
    };
}

macro_rules! rows {
    ($($Row:ident)*) => {$(
        /// As `FromNum`, for the integer times the power of the row.
        #[diagnostic::on_unimplemented(
            message = "the result of this arithmetic is outside the table of sizes",
            label = "the result is outside the table",
            note = "results are 1 to 1280, or multiples of 8 to 10240, of 64 to 81920, of 512 to 655360, of 4096 to 5242880"
        )]
        pub trait $Row {
            type Size;
        }
    )*};
}
rows!(Eights SixtyFours FiveHundredTwelves FourThousandNinetySixes);
row!(ones, FromNum, 1, next!(ones, Eights););
row!(eights, Eights, 8, next!(eights, SixtyFours););
row!(sixty_fours, SixtyFours, 64, next!(sixty_fours, FiveHundredTwelves););
row!(five_hundred_twelves, FiveHundredTwelves, 512, next!(five_hundred_twelves, FourThousandNinetySixes););
row!(last, FourThousandNinetySixes, 4096,);

// The last size of the last row. No row follows it.
impl After<typenum::U160> for last::D0 {
    type Size = Size<{ 1280 * 4096 }>;
}

macro_rules! table {
    ($($high:literal $U:ident),* $(,)?) => {$(
        row!(@after ones, 1, $high typenum::$U);
        row!(@after eights, 8, $high typenum::$U);
        row!(@after sixty_fours, 64, $high typenum::$U);
        row!(@after five_hundred_twelves, 512, $high typenum::$U);
        row!(@after last, 4096, $high typenum::$U);
        impl After<typenum::$U> for last::D0 { type Size = Size<{ $high * 8 * 4096 }>; }
    )*};
}
table! {
    1 U1, 2 U2, 3 U3, 4 U4, 5 U5, 6 U6, 7 U7, 8 U8, 9 U9, 10 U10, 11 U11, 12 U12, 13 U13, 14 U14, 15 U15, 16 U16,
    17 U17, 18 U18, 19 U19, 20 U20, 21 U21, 22 U22, 23 U23, 24 U24, 25 U25, 26 U26, 27 U27, 28 U28, 29 U29, 30 U30,
    31 U31, 32 U32, 33 U33, 34 U34, 35 U35, 36 U36, 37 U37, 38 U38, 39 U39, 40 U40, 41 U41, 42 U42, 43 U43, 44 U44,
    45 U45, 46 U46, 47 U47, 48 U48, 49 U49, 50 U50, 51 U51, 52 U52, 53 U53, 54 U54, 55 U55, 56 U56, 57 U57, 58 U58,
    59 U59, 60 U60, 61 U61, 62 U62, 63 U63, 64 U64, 65 U65, 66 U66, 67 U67, 68 U68, 69 U69, 70 U70, 71 U71, 72 U72,
    73 U73, 74 U74, 75 U75, 76 U76, 77 U77, 78 U78, 79 U79, 80 U80, 81 U81, 82 U82, 83 U83, 84 U84, 85 U85, 86 U86,
    87 U87, 88 U88, 89 U89, 90 U90, 91 U91, 92 U92, 93 U93, 94 U94, 95 U95, 96 U96, 97 U97, 98 U98, 99 U99, 100 U100,
    101 U101, 102 U102, 103 U103, 104 U104, 105 U105, 106 U106, 107 U107, 108 U108, 109 U109, 110 U110, 111 U111,
    112 U112, 113 U113, 114 U114, 115 U115, 116 U116, 117 U117, 118 U118, 119 U119, 120 U120, 121 U121, 122 U122,
    123 U123, 124 U124, 125 U125, 126 U126, 127 U127, 128 U128, 129 U129, 130 U130, 131 U131, 132 U132, 133 U133,
    134 U134, 135 U135, 136 U136, 137 U137, 138 U138, 139 U139, 140 U140, 141 U141, 142 U142, 143 U143, 144 U144,
    145 U145, 146 U146, 147 U147, 148 U148, 149 U149, 150 U150, 151 U151, 152 U152, 153 U153, 154 U154, 155 U155,
    156 U156, 157 U157, 158 U158, 159 U159,
}

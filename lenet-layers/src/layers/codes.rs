//! The fixed codes of the 1998 output layer: the ten digits as pictures that the compiler reads.

/// Codes of `I` numbers for `O` classes, as a type. The units of an [`Rbf`](crate::Rbf) compare their inputs with them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no set of {O} codes of {I} numbers",
    label = "these codes have other sizes",
    note = "the first two sizes of an `Rbf` are the length of a code and the number of codes"
)]
pub trait Codes<const I: usize, const O: usize>: Send + Sync + 'static {
    /// A code for each class.
    const CODES: [[f32; I]; O];
}

/// The stylised digits of the 1998 paper, 7 wide and 12 high, as codes of 84 numbers: +1 for the foreground and -1 for
/// the background (LeCun et al. 1998, section II.B and fig. 3). The bars above 0, 2, 4 and 5 are in the paper: its
/// digits come from a set of all printable characters.
///
/// ```
/// use lenet_layers::{Bitmaps, Codes};
/// let ink = Bitmaps::CODES.map(|code| code.iter().filter(|x| **x == 1.0).count());
/// assert_eq!(ink, [35, 27, 33, 32, 41, 35, 39, 25, 43, 39]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bitmaps;

impl Bitmaps {
    /// The columns of a digit.
    pub const WIDTH: usize = 7;
    /// The rows of a digit.
    pub const HEIGHT: usize = 12;
    /// Five digits to a line: 0 to 4, then 5 to 9.
    const PICTURE: [[&str; 12]; 2] = [
        [
            ".XXXXX. ...XX.. .XXXXX. XXXXXXX .XXXXX.",
            "....... ..XXX.. ....... .....XX .......",
            "..XXX.. .XXXX.. .XXXXX. ....XX. .......",
            ".XX.XX. ...XX.. XX...XX ...XX.. .XX..XX",
            "XX...XX ...XX.. X....XX ..XXXX. .XX..XX",
            "XX...XX ...XX.. ....XX. .....XX XXX..XX",
            "XX...XX ...XX.. ..XXX.. .....XX XX...XX",
            "XX...XX ...XX.. .XX.... .....XX XX...XX",
            ".XX.XX. ...XX.. XX..... XX...XX XX..XXX",
            "..XXX.. .XXXXXX XXXXXXX .XXXXX. .XXXXXX",
            "....... ....... ....... ....... .....XX",
            "....... ....... ....... ....... .....XX",
        ],
        [
            ".XXXXX. ..XXXX. XXXXXXX .XXXXX. .XXXXX.",
            "....... .XX.... .....XX XX...XX XX..XXX",
            "XXXXXXX XX..... .....XX XX...XX XX...XX",
            "XX..... XX..... ....XX. XX...XX XX...XX",
            "XX..... XXXXXX. ...XX.. .XXXXX. XX..XXX",
            ".XXXX.. XXX..XX ...XX.. XX...XX .XXXXXX",
            "..XXXX. XX...XX ..XX... XX...XX .....XX",
            ".....XX XX...XX ..XX... XX...XX .....XX",
            "XX...XX XXX..XX ..XX... XX...XX ....XX.",
            ".XXXXX. .XXXXX. ..XX... .XXXXX. .XXXX..",
            "....... ....... ....... ....... .......",
            "....... ....... ....... ....... .......",
        ],
    ];
}

impl Codes<84, 10> for Bitmaps {
    const CODES: [[f32; 84]; 10] = read(Bitmaps::PICTURE);
}

/// Reads the picture: `X` is foreground.
const fn read(picture: [[&str; 12]; 2]) -> [[f32; 84]; 10] {
    let mut codes = [[0.0; 84]; 10];
    let mut digit = 0;
    while digit < 10 {
        let mut cell = 0;
        while cell < 84 {
            let row = picture[digit / 5][cell / 7].as_bytes();
            codes[digit][cell] = match row[digit % 5 * 8 + cell % 7] {
                b'X' => 1.0,
                b'.' => -1.0,
                _ => panic!("a bitmap is drawn with X and . alone"),
            };
            cell += 1;
        }
        digit += 1;
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of every digit as numbers; the left column is the most significant of seven bits.
    const ROWS: [[u8; 12]; 10] = [
        [0x3E, 0x00, 0x1C, 0x36, 0x63, 0x63, 0x63, 0x63, 0x36, 0x1C, 0x00, 0x00],
        [0x0C, 0x1C, 0x3C, 0x0C, 0x0C, 0x0C, 0x0C, 0x0C, 0x0C, 0x3F, 0x00, 0x00],
        [0x3E, 0x00, 0x3E, 0x63, 0x43, 0x06, 0x1C, 0x30, 0x60, 0x7F, 0x00, 0x00],
        [0x7F, 0x03, 0x06, 0x0C, 0x1E, 0x03, 0x03, 0x03, 0x63, 0x3E, 0x00, 0x00],
        [0x3E, 0x00, 0x00, 0x33, 0x33, 0x73, 0x63, 0x63, 0x67, 0x3F, 0x03, 0x03],
        [0x3E, 0x00, 0x7F, 0x60, 0x60, 0x3C, 0x1E, 0x03, 0x63, 0x3E, 0x00, 0x00],
        [0x1E, 0x30, 0x60, 0x60, 0x7E, 0x73, 0x63, 0x63, 0x73, 0x3E, 0x00, 0x00],
        [0x7F, 0x03, 0x03, 0x06, 0x0C, 0x0C, 0x18, 0x18, 0x18, 0x18, 0x00, 0x00],
        [0x3E, 0x63, 0x63, 0x63, 0x3E, 0x63, 0x63, 0x63, 0x63, 0x3E, 0x00, 0x00],
        [0x3E, 0x67, 0x63, 0x63, 0x67, 0x3F, 0x03, 0x03, 0x06, 0x3C, 0x00, 0x00],
    ];

    #[test]
    fn the_codes_are_the_papers() {
        for (code, rows) in Bitmaps::CODES.iter().zip(ROWS) {
            for (row, bits) in code.chunks(7).zip(rows) {
                for (column, x) in row.iter().enumerate() {
                    let ink = bits >> (6 - column) & 1 == 1;
                    assert_eq!(*x, if ink { 1.0 } else { -1.0 });
                }
            }
        }
    }

    #[test]
    fn the_nearest_two_are_6_and_8() {
        let distance =
            |a: usize, b: usize| Bitmaps::CODES[a].iter().zip(&Bitmaps::CODES[b]).filter(|(a, b)| a != b).count();
        let nearest = (0..10).flat_map(|a| (0..a).map(move |b| (distance(a, b), b, a))).min();
        assert_eq!(nearest, Some((12, 6, 8)));
    }
}

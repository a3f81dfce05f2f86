//! NumPy's `.npy` format: a magic number, a version, and a header that is a Python dictionary, before the values.

use std::io::Read;

use crate::{DataError, idx};

/// Longer headers are not read: an array's header has a hundred bytes.
const LONGEST: usize = 64 << 10;

/// The type of an array's values. Those of images and labels are whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Type {
    size: usize,
    signed: bool,
    big_endian: bool,
}

impl Type {
    /// Bytes.
    pub(super) const U8: Self = Type { size: 1, signed: false, big_endian: false };

    /// The type of `|u1`, `<i8` and so on; `None` if the values are not whole numbers of at most 8 bytes.
    fn named(descr: &str) -> Option<Self> {
        let (order, rest) = descr.split_at_checked(1)?;
        let (kind, size) = rest.split_at_checked(1)?;
        let size = match size {
            "1" => 1,
            "2" => 2,
            "4" => 4,
            "8" => 8,
            _ => return None,
        };
        let signed = match kind {
            "i" => true,
            "u" => false,
            _ => return None,
        };
        // A byte has no order.
        let big_endian = match order {
            ">" => size > 1,
            "<" => false,
            "=" | "|" if size == 1 => false,
            _ => return None,
        };
        Some(Type { size, signed, big_endian })
    }

    pub(super) fn size(self) -> usize {
        self.size
    }

    /// The value in as many bytes as the type has. What is larger than an `i64` comes out as the largest one.
    pub(super) fn decode(self, bytes: &[u8]) -> i64 {
        let add = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        let value = if self.big_endian { bytes.iter().fold(0, add) } else { bytes.iter().rev().fold(0, add) };
        if self.signed {
            let unused = 64 - 8 * self.size as u32;
            (value << unused).cast_signed() >> unused
        } else {
            i64::try_from(value).unwrap_or(i64::MAX)
        }
    }
}

/// What the header says of an array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) values: Type,
    pub(super) shape: Vec<u32>,
}

/// Reads the header, after which the values come. `file` is its name in errors.
pub(super) fn read_header(reader: &mut impl Read, file: &str) -> Result<Header, DataError> {
    let wrong = |reason: String| DataError::Npy { file: file.into(), reason };
    let mut take = |bytes: &mut [u8]| -> Result<(), DataError> {
        match idx::fill(reader, bytes, file)? {
            filled if filled == bytes.len() => Ok(()),
            _ => Err(DataError::HeaderCutShort { file: file.into() }),
        }
    };
    let mut start = [0; 8];
    take(&mut start)?;
    let [magic @ .., version, _] = start;
    if magic != *b"\x93NUMPY" {
        return Err(wrong("does not begin as a .npy file does: save the array again with numpy.save".into()));
    }
    let length = match version {
        1 => {
            let mut length = [0; 2];
            take(&mut length)?;
            usize::from(u16::from_le_bytes(length))
        }
        2 | 3 => {
            let mut length = [0; 4];
            take(&mut length)?;
            u32::from_le_bytes(length) as usize
        }
        _ => return Err(wrong(format!("is of version {version} of the format: save it again in version 1, 2 or 3"))),
    };
    if length > LONGEST {
        return Err(wrong(format!("its header has {length} bytes: the file is damaged, fetch it again")));
    }
    let mut text = vec![0; length];
    take(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    let fields = fields(&text).ok_or_else(|| wrong("its header is damaged: fetch the file again".into()))?;
    if fields.fortran_order {
        return Err(wrong("is stored column by column: save numpy.ascontiguousarray of it".into()));
    }
    let values = Type::named(fields.descr).ok_or_else(|| {
        let descr: String = fields.descr.chars().filter(|c| !c.is_control()).take(20).collect();
        let name = if descr.ends_with("b1") { " (bool)" } else { "" };
        wrong(format!(
            "its values are of type {descr}{name}: save images as uint8 from 0 to 255, which are 255 times values from 0 to 1, and \
             labels as whole numbers"
        ))
    })?;
    Ok(Header { values, shape: fields.shape })
}

/// The fields of the dictionary.
struct Fields<'a> {
    descr: &'a str,
    fortran_order: bool,
    shape: Vec<u32>,
}

/// Parses `{'descr': '|u1', 'fortran_order': False, 'shape': (60000, 28, 28), }`: the three keys in any order, each once.
fn fields(text: &str) -> Option<Fields<'_>> {
    let (mut descr, mut fortran_order, mut shape) = (None, None, None);
    let mut rest = text.trim().strip_prefix('{')?.strip_suffix('}')?.trim();
    while !rest.is_empty() {
        let (key, after) = quoted(rest)?;
        let value = after.trim_start().strip_prefix(':')?.trim_start();
        rest = match key {
            "descr" if descr.is_none() => {
                let (value, after) = quoted(value)?;
                descr = Some(value);
                after
            }
            "fortran_order" if fortran_order.is_none() => {
                let words = [("False", false), ("True", true)];
                let (word, is_true) = words.into_iter().find(|(word, _)| value.starts_with(word))?;
                fortran_order = Some(is_true);
                &value[word.len()..]
            }
            "shape" if shape.is_none() => {
                let (value, after) = value.strip_prefix('(')?.split_once(')')?;
                shape = Some(numbers(value)?);
                after
            }
            _ => return None,
        };
        rest = rest.trim_start();
        rest = match rest.strip_prefix(',') {
            Some(after) => after.trim_start(),
            None if rest.is_empty() => rest,
            None => return None,
        };
    }
    Some(Fields { descr: descr?, fortran_order: fortran_order?, shape: shape? })
}

/// The word in quotes that `text` begins with, and what comes after it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix('\'')
        .and_then(|rest| rest.split_once('\''))
        .or_else(|| text.strip_prefix('"').and_then(|rest| rest.split_once('"')))
}

/// The numbers of a tuple, after the last of which a comma may stand; at most 32 of them, as in NumPy.
fn numbers(text: &str) -> Option<Vec<u32>> {
    let text = text.trim();
    let text = text.strip_suffix(',').unwrap_or(text);
    if text.is_empty() {
        return Some(Vec::new());
    }
    let numbers: Option<Vec<u32>> = text.split(',').take(33).map(|number| number.trim().parse().ok()).collect();
    numbers.filter(|numbers| numbers.len() <= 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(version: u8, header: &str) -> Vec<u8> {
        let length = header.len() as u32;
        let mut bytes = [&b"\x93NUMPY"[..], &[version, 0]].concat();
        let length = length.to_le_bytes();
        bytes.extend(if version == 1 { &length[..2] } else { &length[..] });
        bytes.extend(header.as_bytes());
        bytes
    }

    fn read(version: u8, header: &str) -> Result<Header, String> {
        read_header(&mut &file(version, header)[..], "x.npy").map_err(|error| error.to_string())
    }

    #[test]
    fn headers_are_read() {
        let images = read(1, "{'descr': '|u1', 'fortran_order': False, 'shape': (60000, 28, 28), }     \n").unwrap();
        assert_eq!(images, Header { values: Type::U8, shape: vec![60_000, 28, 28] });
        let labels = Header { values: Type { size: 8, signed: true, big_endian: false }, shape: vec![5] };
        for version in [1, 2, 3] {
            assert_eq!(read(version, "{\"shape\":(5,),\"descr\":\"<i8\",\"fortran_order\":False}").unwrap(), labels);
        }
        assert_eq!(read(1, "{'descr': '>u2', 'fortran_order': False, 'shape': ()}").unwrap().shape, []);
    }

    #[test]
    fn values_are_decoded() {
        let decode = |descr: &str, bytes: &[u8]| Type::named(descr).unwrap().decode(bytes);
        assert_eq!(decode("|u1", &[200]), 200);
        assert_eq!(decode("|i1", &[0xff]), -1);
        assert_eq!(decode("<i2", &[2, 1]), 0x102);
        assert_eq!(decode(">i2", &[1, 2]), 0x102);
        assert_eq!(decode("<i8", &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), -2);
        assert_eq!(decode("<u8", &[0xff; 8]), i64::MAX);
        for other in ["|b1", "<f4", "<f8", "|O", "|S5", "<c8", "<i16", "", "<", "|i8", "é1"] {
            assert_eq!(Type::named(other), None, "{other}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_header_is_said() {
        let good = "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2)}";
        for length in 0..10 + good.len() {
            let error = read_header(&mut &file(1, good)[..length], "x.npy").unwrap_err().to_string();
            assert!(error.starts_with("x.npy: ends inside its header"), "{error}");
        }
        assert!(read(1, &good.replace("False", "True")).unwrap_err().contains("column by column"));
        assert!(read(1, &good.replace("|u1", "<f4")).unwrap_err().contains("its values are of type <f4"));
        assert!(read(4, good).unwrap_err().contains("is of version 4"));
        for damaged in [
            "",
            "{}",
            "{'descr': '|u1'}",
            &good.replace(", 2", ", -2"),
            &good.replace(", 2", ", 4294967296"),
            &good.replace(", 2", ",,"),
            &good.replace(", 2", &", 2".repeat(40)),
            &good.replace("descr", "shape"),
            &good.replace("False", "Falsehood"),
            &good.replace(')', ""),
            &good.replace('}', ""),
            &good.replace("'|u1'", "[('a', '|u1')]"),
        ] {
            let error = read(1, damaged).unwrap_err();
            assert!(error.contains("its header is damaged") && error.lines().count() == 1, "{damaged}: {error}");
        }
        // A length that is only claimed.
        let mut bytes = file(2, good);
        bytes[8..12].fill(0xff);
        let error = read_header(&mut &bytes[..], "x.npy").unwrap_err().to_string();
        assert!(error.contains("its header has 4294967295 bytes"), "{error}");
        assert!(read_header(&mut &[0; 20][..], "x.npy").unwrap_err().to_string().contains("does not begin as a .npy"));
    }
}

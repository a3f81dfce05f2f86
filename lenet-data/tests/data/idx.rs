//! IDX: what is written comes back, and nothing that a file may hold panics, takes memory it does not fill, or passes for sound.

use lenet_data::{DataError, idx::Idx};
use proptest::prelude::*;

fn error(bytes: &[u8]) -> String {
    Idx::<u8>::read(bytes, "set/some-idx3-ubyte").unwrap_err().to_string()
}

#[test]
fn header_is_checked() {
    let cut = "set/some-idx3-ubyte: ends inside its header: the file is cut short; fetch it again";
    assert_eq!(error(&[]), cut);
    assert_eq!(error(&[0, 0, 8]), cut);
    assert_eq!(error(&[0, 0, 8, 1, 0, 0, 0]), cut);
    assert_eq!(
        error(b"<html>"),
        "set/some-idx3-ubyte: begins with [3c, 68, 74, 6d], an IDX file with two zero bytes, its type \
         and its number of dimensions; fetch the file again",
    );
    assert_eq!(
        error(&[0, 0, 0x0d, 1, 0, 0, 0, 1, 5]),
        "set/some-idx3-ubyte: its values are of type 0x0d, expected 0x08 (u8); give a file of u8 values",
    );
    assert_eq!(
        error(&[0x1f, 0x8b, 8, 0]),
        "set/some-idx3-ubyte: this is gzip data; unpack it, or let its name end in .gz",
    );
    assert_eq!(
        error(&[0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 0]),
        "set/some-idx3-ubyte: holds nothing, its dimensions are [3, 0]; at least one value is needed, \
         fetch or write the file again",
    );
}

#[test]
fn body_is_exactly_as_long_as_announced() {
    let sound = [0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9];
    assert_eq!(Idx::<u8>::read(&sound[..], "x").unwrap().into_data(), [7, 8, 9]);
    assert_eq!(
        error(&sound[..10]),
        "set/some-idx3-ubyte: expected 3 values, found 2: the file is cut short; fetch it again",
    );
    assert_eq!(
        error(&[&sound[..], &[0]].concat()),
        "set/some-idx3-ubyte: goes on after the 3 values that its header announces: \
         the header or the file is damaged; fetch it again",
    );
}

#[test]
fn size_that_overflows_is_told_and_size_that_lies_takes_no_memory() {
    let overflows = [&[0, 0, 8, 3][..], &[0xff; 12]].concat();
    assert_eq!(
        error(&overflows),
        "set/some-idx3-ubyte: its header announces [4294967295, 4294967295, 4294967295] values, more than this \
         machine can address: the header is damaged; fetch the file again",
    );
    // 2^61 values fit, their 2^64 bytes do not.
    let wide = [&[0, 0, 0x0e, 2][..], &[0x80, 0, 0, 0], &[0x40, 0, 0, 0]].concat();
    assert!(matches!(Idx::<f64>::read(&wide[..], "x"), Err(DataError::TooLarge { .. })));
    // A zero must not hide behind an overflow, nor an overflow behind a zero.
    let both = [&[0, 0, 8, 4][..], &[0xff; 12], &[0; 4]].concat();
    assert!(matches!(Idx::<u8>::read(&both[..], "x"), Err(DataError::Empty { .. })));
    // 2^62 bytes announced, 200,000 there: were they reserved, this would panic.
    let lie = [&[0, 0, 8, 2][..], &[0x80, 0, 0, 0], &[0x80, 0, 0, 0], &[1; 200_000]].concat();
    assert_eq!(
        error(&lie),
        "set/some-idx3-ubyte: expected 4611686018427387904 values, found 200000: the file is cut short; fetch it again",
    );
}

#[test]
fn dimensions_and_values_must_agree_to_be_written() {
    let error = Idx::new(vec![2, 2], vec![0_u8; 3]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "3 values do not fill the dimensions [2, 2]; give as many values as the dimensions' product",
    );
    assert!(matches!(Idx::<u8>::new(vec![0], vec![]), Err(DataError::Empty { .. })));
    assert!(matches!(Idx::new(vec![1; 256], vec![0_u8]), Err(DataError::Shape { .. })));
    assert!(Idx::new(vec![1; 255], vec![0_u8]).is_ok());
}

/// A file of each type, by hand: what the format's description says, not what our writer says.
#[test]
fn every_type_is_big_endian() {
    fn read<T: lenet_data::idx::Element>(code: u8, value: &[u8]) -> Vec<T> {
        let file = [&[0, 0, code, 1, 0, 0, 0, 1], value].concat();
        Idx::read(&file[..], "x").unwrap().into_data()
    }
    assert_eq!(read::<u8>(0x08, &[200]), [200]);
    assert_eq!(read::<i8>(0x09, &[0xfe]), [-2]);
    assert_eq!(read::<i16>(0x0b, &[1, 2]), [258]);
    assert_eq!(read::<i32>(0x0c, &[0xff, 0xff, 0xff, 0xfd]), [-3]);
    assert_eq!(read::<f32>(0x0d, &[0x3f, 0xc0, 0, 0]), [1.5]);
    assert_eq!(read::<f64>(0x0e, &[0xbf, 0xe0, 0, 0, 0, 0, 0, 0]), [-0.5]);
}

/// Dimensions up to 5 in number, and values that fill them: also more than are read at a time.
fn any_idx() -> impl Strategy<Value = Idx<i32>> {
    let dims = prop_oneof![prop::collection::vec(1_u32..6, 0..5), (1_u32..40_000).prop_map(|count| vec![count]),];
    (dims, any::<i32>()).prop_map(|(dims, first)| {
        let count = dims.iter().product::<u32>() as i32;
        Idx::new(dims, (0..count).map(|i| first.wrapping_mul(i + 1)).collect()).unwrap()
    })
}

fn file(idx: &Idx<i32>) -> Vec<u8> {
    let mut bytes = Vec::new();
    idx.write(&mut bytes).unwrap();
    bytes
}

proptest! {
    #[test]
    fn what_is_written_comes_back(idx in any_idx()) {
        prop_assert_eq!(Idx::<i32>::read(&file(&idx)[..], "x").unwrap(), idx);
    }

    #[test]
    fn a_file_cut_short_is_told(idx in any_idx(), cut in any::<prop::sample::Index>()) {
        let whole = file(&idx);
        let cut = cut.index(whole.len());
        let error = Idx::<i32>::read(&whole[..cut], "x").unwrap_err().to_string();
        prop_assert!(error.ends_with("the file is cut short; fetch it again"), "{}", error);
    }

    /// One changed byte: an error, or the same values but one, or the same bytes under other dimensions.
    #[test]
    fn a_changed_byte_never_panics(idx in any_idx(), at in any::<prop::sample::Index>(), by in 1_u8..) {
        let mut bytes = file(&idx);
        let at = at.index(bytes.len());
        bytes[at] ^= by;
        if let Ok(read) = Idx::<i32>::read(&bytes[..], "x") {
            prop_assert_eq!(file(&read), bytes);
        }
    }

    #[test]
    fn noise_never_panics(noise in prop::collection::vec(any::<u8>(), 0..64), code in 8_u8..15, dims in 0_u8..4) {
        let _ = Idx::<u8>::read(&noise[..], "x");
        let bytes = [&[0, 0, code, dims][..], &noise].concat();
        let _ = Idx::<u8>::read(&bytes[..], "x");
        let _ = Idx::<f64>::read(&bytes[..], "x");
    }
}

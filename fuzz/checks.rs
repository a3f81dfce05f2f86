//! What must hold for any bytes. The fuzz targets use it, and so does a test that runs every input they have found.

use lenet_data::idx::{Element, Idx};
use lenet_data::{Picture, digits, lines, prepare};
use lenet_model::{Checkpoint, CheckpointError, Classify};
use std::path::Path;

/// The name of the bytes in errors.
const NAME: &str = "the file";

fn assert_one_line(error: &impl std::error::Error, most: usize) {
    let text = error.to_string();
    assert!(text.starts_with("the file: ") && text.lines().count() == 1 && text.len() < most, "{text}");
}

/// Bytes are an IDX file, which is written back as it was, or an error.
pub(crate) fn idx(bytes: &[u8]) {
    fn check<T: Element>(bytes: &[u8]) {
        match Idx::<T>::read(bytes, NAME) {
            Ok(idx) => {
                let mut written = Vec::new();
                idx.write(&mut written).expect("a vector takes all");
                assert_eq!(written, bytes);
            }
            // Up to 255 dimensions are listed.
            Err(error) => assert_one_line(&error, 4000),
        }
    }
    check::<u8>(bytes);
    check::<i32>(bytes);
    check::<f64>(bytes);
}

/// Bytes, taken as a picture file of any format and as grey levels, give digits in MNIST's form or an error.
pub(crate) fn picture(bytes: &[u8]) {
    fn check(picture: &Picture) {
        match prepare(picture) {
            Ok(digit) => assert!(digit.image.as_flattened().iter().any(|pixel| *pixel > 0)),
            Err(error) => assert_eq!(error.to_string().lines().count(), 1),
        }
        for line in lines(picture).unwrap_or_default() {
            assert_eq!(line.levels.len(), lenet_data::strings::HEIGHT * line.width);
            for column in 0..line.width {
                let place = line.region(column..line.width);
                assert!(place.left + place.width <= picture.width() && place.top + place.height <= picture.height());
            }
        }
        for digit in digits(picture).unwrap_or_default() {
            assert!(digit.width > 0 && digit.left + digit.width <= picture.width(), "{digit:?}");
            assert!(digit.height > 0 && digit.top + digit.height <= picture.height(), "{digit:?}");
            assert!(digit.prepared.image.as_flattened().iter().any(|pixel| *pixel > 0));
        }
    }
    match Picture::decode(NAME, bytes) {
        Ok(picture) => check(&picture),
        Err(error) => assert_one_line(&error, 1000),
    }
    if let Some(picture) = enlarged(bytes) {
        check(&picture);
    }
    if let [width, pixels @ ..] = bytes {
        let width = usize::from(*width).max(1);
        let height = pixels.len() / width;
        if let Ok(picture) = Picture::from_grey(width, height, pixels[..width * height].to_vec()) {
            check(&picture);
        }
    }
}

/// A few pixels as a picture so large that it is shrunk before it is worked on, by a step that does not divide its sides; `None`
/// for most bytes, because each such picture takes a second.
fn enlarged(bytes: &[u8]) -> Option<Picture> {
    /// The first byte of these inputs.
    const LARGE: u8 = 0xfe;
    const WIDTH: usize = 5001;
    const HEIGHT: usize = 4001;
    let [LARGE, columns @ 1..=16, pixels @ ..] = bytes else { return None };
    let columns = usize::from(*columns);
    let rows = pixels.len() / columns;
    if !(1..=16).contains(&rows) {
        return None;
    }
    let row = |y: usize| &pixels[y * rows / HEIGHT * columns..][..columns];
    let large = (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| row(y)[x * columns / WIDTH]));
    Picture::from_grey(WIDTH, HEIGHT, large.collect()).ok()
}

/// Bytes are a checkpoint whose model can read an image, or an error.
pub(crate) fn checkpoint(bytes: &[u8]) {
    fn check(bytes: &[u8]) -> Result<(), CheckpointError> {
        let classifier = Checkpoint::from_bytes(Path::new(NAME), bytes.to_vec())?.classifier()?;
        assert!(classifier.classify(&[[100; 28]; 28]).digit < 10);
        Ok(())
    }
    if let Err(error) = check(bytes) {
        assert_one_line(&error, 1500);
    }
}

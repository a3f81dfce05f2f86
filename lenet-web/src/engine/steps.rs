//! What is made of a picture on the way to MNIST's form, as bytes.

use lenet_data::Steps;

/// The steps as bytes: columns, rows, then the digit's first column and row, its columns and rows, whether the ink was dark, and
/// whether the strokes were widened (4 bytes each, little-endian); the image (784); the grey levels; the ink; the digit's ink.
#[must_use]
pub fn packed_steps(steps: &Steps) -> Vec<u8> {
    let place = steps.region;
    let prepared = &steps.prepared;
    let flags = [prepared.inverted, prepared.thickened].map(usize::from);
    let numbers =
        [steps.width, steps.height, place.left, place.top, place.width, place.height].into_iter().chain(flags);
    let mut bytes: Vec<u8> = numbers.flat_map(|number| (number as u32).to_le_bytes()).collect();
    bytes.extend(prepared.image.as_flattened());
    bytes.extend(&steps.grey);
    bytes.extend(&steps.ink);
    bytes.extend(&steps.digit);
    bytes
}

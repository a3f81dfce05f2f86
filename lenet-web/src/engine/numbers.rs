//! The numbers in a picture, by the reader of lines, with what it saw.

use super::running::{from_halves, halves};
use lenet_data::{Picture, PictureError};
use lenet_layers::Params;
use lenet_model::reader::{Number, Reader, ReaderDescription, Sweep};
use serde_json::{Value, json};

/// A reader as bytes: its temperature (4 bytes, little-endian), then its parameters in half precision, which is what its file
/// keeps.
#[must_use]
pub fn packed_reader(reader: &Reader) -> Vec<u8> {
    let mut bytes = reader.description.temperature.to_le_bytes().to_vec();
    bytes.extend(halves(reader.network().tensors().flatten()));
    bytes
}

/// The reader that [`packed_reader`] made into bytes; `None` if the bytes are something else.
#[must_use]
pub fn unpacked_reader(bytes: &[u8]) -> Option<Reader> {
    let (temperature, numbers) = bytes.split_first_chunk()?;
    let temperature = Some(f32::from_le_bytes(*temperature)).filter(|t| (0.1..=10.0).contains(t))?;
    let mut numbers = from_halves(numbers, <Sweep as Params>::LEN)?;
    let mut network: Box<Sweep> = Sweep::boxed_zeroed();
    for index in 0..<Sweep as Params>::TENSORS {
        network.tensor_mut(index).iter_mut().zip(&mut numbers).for_each(|(to, number)| *to = number);
    }
    let description = ReaderDescription { temperature, ..ReaderDescription::default() };
    Some(Reader::new(network, description))
}

/// Reads the numbers of a picture. As JSON: for each line its text, probability, digits with their places, the other readings,
/// the strip of 32 rows that the network saw, and its outputs, one column for each fourth column of the strip.
///
/// # Errors
/// If nothing stands out from the background.
pub fn numbers(reader: &Reader, picture: &Picture) -> Result<Value, PictureError> {
    Ok(reader.read(picture)?.iter().map(number).collect())
}

fn number(number: &Number) -> Value {
    let digit = |digit: &lenet_model::reader::ReadDigit| {
        let place = digit.region;
        json!({
            "digit": digit.digit,
            "probability": digit.probability,
            "left": place.left,
            "top": place.top,
            "width": place.width,
            "height": place.height,
        })
    };
    let reading = |reading: &lenet_model::reader::Hypothesis| {
        let text: String = reading.digits.iter().map(|digit| char::from(b'0' + digit)).collect();
        json!({ "text": text, "probability": reading.probability })
    };
    let best = number.readings.first();
    json!({
        "text": number.text(),
        "probability": number.probability,
        "digits": number.digits.iter().map(digit).collect::<Vec<_>>(),
        "readings": number.readings.iter().map(reading).collect::<Vec<_>>(),
        "places": best.map(|best| best.places.clone()),
        "width": number.line.width,
        "levels": number.line.levels,
        "columns": number.columns.iter().map(|column| column.map(f32::exp)).collect::<Vec<_>>(),
    })
}

//! An example product that reads a digit: takes 28x28 grey levels as text on standard input and prints the digit on
//! standard output.
//!
//! It depends on lenet-model alone, without its default features: this compiles a dozen crates, and reading a digit
//! uses no heap.

use lenet_model::{Classify, Image, LeNet5};
use std::io::{Read, stdin};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut text = String::new();
    stdin().read_to_string(&mut text)?;
    let levels = text.split_whitespace().map(str::parse).collect::<Result<Vec<u8>, _>>()?;
    let (rows, _) = levels.as_chunks::<28>();
    let image: &Image = rows.try_into().map_err(|_| format!("{} grey levels, not 28x28", levels.len()))?;
    let reading = LeNet5::pretrained().classify(image);
    println!("{} {:.4}", reading.digit, reading.probabilities[usize::from(reading.digit)]);
    Ok(())
}

//! Prints a model's scores for images, for another program to compare: `scores MODEL PICTURES > SCORES`. PICTURES has
//! 28x28 bytes for each image, SCORES ten little-endian f32 for each: the outputs of the network, or its penalties
//! negated.

use lenet_model::{Checkpoint, Examples, score};
use std::{env, error::Error, fs, io::Write, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    let [model, pictures] = &words[..] else {
        return Err("usage: scores MODEL PICTURES > SCORES".into());
    };
    let checkpoint = Checkpoint::open(Path::new(model))?;
    let bytes = fs::read(pictures)?;
    let (rows, []) = bytes.as_chunks::<28>() else { return Err("a picture is 28x28 bytes".into()) };
    let (images, []) = rows.as_chunks::<28>() else { return Err("a picture is 28x28 bytes".into()) };
    // Nothing here depends on the labels.
    let labels = vec![0; images.len()];
    let examples = Examples::new(images, &labels)?;
    let normalization = checkpoint.description.normalization;
    let scores = score(&*checkpoint.any_network()?, &examples, &examples.all(), normalization);
    let bytes: Vec<u8> = scores.as_flattened().iter().flat_map(|x| x.to_le_bytes()).collect();
    Ok(std::io::stdout().write_all(&bytes)?)
}

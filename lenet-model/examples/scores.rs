//! What a model makes of pictures, for another program to compare with: `scores MODEL PICTURES > SCORES`. PICTURES are as many
//! times 28x28 bytes, SCORES ten little-endian f32 for each: the outputs of the network, or its penalties negated.

use lenet_model::{Checkpoint, Class, DigitNetwork, Examples, Image, NetworkVisitor, score, with_network};
use std::{env, error::Error, fs, io::Write, path::Path};

struct Scores<'a>(&'a Checkpoint, &'a [Image]);

impl NetworkVisitor for Scores<'_> {
    type Output = Result<Vec<[f32; 10]>, Box<dyn Error>>;
    fn visit<N: DigitNetwork>(self) -> Self::Output {
        let network = self.0.network::<N>()?;
        // Nothing here depends on the labels.
        let labels = vec![Class::new(0)?; self.1.len()];
        let examples = Examples::new(self.1, &labels).expect("a label for each picture");
        let all: Vec<u32> = (0..self.1.len() as u32).collect();
        Ok(score(&*network, &examples, &all, self.0.description.normalization))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    let [model, pictures] = &words[..] else {
        return Err("usage: scores MODEL PICTURES > SCORES".into());
    };
    let checkpoint = Checkpoint::open(Path::new(model))?;
    let bytes = fs::read(pictures)?;
    let (rows, []) = bytes.as_chunks::<28>() else { return Err("a picture is 28x28 bytes".into()) };
    let (images, []) = rows.as_chunks::<28>() else { return Err("a picture is 28x28 bytes".into()) };
    let about = &checkpoint.description;
    let scores = with_network(about.network, about.activation, Scores(&checkpoint, images))?;
    let bytes: Vec<u8> = scores.as_flattened().iter().flat_map(|x| x.to_le_bytes()).collect();
    Ok(std::io::stdout().write_all(&bytes)?)
}

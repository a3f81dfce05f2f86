//! Writes the built-in MNIST as its four IDX files, for programs that want them: `unpack FOLDER`.

use lenet_data::{Dataset, LabelledImages, idx::Idx};
use std::{env, error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::args().nth(1).ok_or("usage: unpack FOLDER")?;
    let Dataset { train, test, .. } = Dataset::mnist()?;
    write(&train, Path::new(&folder), "train")?;
    write(&test, Path::new(&folder), "t10k")
}

fn write(set: &LabelledImages, folder: &Path, name: &str) -> Result<(), Box<dyn Error>> {
    let count = set.len() as u32;
    let pixels = set.images().as_flattened().as_flattened().to_vec();
    let images = fs::File::create(folder.join(format!("{name}-images-idx3-ubyte")))?;
    Idx::new(vec![count, 28, 28], pixels)?.write(images)?;
    let labels = fs::File::create(folder.join(format!("{name}-labels-idx1-ubyte")))?;
    Idx::new(vec![count], set.labels().to_vec())?.write(labels)?;
    Ok(())
}

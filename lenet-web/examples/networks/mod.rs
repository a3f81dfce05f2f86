//! The networks of the page, from their files.

use lenet_model::{Checkpoint, DigitNetwork, LeNet5Modern, LeNet5Rbf, Normalization};
use lenet_web::engine::{RunningOf, half_numbers, set_half_numbers};
use std::error::Error;
use std::path::Path;

/// The network of 1998.
pub(crate) fn of_1998() -> Result<RunningOf<LeNet5Rbf>, Box<dyn Error>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/lenet5-1998.safetensors");
    rounded(&Checkpoint::open(&file)?)
}

/// The network of the recipe `modern`, which comes with lenet-model.
pub(crate) fn modern() -> Result<RunningOf<LeNet5Modern>, Box<dyn Error>> {
    rounded(&Checkpoint::from_bytes(Path::new("modern.safetensors"), LeNet5Modern::pretrained_file().to_vec())?)
}

/// The network of a file, its numbers rounded to half precision as the page keeps them.
fn rounded<N: DigitNetwork>(checkpoint: &Checkpoint) -> Result<RunningOf<N>, Box<dyn Error>> {
    assert_eq!(checkpoint.description.normalization, Normalization::PAPER, "the engine knows no other");
    let mut running = RunningOf::new(checkpoint.network::<N>()?, Normalization::PAPER);
    let halves = half_numbers(&running);
    assert!(set_half_numbers(&mut running, &halves));
    Ok(running)
}

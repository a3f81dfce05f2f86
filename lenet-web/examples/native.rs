//! What the native program computes for a digit, as JSON: a unit of every stage of every network. The tests in a browser compare
//! the page with it.

use lenet_data::Dataset;
use lenet_layers::Params;
use lenet_model::{Checkpoint, DigitNetwork, LeNet5, LeNet5Modern, LeNet5Rbf, Normalization};
use lenet_web::engine::{Digits, Running, RunningOf, explain, half_numbers, set_half_numbers};
use serde_json::{Value, json};
use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let test = Dataset::mnist()?.test;
    // Sixteen grey levels, as the page has them.
    let image = Digits::unpacked(&Digits::packed(&test.images()[..1], &test.labels()[..1]))?.images[0];
    let mut pretrained = LeNet5::boxed_zeroed();
    pretrained.copy_from(LeNet5::pretrained());
    let said = |name: &str, network: &mut dyn Running| {
        let _ = network.read(&image);
        json!({ "network": name, "image": image.as_flattened(), "units": units(network) })
    };
    let all = [
        said("lenet5", &mut RunningOf::new(pretrained, Normalization::PAPER)),
        said("lenet5_1998", &mut opened::<LeNet5Rbf>(&models.join("lenet5-1998.safetensors"))?),
        said("modern", &mut opened::<LeNet5Modern>(&models.join("modern.safetensors"))?),
    ];
    println!("{}", json!(all));
    Ok(())
}

fn opened<N: DigitNetwork>(path: &Path) -> Result<RunningOf<N>, Box<dyn Error>> {
    let checkpoint = Checkpoint::open(path)?;
    let mut running = RunningOf::new(checkpoint.network::<N>()?, checkpoint.description.normalization);
    let halves = half_numbers(&running);
    assert!(set_half_numbers(&mut running, &halves));
    Ok(running)
}

/// Some units of every stage that the page shows.
fn units(network: &dyn Running) -> Vec<Value> {
    let mut all = Vec::new();
    for (number, stage) in network.info().stages.iter().enumerate().filter(|(_, stage)| stage.name != "flat") {
        let count: usize = stage.dims.iter().product();
        for unit in [count / 3, count / 2 + 1, count - 1] {
            let said = explain(network, number, unit).expect("the unit is there");
            all.push(json!({ "stage": stage.name, "unit": unit, "sum": said.sum, "output": said.computed }));
        }
    }
    all
}

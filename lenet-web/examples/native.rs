//! What the native program computes for a digit, as JSON: a unit of every stage of every network. The tests in a browser compare
//! the page with it.

mod networks;

use lenet_data::Dataset;
use lenet_web::engine::{Digits, Running, RunningOf, explain};
use serde_json::{Value, json};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let test = Dataset::mnist()?.test;
    // Sixteen grey levels, as the page has them.
    let image = Digits::unpacked(&Digits::packed(&test.images()[..1], &test.labels()[..1]))?.images[0];
    let said = |name: &str, network: &mut dyn Running| {
        let _ = network.read(&image);
        json!({ "network": name, "image": image.as_flattened(), "units": units(network) })
    };
    let all = [
        said("lenet5", &mut RunningOf::pretrained()),
        said("lenet5_1998", &mut networks::of_1998()?),
        said("modern", &mut networks::modern()?),
    ];
    println!("{}", json!(all));
    Ok(())
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

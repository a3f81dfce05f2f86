//! How well pictures are brought into MNIST's form: digits of MNIST are changed in every way of `tests/model/variants.rs`,
//! brought back by `lenet_data::prepare` and read, and compared with the unchanged digits.
//!
//! `cargo run --release -p lenet-model --example picture_check -- [validation|test] [COUNT]`

#[path = "../tests/model/variants.rs"]
mod variants;

use lenet_data::{Dataset, Image, Split, prepare};
use lenet_model::{Classify, LeNet5};
use variants::VARIANTS;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let set = arguments.next().unwrap_or_else(|| "validation".into());
    let count = arguments.next().map_or(Ok(2_000), |count| count.parse()).map_err(|_| "COUNT: give a number")?;
    let mnist = Dataset::mnist()?;
    let digits: Vec<(Image, u8)> = match set.as_str() {
        "test" => mnist.test.images().iter().copied().zip(mnist.test.labels().iter().copied()).take(count).collect(),
        "validation" => {
            let at = |i: u32| (mnist.train.images()[i as usize], mnist.train.labels()[i as usize]);
            Split::new(60_000, 5_000, 1)?.validation.into_iter().map(at).take(count).collect()
        }
        other => return Err(format!("{other}: give validation or test").into()),
    };
    check(&digits);
    Ok(())
}

fn check(digits: &[(Image, u8)]) {
    let network = LeNet5::pretrained();
    let percent = |count: usize| 100.0 * count as f64 / digits.len() as f64;
    let clean = digits.iter().filter(|(image, label)| network.classify(image).digit == *label).count();
    println!("{:40} {:>7} {:>6} {:>9} {:>5}", "", "right", "less", "thickened", "lost");
    println!("{:40} {:>6.2}%", "not prepared", percent(clean));
    for variant in VARIANTS {
        let (mut right, mut thickened, mut lost) = (0, 0, 0);
        for (seed, (image, label)) in (0..).zip(digits) {
            match prepare(&variant.picture(image, seed)) {
                Ok(made) => {
                    right += usize::from(network.classify(&made.image).digit == *label);
                    thickened += usize::from(made.thickened);
                }
                Err(_) => lost += 1,
            }
        }
        let less = percent(clean) - percent(right);
        println!("{:40} {:>6.2}% {less:>6.2} {thickened:>9} {lost:>5}", variant.name, percent(right));
    }
}

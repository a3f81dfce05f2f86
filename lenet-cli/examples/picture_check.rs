//! How well pictures become MNIST's form: MNIST's digits undone in every way of `tests/common/variants.rs`, made again
//! by `lenet_data::prepare` and read, beside the same digits as they are.
//!
//! `cargo run --release -p lenet-cli --example picture_check -- MODEL [validation|test] [COUNT]`

#[path = "../tests/common/variants.rs"]
mod variants;

use lenet_data::{Dataset, Image, Split, prepare};
use lenet_model::{Checkpoint, DigitNetwork, Visitor, read, visit};
use std::path::Path;
use variants::VARIANTS;

struct Check<'a>(&'a Checkpoint, &'a [(Image, u8)]);

impl Visitor for Check<'_> {
    type Output = anyhow::Result<()>;
    fn visit<N: DigitNetwork>(self) -> anyhow::Result<()> {
        let network = self.0.network::<N>()?;
        let right = |image: &Image, label| read(&*network, image, self.0.description.normalization).digit == label;
        let digits = self.1;
        let percent = |count: usize| 100.0 * count as f64 / digits.len() as f64;
        let clean = digits.iter().filter(|(image, label)| right(image, *label)).count();
        println!("{:40} {:>7} {:>6} {:>9} {:>5}", "", "right", "less", "thickened", "lost");
        println!("{:40} {:>6.2}%", "not prepared", percent(clean));
        for variant in VARIANTS {
            let (mut read, mut thickened, mut lost) = (0, 0, 0);
            for (seed, (image, label)) in (0..).zip(digits) {
                match prepare(&variant.picture(image, seed)) {
                    Ok(made) => {
                        read += usize::from(right(&made.image, *label));
                        thickened += usize::from(made.thickened);
                    }
                    Err(_) => lost += 1,
                }
            }
            let less = percent(clean) - percent(read);
            println!("{:40} {:>6.2}% {less:>6.2} {thickened:>9} {lost:>5}", variant.name, percent(read));
        }
        Ok(())
    }
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let model = arguments.first().ok_or_else(|| anyhow::anyhow!("give a model that `lenet train` has written"))?;
    let count = arguments.get(2).map_or(Ok(2_000), |count| count.parse())?;
    let mnist = Dataset::mnist()?;
    let digits: Vec<(Image, u8)> = if arguments.get(1).is_some_and(|set| set == "test") {
        mnist.test.images().iter().copied().zip(mnist.test.labels().iter().copied()).take(count).collect()
    } else {
        let held_out = Split::new(60_000, 5_000, 1)?.validation;
        let at = |i: u32| (mnist.train.images()[i as usize], mnist.train.labels()[i as usize]);
        held_out.into_iter().map(at).take(count).collect()
    };
    let checkpoint = Checkpoint::open(Path::new(model))?;
    let about = &checkpoint.description;
    visit(about.network, about.activation, Check(&checkpoint, &digits))
}

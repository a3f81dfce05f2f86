//! Regression: how far a bar is turned, from a picture of 24x24. An angle and the opposite one look alike, so the network
//! gives the cosine and the sine of twice the angle.

use lenet_layers::*;
use lenet_train::{Event, Examples, Part, Settings, Smaller, Training, evaluate};
use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use std::{error::Error, f32::consts::PI, ops::ControlFlow};

sequential! {
    pub struct Turned, trace TurnedTrace {
        input:                                     Maps<1, 24, 24>;
        c1:   Conv2d<1, 8, 3, Relu, SamePadding, 2>  => Maps<8, 12, 12>;
        c2:   Conv2d<8, 16, 3, Relu, SamePadding, 2> => Maps<16, 6, 6>;
        c3:   Conv2d<16, 16, 3, Relu, SamePadding>   => Maps<16, 6, 6>;
        flat: Flatten                              => Units<576>;
        f4:   Dense<576, 32, Relu>                 => Units<32>;
        out:  Dense<32, 2>                         => Units<2>;
    }
}

/// The program fails if the mean error is larger, in degrees; it is 1.4.
const BAR: f64 = 3.0;

/// Bars of any length, width and place, drawn when they are shown: another one in every presentation.
struct Bars {
    count: usize,
    seed: u64,
}

impl Examples for Bars {
    type Input = Maps<1, 24, 24>;
    type Target = Tensor<Units<2>>;
    fn len(&self) -> usize {
        self.count
    }
    fn show(&self, index: usize, presentation: u64, input: &mut [f32]) -> Tensor<Units<2>> {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream(presentation << 32 | index as u64);
        let angle = random.random_range(0.0..PI);
        let [x0, y0] = [0; 2].map(|_: i32| random.random_range(9.0..14.0_f32));
        let (length, width) = (random.random_range(5.0..9.0_f32), random.random_range(0.8..2.0_f32));
        for (i, pixel) in input.iter_mut().enumerate() {
            let (x, y) = ((i % 24) as f32 - x0, (i / 24) as f32 - y0);
            let (along, across) = (x * angle.cos() + y * angle.sin(), y * angle.cos() - x * angle.sin());
            let beyond = (along.abs() - length).max(across.abs() - width);
            *pixel = (0.5 - beyond).clamp(0.0, 1.0) + random.random_range(-0.2..0.2);
        }
        Tensor { data: [(2.0 * angle).cos(), (2.0 * angle).sin()] }
    }
}

/// The angle in degrees, 0 to 180.
fn degrees(output: &Tensor<Units<2>>) -> f32 {
    (output.data[1].atan2(output.data[0]) / 2.0).to_degrees().rem_euclid(180.0)
}

fn main() -> Result<(), Box<dyn Error>> {
    let (bars, others) = (Bars { count: 8000, seed: 1 }, Bars { count: 1000, seed: 2 });
    let error = Smaller(|output: &Tensor<Units<2>>, target: &Tensor<Units<2>>| {
        let difference = (degrees(output) - degrees(target)).abs();
        f64::from(difference.min(180.0 - difference))
    });
    let settings = Settings { epochs: 8, batch: 32, rate: 0.02, ..Settings::default() };
    let training = Training::new(settings, Part::all(&bars), Huber { delta: 0.3 }, error);
    let outcome = training.run::<Turned>(Init::SqrtFanIn, |event| {
        if let Event::Epoch { record, .. } = event {
            println!("epoch {}: {:.2} degrees, {:.1} s", record.epoch, record.metric, record.seconds);
        }
        ControlFlow::Continue(())
    })?;
    let result = evaluate(&*outcome.last, &Part::all(&others), &Huber { delta: 0.3 }, &error);
    println!("{} parameters; mean error for other bars, in degrees: {result}", Turned::<f32>::LEN);
    if result.metric > BAR {
        return Err(format!("a mean error above {BAR} degrees").into());
    }
    Ok(())
}

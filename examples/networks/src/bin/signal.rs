//! A signal of one dimension: which of four waves is it, from 128 samples with noise? A signal of C channels is
//! `Maps<C, 1, 128>`.

use lenet_layers::*;
use lenet_train::{Accuracy, Event, Examples, Optimizer, Part, Settings, Training, evaluate};
use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use std::{error::Error, f32::consts::TAU, ops::ControlFlow};

sequential! {
    pub struct Waves, trace WavesTrace {
        input:                                       Maps<1, 1, 128>;
        c1:   Conv1d<1, 8, 9, Identity, SamePadding, 2>   => Maps<8, 1, 64>;
        n1:   BatchNorm<8, Relu>                     => Maps<8, 1, 64>;
        c2:   Conv1d<8, 16, 5, Identity, SamePadding, 2>  => Maps<16, 1, 32>;
        n2:   BatchNorm<16, Relu>                    => Maps<16, 1, 32>;
        c3:   Conv1d<16, 24, 5, Identity, SamePadding, 2> => Maps<24, 1, 16>;
        act:  Apply<Silu>                            => Maps<24, 1, 16>;
        mean: GlobalAvgPool                          => Units<24>;
        out:  Dense<24, 4>                           => Units<4>;
    }
}

/// The program fails if it reads a smaller part of other signals; it reads 0.9895.
const BAR: f64 = 0.95;

/// Sine, square, triangle and sawtooth waves of any frequency and phase, drawn when they are shown.
struct Signals {
    count: usize,
    seed: u64,
}

impl Examples for Signals {
    type Input = Maps<1, 1, 128>;
    type Target = Class<4>;
    fn len(&self) -> usize {
        self.count
    }
    fn show(&self, index: usize, presentation: u64, input: &mut [f32]) -> Class<4> {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream(presentation << 32 | index as u64);
        let (class, period, start) =
            (index % 4, random.random_range(12.0..40.0_f32), random.random_range(0.0..1.0_f32));
        for (t, sample) in input.iter_mut().enumerate() {
            let phase = (start + t as f32 / period).fract();
            let wave = match class {
                0 => (TAU * phase).sin(),
                1 => {
                    if phase < 0.5 {
                        1.0
                    } else {
                        -1.0
                    }
                }
                2 => 1.0 - 4.0 * (phase - 0.5).abs(),
                _ => 2.0 * phase - 1.0,
            };
            *sample = wave + random.random_range(-0.6..0.6);
        }
        Class::new(class).expect("one of four")
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let (signals, others) = (Signals { count: 8000, seed: 1 }, Signals { count: 2000, seed: 2 });
    let settings = Settings { epochs: 10, batch: 32, rate: 0.004, clip: Some(5.0), ..Settings::default() };
    let training = Training::new(settings, Part::all(&signals), SoftmaxCrossEntropy, Accuracy)
        .with_optimizer(Optimizer::adam_w(0.01));
    let outcome = training.run::<Waves>(Init::SqrtFanIn, |event| {
        if let Event::Epoch { record, .. } = event {
            println!("epoch {}: {:.1}% of the signals, {:.1} s", record.epoch, 100.0 * record.metric, record.seconds);
        }
        ControlFlow::Continue(())
    })?;
    let result = evaluate(&*outcome.last, &Part::all(&others), &SoftmaxCrossEntropy, &Accuracy);
    println!("{} parameters; other signals: {result}", Waves::<f32>::LEN - Waves::<f32>::STATISTICS);
    if result.metric < BAR {
        return Err(format!("fewer than {BAR} of the signals").into());
    }
    Ok(())
}

//! A network with two maps as its output, against targets that are numbers.

use crate::common::{go, noise};
use lenet_layers::{Conv2d, Init, Maps, SquaredError, Tanh, Tensor, sequential};
use lenet_train::{Examples, Part, Settings, Smaller, Training, evaluate};

sequential! {
    /// The slopes of a field along its rows and along its columns.
    pub struct Slopes, trace SlopesTrace {
        input:                       Maps<1, 7, 7>;
        c1:   Conv2d<1, 6, 3, Tanh>  => Maps<6, 5, 5>;
        out:  Conv2d<6, 2, 1>        => Maps<2, 5, 5>;
    }
}

/// Smooth fields.
struct Fields;

impl Examples for Fields {
    type Input = Maps<1, 7, 7>;
    type Target = Tensor<Maps<2, 5, 5>>;
    fn len(&self) -> usize {
        640
    }
    fn show(&self, index: usize, _: u64, input: &mut [f32]) -> Self::Target {
        let [a, b, c] = [0, 1, 2].map(|k| noise(index as u64, k, 5) - 0.5);
        let field = |y: usize, x: usize| a * y as f32 / 3.0 + b * x as f32 / 3.0 + c;
        (0..49).for_each(|i| input[i] = field(i / 7, i % 7));
        Tensor { data: [[[a; 5]; 5], [[b; 5]; 5]] }
    }
}

#[test]
fn two_maps_learn_numbers() {
    let (learn, held_out) = Part::split(&Fields, 0.25, 1);
    let settings = Settings { epochs: 30, batch: 16, rate: 0.01, ..Settings::default() };
    let distance = |y: &Tensor<Maps<2, 5, 5>>, target: &Tensor<Maps<2, 5, 5>>| {
        let all = y.cells().iter().zip(target.cells()).map(|(y, t)| f64::from((y - t).abs()));
        all.sum::<f64>() / 50.0
    };
    let training = Training::new(settings, learn, SquaredError, Smaller(distance)).with_held_out(held_out);
    let outcome = training.run::<Slopes>(Init::SqrtFanIn, go).unwrap();
    let results: Vec<_> = outcome.epochs.iter().map(|epoch| epoch.held_out.unwrap()).collect();
    // Untrained, the mean distance is a quarter.
    assert!(results[29].metric < 0.03, "{results:?}");
    // The best epoch is that of the smallest distance, and its network is kept.
    let least = results.iter().map(|result| result.metric).fold(f64::INFINITY, f64::min);
    let best = results[outcome.best_epoch as usize - 1];
    assert_eq!(best.metric, least);
    let (_, held_out) = Part::split(&Fields, 0.25, 1);
    assert_eq!(evaluate(&*outcome.best, &held_out, &SquaredError, &Smaller(distance)), best);
}

//! A network that sweeps over a line and learns strings without their places.

use crate::common::{go, noise};
use lenet_layers::{Class, Conv2d, Ctc, Init, Maps, Tanh, Tensor, sequential};
use lenet_train::{Examples, Larger, Optimizer, Part, Settings, Training};

sequential! {
    /// A line of 4x20 pixels into ten columns of two characters and the blank.
    pub(crate) struct Lines, trace LinesTrace {
        input:                       Maps<1, 4, 20>;
        c1:   Conv2d<1, 6, 4, Tanh>  => Maps<6, 1, 17>;
        c2:   Conv2d<6, 3, 1>        => Maps<3, 1, 17>;
    }
}

/// Up to three marks on a line, in the upper or the lower half.
struct Marked;

impl Examples for Marked {
    type Input = Maps<1, 4, 20>;
    type Target = Vec<Class<3>>;
    fn len(&self) -> usize {
        480
    }
    fn show(&self, index: usize, _: u64, input: &mut [f32]) -> Vec<Class<3>> {
        input.fill(0.0);
        let string: Vec<usize> = (0..index % 4).map(|k| usize::from(noise(index as u64, k as u64, 1) < 0.5)).collect();
        for (k, character) in string.iter().enumerate() {
            let x = 1 + 6 * k + index / 4 % 2;
            for y in [2 * character, 2 * character + 1] {
                input[20 * y + x..][..3].fill(1.0);
            }
        }
        string.into_iter().map(|class| Class::new(class).unwrap()).collect()
    }
}

/// The most likely class of each column, with equal neighbours merged and without blanks.
fn read(y: &Tensor<Maps<3, 1, 17>>) -> Vec<usize> {
    let best = |w: usize| (0..3).fold(0, |best, k| if y.data[k][0][w] > y.data[best][0][w] { k } else { best });
    let mut columns: Vec<usize> = (0..17).map(best).collect();
    columns.dedup();
    columns.into_iter().filter(|class| *class != 2).collect()
}

#[test]
fn strings_are_learned_without_their_places() {
    let right = Larger(|y: &Tensor<Maps<3, 1, 17>>, string: &Vec<Class<3>>| {
        f64::from(u8::from(read(y) == string.iter().map(|class| class.index()).collect::<Vec<_>>()))
    });
    let (learn, held_out) = Part::split(&Marked, 0.25, 1);
    let settings = Settings { epochs: 20, batch: 16, rate: 0.02, ..Settings::default() };
    let training = Training::new(settings, learn, Ctc::<3>, right).with_held_out(held_out);
    let outcome = training.with_optimizer(Optimizer::adam()).run::<Lines>(Init::SqrtFanIn, go).unwrap();
    let last = outcome.epochs[19].held_out.unwrap();
    assert!(last.metric > 0.95, "{:?}", outcome.epochs);
}

//! Networks and examples that several tests share.

use lenet_layers::{
    Class, Conv2d, Dense, Flatten, Maps, Params, SoftmaxCrossEntropy, Subsample, Tanh, Units, sequential,
};
use lenet_train::{Accuracy, Epoch, Event, Examples, Part, Settings, Training};
use std::ops::ControlFlow;

sequential! {
    /// Two channels of 8x8 into three classes.
    pub(crate) struct Net, trace NetTrace {
        input:                      Maps<2, 8, 8>;
        c1:   Conv2d<2, 4, 3, Tanh> => Maps<4, 6, 6>;
        s2:   Subsample<4, 2, Tanh> => Maps<4, 3, 3>;
        flat: Flatten               => Units<36>;
        out:  Dense<36, 3>          => Units<3>;
    }
}

/// A number from 0 to below 1 that depends on all of its arguments.
pub(crate) fn noise(a: u64, b: u64, c: u64) -> f32 {
    let mut x = a.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ b.wrapping_mul(0xbf58_476d_1ce4_e5b9) ^ c.wrapping_add(77);
    for _ in 0..2 {
        x = (x ^ (x >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb);
    }
    (x >> 40) as f32 / (1 << 24) as f32
}

/// A bright row or column, or a bright corner, in noise that is another one at each presentation.
pub(crate) struct Marks(pub(crate) usize);

impl Examples for Marks {
    type Input = Maps<2, 8, 8>;
    type Target = Class<3>;
    fn len(&self) -> usize {
        self.0
    }
    fn show(&self, index: usize, presentation: u64, input: &mut [f32]) -> Class<3> {
        let (class, place) = (index % 3, index / 3 % 6);
        for (i, number) in input.iter_mut().enumerate() {
            let (y, x) = (i / 8 % 8, i % 8);
            let bright = match class {
                0 => y == place,
                1 => x == place,
                _ => y >= place && x >= place,
            };
            *number = f32::from(u8::from(bright)) + 0.4 * noise(index as u64, presentation, i as u64) - 0.2;
        }
        Class::new(class).unwrap()
    }
}

pub(crate) type Classifying<'t> = Training<'t, Marks, SoftmaxCrossEntropy, Accuracy>;

/// Training on four fifths of the marks.
pub(crate) fn training(marks: &Marks, settings: Settings) -> Classifying<'_> {
    let (learn, held_out) = Part::split(marks, 0.2, 3);
    Training::new(settings, learn, SoftmaxCrossEntropy, Accuracy).with_held_out(held_out)
}

pub(crate) fn settings() -> Settings {
    Settings { epochs: 3, batch: 24, rate: 0.05, ..Settings::default() }
}

pub(crate) fn go<N: Params>(_: Event<'_, N>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Epochs without the time that they took.
pub(crate) fn untimed(epochs: &[Epoch]) -> Vec<Epoch> {
    epochs.iter().map(|epoch| Epoch { seconds: 0.0, ..epoch.clone() }).collect()
}

pub(crate) fn pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
}

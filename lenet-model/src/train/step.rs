//! What a step does with a block of digits: the images laid into lanes, a pass through the network, and the gradient.

use super::batch::Slot;
use super::loss::NamedLoss;
use crate::Normalization;
use crate::any_network::{Arrays, LanesPass, Pass, scores_in};
use crate::image::{Image, most_likely};
use crate::parallel::{FEW, LANES};
use crate::{AnyNetwork, Examples};
use lenet_layers::{Cell, Class, CurvedLoss, Lanes, Loss, Tensor, Units};

/// A loss of ten outputs against digits, for one kind of cell.
pub(crate) trait CellLoss<T: Cell<Element = f32>>: Sync {
    fn value(&self, y: &Tensor<Units<10>, T>, targets: &[Class<10>], scale: f32, dy: &mut Tensor<Units<10>, T>) -> f32;
}

impl<L: Loss<Units<10>, Class<10>> + Sync, T: Cell<Element = f32>> CellLoss<T> for L {
    fn value(&self, y: &Tensor<Units<10>, T>, targets: &[Class<10>], scale: f32, dy: &mut Tensor<Units<10>, T>) -> f32 {
        self.evaluate(y, targets, scale, dy)
    }
}

/// A loss of ten outputs against digits, for one example and for sixteen.
pub(crate) trait DigitLoss: CellLoss<f32> + CellLoss<Lanes<LANES>> {}
impl<L: Loss<Units<10>, Class<10>> + Sync> DigitLoss for L {}

/// The inputs that all blocks of a batch share.
#[derive(Clone, Copy)]
pub(crate) struct Task<'a> {
    pub(crate) network: &'a dyn AnyNetwork,
    pub(crate) loss: &'a dyn DigitLoss,
    pub(crate) examples: &'a Examples<'a>,
    pub(crate) normalization: Normalization,
}

const BLANK: Image = [[0; 28]; 28];

impl Task<'_> {
    /// Puts the examples `block` into the lanes of `pass` and runs them forward. `room` is for images that are made
    /// when they are shown. Returns their classes; those of lanes without an example must not be used.
    fn run<T: Cell<Element = f32>>(
        &self,
        pass: &mut (impl Pass<T> + ?Sized),
        room: &mut [Image],
        block: &[u32],
    ) -> [Class<10>; LANES] {
        let mut images = [&BLANK; LANES];
        for ((image, room), index) in images.iter_mut().zip(room).zip(block) {
            *image = self.examples.picture(*index, room);
        }
        pass.lay(&images[..block.len()], self.normalization);
        pass.forward(self.network);
        let last = block.len() - 1;
        core::array::from_fn(|lane| self.examples.label(block[lane.min(last)]))
    }

    /// Runs the examples `block` forward and returns the sum of their losses. Leaves their gradient, times `scale`, at
    /// the output. `read` gets each example's digit and the scores of all ten digits, in the order of the block.
    fn forward<T: Cell<Element = f32>>(
        &self,
        pass: &mut (impl Pass<T> + ?Sized),
        room: &mut [Image],
        loss: &dyn CellLoss<T>,
        block: &[u32],
        scale: f32,
        read: &mut dyn FnMut(usize, [f32; 10]),
    ) -> f32 {
        let targets = self.run(pass, room, block);
        let penalties = self.network.info().penalties;
        let (outputs, errors) = pass.ends();
        for (lane, target) in targets[..block.len()].iter().enumerate() {
            read(target.index(), scores_in(outputs, lane, penalties));
        }
        loss.value(outputs, &targets[..block.len()], scale, errors)
    }
}

/// The buffers of one thread.
pub(crate) struct Worker {
    lanes: Box<dyn LanesPass>,
    single: Box<dyn Pass<f32>>,
    /// For images that are made when they are shown.
    room: Vec<Image>,
}

impl Worker {
    pub(crate) fn new(network: &dyn AnyNetwork) -> Self {
        Worker { lanes: network.lanes_pass(), single: network.single_pass(), room: vec![BLANK; LANES] }
    }

    /// Reads a block of up to sixteen examples and returns the sum of their losses. `read` gets each example's digit
    /// and the scores of all ten digits.
    pub(crate) fn read(&mut self, task: &Task<'_>, block: &[u32], read: &mut dyn FnMut(usize, [f32; 10])) -> f32 {
        task.forward(&mut *self.lanes, &mut self.room, task.loss, block, 1.0, read)
    }

    /// Adds the second derivatives of the losses of a block of up to sixteen examples; those with respect to the
    /// outputs are multiplied by `scale`.
    pub(crate) fn add_curvature(
        &mut self,
        task: &Task<'_>,
        loss: &NamedLoss,
        block: &[u32],
        scale: f32,
        squares: &dyn Arrays,
        h: &mut dyn Arrays,
    ) {
        let targets = task.run(&mut *self.lanes, &mut self.room, block);
        let (outputs, second) = self.lanes.ends();
        loss.curvature(outputs, &targets[..block.len()], second);
        for cell in second.cells_mut() {
            *cell = cell.times(Lanes::splat(scale));
        }
        self.lanes.curvature(squares, h);
    }

    /// Adds the gradient of the losses of a block of up to sixteen examples, times `scale`.
    pub(crate) fn learn(&mut self, task: &Task<'_>, block: &[u32], scale: f32, slot: &mut Slot) {
        if block.len() > FEW {
            learn(&mut *self.lanes, &mut self.room, (task, task.loss), (block, scale), slot);
        } else {
            for one in block.chunks(1) {
                learn(&mut *self.single, &mut self.room, (task, task.loss), (one, scale), slot);
            }
        }
    }
}

/// Adds the gradient of a block to a slot.
fn learn<T: Cell<Element = f32>>(
    pass: &mut (impl Pass<T> + ?Sized),
    room: &mut [Image],
    (task, loss): (&Task<'_>, &dyn CellLoss<T>),
    (block, scale): (&[u32], f32),
    slot: &mut Slot,
) {
    let tally = &mut slot.tally;
    let loss = task.forward(pass, room, loss, block, scale, &mut |is, scores| {
        tally.correct += u32::from(is == most_likely(&scores));
    });
    tally.loss += f64::from(loss);
    pass.backward(task.network, &mut *slot.grad);
}

//! What a step does with a block of digits: the images laid into lanes, a pass through the network, and the gradient.

use super::training::Training;
use crate::Normalization;
use crate::any_network::{LanesPass, Pass, scores_in};
use crate::image::{Image, most_likely};
use crate::{AnyNetwork, Examples, NamedLoss};
use lenet_layers::{Cell, Class, CurvedLoss, Lanes, Loss, Mode, Tensor, TrainingPass, Units};
use lenet_train::{Arrays, Block, Curve, FEW, LANES, Shown, Slot, Work};

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

/// What all passes over examples share, besides the network.
#[derive(Clone, Copy)]
pub(crate) struct Task<'a> {
    /// Whether the network's outputs are penalties.
    pub(crate) penalties: bool,
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
        (network, mode): (&dyn Arrays, Mode),
        room: &mut [Image],
        block: &[u32],
    ) -> [Class<10>; LANES] {
        let mut images = [&BLANK; LANES];
        for ((image, room), index) in images.iter_mut().zip(room).zip(block) {
            *image = self.examples.picture(*index, room);
        }
        pass.lay(&images[..block.len()], self.normalization);
        pass.forward(network, mode);
        let last = block.len() - 1;
        core::array::from_fn(|lane| self.examples.label(block[lane.min(last)]))
    }

    /// Runs the examples `block` forward and returns the sum of their losses. Leaves their gradient, times `scale`, at
    /// the output. `read` gets each example's digit and the scores of all ten digits, in the order of the block.
    fn forward<T: Cell<Element = f32>>(
        &self,
        pass: &mut (impl Pass<T> + ?Sized),
        network: (&dyn Arrays, Mode),
        room: &mut [Image],
        loss: &dyn CellLoss<T>,
        (block, scale): (&[u32], f32),
        read: &mut dyn FnMut(usize, [f32; 10]),
    ) -> f32 {
        let targets = self.run(pass, network, room, block);
        let (outputs, errors) = pass.ends();
        for (lane, target) in targets[..block.len()].iter().enumerate() {
            read(target.index(), scores_in(outputs, lane, self.penalties));
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
    pub(crate) fn read(
        &mut self,
        task: &Task<'_>,
        network: &dyn Arrays,
        block: &[u32],
        read: &mut dyn FnMut(usize, [f32; 10]),
    ) -> f32 {
        task.forward(&mut *self.lanes, (network, Mode::Inference), &mut self.room, task.loss, (block, 1.0), read)
    }
}

/// What a run does with a block: a worker, and what it needs to make a task.
pub(super) struct Steps<'t> {
    worker: Worker,
    training: &'t Training<'t>,
    loss: NamedLoss,
    penalties: bool,
}

impl<'t> Steps<'t> {
    pub(super) fn new(training: &'t Training<'t>, network: &dyn AnyNetwork) -> Self {
        let (loss, penalties) = (training.recipe.named_loss(), network.info().penalties);
        Steps { worker: Worker::new(network), training, loss, penalties }
    }

    /// The worker, what it has to do, and the numbers of the examples, among which are variants: the next ones at each
    /// presentation, if each shows others.
    fn parts(&mut self, shown: Shown<'_>) -> (&mut Worker, Task<'_>, [u32; LANES]) {
        let Training { recipe, examples, .. } = self.training;
        let further = examples.next_variant().wrapping_mul(shown.presentation as u32);
        let mut indexes = [0; LANES];
        for (to, index) in indexes.iter_mut().zip(shown.indexes) {
            *to = index.wrapping_add(further);
        }
        let Steps { worker, loss, penalties, .. } = self;
        let task = Task { penalties: *penalties, loss: &*loss, examples, normalization: recipe.input.into() };
        (worker, task, indexes)
    }
}

impl Work for Steps<'_> {
    fn learn(&mut self, network: &dyn Arrays, block: Block<'_>, slot: &mut Slot) {
        let (worker, task, indexes) = self.parts(block.shown);
        let indexes = &indexes[..block.shown.indexes.len()];
        let (room, loss, scale) = (&mut worker.room, task.loss, block.scale());
        if indexes.len() > FEW {
            let pass = (&mut *worker.lanes, block.pass());
            return learn(pass, network, room, (&task, loss), (indexes, scale), slot);
        }
        for (number, one) in indexes.chunks(1).enumerate() {
            let pass = (&mut *worker.single, block.single_pass(number));
            learn(pass, network, room, (&task, loss), (one, scale), slot);
        }
    }
}

impl Curve for Steps<'_> {
    fn add(&mut self, network: &dyn Arrays, block: Shown<'_>, scale: f32, squares: &dyn Arrays, h: &mut dyn Arrays) {
        let loss = self.loss;
        let (worker, task, indexes) = self.parts(block);
        let indexes = &indexes[..block.indexes.len()];
        let targets = task.run(&mut *worker.lanes, (network, Mode::Inference), &mut worker.room, indexes);
        let (outputs, second) = worker.lanes.ends();
        loss.curvature(outputs, &targets[..indexes.len()], second);
        for cell in second.cells_mut() {
            *cell = cell.times(Lanes::splat(scale));
        }
        worker.lanes.curvature(squares, h);
    }
}

/// Adds the gradient of a block to a slot.
fn learn<T: Cell<Element = f32>>(
    (pass, training): (&mut (impl Pass<T> + ?Sized), TrainingPass),
    network: &dyn Arrays,
    room: &mut [Image],
    (task, loss): (&Task<'_>, &dyn CellLoss<T>),
    (block, scale): (&[u32], f32),
    slot: &mut Slot,
) {
    let tally = &mut slot.tally;
    let in_training = (network, Mode::Training(training));
    let loss = task.forward(pass, in_training, room, loss, (block, scale), &mut |is, scores| {
        tally.metric += f64::from(u8::from(is == most_likely(&scores)));
    });
    tally.loss += f64::from(loss);
    pass.backward(network, &mut *slot.grad, training);
}

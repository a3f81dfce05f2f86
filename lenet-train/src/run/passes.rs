//! Passes of examples through a network. This is all of a run that depends on the types of the network, the examples,
//! the loss and the metric.

use super::metric::Metric;
use crate::data::Examples;
use crate::{Arrays, Block, Curve, FEW, LANES, Shown, Slot, Work};
use lenet_layers::{
    Cell, CurvedLoss, CurvedNetwork, Lanes, Loss, Network, Shape, Squared, Tensor, Trace, TrainingPass,
};

/// Copies the numbers of one example.
pub(super) fn one_of<S: Shape, T: Cell<Element = f32>>(y: &Tensor<S, T>, lane: usize, output: &mut Tensor<S>) {
    for (number, cell) in output.cells_mut().iter_mut().zip(y.cells()) {
        *number = cell.lanes()[lane];
    }
}

/// What all passes of a run share: the examples, the loss and the metric.
#[derive(Debug)]
pub struct Task<'t, E, L, M> {
    pub(super) examples: &'t E,
    pub(super) loss: &'t L,
    pub(super) metric: &'t M,
}

impl<E, L, M> Clone for Task<'_, E, L, M> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<E, L, M> Copy for Task<'_, E, L, M> {}

/// The activations and the errors of as many examples as a cell has lanes.
struct Traces<N: Network, T: Cell<Element = f32>> {
    trace: Box<N::Trace<T>>,
    errors: Box<N::Trace<T>>,
}

impl<N: Network<Element = f32>, T: Cell<Element = f32>> Traces<N, T> {
    fn new() -> Self {
        Traces { trace: Trace::boxed_zeroed(), errors: Trace::boxed_zeroed() }
    }

    // The calls of a network's passes in training are here and nowhere else.
    fn forward(&mut self, network: &N, pass: TrainingPass) {
        network.forward_training(&mut self.trace, pass);
    }
    fn backward(&mut self, network: &N, slot: &mut Slot, pass: TrainingPass) {
        network.backward_training(&self.trace, &mut self.errors, slot.grad.cast_mut(), pass);
    }
}

/// The buffers of one thread.
pub(super) struct Passes<'t, N: Network<Element = f32>, E: Examples, L, M> {
    task: Task<'t, E, L, M>,
    lanes: Traces<N, Lanes<LANES>>,
    /// For a few examples, one by one.
    single: Traces<N, f32>,
    /// The numbers of a block's examples, one after the other.
    room: Vec<f32>,
    targets: Vec<E::Target>,
    /// The output of one example.
    output: Box<Tensor<N::Output>>,
}

/// Sums over examples.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    pub(super) examples: usize,
    pub(super) loss: f64,
    pub(super) metric: f64,
    /// Of the metric's squares.
    pub(super) squares: f64,
}

impl<'t, N, E, L, M> Passes<'t, N, E, L, M>
where
    N: Network<Element = f32>,
    E: Examples<Input = N::Input>,
    L: Loss<N::Output, E::Target> + Sync,
    M: Metric<N::Output, E::Target>,
{
    pub(super) fn new(task: Task<'t, E, L, M>) -> Self {
        Passes {
            task,
            lanes: Traces::new(),
            single: Traces::new(),
            room: vec![0.0; LANES * N::Input::LEN],
            targets: Vec::with_capacity(LANES),
            output: Tensor::boxed_zeroed(),
        }
    }

    /// Lays a block into the lanes.
    fn lay(&mut self, shown: Shown<'_>) {
        let input = self.lanes.trace.input_mut();
        if shown.indexes.len() < LANES {
            // What a lane without an example holds must be finite, as its gradient of zero is multiplied by it.
            input.fill(Lanes([0.0; LANES]));
        }
        self.targets.clear();
        self.task.examples.lay(shown, input, &mut self.room, &mut self.targets);
    }

    /// The loss of a block whose outputs are computed; leaves its gradient times `scale`. `see` gets the metric of each
    /// example.
    fn judge<T: Cell<Element = f32>>(
        task: Task<'t, E, L, M>,
        (traces, output): (&mut Traces<N, T>, &mut Tensor<N::Output>),
        targets: &[E::Target],
        scale: f32,
        see: &mut dyn FnMut(f64),
    ) -> f64 {
        let y = traces.trace.output();
        for (lane, target) in targets.iter().enumerate() {
            one_of(y, lane, output);
            see(task.metric.measure(output, target, N::PENALTIES));
        }
        f64::from(task.loss.evaluate(y, targets, scale, traces.errors.output_mut()))
    }

    /// Adds the results of a block, read by `network`, to `sums`.
    pub(super) fn read(&mut self, network: &dyn Arrays, block: &[u32], sums: &mut Sums) {
        self.lay(Shown { indexes: block, presentation: 0 });
        network.cast::<N>().forward(&mut self.lanes.trace);
        let loss = Self::judge(self.task, (&mut self.lanes, &mut self.output), &self.targets, 1.0, &mut |metric| {
            sums.metric += metric;
            sums.squares += metric * metric;
        });
        sums.loss += loss;
        sums.examples += block.len();
    }
}

impl<N, E, L, M> Work for Passes<'_, N, E, L, M>
where
    N: Network<Element = f32>,
    E: Examples<Input = N::Input>,
    L: Loss<N::Output, E::Target> + Sync,
    M: Metric<N::Output, E::Target>,
{
    fn learn(&mut self, network: &dyn Arrays, block: Block<'_>, slot: &mut Slot) {
        let (network, scale, Shown { indexes, presentation }) = (network.cast::<N>(), block.scale(), block.shown);
        // A network that measures the examples of a block together must not compute them one by one.
        if const { N::STATISTICS > 0 } || indexes.len() > FEW {
            let pass = block.pass();
            self.lay(block.shown);
            self.lanes.forward(network, pass);
            let to = (&mut self.lanes, &mut *self.output);
            let loss = Self::judge(self.task, to, &self.targets, scale, &mut |metric| slot.tally.metric += metric);
            slot.tally.loss += loss;
            return self.lanes.backward(network, slot, pass);
        }
        for (number, index) in indexes.iter().enumerate() {
            let pass = block.single_pass(number);
            let target =
                self.task.examples.show(*index as usize, presentation, self.single.trace.input_mut().cells_mut());
            self.single.forward(network, pass);
            let to = (&mut self.single, &mut *self.output);
            let loss = Self::judge(self.task, to, &[target], scale, &mut |metric| slot.tally.metric += metric);
            slot.tally.loss += loss;
            self.single.backward(network, slot, pass);
        }
    }
}

impl<N, E, L, M> Curve for Passes<'_, N, E, L, M>
where
    N: CurvedNetwork<Element = f32>,
    E: Examples<Input = N::Input>,
    L: CurvedLoss<N::Output, E::Target> + Sync,
    M: Metric<N::Output, E::Target>,
{
    fn add(&mut self, network: &dyn Arrays, block: Shown<'_>, scale: f32, squares: &dyn Arrays, h: &mut dyn Arrays) {
        self.lay(block);
        network.cast::<N>().forward(&mut self.lanes.trace);
        let Traces { trace, errors } = &mut self.lanes;
        self.task.loss.curvature(trace.output(), &self.targets, errors.output_mut());
        for cell in errors.output_mut().cells_mut() {
            *cell = cell.times(Lanes::splat(scale));
        }
        squares.cast::<Squared<N>>().curvature(trace, errors, h.cast_mut());
    }
}

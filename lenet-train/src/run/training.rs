//! Training: what to learn from, how, and what counts as good.

use super::error::{ResumeError, TrainError};
use super::evaluation::evaluate_any;
use super::method::{Method, Optimizer};
use super::metric::Metric;
use super::passes::{Passes, Task};
use super::progress::{Core, Judge, Outcome, Run};
use super::settings::Settings;
use crate::data::{Examples, Part};
use crate::run::Event;
use crate::{Arrays, Course, NetworkInfo, Parts, Plan, initial_weights};
use lenet_layers::{Grad, Init, Loss, Network, Params, initialize};
use std::ops::ControlFlow;
use std::path::Path;

/// What to learn from, how, and what counts as good. The first page of the documentation has an example.
///
/// A run can be stopped, saved, and continued elsewhere to the same bits:
///
/// ```
/// use lenet_layers::{Class, Dense, Init, SoftmaxCrossEntropy, Tanh, Units, sequential};
/// use lenet_train::{Accuracy, Event, Floats, Part, Settings, TrainError, Training};
/// use std::ops::ControlFlow;
///
/// sequential! {
///     pub struct Net, trace NetTrace {
///         input:                Units<2>;
///         f1: Dense<2, 6, Tanh> => Units<6>;
///         f2: Dense<6, 2>       => Units<2>;
///     }
/// }
/// let numbers: Vec<f32> = (0..400).map(|i| (i * 37 % 101) as f32 / 50.0 - 1.0).collect();
/// let classes: Vec<Class<2>> =
///     numbers.chunks(2).map(|pair| Class::new(usize::from(pair[0] > pair[1])).unwrap()).collect();
/// let examples = Floats::new(&numbers, &classes)?;
/// let settings = Settings { epochs: 3, batch: 20, rate: 0.1, ..Settings::default() };
/// let training = Training::new(settings, Part::all(&examples), SoftmaxCrossEntropy, Accuracy);
///
/// let mut whole = training.begin::<Net>(Init::SqrtFanIn)?;
/// whole.go_on(|_| ControlFlow::Continue(()))?;
///
/// let mut first = training.begin::<Net>(Init::SqrtFanIn)?;
/// let stopped = first.go_on(|event| match event {
///     Event::Step(step) if step.step == 13 => ControlFlow::Break(()),
///     _ => ControlFlow::Continue(()),
/// });
/// assert_eq!(stopped, Err(TrainError::Stopped { epoch: 2, step: 13 }));
/// # let folder = tempfile::tempdir()?;
/// # let path = &folder.path().join("state.safetensors");
/// first.save(path)?;
/// let mut second = training.resume::<Net>(path)?;
/// second.go_on(|_| ControlFlow::Continue(()))?;
/// assert_eq!(second.network(), whole.network());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "nothing is trained until `run` or `begin` is called"]
pub struct Training<'t, E, L, M = (), O = Optimizer> {
    settings: Settings,
    learn: Part<'t, E>,
    held_out: Option<Part<'t, E>>,
    loss: L,
    metric: M,
    optimizer: O,
}

impl<'t, E: Examples, L, M> Training<'t, E, L, M> {
    /// Training by gradient descent with momentum, with nothing held out. The metric may be `()`.
    pub fn new(settings: Settings, learn: Part<'t, E>, loss: L, metric: M) -> Self {
        Training { settings, learn, held_out: None, loss, metric, optimizer: Optimizer::default() }
    }
}

impl<'t, E: Examples, L, M, O> Training<'t, E, L, M, O> {
    /// The same with examples that are not learned from: the network is measured on them after each epoch, and the best
    /// one is kept. A part without examples counts as nothing held out, so the latest epoch is the best.
    pub fn with_held_out(self, held_out: Part<'t, E>) -> Self {
        Training { held_out: Some(held_out).filter(|part| !part.indexes().is_empty()), ..self }
    }

    /// The same with another [`Optimizer`], or with [`SecondOrder`](crate::SecondOrder).
    pub fn with_optimizer<P>(self, optimizer: P) -> Training<'t, E, L, M, P> {
        let Training { settings, learn, held_out, loss, metric, .. } = self;
        Training { settings, learn, held_out, loss, metric, optimizer }
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Trains a network from random weights, on the rayon pool in which it is called. The result is the same to the bit
    /// for any number of threads. `watch` sees every event and can stop the training.
    ///
    /// An error discards the network, also if `watch` stops the training. To keep it, use [`begin`](Self::begin) and
    /// [`Run::go_on`].
    ///
    /// # Errors
    /// If the settings make no sense, an example does not exist, the loss or the metric stops being finite, or `watch`
    /// stops the training.
    pub fn run<N>(
        &self,
        init: Init,
        watch: impl FnMut(Event<'_, N>) -> ControlFlow<()>,
    ) -> Result<Outcome<N>, TrainError>
    where
        N: Network<Element = f32>,
        E: Examples<Input = N::Input>,
        L: Loss<N::Output, E::Target> + Sync,
        M: Metric<N::Output, E::Target>,
        O: Method<N, E, L>,
    {
        let mut run = self.begin(init)?;
        run.go_on(watch)?;
        Ok(run.into_outcome())
    }

    /// A run from random weights that has not made a step.
    ///
    /// # Errors
    /// If the settings make no sense, or an example does not exist.
    pub fn begin<N>(&self, init: Init) -> Result<Run<'_, N>, TrainError>
    where
        N: Network<Element = f32>,
        E: Examples<Input = N::Input>,
        L: Loss<N::Output, E::Target> + Sync,
        M: Metric<N::Output, E::Target>,
        O: Method<N, E, L>,
    {
        let mut network = N::boxed_zeroed();
        initialize(&mut *network, init, &mut initial_weights(self.settings.seed));
        self.begin_from(network)
    }

    /// A run from given weights, to train a network further, or with initial weights of one's own.
    ///
    /// # Errors
    /// If the settings make no sense, or an example does not exist.
    pub fn begin_from<N>(&self, network: Box<N>) -> Result<Run<'_, N>, TrainError>
    where
        N: Network<Element = f32>,
        E: Examples<Input = N::Input>,
        L: Loss<N::Output, E::Target> + Sync,
        M: Metric<N::Output, E::Target>,
        O: Method<N, E, L>,
    {
        self.settings.check()?;
        self.optimizer.check()?;
        self.check_examples()?;
        let task = Task { examples: self.learn.examples(), loss: &self.loss, metric: &self.metric };
        let zeroed = || -> Box<dyn Arrays> { N::boxed_zeroed() };
        let parts = Parts {
            zeroed: &zeroed,
            gradient: &|| Grad::<N>::boxed_zeroed(),
            work: &|| Box::new(Passes::<N, E, L, M>::new(task)),
            optimizer: self.optimizer.state(self.settings.decay, &zeroed),
            second: self.optimizer.second(task, self.settings.seed),
        };
        let course = Course::new(self.plan(), parts, self.learn.indexes(), &*network);
        let judge = self.held_out.as_ref().map(|held_out| {
            let task = Task { examples: held_out.examples(), ..task };
            let read = move |network: &dyn Arrays| evaluate_any::<N, E, L, M>(network, held_out.indexes(), task);
            Judge { evaluate: Box::new(read), larger_is_better: M::LARGER_IS_BETTER }
        });
        let held_out = self.held_out.as_ref().map_or(0, |part| part.indexes().len());
        let what = serde_json::json!({
            "settings": self.settings,
            "optimizer": self.optimizer.describe(),
            "examples": [self.learn.indexes().len(), held_out],
            "larger_is_better": M::LARGER_IS_BETTER,
        });
        let core = Core::new(course, NetworkInfo::of::<N>(), judge, self.settings.epochs, what);
        let mut best = N::boxed_zeroed();
        (&mut *best as &mut dyn Arrays).copy_from(&*network);
        Ok(Run { network, best, core })
    }

    /// Loads a run that [`Run::save`] has written, to be continued from there.
    ///
    /// The file says nothing of the loss, nor of the metric except whether a larger one is better, and of the examples it
    /// has only the numbers: give the same as before, or the run does not continue to the same bits.
    ///
    /// # Errors
    /// If the file can't be read, or is not from a run of this network with these settings and as many examples.
    pub fn resume<N>(&self, path: &Path) -> Result<Run<'_, N>, ResumeError>
    where
        N: Network<Element = f32>,
        E: Examples<Input = N::Input>,
        L: Loss<N::Output, E::Target> + Sync,
        M: Metric<N::Output, E::Target>,
        O: Method<N, E, L>,
    {
        let mut run = self.begin_from(N::boxed_zeroed())?;
        run.core.restore(&mut *run.network, &mut *run.best, path)?;
        Ok(run)
    }

    fn check_examples(&self) -> Result<(), TrainError> {
        if self.learn.indexes().is_empty() {
            return Err(TrainError::NoExamples);
        }
        for part in [Some(&self.learn), self.held_out.as_ref()].into_iter().flatten() {
            if let Some(index) = part.missing() {
                return Err(TrainError::NoSuchExample { index, len: part.examples().len() });
            }
        }
        Ok(())
    }

    fn plan(&self) -> Plan<'static> {
        let Settings { epochs, presentations, batch, rate, schedule, clip, average, fixed_order, seed, .. } =
            self.settings;
        Plan {
            epochs,
            presentations: presentations.unwrap_or(self.learn.indexes().len()),
            batch,
            rate,
            factor: Box::new(move |step, steps| schedule.factor(step, steps)),
            clip,
            fixed_order,
            average,
            seed,
        }
    }
}

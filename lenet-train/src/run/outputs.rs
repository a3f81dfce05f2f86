//! The outputs of a network for many examples.

use super::passes::one_of;
use crate::data::{Examples, Part};
use crate::{LANES, Shown, sweep};
use lenet_layers::zerocopy::FromZeros;
use lenet_layers::{Lanes, Network, Shape, Tensor, Trace};

/// Computes the output of every example of a part, in the order of its indexes, each as it is shown first. Runs on the
/// rayon pool in which it is called, sixteen examples at a time; the result does not depend on the number of threads.
///
/// The targets are not used: examples without any have the target `()`.
///
/// ```
/// use lenet_layers::{Dense, Params, Units, sequential};
/// use lenet_train::{Floats, Part, outputs};
/// sequential! {
///     pub struct Net, trace NetTrace {
///         input:           Units<2>;
///         out: Dense<2, 1> => Units<1>;
///     }
/// }
/// let mut net = Net::<f32>::boxed_zeroed();
/// net.out.weight = [[1.0, 10.0]];
/// let examples = Floats::<Units<2>, _>::new(&[1.0, 2.0, 3.0, 4.0], &[(); 2])?;
/// let outputs: Vec<f32> = outputs(&*net, &Part::all(&examples)).iter().map(|y| y.data[0]).collect();
/// assert_eq!(outputs, [21.0, 43.0]);
/// # Ok::<(), lenet_train::ExamplesError>(())
/// ```
///
/// # Panics
/// May panic if an example does not exist.
#[must_use]
pub fn outputs<N, E>(network: &N, part: &Part<'_, E>) -> Vec<Tensor<N::Output>>
where
    N: Network<Element = f32>,
    E: Examples<Input = N::Input>,
{
    let buffers = || {
        let trace = <N::Trace<Lanes<LANES>> as Trace<_>>::boxed_zeroed();
        (trace, vec![0.0; LANES * N::Input::LEN], Vec::with_capacity(LANES))
    };
    let parts = sweep(part.indexes(), &buffers, &|(trace, room, targets), indexes, outputs: &mut Vec<_>| {
        targets.clear();
        part.examples().lay(Shown { indexes, presentation: 0 }, trace.input_mut(), room, targets);
        let y = network.forward(trace);
        outputs.extend((0..indexes.len()).map(|lane| {
            let mut output = Tensor::new_zeroed();
            one_of(y, lane, &mut output);
            output
        }));
    });
    parts.into_iter().flatten().collect()
}

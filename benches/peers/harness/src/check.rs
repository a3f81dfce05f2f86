//! Checks that a program computes what it is timed for.

use crate::{Data, Kind, PARAMETERS, Peer, RATE, Work};
use anyhow::{Result, ensure};

/// The tolerance of the outputs, which are of the order of 1.
const OUTPUTS: f32 = 1e-4;
/// The tolerance of a step, relative to its largest number.
const STEP: f32 = 2e-3;

/// Checks for the same weights, the same outputs and the same first step as the reference.
pub(crate) fn same_network<P: Peer>(data: &Data, work: Work) -> Result<()> {
    let mut peer = P::new(data, Work { kind: Kind::Train, batch: 64, ..work })?;
    let first = peer.parameters()?;
    ensure!(first.len() == PARAMETERS, "{} parameters, not {PARAMETERS}", first.len());
    ensure!(largest_difference(&first, &data.weights) == 0.0, "it does not start from the weights it was given");
    outputs_as_reference(&peer, data)?;
    peer.train(1)?;
    let (step, wanted) = (step(&peer.parameters()?, data), step(&data.stepped, data));
    let scale = wanted.iter().fold(0.0, |m: f32, d| m.max(d.abs()));
    let error = largest_difference(&step, &wanted) / scale;
    ensure!(error < STEP, "its first step is off by {error:e} of the reference's largest number");
    Ok(())
}

fn step(parameters: &[f32], data: &Data) -> Vec<f32> {
    parameters.iter().zip(&data.weights).map(|(now, before)| (now - before) / RATE as f32).collect()
}

/// Checks that the outputs are those of the reference, and finite.
pub(crate) fn outputs_as_reference<P: Peer>(peer: &P, data: &Data) -> Result<()> {
    let outputs = peer.outputs(data.outputs.len() / 10)?;
    let error = largest_difference(&outputs, &data.outputs);
    ensure!(error < OUTPUTS, "its outputs are off by {error:e}");
    Ok(())
}

/// NaN if either side has one, or if the lengths differ.
fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    if a.len() != b.len() {
        return f32::NAN;
    }
    a.iter().zip(b).fold(0.0, |m: f32, (a, b)| if (a - b).is_nan() { f32::NAN } else { m.max((a - b).abs()) })
}

/// The mean cross-entropy of the first 256 images.
pub(crate) fn loss<P: Peer>(peer: &P, data: &Data) -> Result<f64> {
    const IMAGES: usize = 256;
    let outputs = peer.outputs(IMAGES)?;
    ensure!(outputs.len() == 10 * IMAGES, "{} outputs for {IMAGES} images", outputs.len());
    ensure!(outputs.iter().all(|o| o.is_finite()), "its outputs are not finite");
    let losses = outputs.as_chunks::<10>().0.iter().zip(&data.labels).map(|(outputs, label)| {
        let sum: f64 = outputs.iter().map(|o| f64::from(*o).exp()).sum();
        sum.ln() - f64::from(outputs[usize::from(*label)])
    });
    Ok(losses.sum::<f64>() / IMAGES as f64)
}

//! Digits that stand apart are read a second time, by LeNet-5: it knows single digits better than the sweep does, and its
//! errors are others.

use super::decode::Hypothesis;
use super::network::{LINE_HEIGHT, STRIDE};
use super::sweep::Line;
use crate::{Classify, LeNet5, Reading};
use lenet_data::strings::INK;
use lenet_data::{Image, centred};

/// How much of a single digit's probabilities is believed; the rest is shared by all digits.
const BELIEVED: f64 = 0.9;

/// Multiplies the probability of each reading by that of its digits that stand apart. The sum over the readings stays.
pub(super) fn weigh(line: &Line, readings: &mut [Hypothesis]) {
    let Some(best) = readings.first() else { return };
    let apart = apart(line, best);
    // One at a time: lines are read on all threads, and to divide this work too would nest one line's work in another's,
    // as deep as the stack goes.
    let single: Vec<Reading> = apart.iter().map(|(_, image)| LeNet5::pretrained().classify(image)).collect();
    let believed = |p: f32| BELIEVED * f64::from(p) + (1.0 - BELIEVED) / 10.0;
    let length = best.digits.len();
    let total: f64 = readings.iter().map(|reading| reading.probability).sum();
    for reading in readings.iter_mut() {
        for ((position, _), single) in apart.iter().zip(&single) {
            // Of a reading with more or fewer digits it is not known which digit stands where.
            let digit = if reading.digits.len() == length { reading.digits[*position] } else { single.digit };
            reading.probability *= believed(single.probabilities[usize::from(digit)]);
        }
    }
    let sum: f64 = readings.iter().map(|reading| reading.probability).sum();
    if sum > 0.0 {
        readings.iter_mut().for_each(|reading| reading.probability *= total / sum);
    }
    readings.sort_by(|a, b| b.probability.total_cmp(&a.probability));
}

/// The positions of the digits of a reading that share their run of columns with ink with no other digit, and their
/// images in MNIST's form.
fn apart(line: &Line, reading: &Hypothesis) -> Vec<(usize, Image)> {
    let runs = runs(line);
    let middle = |(first, last): (usize, usize)| (first + last) * STRIDE / 2 + LINE_HEIGHT / 2;
    let run_of = |place| {
        let middle = middle(place);
        // The middle of an output column is at most a stride away from the digit.
        let distance = |&[from, to]: &[usize; 2]| from.saturating_sub(middle).max((middle + 1).saturating_sub(to));
        let nearest = (0..runs.len()).min_by_key(|&i| distance(&runs[i]))?;
        (distance(&runs[nearest]) <= STRIDE).then_some(nearest)
    };
    let homes: Vec<Option<usize>> = reading.places.iter().map(|place| run_of(*place)).collect();
    let alone = |position: usize| {
        let home = homes[position]?;
        let shared = homes.iter().enumerate().any(|(other, at)| other != position && *at == Some(home));
        let [from, to] = runs[home];
        if shared || to - from > 2 * LINE_HEIGHT {
            return None;
        }
        let levels: Vec<u8> = (0..LINE_HEIGHT).flat_map(|row| line.row(row)[from..to].iter().copied()).collect();
        Some((position, centred(to - from, &levels)?))
    };
    (0..homes.len()).filter_map(alone).collect()
}

/// The runs of columns with ink: the first column of each and the first after it.
fn runs(line: &Line) -> Vec<[usize; 2]> {
    let mut has_ink = vec![false; line.width()];
    for row in 0..LINE_HEIGHT {
        for (has, level) in has_ink.iter_mut().zip(line.row(row)) {
            *has |= *level >= INK;
        }
    }
    let mut runs: Vec<[usize; 2]> = Vec::new();
    for (column, _) in has_ink.iter().enumerate().filter(|(_, has)| **has) {
        match runs.last_mut().filter(|run| run[1] == column) {
            Some(run) => run[1] += 1,
            None => runs.push([column, column + 1]),
        }
    }
    runs
}

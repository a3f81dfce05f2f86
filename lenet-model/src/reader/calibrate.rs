//! How far the probabilities of a reader can be trusted, from lines that it was not trained on.

use super::Reader;
use super::decode::{Column, Hypothesis, log_probability};
use super::grammar::Grammar;
use super::read::{cool, sureness};
use super::sweep::{Line, sweep};
use super::training::{Lines, composed};
use crate::Normalization;
use crate::infer::fewest;
use std::ops::Range;

/// The errors that are left among the digits above the margin.
const SURE: f64 = 0.005;

impl Reader {
    /// Chooses the temperature and the margin of the description by lines that the network has not seen: the temperature
    /// with which the strings that they show are likeliest (Guo et al. 2017), and the least margin that leaves errors in
    /// 0.5% of the digits.
    pub fn calibrate(&mut self, lines: &dyn Lines, numbers: Range<u64>) {
        let (pictures, strings): (Vec<Line>, Vec<Vec<u8>>) = numbers.map(|number| composed(lines, number)).unzip();
        let columns = sweep(self.network(), &pictures, Normalization::PAPER);
        self.description.temperature = temperature(&columns, &strings);
        let read = self.read_strips(&pictures, &Grammar::default());
        self.description.margin = margin(read.iter().map(|(readings, _)| readings.as_slice()), &strings);
    }
}

/// The temperature with which the strings are likeliest, by golden section search of its logarithm.
fn temperature(columns: &[Vec<Column>], strings: &[Vec<u8>]) -> f32 {
    let loss = |log_temperature: f64| -> f64 {
        let temperature = log_temperature.exp() as f32;
        let each = columns.iter().zip(strings).map(|(columns, digits)| {
            let mut columns = columns.clone();
            columns.iter_mut().for_each(|column| cool(column, temperature));
            // A line whose string does not fit into its columns says nothing.
            let log = log_probability(&columns, digits);
            if log.is_finite() { -log } else { 0.0 }
        });
        each.sum()
    };
    let golden = 0.5 * (5.0_f64.sqrt() - 1.0);
    let (mut low, mut high) = (0.25_f64.ln(), 4.0_f64.ln());
    let mut inner = [high - golden * (high - low), low + golden * (high - low)];
    let mut losses = inner.map(loss);
    for _ in 0..20 {
        if losses[0] < losses[1] {
            high = inner[1];
            inner = [high - golden * (high - low), inner[0]];
            losses = [loss(inner[0]), losses[0]];
        } else {
            low = inner[0];
            inner = [inner[1], low + golden * (high - low)];
            losses = [losses[1], loss(inner[1])];
        }
    }
    (0.5 * (low + high)).exp() as f32
}

/// The least probability of a digit with which at most [`SURE`] of the digits are wrong; none if there is none.
fn margin<'a>(read: impl Iterator<Item = &'a [Hypothesis]>, strings: &[Vec<u8>]) -> Option<f64> {
    let mut digits: Vec<(f64, bool)> = Vec::new();
    for (readings, string) in read.zip(strings) {
        let Some(best) = readings.first() else { continue };
        for (position, digit) in best.digits.iter().enumerate() {
            let is_wrong = best.digits.len() != string.len() || string[position] != *digit;
            digits.push((sureness(readings, position), is_wrong));
        }
    }
    fewest(digits, SURE).map(|(_, _, least)| least)
}

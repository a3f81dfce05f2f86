//! From what the sweep says about each column to strings of digits: a beam search over prefixes, and the exact
//! probability and the places of the digits of each string that it finds.

use super::grammar::Grammar;

/// The digits and the blank.
pub(crate) const CLASSES: usize = 11;
/// The index of the blank.
pub(crate) const BLANK: usize = CLASSES - 1;

/// The logarithms of the probabilities of the ten digits and of the blank, in one column of the sweep.
pub type Column = [f32; CLASSES];

/// A string of digits that a row of columns may show.
#[derive(Clone, Debug, PartialEq)]
pub struct Hypothesis {
    /// The digits, from left to right.
    pub digits: Vec<u8>,
    /// The probability of the string: the sum over all alignments.
    pub probability: f64,
    /// The first and the last column of each digit in the likeliest alignment.
    pub places: Vec<(usize, usize)>,
}

/// The least number of digits to replace, add or remove that turns one string into the other (Levenshtein 1966).
///
/// ```
/// use lenet_model::reader::edit_distance;
/// assert_eq!(edit_distance(&[1, 9, 9, 8], &[1, 9, 8]), 1);
/// ```
#[must_use]
pub fn edit_distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let kept = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = kept.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// How many prefixes are kept from column to column.
const BEAM: usize = 24;
/// Digits that are less likely than e to this power are not tried in a column.
const FAINT: f32 = -9.0;
/// Prefixes that are less likely than the best one by this factor, as a logarithm, are dropped.
const HOPELESS: f64 = -14.0;

/// The likeliest strings of a grammar, best first, `count` at most. There is none if the grammar has no string that
/// fits into the columns.
#[must_use]
pub fn decode(columns: &[Column], grammar: &Grammar, count: usize) -> Vec<Hypothesis> {
    let mut found: Vec<Hypothesis> = search(columns, grammar)
        .into_iter()
        .take(2 * count)
        .map(|digits| Hypothesis {
            probability: log_probability(columns, &digits).exp(),
            places: places(columns, &digits),
            digits,
        })
        .collect();
    found.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    found.truncate(count);
    found
}

/// A prefix of the beam, in a tree of all prefixes that were ever in it.
#[derive(Clone, Copy)]
struct Node {
    parent: u32,
    digit: u8,
    length: u16,
}

/// The logarithms of the probability of a prefix, with alignments that end in a blank and in its last digit.
#[derive(Clone, Copy)]
struct Prefix {
    node: u32,
    blank: f64,
    digit: f64,
}

impl Prefix {
    fn total(&self) -> f64 {
        add(self.blank, self.digit)
    }
}

const NEVER: f64 = f64::NEG_INFINITY;

/// ln(e^a + e^b)
fn add(a: f64, b: f64) -> f64 {
    let (most, least) = if a > b { (a, b) } else { (b, a) };
    if least == NEVER { most } else { most + (least - most).exp().ln_1p() }
}

/// The strings at the end of the beam, best first, as far as the beam knows.
fn search(columns: &[Column], grammar: &Grammar) -> Vec<Vec<u8>> {
    let mut tree = vec![Node { parent: 0, digit: 0, length: 0 }];
    let mut beam = vec![Prefix { node: 0, blank: 0.0, digit: NEVER }];
    let mut next: Vec<Prefix> = Vec::new();
    let mut ranked: Vec<(f64, Prefix)> = Vec::new();
    for column in columns {
        next.clear();
        for prefix in &beam {
            let (node, total) = (tree[prefix.node as usize], prefix.total());
            let stays =
                |digit: f64| if node.length == 0 { NEVER } else { digit + f64::from(column[node.digit as usize]) };
            merge(&mut next, prefix.node, total + f64::from(column[BLANK]), stays(prefix.digit));
            for digit in grammar.digits_at(usize::from(node.length)) {
                let p = column[usize::from(digit)];
                if p < FAINT {
                    continue;
                }
                // An equal digit needs a blank before it.
                let before = if node.length > 0 && node.digit == digit { prefix.blank } else { total };
                if before > NEVER {
                    let child = child(&mut tree, &next, &beam, prefix.node, digit);
                    merge(&mut next, child, NEVER, before + f64::from(p));
                }
            }
        }
        // The totals cost logarithms: each is computed once.
        ranked.clear();
        ranked.extend(next.iter().map(|prefix| (prefix.total(), *prefix)));
        ranked.sort_by(|(a, p), (b, q)| b.total_cmp(a).then(p.node.cmp(&q.node)));
        let best = ranked.first().map_or(NEVER, |(total, _)| *total);
        beam.clear();
        beam.extend(
            ranked.iter().take(BEAM).take_while(|(total, _)| *total >= best + HOPELESS).map(|(_, prefix)| *prefix),
        );
    }
    beam.retain(|prefix| grammar.accepts(usize::from(tree[prefix.node as usize].length)));
    beam.iter().map(|prefix| spell(&tree, prefix.node)).collect()
}

/// The node of a prefix with one more digit: one that is in the beam already, or a new one.
fn child(tree: &mut Vec<Node>, next: &[Prefix], beam: &[Prefix], parent: u32, digit: u8) -> u32 {
    let is_it = |prefix: &&Prefix| {
        let node = tree[prefix.node as usize];
        node.length > 0 && node.parent == parent && node.digit == digit
    };
    if let Some(prefix) = next.iter().chain(beam).find(is_it) {
        return prefix.node;
    }
    let length = tree[parent as usize].length + 1;
    tree.push(Node { parent, digit, length });
    (tree.len() - 1) as u32
}

/// Adds probability to a prefix of the next beam.
fn merge(next: &mut Vec<Prefix>, node: u32, blank: f64, digit: f64) {
    match next.iter_mut().find(|prefix| prefix.node == node) {
        Some(prefix) => {
            prefix.blank = add(prefix.blank, blank);
            prefix.digit = add(prefix.digit, digit);
        }
        None => next.push(Prefix { node, blank, digit }),
    }
}

fn spell(tree: &[Node], mut node: u32) -> Vec<u8> {
    let mut digits = Vec::new();
    while tree[node as usize].length > 0 {
        digits.push(tree[node as usize].digit);
        node = tree[node as usize].parent;
    }
    digits.reverse();
    digits
}

/// The states of a string: a blank before each digit and after the last one, and the digits between them.
fn class_of(state: usize, digits: &[u8]) -> usize {
    if state.is_multiple_of(2) { BLANK } else { usize::from(digits[state / 2]) }
}

/// Whether state `state` may follow the state two before it: only a digit, after another one.
fn may_skip(state: usize, digits: &[u8]) -> bool {
    state % 2 == 1 && state > 1 && digits[state / 2] != digits[state / 2 - 1]
}

/// The logarithm of a string's probability, summed over all alignments.
pub(super) fn log_probability(columns: &[Column], digits: &[u8]) -> f64 {
    let states = 2 * digits.len() + 1;
    let mut alpha = vec![NEVER; states];
    alpha[0] = 0.0;
    for column in columns {
        // From the last state to the first: each is computed from those of the column before.
        for state in (0..states).rev() {
            let mut sum = alpha[state];
            if state > 0 {
                sum = add(sum, alpha[state - 1]);
            }
            if may_skip(state, digits) {
                sum = add(sum, alpha[state - 2]);
            }
            alpha[state] = sum + f64::from(column[class_of(state, digits)]);
        }
    }
    if states == 1 { alpha[0] } else { add(alpha[states - 1], alpha[states - 2]) }
}

/// The columns of each digit in the likeliest alignment.
pub(super) fn places(columns: &[Column], digits: &[u8]) -> Vec<(usize, usize)> {
    let states = 2 * digits.len() + 1;
    let mut best = vec![NEVER; states];
    best[0] = 0.0;
    let mut back = vec![0u8; columns.len() * states];
    for (w, column) in columns.iter().enumerate() {
        for state in (0..states).rev() {
            let (mut most, mut step) = (best[state], 0);
            if state > 0 && best[state - 1] > most {
                (most, step) = (best[state - 1], 1);
            }
            if may_skip(state, digits) && best[state - 2] > most {
                (most, step) = (best[state - 2], 2);
            }
            best[state] = most + f64::from(column[class_of(state, digits)]);
            back[w * states + state] = step;
        }
    }
    let mut places = vec![(usize::MAX, 0); digits.len()];
    let mut state = if states > 1 && best[states - 2] > best[states - 1] { states - 2 } else { states - 1 };
    for w in (0..columns.len()).rev() {
        if state % 2 == 1 {
            let place = &mut places[state / 2];
            *place = (w, place.1.max(w));
        }
        state -= usize::from(back[w * states + state]);
    }
    places
}

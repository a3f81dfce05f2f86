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
/// Digits that are less likely than this are not tried in a column.
const FAINT: f64 = 1e-4;
/// Prefixes that are less likely than the best one by this factor are dropped.
const HOPELESS: f64 = 1e-6;

/// The likeliest strings of a grammar, best first, `count` at most. There is none if the grammar has no string that
/// fits into the columns.
#[must_use]
pub fn decode(columns: &[Column], grammar: &Grammar, count: usize) -> Vec<Hypothesis> {
    let probabilities = probabilities(columns);
    let mut found: Vec<Hypothesis> = search(&probabilities, grammar)
        .into_iter()
        .take(2 * count)
        .map(|digits| Hypothesis {
            probability: log_sum(&probabilities, &digits).exp(),
            places: places(columns, &digits),
            digits,
        })
        .collect();
    found.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    found.truncate(count);
    found
}

/// The probabilities of the classes in each column. Sums of products of them are scaled from column to column: that is
/// as exact as sums of logarithms, and needs no exponentials.
fn probabilities(columns: &[Column]) -> Vec<[f64; CLASSES]> {
    columns.iter().map(|column| column.map(|log| f64::from(log).exp())).collect()
}

/// A prefix of the beam, in a tree of all prefixes that were ever in it.
#[derive(Clone, Copy)]
struct Node {
    parent: u32,
    digit: u8,
    length: u16,
}

/// The probability of a prefix, with alignments that end in a blank and in its last digit, times a factor that is the
/// same for all of the beam.
#[derive(Clone, Copy)]
struct Prefix {
    node: u32,
    blank: f64,
    digit: f64,
}

impl Prefix {
    fn total(&self) -> f64 {
        self.blank + self.digit
    }
}

/// The strings at the end of the beam, best first, as far as the beam knows.
fn search(columns: &[[f64; CLASSES]], grammar: &Grammar) -> Vec<Vec<u8>> {
    let mut tree = vec![Node { parent: 0, digit: 0, length: 0 }];
    let mut beam = vec![Prefix { node: 0, blank: 1.0, digit: 0.0 }];
    let mut next: Vec<Prefix> = Vec::new();
    for column in columns {
        next.clear();
        for prefix in &beam {
            let (node, total) = (tree[prefix.node as usize], prefix.total());
            let stays = if node.length == 0 { 0.0 } else { prefix.digit * column[usize::from(node.digit)] };
            merge(&mut next, prefix.node, total * column[BLANK], stays);
            for digit in grammar.digits_at(usize::from(node.length)) {
                let p = column[usize::from(digit)];
                if p < FAINT {
                    continue;
                }
                // An equal digit needs a blank before it.
                let before = if node.length > 0 && node.digit == digit { prefix.blank } else { total };
                if before > 0.0 {
                    let child = child(&mut tree, &next, &beam, prefix.node, digit);
                    merge(&mut next, child, 0.0, before * p);
                }
            }
        }
        let best = next.iter().map(Prefix::total).fold(0.0, f64::max);
        next.retain(|prefix| prefix.total() >= best * HOPELESS);
        next.sort_by(|a, b| b.total().total_cmp(&a.total()).then(a.node.cmp(&b.node)));
        next.truncate(BEAM);
        beam.clear();
        // A column in which nothing is likely must not end the search.
        let scale = if best > 0.0 { 1.0 / best } else { 1.0 };
        beam.extend(next.iter().map(|p| Prefix { node: p.node, blank: p.blank * scale, digit: p.digit * scale }));
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
            prefix.blank += blank;
            prefix.digit += digit;
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
#[cfg(feature = "train")]
pub(super) fn log_probability(columns: &[Column], digits: &[u8]) -> f64 {
    log_sum(&probabilities(columns), digits)
}

/// The same, from probabilities.
fn log_sum(columns: &[[f64; CLASSES]], digits: &[u8]) -> f64 {
    let states = 2 * digits.len() + 1;
    let mut alpha = vec![0.0; states];
    alpha[0] = 1.0;
    let mut log = 0.0;
    for column in columns {
        // From the last state to the first: each is computed from those of the column before.
        for state in (0..states).rev() {
            let mut sum = alpha[state];
            if state > 0 {
                sum += alpha[state - 1];
            }
            if may_skip(state, digits) {
                sum += alpha[state - 2];
            }
            alpha[state] = sum * column[class_of(state, digits)];
        }
        let most = alpha.iter().copied().fold(0.0, f64::max);
        if most > 0.0 {
            alpha.iter_mut().for_each(|sum| *sum /= most);
            log += most.ln();
        }
    }
    log + if states == 1 { alpha[0] } else { alpha[states - 1] + alpha[states - 2] }.ln()
}

const NEVER: f64 = f64::NEG_INFINITY;

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

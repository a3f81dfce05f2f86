//! Ruled lines and underlines, taken off the ink: otherwise all digits that stand on one are a single part.

use super::super::ink::Ink;

/// A rule is at least this part of the picture's width long.
const LEAST_LENGTH: f32 = 0.5;
/// And at most this part of its height thick, but may always have 3 pixels.
const MOST_THICKNESS: f32 = 0.08;
/// Where strokes cross it or it is broken, a rule goes on for this part of its width.
const MOST_GAP: f32 = 0.15;

/// As many columns show that a line may be a rule.
const SHOWN: usize = 16;

/// Pixels of a column that lie together: the first and the last.
type Run = (usize, usize);

/// Thin runs of neighbouring columns that make up a line.
struct Chain {
    /// Its column and its run, in each column where it has one.
    runs: Vec<(usize, Run)>,
}

/// Takes thin lines off that cross at least half of the picture, nearly level. Strokes that cross them stay.
pub(super) fn take_off(ink: &mut Ink) {
    let thickest = ((MOST_THICKNESS * ink.height as f32) as usize).max(3);
    let gap = ((MOST_GAP * ink.width as f32) as usize).max(2);
    let mut chains: Vec<Chain> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for (x, runs) in thin_runs(ink, thickest).into_iter().enumerate() {
        open.retain(|&chain| {
            let runs = &chains[chain].runs;
            // Only what has shown that it may be a rule is followed across a gap: a texture has thousands of short runs.
            let gap = if runs.len() >= SHOWN { gap } else { 1 };
            runs.last().is_some_and(|last| x - last.0 <= gap)
        });
        for run in runs {
            let follows = |&&chain: &&usize| {
                chains[chain].runs.last().is_some_and(|&(column, (top, bottom))| {
                    // A line may rise or fall by a pixel in eight columns.
                    let slack = 1 + (x - column) / 8;
                    column < x && run.0 <= bottom + slack && top <= run.1 + slack
                })
            };
            match open.iter().find(follows).copied() {
                Some(chain) => chains[chain].runs.push((x, run)),
                None => {
                    open.push(chains.len());
                    chains.push(Chain { runs: vec![(x, run)] });
                }
            }
        }
    }
    let least = (LEAST_LENGTH * ink.width as f32) as usize;
    for chain in chains.iter().filter(|chain| chain.runs.len() >= least.max(16)) {
        chain.runs.iter().for_each(|&(x, run)| clear(ink, x, run));
    }
}

/// For every column the runs of ink that are not thicker than a rule.
fn thin_runs(ink: &Ink, thickest: usize) -> Vec<Vec<Run>> {
    let mut runs: Vec<Vec<Run>> = vec![Vec::new(); ink.width];
    // How many pixels of ink lie above the current row, in each column.
    let mut above = vec![0; ink.width];
    for (y, row) in ink.levels.chunks_exact(ink.width).chain([&vec![0; ink.width][..]]).enumerate() {
        for (x, (above, &level)) in above.iter_mut().zip(row).enumerate() {
            if level >= ink.threshold {
                *above += 1;
            } else if *above > 0 {
                if *above <= thickest {
                    runs[x].push((y - *above, y - 1));
                }
                *above = 0;
            }
        }
    }
    runs
}

/// Takes a run and its faint edges away.
fn clear(ink: &mut Ink, x: usize, (top, bottom): Run) {
    let reach = 2;
    for y in top.saturating_sub(reach)..=(bottom + reach).min(ink.height - 1) {
        ink.levels[y * ink.width + x] = 0;
    }
}

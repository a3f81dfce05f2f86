//! Ruled lines and underlines, taken off the ink: otherwise all digits that stand on one are a single part.

use super::super::ink::Ink;

/// A rule is at least this part of the picture's width long.
const LEAST_LENGTH: f32 = 0.5;
/// And at most this part of its height thick, but may always have 3 pixels.
const MOST_THICKNESS: f32 = 0.12;
/// Where strokes cross it or it is broken, a rule goes on for this part of its width.
const MOST_GAP: f32 = 0.15;

/// The middle of a rule is off a straight line by this part of the picture's height on the average, at most.
const MOST_BEND: f32 = 0.03;
/// Within its length, a rule may be missing in this part of the columns.
const MOST_MISSING: f32 = 0.12;

/// As many columns show that a line may be a rule.
const SHOWN: usize = 16;

/// Pixels of a column that lie together: the first and the last.
type Run = (usize, usize);

/// Thin runs of neighbouring columns that make up a line.
struct Chain {
    /// Its column and its run, in each column where it has one.
    runs: Vec<(usize, Run)>,
}

impl Chain {
    /// The middle of a run.
    fn middle((_, (top, bottom)): &(usize, Run)) -> f32 {
        0.5 * (top + bottom) as f32
    }

    /// Whether its middle follows a straight line: the tops of round digits beside each other do not.
    fn is_straight(&self, ink: &Ink) -> bool {
        let count = self.runs.len() as f32;
        let mean = |of: &dyn Fn(&(usize, Run)) -> f32| self.runs.iter().map(of).sum::<f32>() / count;
        let (x, y) = (mean(&|run| run.0 as f32), mean(&Self::middle));
        let spread = mean(&|run| (run.0 as f32 - x).powi(2)).max(1e-3);
        let slope = mean(&|run| (run.0 as f32 - x) * (Self::middle(run) - y)) / spread;
        let off = mean(&|run| (Self::middle(run) - y - slope * (run.0 as f32 - x)).powi(2)).sqrt();
        off <= (MOST_BEND * ink.height as f32).max(0.7)
    }

    /// Whether there is ink all along it, that of strokes which cross it included. Between digits that stand beside each
    /// other there is none.
    fn is_whole(&self, ink: &Ink) -> bool {
        let mut missing = 0;
        for pair in self.runs.windows(2) {
            let ((from, _), (to, _)) = (pair[0], pair[1]);
            let (first, last) = (Self::middle(&pair[0]), Self::middle(&pair[1]));
            for x in from + 1..to {
                let y = first + (last - first) * (x - from) as f32 / (to - from) as f32;
                let near = (y as usize).saturating_sub(1)..(y as usize + 3).min(ink.height);
                let has_ink = near.clone().any(|y| ink.levels[y * ink.width + x] >= ink.threshold / 2);
                missing += usize::from(!has_ink);
            }
        }
        let length = self.runs[self.runs.len() - 1].0 - self.runs[0].0;
        missing as f32 <= MOST_MISSING * length as f32
    }
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
    // In a narrow picture, a long line may be the bar of a 7.
    let least = ((LEAST_LENGTH * ink.width as f32) as usize).max(3 * ink.height / 2);
    let ink_before: &Ink = ink;
    chains.retain(|chain| {
        chain.runs.len() >= least.max(SHOWN) && chain.is_straight(ink_before) && chain.is_whole(ink_before)
    });
    for chain in chains {
        chain.runs.iter().for_each(|&(x, run)| clear(ink, x, run));
    }
}

/// For every column the runs of ink that are not thicker than a rule.
fn thin_runs(ink: &Ink, thickest: usize) -> Vec<Vec<Run>> {
    let mut runs: Vec<Vec<Run>> = vec![Vec::new(); ink.width];
    // How many pixels of ink lie above the current row, in each column.
    let mut above = vec![0; ink.width];
    // Printed lines are often fainter than writing.
    let faint = (ink.threshold / 2).max(ink.gate);
    for (y, row) in ink.levels.chunks_exact(ink.width).chain([&vec![0; ink.width][..]]).enumerate() {
        for (x, (above, &level)) in above.iter_mut().zip(row).enumerate() {
            if level >= faint {
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

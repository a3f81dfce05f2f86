//! The connected parts of the ink, and which edges belong to which.

use super::ink::Ink;

/// A part: pixels of sure ink that touch by a side or a corner.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) frame: Frame,
    /// Pixels.
    pub(super) area: usize,
}

/// A rectangle of pixels; right and bottom are the first that are not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) left: usize,
    pub(super) top: usize,
    pub(super) right: usize,
    pub(super) bottom: usize,
}

impl Frame {
    pub(super) const NOTHING: Self = Self { left: usize::MAX, top: usize::MAX, right: 0, bottom: 0 };

    pub(super) fn width(&self) -> usize {
        self.right - self.left
    }

    pub(super) fn height(&self) -> usize {
        self.bottom - self.top
    }

    pub(super) fn longer(&self) -> usize {
        self.width().max(self.height())
    }

    /// The frame around both.
    pub(super) fn with(&self, other: &Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    pub(super) fn add(&mut self, x: usize, y: usize) {
        *self = self.with(&Self { left: x, top: y, right: x + 1, bottom: y + 1 });
    }
}

/// Every pixel's part: 0 for none, else one more than the part's index.
pub(super) struct Parts {
    width: usize,
    labels: Vec<u32>,
    pub(super) parts: Vec<Part>,
}

impl Parts {
    /// The parts of what is ink for sure, by the two passes of Rosenfeld and Pfaltz (1966).
    pub(super) fn of(ink: &Ink) -> Self {
        let mut labels = vec![0_u32; ink.levels.len()];
        // Element `label` leads to an equal or smaller label of the same part.
        let mut parents = vec![0_u32];
        for y in 0..ink.height {
            for x in 0..ink.width {
                let index = y * ink.width + x;
                if ink.levels[index] < ink.threshold {
                    continue;
                }
                let label_at = |dx: isize, dy: isize| {
                    let (x, y) = (x.checked_add_signed(dx), y.checked_add_signed(dy));
                    x.zip(y).filter(|(x, _)| *x < ink.width).map_or(0, |(x, y)| labels[y * ink.width + x])
                };
                let mut label = 0;
                for near in [label_at(-1, 0), label_at(-1, -1), label_at(0, -1), label_at(1, -1)] {
                    label = match (label, near) {
                        (label, 0) => label,
                        (0, near) => near,
                        (label, near) if label == near => label,
                        (label, near) => join(&mut parents, label, near),
                    };
                }
                if label == 0 {
                    label = parents.len() as u32;
                    parents.push(label);
                }
                labels[index] = label;
            }
        }
        Self::numbered(ink.width, labels, parents)
    }

    /// Labels of equal parts become one, in the order in which the parts begin.
    fn numbered(width: usize, mut labels: Vec<u32>, mut parents: Vec<u32>) -> Self {
        let mut parts: Vec<Part> = Vec::new();
        for label in 1..parents.len() {
            // A parent is smaller, and has its number already.
            let parent = parents[label] as usize;
            if parent == label {
                parts.push(Part { frame: Frame::NOTHING, area: 0 });
                parents[label] = parts.len() as u32;
            } else {
                parents[label] = parents[parent];
            }
        }
        for (y, row) in labels.chunks_exact_mut(width).enumerate() {
            for (x, label) in row.iter_mut().enumerate().filter(|(_, label)| **label > 0) {
                *label = parents[*label as usize];
                let part = &mut parts[*label as usize - 1];
                part.frame.add(x, y);
                part.area += 1;
            }
        }
        Self { width, labels, parts }
    }

    /// Puts the parts together into `groups` (by part; `None` drops it), and gives each group the edges around
    /// it: pixels above the gate that are connected to it, the nearer group's if several are, not farther away than a
    /// tenth of the group's size and at least 4.
    pub(super) fn grouped(mut self, ink: &Ink, groups: &[Option<usize>]) -> Groups {
        let count = groups.iter().flatten().max().map_or(0, |most| most + 1);
        let mut frames = vec![Frame::NOTHING; count];
        for (part, group) in self.parts.iter().zip(groups) {
            if let Some(group) = *group {
                frames[group] = frames[group].with(&part.frame);
            }
        }
        let reach: Vec<usize> = frames.iter().map(|frame| (frame.longer() / 10).max(4)).collect();
        let mut edge = Vec::new();
        for (index, label) in self.labels.iter_mut().enumerate().filter(|(_, label)| **label > 0) {
            // What is dropped stays a wall for what is kept.
            *label = groups[*label as usize - 1].map_or(DROPPED, |group| group as u32 + 1);
            if *label != DROPPED {
                edge.push(index as u32);
            }
        }
        let mut next = Vec::new();
        for distance in 1.. {
            for &index in &edge {
                let label = self.labels[index as usize];
                if distance > reach[label as usize - 1] {
                    continue;
                }
                self.each_neighbour(index as usize, |near, labels| {
                    if labels[near] == 0 && ink.levels[near] >= ink.gate {
                        labels[near] = label;
                        frames[label as usize - 1].add(near % ink.width, near / ink.width);
                        next.push(near as u32);
                    }
                });
            }
            if next.is_empty() {
                break;
            }
            edge.clear();
            std::mem::swap(&mut edge, &mut next);
        }
        Groups { width: self.width, labels: self.labels, frames }
    }

    fn each_neighbour(&mut self, index: usize, mut with: impl FnMut(usize, &mut [u32])) {
        let (x, y, height) = (index % self.width, index / self.width, self.labels.len() / self.width);
        for near_y in y.saturating_sub(1)..(y + 2).min(height) {
            for near_x in x.saturating_sub(1)..(x + 2).min(self.width) {
                with(near_y * self.width + near_x, &mut self.labels);
            }
        }
    }
}

const DROPPED: u32 = u32::MAX;

/// The smaller root of two labels, which are of one part from now on.
fn join(parents: &mut [u32], a: u32, b: u32) -> u32 {
    let (a, b) = (root(parents, a), root(parents, b));
    parents[a.max(b) as usize] = a.min(b);
    a.min(b)
}

fn root(parents: &mut [u32], mut label: u32) -> u32 {
    while parents[label as usize] != label {
        // Half the way is gone next time.
        parents[label as usize] = parents[parents[label as usize] as usize];
        label = parents[label as usize];
    }
    label
}

/// Every pixel's group: 0 for none, else one more than the group's index.
pub(super) struct Groups {
    width: usize,
    labels: Vec<u32>,
    /// Around each group and its edges.
    pub(super) frames: Vec<Frame>,
}

impl Groups {
    /// The ink of one group, in the whole picture.
    pub(super) fn levels(&self, ink: &Ink, group: usize) -> Vec<u8> {
        self.labels.iter().zip(&ink.levels).map(own(group)).collect()
    }

    /// The ink of one group, in its frame, and nothing else.
    pub(super) fn shape(&self, ink: &Ink, group: usize) -> super::form::Shape {
        let frame = self.frames[group];
        let mut levels = Vec::with_capacity(frame.width() * frame.height());
        for y in frame.top..frame.bottom {
            let row = y * self.width..(y + 1) * self.width;
            let pixels = self.labels[row.clone()].iter().zip(&ink.levels[row]);
            levels.extend(pixels.take(frame.right).skip(frame.left).map(own(group)));
        }
        super::form::Shape { width: frame.width(), height: frame.height(), levels }
    }
}

/// The level of a pixel with its label, if it belongs to the group.
fn own(group: usize) -> impl Fn((&u32, &u8)) -> u8 {
    move |(&label, &level)| if label == group as u32 + 1 { level } else { 0 }
}

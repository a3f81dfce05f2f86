//! Elastic distortions (Simard, Steinkraus, Platt 2003): every point of a picture moves by itself, neighbours almost
//! alike.

use rand::Rng;

/// The side of a picture.
const SIDE: usize = 28;
/// The distance between nodes in pixels. A cubic B-spline over it is as smooth as a Gaussian of deviation 4, which
/// Simard et al. chose.
const SPACING: usize = 7;
/// The nodes along a side: those of the picture, and one more on both sides.
const NODES: usize = SIDE / SPACING + 3;

/// How much each node counts at each pixel along a side.
const WEIGHTS: [[f32; NODES]; SIDE] = weights();

const fn weights() -> [[f32; NODES]; SIDE] {
    let mut weights = [[0.0; NODES]; SIDE];
    let mut pixel = 0;
    while pixel < SIDE {
        let t = (pixel % SPACING) as f32 / SPACING as f32;
        let first = pixel / SPACING;
        let (square, cube) = (t * t, t * t * t);
        weights[pixel][first] = (1.0 - 3.0 * t + 3.0 * square - cube) / 6.0;
        weights[pixel][first + 1] = (3.0 * cube - 6.0 * square + 4.0) / 6.0;
        weights[pixel][first + 2] = (3.0 * (t + square - cube) + 1.0) / 6.0;
        weights[pixel][first + 3] = cube / 6.0;
        pixel += 1;
    }
    weights
}

/// How far each pixel of a picture moves, to the right and down.
pub(crate) struct Field {
    /// For each row of nodes, the two directions of each pixel along it.
    along: [[[f32; SIDE]; 2]; NODES],
}

impl Field {
    /// A random field: each node moves by up to `reach` pixels in both directions.
    pub(crate) fn draw(reach: f32, random: &mut impl Rng) -> Self {
        let mut along = [[[0.0; SIDE]; 2]; NODES];
        for directions in &mut along {
            for moved in directions {
                // Uniform, in steps of 2^-23 of the reach.
                let nodes: [f32; NODES] =
                    std::array::from_fn(|_| reach * ((random.next_u32() >> 8) as f32 * (1.0 / 8_388_608.0) - 1.0));
                *moved = std::array::from_fn(|pixel| {
                    WEIGHTS[pixel].iter().zip(&nodes).map(|(weight, node)| weight * node).sum()
                });
            }
        }
        Field { along }
    }

    /// How far the pixels of a row move, to the right and down.
    pub(crate) fn row(&self, row: usize) -> [[f32; SIDE]; 2] {
        let mut moved = [[0.0; SIDE]; 2];
        for (nodes, weight) in self.along.iter().zip(WEIGHTS[row]) {
            if weight != 0.0 {
                for (moved, along) in moved.iter_mut().zip(nodes) {
                    moved.iter_mut().zip(along).for_each(|(moved, along)| *moved += weight * along);
                }
            }
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The weights of four nodes are those of a cubic B-spline: 1/6, 4/6 and 1/6 at a node, the same from both sides, and
    /// 1 together.
    #[test]
    fn the_weights_are_those_of_a_spline() {
        let close = |a: f32, b: f32| assert!((a - b).abs() < 1e-6, "{a} and {b}");
        for (pixel, weights) in WEIGHTS.iter().enumerate() {
            close(weights.iter().sum(), 1.0);
            let (first, t) = (pixel / SPACING, pixel % SPACING);
            if t == 0 {
                [1.0, 4.0, 1.0, 0.0].iter().zip(&weights[first..]).for_each(|(a, b)| close(a / 6.0, *b));
            } else {
                let mirrored = &WEIGHTS[first * SPACING + SPACING - t];
                (0..4).for_each(|i| close(weights[first + i], mirrored[first + 3 - i]));
            }
        }
    }
}

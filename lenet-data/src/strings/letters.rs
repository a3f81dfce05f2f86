//! Letters and signs that look like no digit, and scribbles: what a reader of digits must refuse.
//!
//! The letters are our own drawing, a few strokes each. They are drawn as pens and as printers draw them: of any width,
//! leaning, with thick and thin strokes, with and without serifs. Letters that may be taken for a digit in some hand
//! (B, D, G, I, O, S, Z, b, g, l, o, q, s, y, z and others) are not among them.

use super::{HEIGHT, canvas::Canvas, dice::Dice};

/// A stroke of a letter, through points of a grid: 8 wide, 12 high from the top of a capital to the base line.
enum Stroke {
    /// Straight from point to point.
    Line(&'static [[u8; 2]]),
    /// Smooth: the points between the ends are those that a tangent polygon would have.
    Curve(&'static [[u8; 2]]),
}
use Stroke::{Curve, Line};

type Letter = &'static [Stroke];

const LETTERS: &[Letter] = &[
    /* A */ &[Line(&[[0, 12], [4, 0], [8, 12]]), Line(&[[2, 8], [6, 8]])],
    /* E */ &[Line(&[[8, 0], [0, 0], [0, 12], [8, 12]]), Line(&[[0, 6], [6, 6]])],
    /* F */ &[Line(&[[8, 0], [0, 0], [0, 12]]), Line(&[[0, 6], [6, 6]])],
    /* H */ &[Line(&[[0, 0], [0, 12]]), Line(&[[8, 0], [8, 12]]), Line(&[[0, 6], [8, 6]])],
    /* K */ &[Line(&[[0, 0], [0, 12]]), Line(&[[8, 0], [0, 7]]), Line(&[[3, 5], [8, 12]])],
    /* M */ &[Line(&[[0, 12], [0, 0], [4, 8], [8, 0], [8, 12]])],
    /* M, its sides spread */ &[Line(&[[0, 12], [1, 0], [4, 10], [7, 0], [8, 12]])],
    /* N */ &[Line(&[[0, 12], [0, 0], [8, 12], [8, 0]])],
    /* P */ &[Line(&[[0, 0], [0, 12]]), Curve(&[[0, 0], [8, 0], [8, 3], [8, 6], [0, 6]])],
    /* Q */ &[ROUND, Line(&[[4, 8], [8, 13]])],
    /* R */
    &[Line(&[[0, 0], [0, 12]]), Curve(&[[0, 0], [8, 0], [8, 3], [8, 6], [0, 6]]), Line(&[[3, 6], [8, 12]])],
    /* T */ &[Line(&[[0, 0], [8, 0]]), Line(&[[4, 0], [4, 12]])],
    /* V */ &[Line(&[[0, 0], [4, 12], [8, 0]])],
    /* W */ &[Line(&[[0, 0], [2, 12], [4, 3], [6, 12], [8, 0]])],
    /* X */ &[Line(&[[0, 0], [8, 12]]), Line(&[[8, 0], [0, 12]])],
    /* d */ &[Line(&[[6, 0], [6, 12]]), Curve(&[[6, 6], [4, 4], [0, 4], [0, 8], [0, 12], [4, 12], [6, 10]])],
    /* h */ &[Line(&[[0, 0], [0, 12]]), Curve(&[[0, 8], [1, 4], [6, 4], [6, 8], [6, 12]])],
    /* k */ &[Line(&[[0, 0], [0, 12]]), Line(&[[6, 4], [0, 9]]), Line(&[[2, 8], [7, 12]])],
    /* m */
    &[
        Line(&[[0, 4], [0, 12]]),
        Curve(&[[0, 8], [0, 4], [4, 4], [4, 8], [4, 12]]),
        Curve(&[[4, 8], [4, 4], [8, 4], [8, 8], [8, 12]]),
    ],
    /* n */ &[Line(&[[0, 4], [0, 12]]), Curve(&[[0, 8], [1, 4], [6, 4], [6, 8], [6, 12]])],
    /* p */ &[Line(&[[0, 4], [0, 16]]), Curve(&[[0, 6], [2, 4], [6, 4], [6, 8], [6, 12], [2, 12], [0, 10]])],
    /* w */ &[Curve(&[[0, 4], [0, 12], [4, 12], [4, 6]]), Curve(&[[4, 6], [4, 12], [8, 12], [8, 4]])],
    /* x */ &[Line(&[[0, 4], [7, 12]]), Line(&[[7, 4], [0, 12]])],
    /* ? */ &[Curve(&[[0, 3], [0, 0], [7, 0], [7, 4], [4, 6], [4, 9]]), Line(&[[4, 12], [4, 12]])],
    /* & */ &[Curve(&[[8, 12], [2, 5], [1, 0], [6, 0], [6, 4], [0, 6], [0, 12], [5, 12], [8, 7]])],
    /* # */
    &[Line(&[[3, 0], [2, 12]]), Line(&[[6, 0], [5, 12]]), Line(&[[0, 4], [8, 4]]), Line(&[[0, 8], [8, 8]])],
    /* % */
    &[
        Line(&[[7, 0], [1, 12]]),
        Curve(&[[1, 0], [0, 0], [0, 4], [3, 4], [3, 0], [1, 0]]),
        Curve(&[[6, 8], [5, 8], [5, 12], [8, 12], [8, 8], [6, 8]]),
    ],
    /* @ */ &[Curve(&[[6, 8], [2, 9], [2, 4], [6, 4], [5, 9], [8, 9], [8, 0], [0, 0], [0, 12], [7, 12]])],
    /* * */ &[Line(&[[4, 2], [4, 10]]), Line(&[[0, 4], [8, 8]]), Line(&[[8, 4], [0, 8]])],
    /* + */ &[Line(&[[4, 3], [4, 11]]), Line(&[[0, 7], [8, 7]])],
    /* = */ &[Line(&[[0, 5], [8, 5]]), Line(&[[0, 9], [8, 9]])],
    /* $ */
    &[Curve(&[[8, 1], [6, 0], [0, 0], [0, 5], [8, 6], [8, 12], [2, 12], [0, 10]]), Line(&[[4, 0], [4, 13]])],
    /* the euro's sign */
    &[
        Curve(&[[8, 1], [6, 0], [2, 0], [1, 6], [2, 12], [6, 12], [8, 11]]),
        Line(&[[0, 4], [6, 4]]),
        Line(&[[0, 8], [6, 8]]),
    ],
    /* < */ &[Line(&[[8, 2], [0, 6], [8, 10]])],
    /* a dash */ &[Line(&[[0, 6], [8, 6]])],
];

const ROUND: Stroke = Curve(&[[4, 0], [0, 0], [0, 6], [0, 12], [4, 12], [8, 12], [8, 6], [8, 0], [4, 0]]);

/// How the letters of a line, or one alone, are written.
pub(super) struct Face {
    /// The height of a capital, in pixels, and the factor of widths.
    height: f32,
    stretch: f32,
    slant: f32,
    pen: f32,
    /// The factors of the width of strokes that are nearly upright and nearly level.
    contrast: [f32; 2],
    serifs: bool,
    /// By how much points are off their place, in parts of the grid.
    shake: f32,
}

impl Face {
    /// As written by a pen of the width `pen`, or printed.
    pub(super) fn new(height: f32, pen: f32, dice: &mut Dice) -> Self {
        let printed = dice.chance(0.5);
        Self {
            height,
            stretch: dice.within([0.75, 1.5]),
            slant: if printed { dice.within([0.0, 0.2]) } else { dice.within([-0.2, 0.45]) },
            pen,
            contrast: if printed { [dice.within([1.0, 1.5]), dice.within([0.5, 1.0])] } else { [1.0, 1.0] },
            serifs: printed && dice.chance(0.5),
            shake: if printed { 0.1 } else { 0.7 },
        }
    }

    /// The width of a letter in pixels.
    fn width(&self) -> f32 {
        self.height * self.stretch * (8.0 / 12.0)
    }

    /// Draws one of the letters, made as wide as there is room.
    pub(super) fn letter_within(mut self, at: [f32; 2], room: f32, canvas: &mut Canvas, level: f32, dice: &mut Dice) {
        self.stretch *= (room - self.pen).max(1.0) / self.width();
        self.slant = self.slant.clamp(-0.1, 0.1);
        self.letter(at, canvas, level, dice);
    }

    /// Draws one of the letters. Its left end is at column `left`, its base line at row `base`.
    pub(super) fn letter(&self, [left, base]: [f32; 2], canvas: &mut Canvas, level: f32, dice: &mut Dice) {
        let unit = self.height / 12.0;
        let letter = LETTERS[dice.below(LETTERS.len())];
        for stroke in letter {
            let mut place = |[x, y]: [u8; 2]| {
                let [x, y] = [f32::from(x) + dice.around(self.shake), f32::from(y) + dice.around(self.shake) - 12.0];
                [left + unit * (x * self.stretch - y * self.slant), base + unit * y]
            };
            match stroke {
                Line(points) => {
                    let points: Vec<[f32; 2]> = points.iter().map(|point| place(*point)).collect();
                    self.path(&points, canvas, level);
                    if self.serifs {
                        [points[0], points[points.len() - 1]]
                            .into_iter()
                            .for_each(|end| self.serif(end, canvas, level));
                    }
                }
                Curve(points) => {
                    let points: Vec<[f32; 2]> = points.iter().map(|point| place(*point)).collect();
                    self.path(&smooth(&points), canvas, level);
                }
            }
        }
    }

    fn path(&self, points: &[[f32; 2]], canvas: &mut Canvas, level: f32) {
        for ends in points.windows(2) {
            let [dx, dy] = [(ends[1][0] - ends[0][0]).abs(), (ends[1][1] - ends[0][1]).abs()];
            let steep = dy / (dx + dy).max(1e-3);
            let width = self.pen * (self.contrast[1] + steep * (self.contrast[0] - self.contrast[1]));
            canvas.stroke(ends[0], ends[1], width, level);
        }
    }

    fn serif(&self, [x, y]: [f32; 2], canvas: &mut Canvas, level: f32) {
        let reach = 0.12 * self.height;
        canvas.stroke([x - reach, y], [x + reach, y], self.pen * self.contrast[1] * 0.8, level);
    }
}

/// A smooth path: parabolas from middle to middle of the sides of the polygon, which touch it there.
fn smooth(points: &[[f32; 2]]) -> Vec<[f32; 2]> {
    const STEPS: usize = 6;
    let middle = |a: [f32; 2], b: [f32; 2]| [0.5 * (a[0] + b[0]), 0.5 * (a[1] + b[1])];
    let mut path = vec![points[0]];
    for (i, corner) in points.windows(3).enumerate() {
        let from = if i == 0 { corner[0] } else { middle(corner[0], corner[1]) };
        let to = if i + 3 == points.len() { corner[2] } else { middle(corner[1], corner[2]) };
        for step in 1..=STEPS {
            let t = step as f32 / STEPS as f32;
            let at = |axis: usize| {
                let (a, b) = (
                    from[axis] + t * (corner[1][axis] - from[axis]),
                    corner[1][axis] + t * (to[axis] - corner[1][axis]),
                );
                a + t * (b - a)
            };
            path.push([at(0), at(1)]);
        }
    }
    path
}

/// A line of letters or of joined writing, instead of digits.
pub(super) fn words(canvas: &mut Canvas, pen: f32, dice: &mut Dice) {
    let level = dice.within([0.75, 1.0]);
    let height = dice.within([15.0, 24.0]);
    let base = 0.5 * (HEIGHT as f32 + height) + dice.around(2.0);
    let mut left = dice.within([4.0, 24.0]);
    let end = canvas.width as f32 - dice.within([4.0, 60.0]);
    if dice.chance(0.3) {
        return joined_writing([left, end], base, height, canvas, (pen.min(3.0), level), dice);
    }
    let face = Face::new(height, pen.min(0.18 * height), dice);
    let gap = dice.within([-0.05, 0.4]) * height;
    while left + face.width() < end {
        face.letter([left, base], canvas, level, dice);
        left += face.width() + gap + if dice.chance(0.2) { 0.6 * height } else { 0.0 };
    }
}

/// Writing whose letters are joined, as a pen moves: up and down, to the right, with ascenders and loops.
fn joined_writing(
    [mut x, end]: [f32; 2],
    base: f32,
    height: f32,
    canvas: &mut Canvas,
    (pen, level): (f32, f32),
    dice: &mut Dice,
) {
    let pitch = height * dice.within([0.2, 0.4]);
    let small = height * dice.within([0.4, 0.65]);
    let slant = dice.within([0.0, 0.5]);
    while x + 4.0 * pitch < end {
        // A word.
        let mut points = vec![[x, base]];
        for _ in 0..dice.whole([8, 24]) {
            let top = if dice.chance(0.2) { height } else { small * dice.within([0.8, 1.1]) };
            let back = pitch * dice.within([-0.3, 0.6]);
            points.push([x + slant * top, base - top]);
            points.push([x + pitch - back, base + dice.around(0.1) * height]);
            x += pitch * dice.within([0.7, 1.4]);
            if x > end {
                break;
            }
        }
        canvas.path(&smooth(&points), pen, level);
        x += pitch * dice.within([1.5, 3.0]);
    }
}

/// A scribble about a point: a long way to and fro.
pub(super) fn scribble([x, y]: [f32; 2], reach: f32, canvas: &mut Canvas, (pen, level): (f32, f32), dice: &mut Dice) {
    let mut points = vec![[x + dice.around(reach), y + dice.around(reach)]];
    // Large strokes, or a way that turns slowly.
    let step = if dice.chance(0.5) { 2.0 * reach } else { dice.within([0.4, 1.0]) * reach };
    for i in 0..dice.whole([7, 20]) as usize {
        let next =
            |from: f32, centre: f32, dice: &mut Dice| (from + dice.around(step)).clamp(centre - reach, centre + reach);
        points.push([next(points[i][0], x, dice), next(points[i][1], y, dice)]);
    }
    let points = if dice.chance(0.7) { smooth(&points) } else { points };
    canvas.path(&points, pen, level);
}

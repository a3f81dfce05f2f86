//! Where the digits of a line are, and their ink.

use super::{
    Digits, HEIGHT, Hand, Spacing, StringRecipe,
    canvas::Canvas,
    dice::Dice,
    glyph::Glyph,
    patch::{Patch, Setting, WIDTH, Warp},
};
use crate::LabelledImages;

/// Columns without digits at either end.
pub(super) const EDGE: i32 = 8;

/// No gap is wider: none fits that is.
const WIDEST: i32 = 1 << 16;

/// Columns that clutter takes.
#[derive(Clone, Copy, Default)]
pub(super) struct Room {
    pub(super) before: i32,
    pub(super) after: i32,
    /// Before each digit.
    pub(super) between: [i32; Digits::CAPACITY],
}

/// What is the same for all digits of a line.
pub(super) struct Style {
    /// The rows of the highest digit's top and the lowest one's bottom.
    pub(super) rows: [f32; 2],
    /// The width of strokes.
    pub(super) pen: f32,
    pub(super) slant: f32,
    even_pen: bool,
    uneven: f32,
    zeros: f32,
    stretch: f32,
    rise: f32,
    /// Where small digits are: 0 on the base line, 1 at the top.
    align: f32,
    gap: f32,
    groups: bool,
    european: bool,
    crossed_zeros: bool,
    joined: bool,
}

impl Style {
    pub(super) fn new(recipe: &StringRecipe, dice: &mut Dice) -> Self {
        let hand = &recipe.hand;
        let height = dice.within(hand.height).clamp(8.0, 28.0);
        let middle = 0.5 * (HEIGHT - 1) as f32 + dice.around(hand.off_centre).clamp(-8.0, 8.0);
        let (gap, groups) = match recipe.spacing {
            Spacing::Written { gap: [from, to], groups, .. } => {
                let unit = dice.unit();
                (from + (to - from) * unit * unit * unit, dice.chance(groups))
            }
            _ => (0.0, false),
        };
        Self {
            rows: [middle - 0.5 * height, middle + 0.5 * height],
            even_pen: dice.chance(hand.even_pen),
            pen: dice.within(hand.pen).clamp(0.5, 8.0),
            slant: dice.within(hand.slant),
            uneven: dice.unit() * hand.uneven,
            zeros: if dice.chance(hand.small_zeros) { dice.within([0.55, 0.85]) } else { 1.0 },
            stretch: dice.within(hand.stretch),
            rise: dice.around(hand.rise),
            align: dice.unit() * dice.unit(),
            european: dice.chance(hand.european),
            crossed_zeros: dice.chance(hand.crossed_zeros),
            joined: dice.chance(hand.joined),
            gap,
            groups,
        }
    }
}

/// What is drawn for one digit before any is placed.
#[derive(Clone, Copy, Default)]
struct Pick {
    index: usize,
    class: u8,
    /// As a part of the largest height.
    height: f32,
    stretch: f32,
    slant: f32,
    /// The row of its middle, first in heights, 0 at the base line and negative above, then in rows of the line.
    middle: f32,
    /// What is added to the line's gap before it.
    gap: f32,
}

/// The digits of a line.
pub(super) struct Layout {
    pub(super) digits: Digits,
    patches: [Patch; Digits::CAPACITY],
    /// The column of the line where each patch begins.
    starts: [i32; Digits::CAPACITY],
}

impl Layout {
    /// Draws up to `count` digits, as many as fit into `width` columns.
    pub(super) fn new(
        recipe: &StringRecipe,
        style: &Style,
        (examples, allowed): (&LabelledImages, &[u32]),
        (count, width): (usize, usize),
        room: &Room,
        dice: &mut Dice,
    ) -> Self {
        let mut picks = [Pick::default(); Digits::CAPACITY];
        let count = if allowed.is_empty() { 0 } else { count.min(Digits::CAPACITY) };
        let picks = &mut picks[..count];
        // What has no probability draws nothing, so that plain lines do not depend on it.
        let happens = |probability: f32, dice: &mut Dice| probability > 0.0 && dice.chance(probability);
        let zeros = if happens(recipe.hand.round, dice) {
            let first = 1 + dice.below(4);
            first..first + dice.whole([2, 4]) as usize
        } else {
            0..0
        };
        let mut wanted = None;
        for (i, pick) in picks.iter_mut().enumerate() {
            if zeros.contains(&i) {
                wanted = Some(0);
            } else if !happens(recipe.hand.repeated, dice) {
                wanted = None;
            }
            *pick = Pick::new(recipe, style, wanted, (examples, allowed), dice);
            wanted = Some(pick.class);
        }
        let space = width as i32 - 2 * EDGE - room.before - room.after;
        let count = likely_to_fit(picks, style, space as f32);
        let picks = &mut picks[..count];
        let scale = set_rows(picks, style);

        let mut layout = Self { digits: Digits::default(), patches: [Patch::NONE; _], starts: [0; Digits::CAPACITY] };
        for (i, pick) in picks.iter().enumerate() {
            let patch = pick.patch(&examples.images()[pick.index], &recipe.hand, style, scale, dice);
            let start = match i.checked_sub(1) {
                None => -patch.columns[0],
                Some(last) => {
                    let gap = step(&recipe.spacing, style.gap + pick.gap, &layout.patches[last], &patch, dice);
                    layout.starts[last] + gap + room.between[i]
                }
            };
            if start + patch.columns[1] >= space {
                break;
            }
            (layout.patches[i], layout.starts[i]) = (patch, start);
            layout.digits.push(pick.class);
        }

        let end = layout.spans().map(|[_, last]| last + 1).max().unwrap_or(0);
        let first = EDGE + room.before + dice.whole([0, (space - end).max(0)]);
        layout.starts.iter_mut().for_each(|start| *start += first);
        layout
    }

    /// The first and the last column of ink of each digit.
    pub(super) fn spans(&self) -> impl ExactSizeIterator<Item = [i32; 2]> {
        let all = self.patches.iter().zip(&self.starts);
        let span = |(patch, start): (&Patch, &i32)| patch.columns.map(|column| column + start);
        all.map(span).take(self.digits.len())
    }

    /// The ink of the digits, and what their writer does between them.
    pub(super) fn draw(&self, canvas: &mut Canvas, recipe: &StringRecipe, style: &Style, dice: &mut Dice) {
        for (patch, start) in self.patches.iter().zip(self.starts).take(self.digits.len()) {
            let level = 1.0 - dice.unit() * recipe.finish.digit_level;
            lay(canvas, patch, start, level);
        }
        if style.joined {
            for right in 1..self.digits.len() {
                let [before, after] = [self.digits[right - 1], self.digits[right]];
                if dice.chance(if before == 0 && after == 0 { 0.85 } else { 0.5 }) {
                    self.join(right, canvas, style, dice);
                }
            }
        }
        if dice.chance(recipe.hand.broken) && !self.digits.is_empty() {
            for _ in 0..dice.whole([1, 4]) {
                self.break_stroke(canvas, style, dice);
            }
        }
    }

    /// A stroke from digit `right - 1` to digit `right`, if the two are close.
    fn join(&self, right: usize, canvas: &mut Canvas, style: &Style, dice: &mut Dice) {
        let [top, bottom] = style.rows;
        let zone = |part: f32| {
            let row = top + part * (bottom - top);
            [row.max(0.0) as usize, (row + 0.33 * (bottom - top)).max(0.0) as usize]
        };
        let from = if dice.chance(0.5) { 0.0 } else { 0.67 };
        let to = dice.within([0.0, 0.67]);
        let (before, after) = (&self.patches[right - 1], &self.patches[right]);
        let (Some(from), Some(to)) = (before.rightmost(zone(from)), after.leftmost(zone(to))) else { return };
        let [x0, x1] = [from[0] + self.starts[right - 1], to[0] + self.starts[right]];
        // A long steep stroke would look like a 1.
        if (0..10).contains(&(x1 - x0)) && from[1].abs_diff(to[1]) <= 9 {
            let point = |x: i32, y: i32| [x as f32, y as f32];
            canvas.stroke(point(x0 - 1, from[1]), point(x1 + 1, to[1]), style.pen.min(3.0) * 0.8, 0.9);
        }
    }

    /// Takes a little ink away at the edge of a stroke.
    fn break_stroke(&self, canvas: &mut Canvas, style: &Style, dice: &mut Dice) {
        let digit = dice.below(self.digits.len());
        let row = dice.within(style.rows).max(0.0) as usize;
        let patch = &self.patches[digit];
        let rows = [row, row + 1];
        let edge = if dice.chance(0.5) { patch.rightmost(rows) } else { patch.leftmost(rows) };
        if let Some([column, row]) = edge {
            canvas.erase([(column + self.starts[digit]) as f32, row as f32], dice.within([1.0, 2.4]));
        }
    }
}

impl Pick {
    /// A digit, of the class that is wanted if a few draws find one.
    fn new(
        recipe: &StringRecipe,
        style: &Style,
        wanted: Option<u8>,
        (examples, allowed): (&LabelledImages, &[u32]),
        dice: &mut Dice,
    ) -> Self {
        const DRAWS: usize = 30;
        let hand = &recipe.hand;
        let mut draw = || allowed[dice.below(allowed.len())] as usize;
        let mut index = draw();
        for _ in 1..DRAWS {
            if wanted.is_none_or(|class| examples.labels()[index] == class) {
                break;
            }
            index = draw();
        }
        let class = examples.labels()[index];
        let zero = if class == 0 { style.zeros } else { 1.0 };
        let height = (zero * (1.0 - dice.unit() * style.uneven)).clamp(0.2, 1.0);
        let mut gap = 0.0;
        if let Spacing::Written { deviation, .. } = recipe.spacing {
            gap = deviation * dice.bell();
            if style.groups && dice.chance(0.3) {
                gap += dice.within([8.0, 40.0]);
            }
        }
        Self {
            index,
            class,
            height,
            stretch: (style.stretch * (1.0 + dice.around(hand.digit_stretch))).clamp(0.2, 3.0),
            slant: (style.slant + dice.around(hand.digit_slant)).clamp(-1.0, 1.0),
            middle: -0.5 * height - style.align * (1.0 - height) + dice.bell() * hand.bounce,
            gap,
        }
    }

    fn patch(&self, image: &crate::Image, hand: &Hand, style: &Style, height: f32, dice: &mut Dice) -> Patch {
        let mut glyph = Glyph::new(image);
        if style.european && [1, 7].contains(&self.class) && dice.chance(0.8) {
            glyph.european(self.class, dice);
        }
        if style.crossed_zeros && self.class == 0 {
            glyph.slash(dice);
        }
        if style.even_pen {
            let scale = scale(&glyph, height * self.height);
            glyph.set_thickness(style.pen / (scale * 0.5 * (1.0 + self.stretch)));
        }
        let scale = scale(&glyph, height * self.height);
        let slant = if hand.slant == [0.0; 2] { 0.0 } else { self.slant };
        // Nothing may be wider than a patch.
        let leaning = slant.abs() * height * self.height;
        let wide = (glyph.columns[1] - glyph.columns[0] + 5.0) * scale;
        let stretch = self.stretch.min((WIDTH as f32 - 4.0 - leaning) / wide).max(0.1);
        let warp = if hand.wave > 0.0 { Warp::new(hand.wave, dice) } else { Warp::default() };
        Patch::draw(&glyph, Setting { row: self.middle, scale: [scale * stretch, scale], slant, warp })
    }
}

/// The factor that makes a digit so many rows high. Those that are wider than high stay lower than the others.
fn scale(glyph: &Glyph, height: f32) -> f32 {
    height / (glyph.rows[1] - glyph.rows[0] + 1.0).max(16.0)
}

/// How many digits there may be room for, by a low estimate of their widths: so that the height is divided among few more
/// digits than the line has in the end.
fn likely_to_fit(picks: &[Pick], style: &Style, space: f32) -> usize {
    let mut used = 0.0;
    let fits = |pick: &&Pick| {
        let part = if pick.class == 1 { 0.2 } else { 0.5 };
        used += part * (style.rows[1] - style.rows[0]) * pick.height * pick.stretch;
        let fits = used <= space;
        used += style.gap + pick.gap;
        fits
    };
    picks.iter().take_while(fits).count()
}

/// Turns the digits' middles into rows of the line, such that together they fill the rows of the style. Returns the height of
/// a digit of full height.
fn set_rows(picks: &mut [Pick], style: &Style) -> f32 {
    let last = picks.len().saturating_sub(1).max(1) as f32;
    let (mut top, mut bottom) = (f32::INFINITY, f32::NEG_INFINITY);
    let rise = if picks.len() > 1 { style.rise } else { 0.0 };
    for (i, pick) in picks.iter_mut().enumerate() {
        pick.middle -= rise * (i as f32 / last - 0.5);
        top = top.min(pick.middle - 0.5 * pick.height);
        bottom = bottom.max(pick.middle + 0.5 * pick.height);
    }
    let height = (style.rows[1] - style.rows[0]) / (bottom - top).max(0.2);
    let middle = 0.5 * (style.rows[0] + style.rows[1]);
    for pick in picks {
        pick.middle = middle + height * (pick.middle - 0.5 * (top + bottom));
    }
    height
}

/// How many columns after `before` the patch `after` begins.
fn step(spacing: &Spacing, written: f32, before: &Patch, after: &Patch, dice: &mut Dice) -> i32 {
    let by_columns = |gap: i32| before.columns[1] + 1 + gap - after.columns[0];
    let width = |patch: &Patch| patch.columns[1] - patch.columns[0] + 1;
    let narrower = width(before).min(width(after));
    let by_ink = |gap: i32| (gap - before.clearance(after)).max(by_columns(-narrower * 3 / 4));
    match *spacing {
        Spacing::Columns(gap) => by_columns(dice.whole(gap).clamp(-narrower, WIDEST)),
        Spacing::Ink(gap) => by_ink(dice.whole(gap).clamp(-WIDEST, WIDEST)),
        Spacing::Written { gap: [least, _], deviation, .. } => {
            // Digits that overlap much cannot be read.
            let gap = written.max(least - deviation).clamp(-1000.0, 1000.0);
            // Rounded to the nearest, also below 0.
            by_ink((gap + 1000.5) as i32 - 1000)
        }
    }
}

/// Lays a digit over what is there: the larger amount counts.
pub(super) fn lay(canvas: &mut Canvas, patch: &Patch, start: i32, level: f32) {
    let level = level / 255.0;
    let first = (-start).clamp(0, WIDTH as i32) as usize;
    let left = start.max(0) as usize;
    for (row, ink) in canvas.ink.chunks_exact_mut(canvas.width).zip(&patch.ink) {
        let Some(row) = row.get_mut(left..) else { return };
        for (pixel, &ink) in row.iter_mut().zip(&ink[first..]) {
            let ink = level * f32::from(ink);
            *pixel = if ink > *pixel { ink } else { *pixel };
        }
    }
}

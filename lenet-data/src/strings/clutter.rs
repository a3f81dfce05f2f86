//! Marks that are not to be read.

use super::{
    Clutter, Digits, HEIGHT,
    canvas::Canvas,
    dice::Dice,
    glyph::Glyph,
    layout::{EDGE, Layout, Room, Style, lay},
    letters::Face,
    patch::{Patch, Setting, Warp},
};
use crate::LabelledImages;

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Point,
    Comma,
    Apostrophe,
    Hyphen,
    Dash,
    Equals,
    PointDash,
    Cross,
    Asterisk,
    Scribble,
    Letter,
}

/// A mark of the pen, and the columns that it takes.
#[derive(Clone, Copy)]
struct Mark {
    kind: Kind,
    room: i32,
}

impl Mark {
    fn new(kind: Kind, dice: &mut Dice) -> Self {
        let room = match kind {
            Kind::Point | Kind::Comma => [2, 8],
            Kind::Apostrophe => [0, 5],
            Kind::Hyphen => [6, 14],
            Kind::Equals => [8, 15],
            Kind::Dash => [6, 44],
            Kind::PointDash => [10, 26],
            Kind::Cross | Kind::Asterisk => [7, 13],
            Kind::Scribble => [12, 22],
            Kind::Letter => [12, 24],
        };
        Self { kind, room: dice.whole(room) }
    }
}

/// The marks that stand between digits, before them and after them. They take room, so they are chosen before the digits are
/// placed.
pub(super) struct Marks {
    before: Option<Mark>,
    after: Option<Mark>,
    /// Before each digit.
    between: [Option<Mark>; Digits::CAPACITY],
    count: usize,
    pen: f32,
}

impl Marks {
    pub(super) fn new(clutter: &Clutter, count: usize, style: &Style, dice: &mut Dice) -> Self {
        let twice = if count == 0 { 2.0 } else { 1.0 };
        let count = if count == 0 { 3 } else { count.min(Digits::CAPACITY) };
        let mut marks = Self { before: None, after: None, between: [None; _], count, pen: style.pen.clamp(1.0, 3.5) };
        if dice.chance(twice * clutter.points) {
            marks.points(dice);
        }
        if dice.chance(twice * clutter.hyphens) && count > 1 {
            let place = 1 + dice.below(count - 1);
            marks.between[place] = Some(Mark::new(Kind::Hyphen, dice));
        }
        for (chance, kinds) in [
            (clutter.dashes, &[Kind::Dash, Kind::Equals, Kind::PointDash][..]),
            (clutter.crosses, &[Kind::Cross, Kind::Asterisk]),
            (clutter.scribbles, &[Kind::Scribble]),
            (clutter.letters, &[Kind::Letter]),
        ] {
            if !dice.chance(twice * chance) {
                continue;
            }
            let mark = Mark::new(kinds[dice.below(kinds.len())], dice);
            let first = match mark.kind {
                Kind::Scribble => 1.0,
                Kind::PointDash => 0.0,
                Kind::Letter => 0.5,
                _ => 0.3,
            };
            let place = if dice.chance(first) { &mut marks.before } else { &mut marks.after };
            *place = Some(mark);
            // Many write the same mark at both ends.
            if ![Kind::Scribble, Kind::PointDash, Kind::Letter].contains(&mark.kind) && dice.chance(0.25) {
                (marks.before, marks.after) = (Some(mark), Some(mark));
            }
        }
        marks
    }

    /// Points of thousands, counted from the end or from the cents on, or one anywhere.
    fn points(&mut self, dice: &mut Dice) {
        let kind = [Kind::Point, Kind::Point, Kind::Point, Kind::Comma, Kind::Comma, Kind::Apostrophe][dice.below(6)];
        let room = Mark::new(kind, dice).room;
        let cents = if dice.chance(0.3) { 2 } else { 0 };
        let anywhere = if self.count > 1 { 1 + dice.below(self.count - 1) } else { 0 };
        let odd = dice.chance(0.25) || self.count < 4;
        for place in 1..self.count {
            let left = self.count - place;
            let thousand = left > cents && (left - cents).is_multiple_of(3) || cents > 0 && left == cents;
            if if odd { place == anywhere } else { thousand } {
                let room = (room + dice.whole([-1, 1])).max(0);
                self.between[place] = Some(Mark { kind, room });
            }
        }
    }

    pub(super) fn room(&self) -> Room {
        let room = |mark: &Option<Mark>| mark.map_or(0, |mark| mark.room + 2);
        let mut rooms = Room { before: room(&self.before), after: room(&self.after), ..Room::default() };
        for (room, mark) in rooms.between.iter_mut().zip(&self.between) {
            *room = mark.map_or(0, |mark| mark.room);
        }
        rooms
    }

    pub(super) fn draw(&self, canvas: &mut Canvas, layout: &Layout, style: &Style, dice: &mut Dice) {
        let mut before = None;
        for (place, [first, last]) in layout.spans().enumerate() {
            if let (Some(mark), Some(end)) = (self.between[place], before) {
                self.mark(mark, 0.5 * (first + end) as f32, canvas, style, dice);
            }
            before = Some(last);
        }
        let ends = layout.spans().next().zip(before);
        let Some(([first, _], last)) = ends else {
            // There is no digit: marks are anywhere.
            for mark in self.between.iter().chain([&self.before, &self.after]).flatten() {
                let column = dice.within([0.1, 0.9]) * canvas.width as f32;
                self.mark(*mark, column, canvas, style, dice);
            }
            return;
        };
        if let Some(mark) = self.before {
            self.mark(mark, (first - 2) as f32 - 0.5 * mark.room as f32, canvas, style, dice);
        }
        if let Some(mark) = self.after
            && last + 2 + mark.room < canvas.width as i32 - EDGE
        {
            self.mark(mark, (last + 3) as f32 + 0.5 * mark.room as f32, canvas, style, dice);
        }
    }

    /// Draws a mark about a column.
    fn mark(&self, mark: Mark, centre: f32, canvas: &mut Canvas, style: &Style, dice: &mut Dice) {
        let [top, bottom] = style.rows;
        let height = bottom - top;
        // The left end of the mark, and how far it reaches to either side.
        let half = 0.5 * (mark.room as f32 - 2.0).max(2.0);
        let pen = self.pen * dice.within([0.8, 1.2]);
        let level = dice.within([0.75, 1.0]);
        let middle = top + height * dice.within([0.3, 0.7]);
        let mut tilted = |half: f32, row: f32, dice: &mut Dice| {
            let tilt = dice.around(0.25) * half;
            let bow = dice.around(0.1) * half;
            let points = [[centre - half, row + tilt], [centre, row + bow], [centre + half, row - tilt]];
            canvas.path(&points, pen, level);
        };
        match mark.kind {
            Kind::Hyphen | Kind::Dash => tilted(half, middle, dice),
            Kind::Equals => {
                let apart = dice.within([3.0, 6.0]).max(pen + 1.5);
                tilted(half, middle - 0.5 * apart, dice);
                tilted(half, middle + 0.5 * apart, dice);
            }
            Kind::Point | Kind::Comma | Kind::Apostrophe => {
                let row = if mark.kind == Kind::Apostrophe { top + 2.0 } else { bottom - dice.within([-1.0, 2.5]) };
                let (left, down) = match mark.kind {
                    Kind::Point => (dice.around(0.7), dice.around(0.4)),
                    _ => (dice.within([0.5, 2.5]), dice.within([2.5, 5.0])),
                };
                let width = pen.max(1.6) * dice.within([0.9, 1.3]);
                canvas.stroke([centre, row], [centre - left, row + down], width, level);
            }
            Kind::PointDash => {
                let row = bottom - dice.within([0.0, 2.0]);
                canvas.stroke([centre - half, row], [centre - half + 0.5, row], pen.max(1.6) * 1.2, level);
                let (from, to) = (centre - half + 4.0, centre + half);
                let row = bottom - height * dice.within([0.0, 0.6]);
                canvas.stroke([from, row], [to, row - dice.within([-1.0, 3.0])], pen, level);
            }
            Kind::Cross | Kind::Asterisk => {
                let reach = half.min(4.5);
                let turn = dice.around(0.4);
                let strokes = if mark.kind == Kind::Cross { 2 } else { 3 };
                for stroke in 0..strokes {
                    let angle = turn + std::f32::consts::PI * (stroke as f32 + 0.5) / strokes as f32;
                    let (sine, cosine) = libm::sincosf(angle);
                    let (x, y) = (reach * cosine, reach * sine);
                    canvas.stroke([centre - x, middle - y], [centre + x, middle + y], pen.min(2.0), level);
                }
            }
            Kind::Letter => {
                let face = Face::new(height * dice.within([0.6, 1.0]), pen, dice);
                let left = centre - 0.5 * (mark.room as f32 - 3.0);
                face.letter_within([left, bottom], mark.room as f32 - 3.0, canvas, level, dice);
            }
            Kind::Scribble => {
                // A curve to and fro with a stroke through it, like many a sign of a currency.
                let mut points = [[0.0; 2]; 7];
                for (i, point) in points.iter_mut().enumerate() {
                    let side = if i % 2 == 0 { half } else { -half } * dice.within([0.3, 0.7]);
                    let row = top + height * (i as f32 + dice.within([0.0, 0.8])) / 7.0;
                    *point = [centre + side + style.slant * (middle - row), row];
                }
                canvas.path(&points, pen, level);
                for _ in 0..dice.whole([1, 2]) {
                    let lean = style.slant * 0.5 * height;
                    let column = centre + dice.around(2.0);
                    canvas.stroke([column + lean, top - 1.0], [column - lean, bottom + 1.0], pen, level);
                }
            }
        }
    }
}

/// What was on the paper before the digits, and what came later: lines, boxes, patterns, the lines above and below, specks.
pub(super) fn background(
    clutter: &Clutter,
    canvas: &mut Canvas,
    digits: (&LabelledImages, &[u32]),
    layout: &Layout,
    style: &Style,
    dice: &mut Dice,
) {
    let twice = if layout.digits.is_empty() { 2.0 } else { 1.0 };
    if dice.chance(twice * clutter.rules) {
        rule(canvas, style, dice);
    }
    if dice.chance(twice * clutter.boxes) {
        boxes(canvas, layout, style, dice);
    }
    if dice.chance(twice * clutter.guilloche) {
        guilloche(canvas, dice);
    }
    if dice.chance(twice * clutter.neighbours) && !digits.1.is_empty() {
        neighbours(canvas, digits, style, dice);
    }
    if dice.chance(twice * clutter.specks) {
        for _ in 0..dice.whole([1, 10]) {
            let at = [dice.unit() * canvas.width as f32, dice.unit() * HEIGHT as f32];
            let to = [at[0] + dice.around(1.0), at[1] + dice.around(1.0)];
            let (width, level) = (dice.within([0.5, 1.5]), dice.within([0.2, 1.0]));
            canvas.stroke(at, to, width, level);
        }
    }
}

/// A ruled line along the whole width, drawn or dotted; mostly where the digits stand.
fn rule(canvas: &mut Canvas, style: &Style, dice: &mut Dice) {
    let [top, bottom] = style.rows;
    let row = if dice.chance(0.7) { bottom + dice.within([-2.0, 3.0]) } else { dice.within([top - 2.0, bottom]) };
    let tilt = dice.around(1.5);
    let (width, level) = (dice.within([0.6, 3.0]), dice.within([0.25, 1.0]));
    let right = canvas.width as f32;
    let row_at = |column: f32| row + tilt * (column / right - 0.5);
    let dots = if dice.chance(0.25) { dice.within([1.0, 4.0]) } else { right };
    let pause = dice.within([2.0, 5.0]);
    let mut column = 0.0;
    while column < right {
        canvas.stroke([column, row_at(column)], [column + dots, row_at(column + dots)], width, level);
        column += dots + pause;
    }
}

/// One box around all digits, or a comb whose lines are between them.
fn boxes(canvas: &mut Canvas, layout: &Layout, style: &Style, dice: &mut Dice) {
    let (width, level) = (dice.within([0.6, 1.6]), dice.within([0.3, 1.0]));
    let [top, bottom] = [style.rows[0] - dice.within([0.5, 4.0]), style.rows[1] + dice.within([0.5, 4.0])];
    let outer = dice.within([2.0, 8.0]);
    let comb = dice.chance(0.6);
    // Combs of forms often have short teeth and no line above.
    let teeth = if comb && dice.chance(0.4) { dice.within([0.2, 0.6]) } else { 1.0 };
    let tooth = bottom - teeth * (bottom - top);
    let (mut first, mut last) = (f32::INFINITY, f32::NEG_INFINITY);
    let mut line = |column: f32, canvas: &mut Canvas| {
        (first, last) = (first.min(column), last.max(column));
        canvas.stroke([column, tooth], [column, bottom], width, level);
    };
    let mut before: Option<i32> = None;
    for [left, right] in layout.spans() {
        match before {
            None => line(left as f32 - outer, canvas),
            Some(end) if comb && left - end > 2 => line(0.5 * (left + end) as f32, canvas),
            Some(_) => {}
        }
        before = Some(right);
    }
    if let Some(end) = before {
        line(end as f32 + outer, canvas);
    } else {
        // An empty form.
        let pitch = dice.within([16.0, 30.0]);
        for tooth in 0..dice.whole([2, 8]) {
            line(outer + pitch * tooth as f32, canvas);
        }
    }
    canvas.stroke([first, bottom], [last, bottom], width, level);
    if teeth == 1.0 {
        canvas.stroke([first, top], [last, top], width, level);
    }
}

/// Fine waves, one above the other.
fn guilloche(canvas: &mut Canvas, dice: &mut Dice) {
    let pitch = dice.within([2.5, 6.0]);
    let (reach, period) = (dice.within([0.0, 4.0]), dice.within([8.0, 60.0]));
    let level = dice.within([0.08, 0.4]);
    let width = dice.within([0.5, 1.2]);
    let shift = dice.unit() * period;
    let (sine, cosine) = libm::sincosf(std::f32::consts::TAU / period);
    let (mut y, mut x) = libm::sincosf(dice.unit() * std::f32::consts::TAU);
    for column in 0..canvas.width {
        // One column further on a circle: cheaper than a sine, and accurate enough for a few hundred steps.
        (y, x) = (y * cosine + x * sine, x * cosine - y * sine);
        // Rows where the waves are: a triangle of ink around each multiple of the pitch.
        let phase = shift + reach * y;
        for row in 0..canvas.height() {
            let waves = (row as f32 + phase) / pitch;
            let off = (waves - (waves + 0.5) as i32 as f32).abs() * pitch;
            let ink = level * (0.5 + 0.5 * width - off).clamp(0.0, 1.0);
            let pixel = &mut canvas.ink[row * canvas.width + column];
            *pixel = pixel.max(ink);
        }
    }
}

/// The lower ends of the digits of a line above, or the upper ends of one below.
fn neighbours(canvas: &mut Canvas, (examples, allowed): (&LabelledImages, &[u32]), style: &Style, dice: &mut Dice) {
    let height = style.rows[1] - style.rows[0];
    let above = dice.chance(0.5);
    let level = dice.within([0.6, 1.0]);
    let mut column = dice.within([-40.0, 0.6 * canvas.width as f32]) as i32;
    for _ in 0..dice.whole([1, 6]) {
        let index = allowed[dice.below(allowed.len())] as usize;
        let glyph = Glyph::new(&examples.images()[index]);
        // Where the line's own digits leave room: in its first or last rows.
        let seen = dice.within([1.0, 4.5]);
        let row = if above { seen - 0.5 * height } else { (HEIGHT - 1) as f32 - seen + 0.5 * height };
        let scale = height / (glyph.rows[1] - glyph.rows[0] + 1.0).max(16.0);
        let setting = Setting { row, scale: [scale; 2], slant: style.slant.clamp(-0.5, 0.5), warp: Warp::default() };
        let patch = Patch::draw(&glyph, setting);
        lay(canvas, &patch, column, level);
        column += 20 + dice.whole([0, 12]);
    }
}

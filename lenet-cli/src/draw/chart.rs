//! Line charts. Axes and grid have the colour of the surrounding text, and lines have colours of medium lightness, so that a chart can be
//! read on a light page and on a dark one.

use super::drawing::{Anchor, Drawing, Ink, Item, Size};
use crate::term::words::thousands;

/// A chart, ready to draw.
pub(crate) struct Chart<'a> {
    /// What it shows, for screen readers.
    pub(crate) title: &'a str,
    pub(crate) x_label: &'a str,
    pub(crate) y_label: &'a str,
    pub(crate) y: Axis,
    pub(crate) lines: &'a [Line],
    /// The length of the y axis.
    pub(crate) height: f64,
}

/// The scale of the y axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Axis {
    /// Linear, from 0.
    FromZero,
    /// Logarithmic; numbers that are not above 0 are left out.
    Log,
}

/// One line of a chart. Points that are not finite are left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    pub(crate) name: String,
    /// x and y, from left to right; x counts something.
    pub(crate) points: Vec<(f64, f64)>,
    /// An index into `COLOURS`, modulo their number.
    pub(crate) colour: usize,
    pub(crate) dashed: bool,
    /// Draws no dots, because there are many points.
    pub(crate) plain: bool,
    /// x, and the lower and upper edge of a shaded band behind the line.
    pub(crate) band: Option<Vec<(f64, f64, f64)>>,
}

/// The colours of lines: blue, vermilion, green, purple, ochre, cyan, pink, grey. Each has a contrast of at least 3 to white and to near-black.
const COLOURS: [[u8; 3]; 8] = [
    [0x2b, 0x7b, 0xd0],
    [0xd0, 0x5a, 0x1c],
    [0x15, 0x90, 0x6a],
    [0x94, 0x60, 0xcc],
    [0xa0, 0x7a, 0x10],
    [0x1d, 0x8f, 0xa8],
    [0xcc, 0x55, 0x92],
    [0x80, 0x80, 0x80],
];

/// The width of a chart.
pub(crate) const WIDTH: f64 = 720.0;
/// The usual length of the y axis.
pub(crate) const HEIGHT: f64 = 310.0;
/// The area of the lines.
const LEFT: f64 = 58.0;
const RIGHT: f64 = WIDTH - 26.0;
const TOP: f64 = 30.0;
/// From the x axis to the middle of the first line of the legend, and from one line to the next.
const LEGEND: f64 = 62.0;
const LEGEND_LINE: f64 = 22.0;

impl Chart<'_> {
    pub(crate) fn drawing(&self) -> Drawing {
        let frame = Frame::of(self.lines, self.y, self.height);
        let mut drawing = Drawing::new(WIDTH, frame.bottom + LEGEND, self.title);
        drawing.text(8.0, 16.0, Anchor::Start, Size::Body, self.y_label);
        drawing.text((LEFT + RIGHT) / 2.0, frame.bottom + 38.0, Anchor::Middle, Size::Body, self.x_label);
        frame.axes(&mut drawing);
        self.lines.iter().for_each(|line| frame.line(line, &mut drawing));
        self.legend(&mut drawing, frame.bottom + LEGEND);
        drawing
    }

    /// The names of the lines, below the chart. A single line needs none: the label of the y axis names it.
    fn legend(&self, drawing: &mut Drawing, top: f64) {
        let (mut x, mut y) = (LEFT, top);
        if self.lines.len() < 2 {
            drawing.height = top - LEGEND_LINE / 2.0;
            return;
        }
        for line in self.lines {
            let width = 34.0 + Size::Body.width(line.name.chars().count()) + 18.0;
            if x > LEFT && x + width > WIDTH {
                (x, y) = (LEFT, y + LEGEND_LINE);
            }
            drawing.items.push(line.stroke(vec![(x, y), (x + 26.0, y)]));
            drawing.text(x + 34.0, y + 4.5, Anchor::Start, Size::Body, &line.name);
            x += width;
        }
        drawing.height = y + LEGEND_LINE / 2.0;
    }
}

impl Line {
    fn ink(&self) -> Ink {
        Ink::Rgb(COLOURS[self.colour % COLOURS.len()])
    }

    fn stroke(&self, points: Vec<(f64, f64)>) -> Item {
        let width = if self.dashed { 1.8 } else { 2.0 };
        Item::Line { points, ink: self.ink(), opacity: 1.0, width, dashed: self.dashed }
    }
}

/// The ranges of the axes, and the mapping to positions on the chart.
struct Frame {
    y: Axis,
    x_ticks: Vec<f64>,
    y_ticks: Vec<f64>,
    /// The position of the x axis.
    bottom: f64,
}

impl Frame {
    /// Chooses ranges that contain all lines and bands.
    fn of(lines: &[Line], y: Axis, height: f64) -> Self {
        let bands = lines.iter().flat_map(|line| line.band.iter().flatten());
        let ends = bands.flat_map(|&(x, low, high)| [(x, low), (x, high)]);
        let all = lines.iter().flat_map(|line| line.points.iter().copied()).chain(ends);
        let (mut xs, mut ys) = (None, None);
        for point in all.filter(|point| drawable(*point, y)) {
            widen(&mut xs, point.0);
            widen(&mut ys, point.1);
        }
        let (left, right) = xs.unwrap_or((0.0, 1.0));
        let (low, high) = ys.unwrap_or((1.0, 1.0));
        let y_ticks = match y {
            Axis::FromZero => ticks(low.min(0.0), if high > 0.0 { high } else { 1.0 }, (height / 50.0).max(2.0), 0.0),
            Axis::Log => factors(low, high),
        };
        Frame { y, x_ticks: ticks(left, right.max(left + 1.0), 8.0, 1.0), y_ticks, bottom: TOP + height }
    }

    fn x_of(&self, x: f64) -> f64 {
        LEFT + (RIGHT - LEFT) * part(x, &self.x_ticks)
    }

    /// Numbers below the range are drawn on the x axis.
    fn y_of(&self, y: f64) -> f64 {
        let part = match self.y {
            Axis::FromZero => part(y, &self.y_ticks),
            Axis::Log if y > 0.0 => part(y.ln(), &self.y_ticks.iter().map(|tick| tick.ln()).collect::<Vec<_>>()),
            Axis::Log => 0.0,
        };
        self.bottom - (self.bottom - TOP) * part.max(0.0)
    }

    fn axes(&self, drawing: &mut Drawing) {
        for tick in &self.x_ticks {
            let x = self.x_of(*tick);
            drawing.rule((x, TOP), (x, self.bottom), 0.1);
            drawing.text(x, self.bottom + 18.0, Anchor::Middle, Size::Body, number(*tick, &self.x_ticks));
        }
        for tick in &self.y_ticks {
            let y = self.y_of(*tick);
            let text = if self.y == Axis::Log { number(*tick, &[0.0, *tick]) } else { number(*tick, &self.y_ticks) };
            drawing.rule((LEFT, y), (RIGHT, y), if y == self.bottom { 0.6 } else { 0.15 });
            drawing.text(LEFT - 8.0, y + 4.5, Anchor::End, Size::Body, text);
        }
    }

    /// Draws a line and its band. The tooltip of a point has its numbers.
    fn line(&self, line: &Line, drawing: &mut Drawing) {
        if let Some(band) = &line.band {
            drawing.items.push(Item::Area { points: self.band(band), ink: line.ink(), opacity: 0.18 });
        }
        for piece in line.points.split(|point| !drawable(*point, self.y)).filter(|piece| piece.len() > 1) {
            drawing.items.push(line.stroke(piece.iter().map(|point| self.place(*point)).collect()));
        }
        for point in line.points.iter().filter(|point| !line.plain && drawable(**point, self.y)) {
            let (x, y) = self.place(*point);
            let title = format!("{}, {}: {}", line.name, number(point.0, &self.x_ticks), significant(point.1));
            drawing.items.push(Item::Dot { x, y, radius: 2.6, ink: line.ink(), title });
        }
    }

    fn band(&self, band: &[(f64, f64, f64)]) -> Vec<(f64, f64)> {
        let finite = |ends: &&(f64, f64, f64)| [ends.0, ends.1, ends.2].iter().all(|x| x.is_finite());
        let (there, back) = (band.iter().filter(finite), band.iter().rev().filter(finite));
        there.map(|ends| self.place((ends.0, ends.2))).chain(back.map(|ends| self.place((ends.0, ends.1)))).collect()
    }

    fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (self.x_of(x), self.y_of(y))
    }
}

/// Whether a point can be drawn.
fn drawable((x, y): (f64, f64), axis: Axis) -> bool {
    x.is_finite() && y.is_finite() && (axis == Axis::FromZero || y > 0.0)
}

fn widen(range: &mut Option<(f64, f64)>, x: f64) {
    let (low, high) = range.unwrap_or((x, x));
    *range = Some((low.min(x), high.max(x)));
}

/// Where x is between the first tick (0) and the last (1).
fn part(x: f64, ticks: &[f64]) -> f64 {
    let (first, last) = (ticks[0], ticks[ticks.len() - 1]);
    (x - first) / (last - first)
}

/// About `count` numbers in steps of 1, 2 or 5 times a power of ten, but at least `least`, which cover `low` to `high`.
fn ticks(low: f64, high: f64, about: f64, least: f64) -> Vec<f64> {
    let wanted = ((high - low) / about).max(least);
    let power = 10f64.powf(wanted.log10().floor());
    let step =
        [1.0, 2.0, 5.0].map(|m| m * power).into_iter().find(|step| *step >= 0.999 * wanted).unwrap_or(10.0 * power);
    let (first, last) = ((low / step).floor() as i64, (high / step).ceil() as i64);
    (first..=last.max(first + 1)).map(|i| i as f64 * step).collect()
}

/// 1, 2 and 5 times the powers of ten that cover `low` to `high`, or only the powers of ten if that is too many.
fn factors(low: f64, high: f64) -> Vec<f64> {
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32 + 1);
    let multiples: &[f64] = if last - first > 5 { &[1.0] } else { &[1.0, 2.0, 5.0] };
    let all: Vec<f64> = (first..=last).flat_map(|p| multiples.iter().map(move |m| m * 10f64.powi(p))).collect();
    let from = all.iter().rposition(|tick| *tick <= low).unwrap_or(0);
    let to = all.iter().position(|tick| *tick >= high).unwrap_or(all.len() - 1);
    all[from..=to.max(from + 1)].to_vec()
}

/// Formats a number with as many decimals as its neighbours need.
fn number(x: f64, ticks: &[f64]) -> String {
    let step = ticks[1] - ticks[0];
    match -(step.log10() + 1e-9).floor() {
        decimals if decimals > 0.0 => format!("{x:.0$}", decimals as usize),
        _ => thousands(x.round().max(0.0) as usize),
    }
}

/// Formats a number with two decimals, or more if these would be zeros.
pub(crate) fn significant(x: f64) -> String {
    match x.abs() {
        0.0 => "0".into(),
        small if small < 1e-4 => format!("{x:.1e}"),
        size => format!("{x:.0$}", (1.0 - size.log10().floor()).clamp(2.0, 5.0) as usize),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(y: Axis, lines: &[Line]) -> String {
        Chart { title: "a < b & \"c\"", x_label: "pass", y_label: "error, %", y, lines, height: HEIGHT }
            .drawing()
            .svg_element()
            .unwrap()
    }

    fn line(points: &[(f64, f64)]) -> Line {
        Line { name: "l".into(), points: points.to_vec(), ..Line::default() }
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(ticks(1.0, 20.0, 10.0, 1.0), (0..=10).map(|i| 2.0 * f64::from(i)).collect::<Vec<_>>());
        assert_eq!(ticks(0.0, 1.68, 6.0, 0.0), [0.0, 0.5, 1.0, 1.5, 2.0]);
        assert_eq!(ticks(1.0, 3.0, 10.0, 1.0), [1.0, 2.0, 3.0]);
        assert_eq!(factors(0.36, 4.88), [0.2, 0.5, 1.0, 2.0, 5.0]);
        assert_eq!(factors(1.0, 1.0), [1.0, 2.0]);
        assert_eq!(factors(1e-4, 90.0), [1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0]);
        assert_eq!(number(0.5, &[0.0, 0.5]), "0.5");
        assert_eq!(number(60_000.0, &[0.0, 10_000.0]), "60,000");
        let numbers = [0.0, 12.345, 0.00512, -0.04, 1.6e-7].map(significant);
        assert_eq!(numbers, ["0", "12.35", "0.0051", "-0.040", "1.6e-7"]);
    }

    #[test]
    fn a_point_is_where_its_numbers_say() {
        let svg = chart(Axis::FromZero, &[line(&[(0.0, 0.0), (10.0, 2.0)])]);
        let bottom = TOP + HEIGHT;
        assert!(
            svg.contains(&format!("<polyline points=\"{LEFT},{bottom} {RIGHT},{TOP}\" fill=\"none\" stroke=\"#")),
            "{svg}"
        );
        let svg = chart(Axis::Log, &[line(&[(0.0, 0.1), (5.0, 1.0), (10.0, 10.0)])]);
        assert!(svg.contains(&format!(" {},{} ", (LEFT + RIGHT) / 2.0, (TOP + bottom) / 2.0)), "{svg}");
    }

    #[test]
    fn what_has_no_place_breaks_the_line() {
        let points = [
            (1.0, 1.0),
            (2.0, 2.0),
            (3.0, f64::NAN),
            (4.0, 2.0),
            (5.0, 0.0),
            (6.0, f64::INFINITY),
            (7.0, 1.0),
            (8.0, 1.0),
        ];
        let svg = chart(Axis::Log, &[line(&points)]);
        assert_eq!((svg.matches("stroke=\"#").count(), svg.matches("<circle").count()), (2, 5));
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }

    #[test]
    fn few_points_or_none_are_a_chart_too() {
        for y in [Axis::FromZero, Axis::Log] {
            for points in [&[][..], &[(1.0, 0.0)], &[(1.0, 1.0)], &[(f64::NAN, 1.0)], &[(3.0, 2.0), (3.0, 2.0)]] {
                let band = points.iter().map(|p| (p.0, 0.0, p.1)).collect();
                let svg = chart(y, &[Line { band: Some(band), ..line(points) }]);
                assert!(!svg.contains("NaN") && !svg.contains("inf"), "{y:?} {points:?}: {svg}");
            }
            assert!(!chart(y, &[]).contains("NaN"));
        }
    }

    #[test]
    fn text_is_escaped() {
        let svg = chart(Axis::Log, &[Line { name: "<script>".into(), ..line(&[(1.0, 1.0)]) }]);
        assert!(svg.contains("<title>a &lt; b &amp; &quot;c&quot;</title>") && !svg.contains("<script"), "{svg}");
    }
}

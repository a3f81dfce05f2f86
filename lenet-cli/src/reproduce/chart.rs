//! Line charts as SVG text, for a page to hold. Ink and grid have the colour of the text around them, and the colours of the lines are
//! of middle lightness: a chart goes on a light page and on a dark one.

use crate::summary::thousands;

/// A chart, ready to draw.
pub(crate) struct Chart<'a> {
    /// What it shows, for whom it is read out to.
    pub(crate) title: &'a str,
    pub(crate) x_label: &'a str,
    pub(crate) y_label: &'a str,
    pub(crate) y: Axis,
    pub(crate) lines: &'a [Line],
}

/// How the upward axis goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Axis {
    /// Evenly, from 0 on.
    FromZero,
    /// By factors; what is not above 0 has no place on it.
    Log,
}

/// One line of a chart. Points that are not finite are left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    pub(crate) name: String,
    /// x and y, from left to right; x is a count of something.
    pub(crate) points: Vec<(f64, f64)>,
    /// Which of `COLOURS`, round and round.
    pub(crate) colour: usize,
    pub(crate) dashed: bool,
    /// x, and from where to where a shade behind the line reaches.
    pub(crate) band: Option<Vec<(f64, f64, f64)>>,
}

/// Of lines: blue, vermilion, green, purple, ochre, cyan, pink, grey. Each has a contrast of 3 or more to white and to near-black.
const COLOURS: [&str; 8] = ["#2b7bd0", "#d05a1c", "#15906a", "#9460cc", "#a07a10", "#1d8fa8", "#cc5592", "#808080"];

const WIDTH: f64 = 720.0;
/// Where the lines are.
const LEFT: f64 = 52.0;
const RIGHT: f64 = WIDTH - 26.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 340.0;
/// The middle of the first line of the legend, and from one line to the next.
const LEGEND: f64 = BOTTOM + 62.0;
const LEGEND_LINE: f64 = 22.0;
/// About as wide as a letter is; SVG can't be asked.
const LETTER: f64 = 7.2;

impl Chart<'_> {
    /// The chart as an `<svg>` element of an HTML page, which needs no namespace.
    pub(crate) fn svg(&self) -> String {
        let frame = Frame::of(self.lines, self.y);
        let (legend, height) = legend(self.lines);
        let lines: String = self.lines.iter().map(|line| frame.line(line)).collect();
        format!(
            "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" font-size=\"13\" \
             font-family=\"system-ui, sans-serif\">\n<title>{}</title>\n{}{}{lines}{legend}</svg>\n",
            escape(self.title),
            frame.axes(),
            self.labels(),
        )
    }

    fn labels(&self) -> String {
        let (middle, below) = ((LEFT + RIGHT) / 2.0, BOTTOM + 38.0);
        format!(
            "<text x=\"8\" y=\"16\" fill=\"currentColor\">{}</text>\n\
             <text x=\"{middle}\" y=\"{below}\" text-anchor=\"middle\" fill=\"currentColor\">{}</text>\n",
            escape(self.y_label),
            escape(self.x_label),
        )
    }
}

/// The names of the lines below the chart, and how high it all is.
fn legend(lines: &[Line]) -> (String, f64) {
    let (mut x, mut y, mut out) = (LEFT, LEGEND, String::new());
    for line in lines {
        let width = 34.0 + LETTER * line.name.chars().count() as f64 + 18.0;
        if x > LEFT && x + width > WIDTH {
            (x, y) = (LEFT, y + LEGEND_LINE);
        }
        out += &format!(
            "<g color=\"{}\"><path d=\"M{x:.1} {y:.1}h26\"{}/></g><text x=\"{:.1}\" y=\"{:.1}\" fill=\"currentColor\">{}</text>\n",
            line.colour(),
            line.stroke(),
            x + 34.0,
            y + 4.5,
            escape(&line.name),
        );
        x += width;
    }
    (out, y + LEGEND_LINE / 2.0)
}

impl Line {
    fn colour(&self) -> &'static str {
        COLOURS[self.colour % COLOURS.len()]
    }

    /// How it is drawn, as attributes.
    fn stroke(&self) -> &'static str {
        if self.dashed {
            " fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.8\" stroke-dasharray=\"6 4\""
        } else {
            " fill=\"none\" stroke=\"currentColor\" stroke-width=\"2\" stroke-linejoin=\"round\""
        }
    }
}

/// What the axes cover, and where on the chart that is.
struct Frame {
    y: Axis,
    x_ticks: Vec<f64>,
    y_ticks: Vec<f64>,
}

impl Frame {
    /// That holds all lines and what is behind them.
    fn of(lines: &[Line], y: Axis) -> Self {
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
            Axis::FromZero => ticks(low.min(0.0), if high > 0.0 { high } else { 1.0 }, 6.0, 0.0),
            Axis::Log => factors(low, high),
        };
        Frame { y, x_ticks: ticks(left, right.max(left + 1.0), 8.0, 1.0), y_ticks }
    }

    fn x_of(&self, x: f64) -> f64 {
        LEFT + (RIGHT - LEFT) * part(x, &self.x_ticks)
    }

    /// What lies below the axis is put on it.
    fn y_of(&self, y: f64) -> f64 {
        let part = match self.y {
            Axis::FromZero => part(y, &self.y_ticks),
            Axis::Log if y > 0.0 => part(y.ln(), &self.y_ticks.iter().map(|tick| tick.ln()).collect::<Vec<_>>()),
            Axis::Log => 0.0,
        };
        BOTTOM - (BOTTOM - TOP) * part.max(0.0)
    }

    fn axes(&self) -> String {
        let mut out = String::new();
        for tick in &self.x_ticks {
            let (x, below) = (self.x_of(*tick), BOTTOM + 18.0);
            out += &format!(
                "<path d=\"M{x:.1} {TOP}V{BOTTOM}\" stroke=\"currentColor\" stroke-opacity=\"0.1\"/>\
                 <text x=\"{x:.1}\" y=\"{below}\" text-anchor=\"middle\" fill=\"currentColor\">{}</text>\n",
                number(*tick, &self.x_ticks)
            );
        }
        for tick in &self.y_ticks {
            let (y, before) = (self.y_of(*tick), LEFT - 8.0);
            let opacity = if y == BOTTOM { 0.6 } else { 0.15 };
            let text = if self.y == Axis::Log { number(*tick, &[0.0, *tick]) } else { number(*tick, &self.y_ticks) };
            out += &format!(
                "<path d=\"M{LEFT} {y:.1}H{RIGHT}\" stroke=\"currentColor\" stroke-opacity=\"{opacity}\"/>\
                 <text x=\"{before}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"currentColor\">{text}</text>\n",
                y + 4.5
            );
        }
        out
    }

    /// A line with the shade behind it; a point tells its numbers to whom points at it.
    fn line(&self, line: &Line) -> String {
        let mut out = format!("<g color=\"{}\">\n", line.colour());
        out += &line.band.as_ref().map_or(String::new(), |band| self.band(band));
        for piece in line.points.split(|point| !drawable(*point, self.y)).filter(|piece| piece.len() > 1) {
            let points = piece.iter().map(|&point| self.place(point)).collect::<Vec<_>>().join(" ");
            out += &format!("<polyline points=\"{points}\"{}/>\n", line.stroke());
        }
        for &(x, y) in line.points.iter().filter(|point| drawable(**point, self.y)) {
            out += &format!(
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"2.6\" fill=\"currentColor\"><title>{}, {}: {y:.2}</title></circle>\n",
                self.x_of(x),
                self.y_of(y),
                escape(&line.name),
                number(x, &self.x_ticks)
            );
        }
        out + "</g>\n"
    }

    fn band(&self, band: &[(f64, f64, f64)]) -> String {
        let finite = |ends: &&(f64, f64, f64)| [ends.0, ends.1, ends.2].iter().all(|x| x.is_finite());
        let (there, back) = (band.iter().filter(finite), band.iter().rev().filter(finite));
        let edge = there.map(|ends| self.place((ends.0, ends.2))).chain(back.map(|ends| self.place((ends.0, ends.1))));
        let points = edge.collect::<Vec<_>>().join(" ");
        format!("<polygon points=\"{points}\" fill=\"currentColor\" fill-opacity=\"0.18\"/>\n")
    }

    fn place(&self, (x, y): (f64, f64)) -> String {
        format!("{:.1},{:.1}", self.x_of(x), self.y_of(y))
    }
}

/// Whether a point has a place.
fn drawable((x, y): (f64, f64), axis: Axis) -> bool {
    x.is_finite() && y.is_finite() && (axis == Axis::FromZero || y > 0.0)
}

fn widen(range: &mut Option<(f64, f64)>, x: f64) {
    let (low, high) = range.unwrap_or((x, x));
    *range = Some((low.min(x), high.max(x)));
}

/// How far x is on the way from the first tick to the last.
fn part(x: f64, ticks: &[f64]) -> f64 {
    let (first, last) = (ticks[0], ticks[ticks.len() - 1]);
    (x - first) / (last - first)
}

/// About so many numbers, in steps of 1, 2 or 5 times a power of ten but no smaller than `least`, from at most `low` to at least `high`.
fn ticks(low: f64, high: f64, about: f64, least: f64) -> Vec<f64> {
    let wanted = ((high - low) / about).max(least);
    let power = 10f64.powf(wanted.log10().floor());
    let step =
        [1.0, 2.0, 5.0].map(|m| m * power).into_iter().find(|step| *step >= 0.999 * wanted).unwrap_or(10.0 * power);
    let (first, last) = ((low / step).floor() as i64, (high / step).ceil() as i64);
    (first..=last.max(first + 1)).map(|i| i as f64 * step).collect()
}

/// 1, 2 and 5 times the powers of ten, or these alone where that is too many, from at most `low` to at least `high`.
fn factors(low: f64, high: f64) -> Vec<f64> {
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32 + 1);
    let multiples: &[f64] = if last - first > 5 { &[1.0] } else { &[1.0, 2.0, 5.0] };
    let all: Vec<f64> = (first..=last).flat_map(|p| multiples.iter().map(move |m| m * 10f64.powi(p))).collect();
    let from = all.iter().rposition(|tick| *tick <= low).unwrap_or(0);
    let to = all.iter().position(|tick| *tick >= high).unwrap_or(all.len() - 1);
    all[from..=to.max(from + 1)].to_vec()
}

/// A number with as many decimals as its neighbours need.
fn number(x: f64, ticks: &[f64]) -> String {
    let step = ticks[1] - ticks[0];
    match -(step.log10() + 1e-9).floor() {
        decimals if decimals > 0.0 => format!("{x:.0$}", decimals as usize),
        _ => thousands(x.round().max(0.0) as usize),
    }
}

/// Text as it has to stand in XML and HTML.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(y: Axis, lines: &[Line]) -> String {
        Chart { title: "a < b & \"c\"", x_label: "pass", y_label: "error, %", y, lines }.svg()
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
    }

    #[test]
    fn a_point_is_where_its_numbers_say() {
        let svg = chart(Axis::FromZero, &[line(&[(0.0, 0.0), (10.0, 2.0)])]);
        assert!(svg.contains(&format!("<polyline points=\"{LEFT:.1},{BOTTOM:.1} {RIGHT:.1},{TOP:.1}\"")), "{svg}");
        let svg = chart(Axis::Log, &[line(&[(0.0, 0.1), (5.0, 1.0), (10.0, 10.0)])]);
        assert!(svg.contains(&format!(" {:.1},{:.1} ", (LEFT + RIGHT) / 2.0, (TOP + BOTTOM) / 2.0)), "{svg}");
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
        assert_eq!((svg.matches("<polyline").count(), svg.matches("<circle").count()), (2, 5));
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

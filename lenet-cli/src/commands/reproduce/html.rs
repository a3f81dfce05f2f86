//! The report: one page without links to other files, for a browser or a printer.

use super::record::{Mean, Pass, RunRecord, Summary};
use super::rows::{FIG_5_TEST, FIG_5_TRAIN, FIG_6, PAPER_RATES, Row, Scale};
use crate::draw::{Axis, Chart, HEIGHT, Line, Page, data_uri, escape, figure};
use crate::term::words::thousands;
use anyhow::Context;

/// The data of the page.
pub(crate) struct ReportPage<'a> {
    /// Whether `--quick` was given.
    pub(crate) quick: bool,
    /// Name and version.
    pub(crate) program: &'a str,
    pub(crate) instruction_set: &'a str,
    pub(crate) threads: usize,
    /// The rows that were run; the page says that the others are missing.
    pub(crate) summaries: &'a [Summary],
    pub(crate) runs: &'a [RunRecord],
    /// The digits that the first run of LeNet-5 misread.
    pub(crate) misread_png: Option<&'a [u8]>,
}

/// The whole page.
pub(crate) fn report(report: &ReportPage<'_>) -> anyhow::Result<String> {
    let sections = [
        report.introduction(),
        report.table(),
        report.by_pass()?,
        report.other_rows()?,
        report.by_images()?,
        report.rejection(),
        report.misread(),
        report.rates(),
        report.settings()?,
    ];
    Ok(Page { title: "LeNet-5 of 1998, trained again", body: &sections.concat() }.html())
}

impl ReportPage<'_> {
    fn runs_of(&self, row: Row) -> Vec<&RunRecord> {
        self.runs.iter().filter(|run| run.row == row).collect()
    }

    fn scale(&self) -> Scale {
        if self.quick { Scale::Quick } else { Scale::Full }
    }

    fn introduction(&self) -> String {
        let quick = if self.quick {
            "<p class=\"quick\"><strong>A quick run.</strong> Each network saw a sixth of the training images in half of the passes. \
             It shows that everything works; its figures are <strong>not comparable</strong> with the paper&#39;s.</p>\n"
        } else {
            ""
        };
        let images = self.runs.iter().map(|run| run.test_images).max();
        let images =
            images.map_or(" and is judged".into(), |n| format!(" and is judged by the {} test images", thousands(n)));
        format!(
            "<h1>LeNet-5 of 1998, trained again</h1>\n{quick}\
             <p>The networks of Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, <cite>Gradient-Based Learning Applied to Document \
             Recognition</cite> (Proc. IEEE, 1998), trained on MNIST as their authors did but for what docs/paper.md lists, and the published figures beside ours. \
             Each run started from random weights of its own{images} after its last pass, \
             whichever pass was its best. Made by {}.</p>\n",
            escape(self.program)
        )
    }

    fn table(&self) -> String {
        let rows: String = Row::ALL.into_iter().map(|row| self.table_row(row)).collect();
        format!(
            "<h2>Test error</h2>\n<div class=\"scroll\"><table>\n\
             <thead><tr><th>network</th><th class=\"n\">paper, %</th><th class=\"n\">ours, %</th><th class=\"n\">seeds</th>\
             <th>each run, %</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n\
             <p class=\"note\">± is the standard error of the mean of the seeds. Another set of test images would move all \
             figures of a column together, by about 0.1 at 10,000 images. The paper does not give the output layer of LeNet-1 and \
             LeNet-4, nor all that is connected in them: there they are ours, and so is LeNet-1&#39;s loss, \
             to which we came after the test images had shown that targets of ±1 miss the paper&#39;s figure. The Lush network is the authors&#39; later code; its \
             figure is from Yadav and Bottou (2019), who give ±0.2.</p>\n"
        )
    }

    fn table_row(&self, row: Row) -> String {
        let (ours, seeds, each) = match self.summaries.iter().find(|summary| summary.row == row) {
            Some(summary) => {
                let alone = self.alone(row);
                let alone = if alone.is_empty() { alone } else { format!("<br>its networks alone: {alone}") };
                (mean(&summary.error), summary.error.count.to_string(), list(&summary.errors) + &alone)
            }
            None => ("–".into(), "0".into(), "not run".into()),
        };
        format!(
            "<tr><th>{}</th><td class=\"n\">{:.2}</td><td class=\"n\">{ours}</td><td class=\"n\">{seeds}</td>\
             <td class=\"small\">{each}</td></tr>\n",
            escape(row.title()),
            row.published()
        )
    }

    /// The mean error of each network that votes.
    fn alone(&self, row: Row) -> String {
        let runs = self.runs_of(row);
        let networks = runs.iter().map(|run| run.alone.len()).max().unwrap_or(0);
        let of = |i: usize| runs.iter().filter_map(|run| run.alone.get(i).copied()).collect::<Vec<_>>();
        list(&(0..networks).filter_map(|i| Some(Mean::of(&of(i))?.mean)).collect::<Vec<_>>())
    }

    fn by_pass(&self) -> anyhow::Result<String> {
        let runs = self.runs_of(Row::LeNet5);
        if runs.iter().all(|run| run.passes.is_empty()) {
            return Ok(String::new());
        }
        let paper = |name: &str, percent: &[f64], colour| Line {
            name: name.into(),
            points: (1..).map(f64::from).zip(percent.iter().copied()).collect(),
            colour,
            dashed: true,
            ..Line::default()
        };
        // The paper's figure is constant after the last point. Its 21st point on the training images belongs to no pass.
        let mut test = paper("test, paper", &FIG_5_TEST, 0);
        test.points.extend(FIG_5_TEST.last().map(|percent| (PAPER_PASSES as f64, *percent)));
        let lines = [
            line("test, ours", 0, curve(&runs, |pass| pass.test_error)),
            test,
            line("training, ours", 1, curve(&runs, |pass| pass.train_error)),
            paper("training, paper", &FIG_5_TRAIN[..PAPER_PASSES], 1),
        ];
        let chart = Chart {
            title: "Error of LeNet-5 by pass, ours and the paper's",
            x_label: "passes over the training images",
            y_label: "error, %",
            y: Axis::Log,
            lines: &lines,
            height: HEIGHT,
        };
        let ours = match runs.len() {
            1 => "Ours is a single run.",
            _ => "Ours is the mean of the seeds; the shade reaches from the least to the greatest.",
        };
        let caption = format!(
            "{ours} The paper&#39;s is read off its fig. 5. A training image counts as it was read just before it was learned from."
        );
        section("LeNet-5 by pass", &chart, &caption)
    }

    fn other_rows(&self) -> anyhow::Result<String> {
        let mut colours = 0..;
        let curves = Row::ALL.into_iter().filter_map(|row| {
            let samples = curve(&self.runs_of(row), |pass| pass.test_error);
            if samples.is_empty() {
                return None;
            }
            // LeNet-5 itself in grey, for comparison. Each other network that has a curve has a colour.
            let colour = if row == Row::LeNet5 { 7 } else { colours.next()? };
            Some((row, Line { band: None, ..line(row.title(), colour, samples) }))
        });
        let (rows, lines): (Vec<Row>, Vec<Line>) = curves.unzip();
        if rows.iter().all(|row| *row == Row::LeNet5) {
            return Ok(String::new());
        }
        let chart = Chart {
            title: "Test error of each network by pass",
            x_label: "passes over as many patterns as there are training images",
            y_label: "test error, %",
            y: Axis::Log,
            lines: &lines,
            height: HEIGHT,
        };
        section("The other networks by pass", &chart, "Ours alone, each the mean of its seeds.")
    }

    fn by_images(&self) -> anyhow::Result<String> {
        let rows = [Row::Fifteen, Row::Thirty, Row::LeNet5];
        let samples = |of: fn(&RunRecord) -> Option<f64>| -> Samples {
            let point = |row: Row| {
                let numbers: Vec<f64> = self.runs_of(row).into_iter().filter_map(of).collect();
                (row.plan(1, self.scale()).images as f64, numbers)
            };
            rows.into_iter().map(point).filter(|(_, numbers)| !numbers.is_empty()).collect()
        };
        let test = samples(|run| Some(run.error()));
        if test.is_empty() {
            return Ok(String::new());
        }
        let paper = |name: &str, colour, of: fn(&(usize, f64, f64)) -> f64| Line {
            name: name.into(),
            points: FIG_6.iter().map(|figures| (figures.0 as f64, of(figures))).collect(),
            colour,
            dashed: true,
            ..Line::default()
        };
        let lines = [
            line("test, ours", 0, test),
            paper("test, paper", 0, |figures| figures.1),
            line("training, ours", 1, samples(|run| run.passes.last().map(|pass| 100.0 * pass.train_error))),
            paper("training, paper", 1, |figures| figures.2),
        ];
        let chart = Chart {
            title: "Error of LeNet-5 by the number of training images, ours and the paper's",
            x_label: "training images",
            y_label: "error, %",
            y: Axis::FromZero,
            lines: &lines,
            height: HEIGHT,
        };
        section(
            "LeNet-5 by the number of training images",
            &chart,
            "Test: after the last pass. Training: during it, each image just before it was learned from. The paper&#39;s is its fig. 6.",
        )
    }

    fn rejection(&self) -> String {
        let paper = Row::ALL.into_iter().filter_map(Row::published_rejection);
        let ours = self.summaries.iter().map(|summary| summary.rejected.mean);
        let most = paper.chain(ours).filter(|percent| percent.is_finite()).fold(0.0, f64::max);
        let bar = |kind: &str, percent: f64, text: String| {
            let width = if percent.is_finite() && most > 0.0 { 100.0 * percent / most } else { 0.0 };
            format!(
                "<div class=\"bar\"><span class=\"{kind}\" style=\"width:{:.1}%\"></span> {text}</div>",
                0.7 * width
            )
        };
        let row = |summary: &Summary| {
            let paper =
                summary.row.published_rejection().map(|percent| bar("paper", percent, format!("{percent:.1} paper")));
            format!(
                "<tr><th>{}</th><td class=\"bars\">{}{}</td></tr>\n",
                escape(summary.row.title()),
                bar("ours", summary.rejected.mean, mean(&summary.rejected) + " ours"),
                paper.unwrap_or_default()
            )
        };
        let rows: String = self.summaries.iter().map(row).collect();
        if rows.is_empty() {
            return rows;
        }
        format!(
            "<h2>Refused for an error of 0.5%</h2>\n<div class=\"scroll\"><table>\n<tbody>\n{rows}</tbody>\n</table></div>\n\
             <p class=\"note\">How many test images, in percent, have to be refused so that 0.5% of the rest are misread: those on which \
             the two best classes are nearest to each other. The paper&#39;s are from its fig. 10, which has no bar for the others.</p>\n"
        )
    }

    fn misread(&self) -> String {
        let runs = self.runs_of(Row::LeNet5);
        let (Some(png), Some(run)) = (self.misread_png, runs.first()) else { return String::new() };
        let what = format!("The {} of {} test images", thousands(run.misread.len()), thousands(run.test_images));
        format!(
            "<h2>What LeNet-5 misreads</h2>\n<figure>\n\
             <img alt=\"{what} that LeNet-5 misread\" src=\"{}\">\n\
             <figcaption>{what} that the run of seed {} misread; below each, what it is and what it was \
             read as. The paper&#39;s fig. 8 shows the same of its own.</figcaption>\n</figure>\n",
            data_uri(png),
            run.seed
        )
    }

    fn rates(&self) -> String {
        let row = |run: &&RunRecord| {
            let (least, greatest) = run.rates?;
            let (least, greatest) = (scientific(least.into()), scientific(greatest.into()));
            Some(format!(
                "<tr><th>ours, seed {}</th><td class=\"n\">{least}</td><td class=\"n\">{greatest}</td></tr>\n",
                run.seed
            ))
        };
        let rows: String = self.runs_of(Row::LeNet5).iter().filter_map(row).collect();
        if rows.is_empty() {
            return rows;
        }
        format!(
            "<h2>Rates of single weights</h2>\n\
             <p>Every weight of LeNet-5 has a rate <var>ε<sub>k</sub></var> of its own, the smaller the more the loss bends along it. \
             In the first pass they lie between</p>\n<div class=\"scroll\"><table>\n\
             <thead><tr><th></th><th class=\"n\">least</th><th class=\"n\">greatest</th></tr></thead>\n<tbody>\n\
             <tr><th>paper</th><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n{rows}</tbody>\n</table></div>\n",
            scientific(PAPER_RATES.0),
            scientific(PAPER_RATES.1)
        )
    }

    fn settings(&self) -> anyhow::Result<String> {
        let mut rows = String::new();
        for summary in self.summaries {
            let runs = self.runs_of(summary.row);
            let Some(first) = runs.first() else { continue };
            let seeds: Vec<String> = runs.iter().map(|run| run.seed.to_string()).collect();
            let json = serde_json::to_string_pretty(&first.settings).context("the settings of a run")?;
            rows += &format!(
                "<details>\n<summary>{} <span class=\"small\">seed{} {}; {} s in all</span></summary>\n<pre>{}</pre>\n</details>\n",
                escape(summary.row.title()),
                if seeds.len() == 1 { "" } else { "s" },
                seeds.join(", "),
                thousands(summary.seconds.max(0.0).round() as usize),
                escape(&json)
            );
        }
        let seconds: f64 = self.runs.iter().map(|run| run.seconds).sum();
        Ok(format!(
            "<h2>Settings</h2>\n<p>{}, instruction set {}; {} on {} thread{}, each run on one of them: {} s of runs. \
             Of each network the settings of its first seed.</p>\n{rows}",
            escape(self.program),
            escape(self.instruction_set),
            match self.runs.len() {
                1 => "1 run".into(),
                n => format!("{n} runs"),
            },
            self.threads,
            if self.threads == 1 { "" } else { "s" },
            thousands(seconds.max(0.0).round() as usize),
        ))
    }
}

/// Passes of the paper's LeNet-5.
const PAPER_PASSES: usize = 20;

/// The numbers of several runs for each x.
type Samples = Vec<(f64, Vec<f64>)>;

/// Percent by pass, of the runs that have that pass.
fn curve(runs: &[&RunRecord], of: fn(&Pass) -> f64) -> Samples {
    let passes = runs.iter().map(|run| run.passes.len()).max().unwrap_or(0);
    let at = |pass: usize| runs.iter().filter_map(|run| run.passes.get(pass)).map(|pass| 100.0 * of(pass)).collect();
    (0..passes).map(|pass| ((pass + 1) as f64, at(pass))).collect()
}

/// The mean at each x, and a band from the smallest to the largest number if there are several anywhere.
fn line(name: &str, colour: usize, samples: Samples) -> Line {
    let mean = |(x, numbers): &(f64, Vec<f64>)| Some((*x, Mean::of(numbers)?.mean));
    let ends = |(x, numbers): &(f64, Vec<f64>)| {
        let (least, greatest) =
            (numbers.iter().copied().fold(f64::INFINITY, f64::min), numbers.iter().copied().fold(0.0, f64::max));
        (*x, least, greatest)
    };
    let several = samples.iter().any(|(_, numbers)| numbers.len() > 1);
    Line {
        name: name.into(),
        points: samples.iter().filter_map(mean).collect(),
        colour,
        band: several.then(|| samples.iter().map(ends).collect()),
        ..Line::default()
    }
}

fn section(heading: &str, chart: &Chart<'_>, caption: &str) -> anyhow::Result<String> {
    figure(heading, &chart.drawing(), caption)
}

fn number(x: f64) -> String {
    if x.is_finite() { format!("{x:.2}") } else { "–".into() }
}

fn list(numbers: &[f64]) -> String {
    numbers.iter().map(|x| number(*x)).collect::<Vec<_>>().join(", ")
}

fn mean(numbers: &Mean) -> String {
    let error = numbers.standard_error.map_or(String::new(), |error| format!(" ± {}", number(error)));
    number(numbers.mean) + &error
}

/// `7.0 × 10⁻⁵`, in HTML.
fn scientific(x: f64) -> String {
    match format!("{x:.1e}").split_once('e') {
        Some((digits, power)) => format!("{digits} × 10<sup>{}</sup>", power.replace('-', "−")),
        None => "–".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::readings::Misread;
    use serde_json::json;

    fn run(row: Row, seed: u64, passes: usize, wrong: usize) -> RunRecord {
        let pass = |i| Pass { train_error: 0.05 / f64::from(i), test_error: 0.03 / f64::from(i) };
        RunRecord {
            row,
            seed,
            settings: json!({ "recipe": { "network": "<b>&" }, "seed": seed }),
            passes: (1..).map(pass).take(passes).collect(),
            misread: vec![Misread { index: 0, is: 4, read: 6 }; wrong],
            test_images: 10_000,
            rejected: 2 * wrong,
            rates: Some((7.1e-5, 0.0182)),
            alone: vec![],
            seconds: 61.4,
        }
    }

    fn page(runs: &[RunRecord], quick: bool, misread_png: Option<&[u8]>) -> String {
        let summaries: Vec<_> = Row::ALL.into_iter().filter_map(|row| Summary::of(row, runs)).collect();
        let (program, instruction_set) = ("lenet 9 <&>", "avx2 + \"fma\"");
        let page = ReportPage { quick, program, instruction_set, threads: 2, summaries: &summaries, runs, misread_png };
        report(&page).unwrap()
    }

    fn all_rows() -> Vec<RunRecord> {
        let runs = Row::ALL.into_iter().flat_map(|row| [run(row, 1, 20, 90), run(row, 2, 20, 100)]);
        runs.map(|run| if run.row == Row::Boosted { RunRecord { passes: vec![], ..run } } else { run }).collect()
    }

    fn assert_numbers_alone(page: &str) {
        for word in ["NaN", "inf"] {
            let at = page.find(word).map(|i| &page[i.saturating_sub(40)..]);
            assert_eq!(at, None, "{word}");
        }
    }

    #[test]
    fn everything_has_its_section_and_its_numbers() {
        let page = page(&all_rows(), false, Some(b"\x89PNG"));
        assert_numbers_alone(&page);
        assert_eq!((page.matches("<h2>").count(), page.matches("<svg").count()), (8, 3));
        assert!(
            page.contains("<td class=\"n\">0.95</td><td class=\"n\">0.95 ± 0.05</td><td class=\"n\">2</td>"),
            "{page}"
        );
        assert!(page.contains("<td class=\"small\">0.90, 1.00</td>"));
        assert!(page.contains("src=\"data:image/png;base64,iVBORw==\""));
        assert!(page.contains("7.0 × 10<sup>−5</sup></td><td class=\"n\">1.6 × 10<sup>−2</sup>"));
        assert!(page.contains("<td class=\"n\">7.1 × 10<sup>−5</sup></td><td class=\"n\">1.8 × 10<sup>−2</sup>"));
        assert!(page.contains("18 runs on 2 threads, each run on one of them: 1,105 s of runs"));
        assert!(!page.contains("A quick run") && !page.contains("not run"));
    }

    #[test]
    fn what_is_missing_is_said_or_left_out() {
        let nothing = page(&[], true, None);
        assert_eq!((nothing.matches("<svg").count(), nothing.matches("not run").count()), (0, Row::ALL.len()));
        let uneven = [run(Row::LeNet5, 1, 3, 0), run(Row::LeNet5, 2, 1, 5), run(Row::Lush, 1, 0, 1)];
        let boosted = RunRecord { alone: vec![1.0, 2.5, 3.0], rates: None, ..run(Row::Boosted, 1, 0, 80) };
        let endless = RunRecord { rates: Some((0.0, f32::INFINITY)), seconds: f64::NAN, ..run(Row::LeNet4, 1, 1, 1) };
        for runs in [&[][..], &uneven, &uneven[..1], &uneven[2..], std::slice::from_ref(&boosted), &[endless]] {
            let page = page(runs, true, None);
            assert_numbers_alone(&page);
            assert!(page.contains("A quick run"));
        }
        assert!(page(&[boosted], false, None).contains("its networks alone: 1.00, 2.50, 3.00"));
    }

    #[test]
    fn data_is_text() {
        let page = page(&all_rows(), false, None);
        assert!(page.contains("lenet 9 &lt;&amp;&gt;") && page.contains("avx2 + &quot;fma&quot;"));
        assert!(page.contains("&lt;b&gt;&amp;") && !page.contains("<b>") && !page.contains("<script"));
        assert!(!page.contains("http"), "not on its own");
    }
}

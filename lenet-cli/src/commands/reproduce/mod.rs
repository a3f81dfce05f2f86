//! `lenet reproduce`: trains the networks of the paper as their authors did, and compares its figures with ours.

mod html;
mod perform;
mod record;
mod rows;
mod table;

use crate::args::threads::{ThreadArguments, instruction_set};
use crate::figures::misread::misread_drawing;
use crate::run::distorted::{DistortionName, DistortionRecord};
use crate::term::progress::{bar, message};
use crate::term::words::plural;
use anyhow::{Context, anyhow, bail};
use clap::Args;
use lenet_data::Dataset;
use lenet_model::write_beside;
use perform::{Digits, RowTask};
use record::{RunRecord, Summary};
use rows::{Row, Scale};
use serde_json::json;
use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

/// The most runs of a row that make sense.
const MOST_SEEDS: u64 = 1000;

#[derive(Args)]
pub(crate) struct ReproduceArguments {
    /// One row of the table; can be repeated [default: all rows]
    #[arg(long, value_name = "ROW")]
    only: Vec<Row>,
    /// Runs of each row, with seeds from 1 on [default: 5, or 10 of LeNet-5 on all images and of LeNet-1; 1 of a quick run]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MOST_SEEDS))]
    seeds: Option<u64>,
    /// A sixth of the images and half of the passes: takes a minute, but the figures can't be compared with the paper's
    #[arg(long)]
    quick: bool,
    /// The folder of the runs and the report; runs that are already there are not repeated
    /// [default: runs/reproduce, or runs/reproduce-quick]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    threads: ThreadArguments,
    /// Repeat runs that are there with other settings
    #[arg(long)]
    force: bool,
    /// Print the table only
    #[arg(long, short)]
    quiet: bool,
}

impl ReproduceArguments {
    fn scale(&self) -> Scale {
        if self.quick { Scale::Quick } else { Scale::Full }
    }

    fn rows(&self) -> Vec<Row> {
        Row::ALL.into_iter().filter(|row| self.only.is_empty() || self.only.contains(row)).collect()
    }

    fn folder(&self) -> PathBuf {
        let default = || PathBuf::from(if self.quick { "runs/reproduce-quick" } else { "runs/reproduce" });
        self.out.clone().unwrap_or_else(default)
    }
}

pub(crate) fn run(arguments: &ReproduceArguments) -> anyhow::Result<()> {
    let start = Instant::now();
    let isa = instruction_set()?.to_string();
    let threads = arguments.threads.pool()?.current_num_threads();
    let folder = arguments.folder();
    std::fs::create_dir_all(folder.join("runs"))
        .with_context(|| format!("{}: can't create the folder: choose another --out", folder.display()))?;
    let data = Dataset::mnist()?;
    let (whole, shrunk) = (Digits::new(&data, None)?, Digits::new(&data, Some(rows::LENET1_SHRINK))?);

    let (wanted, scale) = (arguments.rows(), arguments.scale());
    let mut done = Vec::new();
    let mut left = VecDeque::new();
    for row in Row::ALL {
        let seeds = arguments.seeds.unwrap_or(row.seeds(scale));
        for seed in 1..=MOST_SEEDS {
            let plan = row.plan(seed, scale);
            let settings = settings(&plan, &isa);
            let is_wanted = wanted.contains(&row) && seed <= seeds;
            match finished(&record_path(&folder, row, seed)) {
                // Runs that were not asked for are part of the report as well.
                Some(record) if record.settings == settings => done.push(record),
                Some(_) if is_wanted && !arguments.force => bail!(
                    "{}: a run with other settings: choose another --out, or --force to repeat it",
                    record_path(&folder, row, seed).display()
                ),
                _ if is_wanted => {
                    let digits = if plan.shrink.is_some() { &shrunk } else { &whole };
                    left.push_back(RowTask { row, plan, digits, settings });
                }
                _ => {}
            }
        }
    }
    let say = |line: String| {
        if !arguments.quiet {
            message!("{line}");
        }
    };
    say(format!(
        "{} run{} to make on {threads} thread{}, instruction set {isa}; {} already in {}",
        left.len(),
        plural(left.len()),
        plural(threads),
        done.len(),
        folder.display()
    ));
    done.extend(perform_all(left, threads, &folder, arguments.quiet)?);
    done.sort_by_key(|record| (record.row, record.seed));
    let results = Results { arguments, folder: &folder, isa: &isa, threads, seconds: start.elapsed().as_secs_f64() };
    results.write(&done, &data)
}

/// Everything that determines a run. The seed is part of the recipe.
fn settings(plan: &rows::Plan, isa: &str) -> serde_json::Value {
    json!({
        "program": concat!("lenet ", env!("CARGO_PKG_VERSION")),
        "instruction_set": isa,
        "recipe": plan.recipe,
        "images": plan.images,
        "distortion": plan.distorted.then(|| DistortionRecord::of(DistortionName::Paper, false)),
        "shrink": plan.shrink.map(|factor| factor.to_string()),
        "boosted": plan.boosted,
    })
}

fn record_path(folder: &Path, row: Row, seed: u64) -> PathBuf {
    folder.join("runs").join(format!("{}-{seed}.json", row.name()))
}

/// The record of a run that was made before, if there is a complete one.
fn finished(path: &Path) -> Option<RunRecord> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

/// Makes the runs, each on one thread, the longest first. Each writes its file as soon as it is done.
fn perform_all(
    tasks: VecDeque<RowTask<'_>>,
    threads: usize,
    folder: &Path,
    quiet: bool,
) -> anyhow::Result<Vec<RunRecord>> {
    let mut tasks: Vec<RowTask<'_>> = tasks.into();
    tasks.sort_by_key(|task| std::cmp::Reverse(task.presentations()));
    let patterns = tasks.iter().map(RowTask::presentations).sum();
    let bar = bar(Some(patterns), "{bar:28} {percent:>3}%  {human_pos} of {human_len} patterns  {eta} left", quiet);
    let (queue, done) = (Mutex::new(VecDeque::from(tasks)), Mutex::new(Vec::new()));
    let next = || queue.lock().expect("no thread panics with the queue").pop_front();
    let work_through = || -> anyhow::Result<()> {
        // One thread per run, so that several are made at the same time.
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().context("can't start a thread")?;
        while let Some(task) = next() {
            let name = format!("{}, seed {}", task.row.title(), task.plan.recipe.seed);
            let learned = |patterns| bar.inc(patterns);
            let record = pool.install(|| task.perform(&learned)).with_context(|| name.clone())?;
            let path = record_path(folder, task.row, record.seed);
            write_beside(&path, &serde_json::to_vec_pretty(&record)?)
                .with_context(|| format!("{}: can't be written", path.display()))?;
            if !quiet {
                bar.suspend(|| message!("{name}: test error {:.2}%, {:.0} s", record.error(), record.seconds));
            }
            done.lock().expect("no thread panics with the list").push(record);
        }
        Ok(())
    };
    // If a run fails, the others are finished, and no more are started.
    let work = || work_through().inspect_err(|_| queue.lock().expect("no thread panics with the queue").clear());
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| anyhow!("a run broke off"))?)
    })?;
    bar.finish_and_clear();
    Ok(done.into_inner().expect("no thread panics with the list"))
}

/// The data of the table and the report.
struct Results<'a> {
    arguments: &'a ReproduceArguments,
    folder: &'a Path,
    isa: &'a str,
    threads: usize,
    seconds: f64,
}

impl Results<'_> {
    fn write(&self, runs: &[RunRecord], data: &Dataset) -> anyhow::Result<()> {
        let summaries: Vec<Summary> = Row::ALL.into_iter().filter_map(|row| Summary::of(row, runs)).collect();
        let picture = runs
            .iter()
            .find(|run| run.row == Row::LeNet5)
            .map(|run| misread_drawing(data.test.images(), &run.misread)?.png_file())
            .transpose()?;
        let html = html::report(&html::ReportPage {
            quick: self.arguments.quick,
            program: concat!("lenet ", env!("CARGO_PKG_VERSION")),
            instruction_set: self.isa,
            threads: self.threads,
            summaries: &summaries,
            runs,
            misread_png: picture.as_deref(),
        })?;
        self.save("report.html", html.as_bytes())?;
        self.save("report.json", &serde_json::to_vec_pretty(&self.json(&summaries, runs))?)?;
        if let Some(picture) = &picture {
            self.save("misread.png", picture)?;
        }
        let note = self.arguments.quick.then_some(
            "--quick: a sixth of the images, half of the passes. Do not compare these figures with the paper's.",
        );
        table::write_table(&mut io::stdout().lock(), &summaries, note)?;
        if !self.arguments.quiet {
            if let Some((least, greatest)) = runs.iter().find(|run| run.row == Row::LeNet5).and_then(|run| run.rates) {
                let (paper_least, paper_greatest) = rows::PAPER_RATES;
                message!(
                    "rates of single weights in LeNet-5's first pass: {least:.1e} to {greatest:.1e} \
                     (paper: {paper_least:e} to {paper_greatest})"
                );
            }
            let picture = if picture.is_some() { ", misread.png" } else { "" };
            message!("{}: report.html, report.json{picture}; {:.0} s", self.folder.display(), self.seconds);
        }
        Ok(())
    }

    fn json(&self, summaries: &[Summary], runs: &[RunRecord]) -> serde_json::Value {
        let rows: Vec<_> = summaries
            .iter()
            .map(|s| json!({ "published": s.row.published(), "published_rejected": s.row.published_rejection(), "ours": s }))
            .collect();
        json!({
            "program": concat!("lenet ", env!("CARGO_PKG_VERSION")),
            "quick": self.arguments.quick,
            "instruction_set": self.isa,
            "threads": self.threads,
            "rows": rows,
            "runs": runs,
        })
    }

    fn save(&self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let path = self.folder.join(name);
        write_beside(&path, bytes).with_context(|| format!("{}: can't be written", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_record_is_no_finished_run() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lenet1-1.json");
        assert!(finished(&path).is_none(), "there is no file");
        let whole = json!({
            "row": "lenet1", "seed": 1, "settings": {}, "passes": [{ "train_error": 0.5, "test_error": 0.25 }],
            "misread": [], "test_images": 10_000, "rejected": 0, "rates": null, "alone": [], "seconds": 1.0,
        })
        .to_string();
        std::fs::write(&path, &whole).unwrap();
        assert_eq!(finished(&path).map(|record| record.passes.len()), Some(1));
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            assert!(finished(&path).is_none(), "the first {length} bytes of a record");
        }
        std::fs::write(&path, whole.replace("passes", "epochs")).unwrap();
        assert!(finished(&path).is_none(), "a field is missing");
    }
}

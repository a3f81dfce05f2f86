//! `lenet data show`: what is in a set.

use super::sheet;
use crate::args::place::Place;
use crate::term::progress::message;
use crate::term::words::thousands;
use anyhow::Context;
use clap::Args;
use lenet_data::{Dataset, LabelledImages};
use serde_json::{Value, json};
use std::io::{self, Write};
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct ShowArguments {
    /// mnist, fashion-mnist, kmnist or emnist-digits, or a file or a folder, as for `lenet train --data`
    #[arg(value_name = "SET|FILE|DIR")]
    set: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Write the first 20 images of each class to this PNG, instead of printing a few
    #[arg(long, value_name = "FILE.png")]
    out: Option<PathBuf>,
}

pub(crate) fn run(arguments: &ShowArguments) -> anyhow::Result<()> {
    let place = Place::of(&arguments.set)?;
    let set = place.load(false)?;
    if let Some(path) = &arguments.out {
        let picture = sheet::png(&set.train)?;
        lenet_model::write_beside(path, &picture).with_context(|| format!("{}: can't be written", path.display()))?;
        message!("{}: the first images of each class", path.display());
    }
    let mut out = io::stdout().lock();
    if arguments.json {
        let path = place.path().map(|path| path.display().to_string());
        let (train, test) = (part(&set.train), part(&set.test));
        writeln!(
            out,
            "{}",
            json!({ "name": set.name, "folder": path, "held_out": set.held_out, "train": train, "test": test })
        )?;
        return Ok(());
    }
    match place.path() {
        Some(path) => writeln!(out, "{}, in {}\n", set.name, path.display())?,
        None => writeln!(out, "{}, built in\n", set.name)?,
    }
    write_table(&mut out, &set)?;
    if set.held_out {
        writeln!(out, "\nno test images: every seventh image of each class is held out for the test")?;
    }
    if arguments.out.is_none() {
        writeln!(out, "\nthe first training images of each class\n")?;
        sheet::write_text(&mut out, &set.train)?;
    }
    Ok(())
}

fn part(examples: &LabelledImages) -> Value {
    let (mean, deviation) = examples.mean_and_deviation();
    json!({ "count": examples.len(), "classes": examples.class_counts(), "mean": mean, "deviation": deviation })
}

/// Prints a line for each class, then the grey levels.
fn write_table(out: &mut impl Write, set: &Dataset) -> io::Result<()> {
    let parts = [&set.train, &set.test];
    let share = |n: usize, all: usize| format!("{:.2}%", 100.0 * n as f64 / all as f64);
    let counts = parts.map(LabelledImages::class_counts);
    let labels: Vec<String> = (0..10).map(|class| set.classes.label(class).to_string()).collect();
    let width = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0).max(5);
    writeln!(out, "{:<width$}   train           test", "class")?;
    for class in 0..10 {
        let [train, test] = [0, 1].map(|i| (counts[i][class], parts[i].len()));
        writeln!(
            out,
            "{:>width$}  {:>6} {:>7}  {:>6} {:>7}",
            labels[class],
            thousands(train.0),
            share(train.0, train.1),
            thousands(test.0),
            share(test.0, test.1)
        )?;
    }
    let [train, test] = parts.map(LabelledImages::len).map(thousands);
    writeln!(out, "{:>width$} {train:>7}         {test:>7}", "all")?;
    let [train, test] = parts.map(LabelledImages::mean_and_deviation);
    writeln!(out, "\ngrey levels, background at 0 and foreground at 1")?;
    for (name, (mean, deviation)) in [("train", train), ("test", test)] {
        writeln!(out, "{name:>5}  mean {mean:.4}, deviation {deviation:.4}")?;
    }
    Ok(())
}

//! The clock, and the main program.

use crate::{Data, Kind, Peer, Work, check, version_of};
use anyhow::{Context, Result, ensure};
use clap::Parser;
use serde_json::json;
use std::path::PathBuf;
use std::time::Instant;

/// The arguments of a program.
#[derive(Parser)]
struct Options {
    /// The work, as `train-b64-t2`.
    #[arg(long)]
    work: Work,
    /// The folder that `ours --reference` wrote.
    #[arg(long)]
    data: PathBuf,
    /// The minimum duration of a repetition, in seconds
    #[arg(long, default_value_t = 0.5)]
    seconds: f64,
    /// The number of repetitions
    #[arg(long, default_value_t = 5)]
    repetitions: usize,
}

/// Measures the work that the command line asks for, and prints a line of JSON.
///
/// # Errors
/// If the work cannot be done, or the results are wrong.
pub fn run<P: Peer>() -> Result<()> {
    let options = Options::parse();
    let data = Data::open(&options.data)?;
    let work = options.work;
    // The frameworks' thread pools read it once, before a program could set it.
    let threads = std::env::var("RAYON_NUM_THREADS").ok();
    ensure!(threads == Some(work.threads.to_string()), "set RAYON_NUM_THREADS to {}, as the work says", work.threads);
    println!("{}", measure::<P>(&data, &options).with_context(|| format!("{}, {work}", P::WHO))?);
    Ok(())
}

fn measure<P: Peer>(data: &Data, options: &Options) -> Result<serde_json::Value> {
    let work = options.work;
    check::same_network::<P>(data, work)?;
    let mut peer = P::new(data, work)?;
    let before = check::loss(&peer, data)?;

    // Runs of increasing length warm the caches and find how many steps a repetition takes.
    let mut steps = 1;
    let mut took = timed(&mut peer, work, steps)?;
    while took.seconds < options.seconds {
        let more = options.seconds / took.seconds.max(1e-9) * 1.1;
        steps = (steps as f64 * more.clamp(1.5, 10.0)).ceil() as usize;
        took = timed(&mut peer, work, steps)?;
    }
    let mut values = Vec::new();
    for _ in 0..options.repetitions.max(1) {
        values.push(timed(&mut peer, work, steps)?.value(work));
    }

    let after = check::loss(&peer, data)?;
    if work.kind == Kind::Train {
        ensure!(after < before, "training took the loss from {before} to {after}");
    } else {
        check::outputs_as_reference(&peer, data)?;
    }
    // From the best to the worst.
    values.sort_by(|a, b| if work.kind == Kind::Latency { a.total_cmp(b) } else { b.total_cmp(a) });
    Ok(json!({
        "who": P::WHO,
        "version": version_of(P::PACKAGE),
        "settings": P::settings(),
        "work": work.to_string(),
        "value": values[0],
        "median": values[values.len() / 2],
        "unit": if work.kind == Kind::Latency { "us" } else { "images/s" },
    }))
}

/// The number of images, and the time they took.
struct Took {
    images: usize,
    seconds: f64,
}

impl Took {
    fn value(&self, work: Work) -> f64 {
        match work.kind {
            Kind::Latency => self.seconds / self.images as f64 * 1e6,
            Kind::Train | Kind::Infer => self.images as f64 / self.seconds,
        }
    }
}

fn timed<P: Peer>(peer: &mut P, work: Work, steps: usize) -> Result<Took> {
    let start = Instant::now();
    let images = if work.kind == Kind::Train { peer.train(steps)? } else { peer.infer(steps)? };
    Ok(Took { images, seconds: start.elapsed().as_secs_f64() })
}

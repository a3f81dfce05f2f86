//! How many threads a command uses, and which instruction set.

use crate::term::progress::message;
use anyhow::Context;
use clap::Args;
use lenet_layers::simd::Isa;

/// The instruction set. The error says why the one in `LENET_KERNEL` can't be used.
pub(crate) fn instruction_set() -> anyhow::Result<Isa> {
    Isa::from_env().with_context(|| format!("LENET_KERNEL={}", std::env::var("LENET_KERNEL").unwrap_or_default()))
}

/// Warns that a resumed run began with another instruction set.
pub(crate) fn warn_of_other_set(began: &str, now: &str) {
    if began != now {
        message!(
            "warning: the run began with the instruction set {began}, this is {now}: sums are rounded differently, so it will not end on the same bits"
        );
    }
}

/// How many threads to use.
#[derive(Args)]
pub(crate) struct ThreadArguments {
    /// Threads to use [default: one per processor]; the result does not depend on it. A training step uses one thread per
    /// sixteen images of its batch, and at most sixteen
    // The limit is far above any number of processors. A system refuses to start a hundred thousand threads.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: Option<u32>,
}

impl ThreadArguments {
    /// Starts the threads.
    pub(crate) fn pool(&self) -> anyhow::Result<rayon::ThreadPool> {
        // To rayon, 0 means one per processor.
        let builder = rayon::ThreadPoolBuilder::new().num_threads(self.threads.unwrap_or(0) as usize);
        builder.build().context("can't start the threads: give a smaller --threads")
    }
}

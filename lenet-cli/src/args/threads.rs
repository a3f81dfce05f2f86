//! How many threads a command uses, and which instruction set.

use anyhow::Context;
use clap::Args;
use lenet_layers::simd::Isa;

/// The instruction set, or why the one that `LENET_KERNEL` names can't be had.
pub(crate) fn instruction_set() -> anyhow::Result<Isa> {
    Isa::from_env().with_context(|| format!("LENET_KERNEL={}", std::env::var("LENET_KERNEL").unwrap_or_default()))
}

/// How many threads to use.
#[derive(Args)]
pub(crate) struct ThreadArguments {
    /// Threads to use [default: one for each processor]; the result does not depend on it. A step keeps one busy for each
    /// sixteen images of its batch, and never more than sixteen
    // Far more than processors are of no use, and a hundred thousand are more than a system lets live.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: Option<u32>,
}

impl ThreadArguments {
    /// The pool of them.
    pub(crate) fn pool(&self) -> anyhow::Result<rayon::ThreadPool> {
        // To rayon 0 means one for each processor.
        let builder = rayon::ThreadPoolBuilder::new().num_threads(self.threads.unwrap_or(0) as usize);
        builder.build().context("can't start the threads: give a smaller --threads")
    }
}

//! `lenet data fetch`: from the mirrors of a set to its folder in the cache.

use crate::term::progress::{bar, bar_style, message};
use crate::term::words::thousands;
use anyhow::{Context, anyhow};
use clap::Args;
use clap::builder::PossibleValuesParser;
use indicatif::ProgressBar;
use lenet_data::fetch::{FetchError, FetchEvent, FetchOptions, Fetched, SetSource, fetch, set_folder};
use std::env;
use std::io::{self, Write};
use std::time::Duration;

#[derive(Args)]
pub(crate) struct FetchArguments {
    /// The set
    #[arg(value_parser = PossibleValuesParser::new(SetSource::NAMES))]
    name: String,
    /// An address below which the files are, asked before those in LENET_MIRROR and the built-in ones; {set} in it stands for the
    /// name of the set. Can be repeated. For emnist-digits and cifar-10 it may be the address of the archive itself,
    /// ending in .zip or .tar.gz
    #[arg(long, value_name = "URL", value_parser = address)]
    mirror: Vec<String>,
    /// Download files again that are there
    #[arg(long)]
    force: bool,
    /// How long to wait for a connection, and for each next byte, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// Print the folder only
    #[arg(long, short)]
    quiet: bool,
}

fn address(word: &str) -> Result<String, String> {
    if word.starts_with("http://") || word.starts_with("https://") {
        Ok(word.into())
    } else {
        Err("an address begins with http:// or https://".into())
    }
}

/// The variable with mirrors for all sets, separated by blanks.
const MIRRORS: &str = "LENET_MIRROR";

pub(crate) fn run(arguments: &FetchArguments) -> anyhow::Result<()> {
    let source = SetSource::named(&arguments.name).with_context(|| format!("{}: no such set", arguments.name))?;
    let folder = set_folder(&source.name)?;
    let mut mirrors = arguments.mirror.clone();
    for word in env::var(MIRRORS).unwrap_or_default().split_whitespace() {
        mirrors.push(address(word).map_err(|error| anyhow!("{MIRRORS}: {word}: {error}"))?);
    }
    let timeout = Duration::from_secs(arguments.timeout);
    let options = FetchOptions { mirrors, timeout, force: arguments.force };
    let mut messages = Messages::new(arguments.quiet);
    let fetched = fetch(&source, &folder, &options, &mut |event| messages.note(&event));
    messages.bar.finish_and_clear();
    if fetched.map_err(advise)? == Fetched::AlreadyThere {
        messages.say(&format!("{} is already there and complete (--force downloads it again)", source.name));
    }
    writeln!(io::stdout(), "{}", folder.display())?;
    Ok(())
}

/// The library's error, with what to do about it in the words of this program.
fn advise(error: FetchError) -> anyhow::Error {
    match error {
        FetchError::NoClient { set, folder } => anyhow!(
            "{set}: this `lenet` was built without downloads: run `cargo run --release --features fetch -- data fetch {set}` \
             (or `cargo install --path lenet-cli --features fetch`), or put the set's files into {}",
            folder.display()
        ),
        error @ (FetchError::NoMirror { .. } | FetchError::Mirrors { .. }) => anyhow!("{error} (--mirror URL)"),
        error => error.into(),
    }
}

/// The messages of a download, and on a terminal a bar for the current file.
struct Messages {
    bar: ProgressBar,
    quiet: bool,
    /// How many bytes of the current file have been received; `None` before the first ones.
    bytes: Option<u64>,
}

impl Messages {
    fn new(quiet: bool) -> Self {
        Messages { bar: bar(None, ASKING, quiet), quiet, bytes: None }
    }

    fn say(&self, line: &str) {
        if !self.quiet {
            self.bar.suspend(|| message!("{line}"));
        }
    }

    fn note(&mut self, event: &FetchEvent<'_>) {
        match event {
            FetchEvent::Waiting { folder } => {
                self.say(&format!("{}: waiting for another process that downloads into it", folder.display()));
            }
            FetchEvent::Asking { address, .. } => {
                self.ask();
                self.say(address);
            }
            FetchEvent::Received { bytes, total } => {
                // A download that can't be continued begins again.
                if self.bytes.is_none_or(|before| before > *bytes) {
                    self.begin(*bytes, *total);
                }
                self.bytes = Some(*bytes);
                self.bar.set_position(*bytes);
            }
            FetchEvent::Failed(failure) => self.say(&format!("  {}", failure.reason)),
            FetchEvent::Finished { file } => {
                let size = self.bytes.take().map_or(String::new(), |bytes| format!("{} bytes, ", grouped(bytes)));
                self.ask();
                self.say(&format!("  {file}: {size}whole"));
            }
            _ => {}
        }
    }

    /// Resets the bar: nothing of the file has been received yet.
    fn ask(&mut self) {
        self.bytes = None;
        self.bar.reset();
        self.bar.set_style(bar_style(ASKING));
    }

    /// Starts the bar of a file, of which an earlier download may have left the first bytes.
    fn begin(&self, bytes: u64, total: Option<u64>) {
        if bytes > 0 {
            self.say(&format!("  continues after {} bytes", grouped(bytes)));
        }
        if let Some(total) = total {
            self.bar.set_length(total);
            self.bar.set_style(bar_style(RECEIVING));
        }
        self.bar.set_position(bytes);
        self.bar.reset_eta();
    }
}

const ASKING: &str = "{spinner} {bytes}";
const RECEIVING: &str = "{bar:28} {percent:>3}%  {bytes} of {total_bytes}  {bytes_per_sec}  {eta} left";

fn grouped(bytes: u64) -> String {
    thousands(usize::try_from(bytes).unwrap_or(usize::MAX))
}

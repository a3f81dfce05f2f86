//! The works, with the names that every program and the table use: `train-b64-t2`.

use anyhow::{Context, bail};
use std::fmt;
use std::str::FromStr;

/// The kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Steps of SGD.
    Train,
    /// Forward passes, in images per second.
    Infer,
    /// One image after another, in microseconds per image.
    Latency,
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// The kind of work.
    pub kind: Kind,
    /// Images in a step or a forward pass.
    pub batch: usize,
    /// Threads to use.
    pub threads: usize,
}

impl FromStr for Work {
    type Err = anyhow::Error;

    fn from_str(key: &str) -> anyhow::Result<Self> {
        let parts: Vec<_> = key.split('-').collect();
        let [kind, batch, threads] = parts[..] else { bail!("{key}: a work is written like train-b64-t2") };
        let number = |part: &str, letter| -> anyhow::Result<usize> {
            let digits =
                part.strip_prefix(letter).with_context(|| format!("{key}: {part} must begin with {letter}"))?;
            Ok(digits.parse()?)
        };
        let kind = match kind {
            "train" => Kind::Train,
            "infer" => Kind::Infer,
            "latency" => Kind::Latency,
            _ => bail!("{key}: {kind} is not train, infer or latency"),
        };
        Ok(Work { kind, batch: number(batch, 'b')?, threads: number(threads, 't')? })
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Train => "train",
            Kind::Infer => "infer",
            Kind::Latency => "latency",
        };
        write!(f, "{kind}-b{}-t{}", self.batch, self.threads)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_and_written_alike() {
        for key in ["train-b64-t2", "infer-b256-t1", "latency-b1-t1"] {
            assert_eq!(key.parse::<Work>().unwrap().to_string(), key);
        }
        assert!("train-64-t1".parse::<Work>().is_err());
    }
}

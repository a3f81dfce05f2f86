//! The code that the tests of the commands share: the program, small data sets, and the output of a command.

pub(crate) mod server;

use assert_cmd::Command;
use lenet_data::idx::Idx;
use serde_json::Value;
use std::fs::{self, File};
use std::path::Path;

/// The program in the folder `dir`, with the fastest instruction set.
pub(crate) fn lenet(dir: &Path) -> Command {
    let mut command = Command::cargo_bin("lenet").unwrap();
    command.current_dir(dir);
    command
}

/// The result of a command.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs the program with arguments separated by blanks.
pub(crate) fn run(dir: &Path, words: &str) -> Said {
    said(lenet(dir).args(words.split_whitespace()))
}

pub(crate) fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

impl Said {
    /// Asserts success.
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{}", self.err);
        self
    }

    /// Asserts exit code 1, nothing on stdout, and a last line on stderr that contains all of `words`.
    pub(crate) fn failed(self, words: &[&str]) {
        assert_eq!((self.code, self.out.as_str()), (Some(1), ""), "{}", self.err);
        let last = self.err.lines().last().unwrap_or_default();
        assert!(last.starts_with("error: "), "{}", self.err);
        words.iter().for_each(|word| assert!(last.contains(word), "no {word:?} in {last:?}"));
        assert_eq!(last.matches("os error").count().max(1), 1, "said twice: {last}");
    }

    /// Asserts exit code 1, and one line on stderr.
    pub(crate) fn failed_at_once(self, words: &[&str]) {
        assert_eq!(self.err.lines().count(), 1, "{}", self.err);
        self.failed(words);
    }

    /// Asserts exit code 2.
    pub(crate) fn misused(self, words: &[&str]) {
        assert_eq!((self.code, self.out.as_str()), (Some(2), ""), "{}", self.err);
        words.iter().for_each(|word| assert!(self.err.contains(word), "no {word:?} in {:?}", self.err));
    }
}

/// Writes a set of IDX files to `dir`: bars whose position depends on the digit.
pub(crate) fn write_data(dir: &Path, train: u32, test: u32) {
    fs::create_dir_all(dir).unwrap();
    for (part, count) in [("train", train), ("t10k", test)] {
        let pixels = (0..count).flat_map(|i| {
            let (top, left) = (2 + 13 * (i % 10 / 5), 2 + 5 * (i % 5));
            (0..28 * 28).map(move |at| {
                let (row, column) = (at / 28, at % 28);
                let inside = (top..top + 10).contains(&row) && (left..left + 3).contains(&column);
                if inside { 250 - (i % 50) as u8 } else { ((at * 7 + i * 13) % 31) as u8 }
            })
        });
        let images = Idx::new(vec![count, 28, 28], pixels.collect::<Vec<u8>>()).unwrap();
        images.write(File::create(dir.join(format!("{part}-images-idx3-ubyte"))).unwrap()).unwrap();
        let labels = Idx::new(vec![count], (0..count).map(|i| (i % 10) as u8).collect()).unwrap();
        labels.write(File::create(dir.join(format!("{part}-labels-idx1-ubyte"))).unwrap()).unwrap();
    }
}

pub(crate) fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The names in a folder, sorted.
pub(crate) fn files(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

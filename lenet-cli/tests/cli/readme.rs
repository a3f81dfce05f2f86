//! The console blocks of the Markdown files are run, and what the program prints is compared with what they show.
//!
//! Each `$ lenet ...` (or `$ cargo run --release -- ...`) of a block is run, and the lines after it are compared with
//! its output and messages. The blocks of a file are run in order, in one folder that has `docs/` of this repository.
//! Some things differ between machines and are not compared: the number before ` s` or ` bytes`, the one after
//! `threads`, and the instruction set. Percentages may differ by 0.2 points, because sums are rounded differently on
//! each instruction set. A line `...` stands for any lines, and `...` within a line for any text. An HTML comment on
//! the line before the block says more:
//! * `<!-- trained -->`: the figures are of a network that was just trained. Percentages may differ by 1 point, those of
//!   an epoch's line by 2; other numbers and stars are not compared.
//! * `<!-- slow, trained -->`: the same, but run only by `.ci/run`, with the release build.
//! * `<!-- files: seven.png = lenet-model/tests/fonts/breip-blue/7.png -->`: files to copy into the folder first.
//! * `<!-- not run: why -->`

use crate::common::server::Server;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A console block.
struct Block {
    /// The file, and the line of the opening fence.
    place: String,
    /// What the comment before it says.
    note: String,
    lines: Vec<String>,
}

impl Block {
    fn is_slow(&self) -> bool {
        self.note.starts_with("slow")
    }

    /// Each command and what it should print.
    fn commands(&self) -> Vec<(&str, &[String])> {
        let starts: Vec<usize> = (0..self.lines.len()).filter(|i| self.lines[*i].starts_with("$ ")).collect();
        assert!(starts.first() == Some(&0), "{}: a block begins with a command", self.place);
        let ends = starts.iter().skip(1).copied().chain([self.lines.len()]);
        starts.iter().zip(ends).map(|(start, end)| (&self.lines[*start][2..], &self.lines[start + 1..end])).collect()
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().into()
}

/// Every Markdown file of the repository.
fn documents(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && !name.starts_with("target") && name != "runs" {
            documents(&path, found);
        } else if name.ends_with(".md") {
            found.push(path);
        }
    }
    found.sort();
}

fn blocks(document: &Path) -> Vec<Block> {
    let text = fs::read_to_string(document).unwrap();
    let name = document.strip_prefix(root()).unwrap().display().to_string();
    let (mut blocks, mut open, mut before) = (Vec::new(), None::<Block>, "");
    for (number, line) in (1..).zip(text.lines()) {
        match &mut open {
            None if line == "```console" => {
                let note = before.strip_prefix("<!-- ").and_then(|note| note.strip_suffix(" -->")).unwrap_or("");
                open = Some(Block { place: format!("{name}:{number}"), note: note.into(), lines: vec![] });
            }
            Some(_) if line == "```" => blocks.extend(open.take()),
            Some(block) => block.lines.push(line.trim_end().into()),
            None => {}
        }
        before = line;
    }
    blocks
}

/// A folder to run commands in, with a separate home folder.
struct Place {
    folder: tempfile::TempDir,
    program: PathBuf,
    mirror: Server,
}

/// The address in the documents that is replaced by that of the test's own server.
const MIRROR: &str = "http://127.0.0.1:8765/";

impl Place {
    fn new(program: PathBuf, mirror: Server) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let docs = folder.path().join("docs/pictures");
        fs::create_dir_all(&docs).unwrap();
        for entry in fs::read_dir(root().join("docs/pictures")).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, docs.join(path.file_name().unwrap())).unwrap();
        }
        Place { folder, program, mirror }
    }

    fn check(&self, block: &Block) {
        if let Some(files) = block.note.strip_prefix("files: ") {
            for file in files.split(", ") {
                let (name, from) = file.split_once(" = ").expect("name = path");
                fs::copy(root().join(from), self.folder.path().join(name)).unwrap();
            }
        }
        let trained = block.note.ends_with("trained");
        for (command, expected) in block.commands() {
            let printed = self.run(block, command);
            let lines: Vec<String> = printed.lines().map(|line| line.trim_end().into()).collect();
            assert!(
                matches(expected, &lines, trained),
                "{}: `{command}` is shown with\n{}\nand prints\n{printed}",
                block.place,
                expected.join("\n")
            );
        }
    }

    /// What a command prints on stdout and stderr, in the order in which it comes.
    fn run(&self, block: &Block, command: &str) -> String {
        let words = command.strip_prefix("lenet ").or_else(|| command.strip_prefix("cargo run --release -- "));
        let words = words.unwrap_or_else(|| panic!("{}: `{command}` is no command of lenet", block.place));
        let words = words.replace(MIRROR, &format!("{}/", self.mirror.address));
        let (mut reader, writer) = std::io::pipe().unwrap();
        let mut child = Command::new(&self.program)
            .args(words.split_whitespace())
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path().join("home"))
            .env_remove("XDG_CACHE_HOME")
            .env_remove("LENET_DATA")
            .env_remove("LENET_MIRROR")
            .stdout(writer.try_clone().unwrap())
            .stderr(writer)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", self.program.display()));
        let mut printed = String::new();
        reader.read_to_string(&mut printed).unwrap();
        assert!(child.wait().unwrap().success(), "{}: `{command}` failed:\n{printed}", block.place);
        let home = self.folder.path().join("home").display().to_string();
        printed.replace(&home, "/home/you").replace(&format!("{}/", self.mirror.address), MIRROR)
    }
}

/// Whether lines were printed as they are shown.
fn matches(shown: &[String], printed: &[String], trained: bool) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((gap, [])) if gap == "..." => true,
        Some((gap, rest)) if gap == "..." => {
            (0..=printed.len()).any(|skipped| matches(rest, &printed[skipped..], trained))
        }
        Some((line, rest)) => printed
            .split_first()
            .is_some_and(|(first, others)| line_matches(line, first, trained) && matches(rest, others, trained)),
    }
}

fn line_matches(shown: &str, printed: &str, trained: bool) -> bool {
    let tolerance = match trained {
        // In the first epochs the rate is at its highest: between AVX2 and AVX-512 validation differs by 1.1 points in the
        // third. At the end, it is by 0.1.
        true if printed.starts_with("epoch") => Some(2.0),
        true => Some(1.0),
        false => None,
    };
    let printed = words(printed, trained);
    let same = |shown: &[Word], printed: &[Word]| {
        shown.len() == printed.len() && shown.iter().zip(printed).all(|(a, b)| a.matches(b, tolerance))
    };
    match shown.split_once("...") {
        None => same(&words(shown, trained), &printed),
        Some((before, after)) => {
            let (before, after) = (words(before, trained), words(after, trained));
            before.len() + after.len() <= printed.len()
                && same(&before, &printed[..before.len()])
                && same(&after, &printed[printed.len() - after.len()..])
        }
    }
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq)]
enum Word {
    Number(f64),
    Percent(f64),
    /// A number that differs between machines, or an instruction set.
    Open,
    Text(String),
}

impl Word {
    /// With a tolerance, in points, for the percentages of a network that was just trained.
    fn matches(&self, other: &Self, trained: Option<f64>) -> bool {
        match (self, other) {
            (Word::Percent(a), Word::Percent(b)) => (a - b).abs() <= trained.unwrap_or(0.2) + 1e-9,
            (Word::Number(_), Word::Number(_)) if trained.is_some() => true,
            (a, b) => a == b,
        }
    }
}

/// Numbers, words and single other characters. Blanks are not compared: columns are as wide as their numbers.
fn words(line: &str, trained: bool) -> Vec<Word> {
    let mut parts: Vec<String> = Vec::new();
    let kind = |c: char| match c {
        _ if c.is_whitespace() => 0,
        _ if c.is_ascii_digit() => 1,
        '▁'..='█' if trained => 2,
        _ if c.is_alphabetic() => 3,
        _ => 4,
    };
    let mut last = 0;
    let chars: Vec<char> = line.chars().collect();
    for (i, c) in chars.iter().enumerate() {
        let is_point = *c == '.' && last == 1 && chars.get(i + 1).is_some_and(char::is_ascii_digit);
        let this = if is_point { 1 } else { kind(*c) };
        match parts.last_mut() {
            Some(part) if this == last && (1..4).contains(&this) => part.push(*c),
            _ if this != 0 => parts.push(c.to_string()),
            _ => {}
        }
        last = this;
    }
    let mut words: Vec<Word> = Vec::new();
    for (i, part) in parts.iter().enumerate() {
        let next = parts.get(i + 1).map_or("", String::as_str);
        let before = i.checked_sub(1).map_or("", |i| parts[i].as_str());
        words.push(match part.parse::<f64>() {
            Ok(_) if next == "s" || before == "threads" => Word::Open,
            Ok(number) if next.starts_with('%') => Word::Percent(number),
            Ok(number) => Word::Number(number),
            Err(_) if trained && part == "*" => continue,
            // A zero of the confusion matrix.
            Err(_) if trained && part == "." => Word::Number(0.0),
            Err(_) if trained && part.starts_with(|c| ('▁'..='█').contains(&c)) => Word::Open,
            Err(_) => Word::Text(part.clone()),
        });
    }
    // "9,912,422 bytes": the size of a compressed file depends on the program that compressed it.
    if let Some(end) = words.iter().position(|word| *word == Word::Text("bytes".into())) {
        let is_digits = |word: &Word| matches!(word, Word::Number(_)) || *word == Word::Text(",".into());
        let start = words[..end].iter().rposition(|word| !is_digits(word)).map_or(0, |before| before + 1);
        words.splice(start..end, [Word::Open]);
    }
    // "avx512" is a text and a number.
    let set = |word: &Word| matches!(word, Word::Text(text) if ["avx", "scalar", "neon"].contains(&text.as_str()));
    if let Some(at) = words.iter().position(set) {
        let count =
            if words.get(at + 1).is_some_and(|word| matches!(word, Word::Number(n) if *n > 1.0)) { 2 } else { 1 };
        words.splice(at..at + count, [Word::Open]);
    }
    words
}

fn check_all(program: PathBuf, wanted: impl Fn(&Block) -> bool) -> usize {
    let mut all = Vec::new();
    documents(&root(), &mut all);
    let (mut count, mut slow) = (0, None);
    for document in &all {
        let place = std::cell::OnceCell::new();
        for block in blocks(document) {
            if let Some(why) = block.note.strip_prefix("not run:") {
                assert!(why.len() > 10, "{}: it does not say why it is not run", block.place);
            } else if wanted(&block) {
                // The slow ones share a folder, and with it the run that the first of them makes.
                let new = || Place::new(program.clone(), crate::data::mnist());
                let place = if block.is_slow() { &*slow.get_or_insert_with(new) } else { place.get_or_init(new) };
                place.check(&block);
                count += 1;
            }
        }
    }
    count
}

#[test]
fn what_the_documents_show_is_what_the_program_prints() {
    let count = check_all(assert_cmd::cargo::cargo_bin("lenet"), |block| !block.is_slow());
    assert!(count >= 9, "{count} blocks");
}

/// Half a minute with the release build, whose path is in `LENET_RELEASE`.
#[test]
#[ignore = "slow: .ci/run runs it with the release build"]
fn so_it_is_with_what_takes_longer() {
    let program = std::env::var_os("LENET_RELEASE").expect("the path of the program");
    let count = check_all(program.into(), Block::is_slow);
    assert!(count >= 2, "{count} blocks");
}

#[test]
fn lines_are_compared_as_promised() {
    let line = |shown: &str, printed: &str| line_matches(shown, printed, false);
    let trained = |shown: &str, printed: &str| line_matches(shown, printed, true);
    assert!(line("seed 1, threads 2, instruction set avx512", "seed 1, threads 64, instruction set scalar"));
    assert!(!line("seed 1, threads 2, instruction set avx512", "seed 2, threads 2, instruction set avx2"));
    assert!(line("9   99.54%  then 3 0.25%, in 0.6 s", "9  99.53%  then 3  0.26%, in 12.0 s"));
    assert!(line("a.gz: 9,912,422 bytes, whole", "a.gz: 911 bytes, whole") && !line("a: 9 bytes", "b: 9 bytes"));
    assert!(!line("9   99.54%", "9   99.24%") && !line("9   99.54%", "8   99.54%"));
    assert!(line("{\"confusion\":[[973,0],...],\"total\":5}", "{\"confusion\":[[973,0],[1,2],[3,4]],\"total\":5}"));
    assert!(!line("{\"confusion\":[[973,0],...],\"total\":5}", "{\"confusion\":[[973,0],[1,2],[3,4]],\"total\":6}"));
    assert!(trained(
        "epoch 1/3  loss 0.14571  validation 95.46% *  0.6 s",
        "epoch 1/3  loss 0.2  validation 95.9%  2.0 s"
    ));
    assert!(!trained("epoch 1/3  validation 95.46% *", "epoch 1/3  validation 93.45% *"));
    assert!(!trained("test accuracy 99.15%", "test accuracy 98.14%") && trained("test 99.15%", "test 98.2%"));
    assert!(trained("5  .  3  ▁▂▃", "4  1  .  █▁") && !trained("5  .  3", "5  3"));
    let lines = |text: &str| text.lines().map(str::to_string).collect::<Vec<_>>();
    assert!(matches(&lines("a\n...\nd"), &lines("a\nb\nc\nd"), false));
    assert!(!matches(&lines("a\n...\nd"), &lines("a\nb\nc"), false));
    assert!(!matches(&lines("a"), &lines("a\nb"), false));
}

//! `lenet train-reader`, and `lenet eval --strings`.

use crate::common::{files, json, lenet, run, write_data};
use std::fs;

const WORDS: &str = "train-reader --data set --epochs 2 --lines 48 --batch 16 --validation 20";

#[test]
fn a_reader_is_trained_resumed_and_measured() {
    let dir = tempfile::tempdir().unwrap();
    write_data(&dir.path().join("set"), 120, 40);
    let said = run(dir.path(), &format!("{WORDS} --threads 2 --out whole")).ok();
    assert!(said.out.starts_with("held-out lines ") && said.out.contains("whole: reader.safetensors"), "{}", said.out);
    assert!(said.err.contains("epoch  2/2"), "{}", said.err);
    assert_eq!(files(&dir.path().join("whole")), ["metrics.jsonl", "reader.safetensors", "run.json"]);
    let record = json(&dir.path().join("whole/run.json"));
    assert_eq!((record["recipe"]["lines"].as_u64(), record["epochs"].as_array().unwrap().len()), (Some(48), 2));

    // The same on one thread; and quiet.
    let quiet = run(dir.path(), &format!("{WORDS} --threads 1 --quiet --out again")).ok();
    assert_eq!((quiet.err.as_str(), quiet.out.lines().count()), ("", 2));
    let reader = |name: &str| fs::read(dir.path().join(name).join("reader.safetensors")).unwrap();
    assert!(reader("whole") == reader("again"), "threads change the result");

    // A run that is over is not resumed; its folder is not written over.
    run(dir.path(), "train-reader --resume whole").failed_at_once(&["whole: this run is over"]);
    // If it was killed before it removed its state, that is done now.
    fs::write(dir.path().join("whole/state.safetensors"), "").unwrap();
    let said = run(dir.path(), "train-reader --resume whole").ok();
    assert!(said.err.contains("whole: this run is over; its state") && said.out.is_empty(), "{}", said.err);
    assert_eq!(files(&dir.path().join("whole")), ["metrics.jsonl", "reader.safetensors", "run.json"]);
    run(dir.path(), &format!("{WORDS} --quiet --out whole")).failed_at_once(&["not empty"]);

    let said = run(dir.path(), "eval --strings whole --data set --count 2 --json").ok();
    let objects: Vec<serde_json::Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects.len(), 10 * 3 + 3);
    // Every string has its full length, however wide it is.
    assert!(objects[..30].iter().all(|kind| kind["digits"].as_u64() == Some(2 * kind["length"].as_u64().unwrap())));
    let table = run(dir.path(), "eval --strings whole --data set --count 2").ok().out;
    assert!(table.contains("overlapping") && table.contains("probability 0.99 or more"), "{table}");
}

/// A run that is killed at any moment goes on to the same reader.
#[test]
fn a_killed_run_ends_on_the_same_bits() {
    let dir = tempfile::tempdir().unwrap();
    write_data(&dir.path().join("set"), 120, 40);
    run(dir.path(), &format!("{WORDS} --quiet --out whole")).ok();
    let mut child = std::process::Command::new(lenet(dir.path()).get_program())
        .current_dir(dir.path())
        .args(format!("{WORDS} --quiet --out killed").split(' '))
        .spawn()
        .unwrap();
    while !dir.path().join("killed/state.safetensors").exists() {
        assert!(child.try_wait().unwrap().is_none(), "it is over already");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    run(dir.path(), "train-reader --resume killed --quiet").ok();
    let reader = |name: &str| fs::read(dir.path().join(name).join("reader.safetensors")).unwrap();
    assert!(reader("whole") == reader("killed"));
    assert_eq!(files(&dir.path().join("killed")), files(&dir.path().join("whole")));
}

#[test]
fn wrong_usage_is_told() {
    let dir = tempfile::tempdir().unwrap();
    write_data(&dir.path().join("set"), 120, 40);
    run(dir.path(), "train --network reader").misused(&["train-reader"]);
    run(dir.path(), "train-reader --data set --validation 0").misused(&["hold out at least one"]);
    run(dir.path(), "train-reader --data set --rate 0 --epochs 0").misused(&["epochs"]);
    run(dir.path(), "train-reader --resume gone").failed_at_once(&["gone: not a folder"]);
    run(dir.path(), "eval --strings gone.safetensors").failed_at_once(&["gone.safetensors", "can't be read"]);
    run(dir.path(), "eval --count 3").misused(&["--strings"]);
}

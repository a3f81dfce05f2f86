//! `lenet reproduce` from the outside: what it writes, what is kept, and how it fails.

use crate::common::{files, json, run};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// LeNet-1 is the smallest: a second.
const QUICK: &str = "reproduce --quick --only lenet1";

#[test]
fn runs_are_kept_made_again_if_broken_and_reported() {
    let dir = tempfile::tempdir().unwrap();
    let said = run(dir.path(), &format!("{QUICK} --seeds 2 --threads 2")).ok();
    let folder = dir.path().join("runs/reproduce-quick");
    assert_eq!(files(&folder), ["report.html", "report.json", "runs"]);
    assert_eq!(files(&folder.join("runs")), ["lenet1-1.json", "lenet1-2.json"]);
    assert!(said.err.starts_with("2 runs to make on 2 threads, instruction set "), "{}", said.err);
    assert!(said.err.contains("LeNet-1, seed 2: test error "), "{}", said.err);
    assert!(said.out.contains("LeNet-1") && said.out.contains("1.70"), "{}", said.out);
    assert!(said.out.contains("Do not compare"), "a quick run says that it is one: {}", said.out);

    let record = json(&folder.join("runs/lenet1-1.json"));
    assert_eq!(record["settings"]["recipe"]["network"], "lenet1");
    assert_eq!((&record["settings"]["images"], &record["test_images"]), (&json!(10_000), &json!(10_000)));
    let passes = record["passes"].as_array().unwrap();
    assert_eq!(passes.len(), 10);
    let misread = record["misread"].as_array().unwrap();
    assert_eq!(passes[9]["test_error"].as_f64().unwrap(), misread.len() as f64 / 10_000.0);
    assert!((100..1500).contains(&misread.len()), "{} misread", misread.len());
    assert!(misread.iter().all(|m| m["is"] != m["read"]));

    // Runs that exist are not repeated, one whose record is broken is, and one thread makes the same run. (A unit test of
    // `finished` has the other ways in which a record can be broken: each costs a run here.)
    let [first, second] =
        ["lenet1-1.json", "lenet1-2.json"].map(|name| fs::read(folder.join("runs").join(name)).unwrap());
    fs::write(folder.join("runs/lenet1-2.json"), "{\"row\": \"lenet1\"").unwrap();
    let again = run(dir.path(), &format!("{QUICK} --seeds 2 --threads 1")).ok();
    assert!(again.err.starts_with("1 run to make on 1 thread, instruction set "), "{}", again.err);
    assert!(again.err.contains("1 already in"), "{}", again.err);
    assert_eq!(again.out, said.out);
    assert_eq!(fs::read(folder.join("runs/lenet1-1.json")).unwrap(), first);
    let same = |run: &Value| (run["misread"].clone(), run["passes"].clone());
    let second: Value = serde_json::from_slice(&second).unwrap();
    assert_eq!(same(&json(&folder.join("runs/lenet1-2.json"))), same(&second));

    let report = json(&folder.join("report.json"));
    assert_eq!((&report["quick"], &report["runs"].as_array().unwrap().len()), (&json!(true), &2));
    assert_eq!(report["rows"][0]["published"], 1.7);
    let html = fs::read_to_string(folder.join("report.html")).unwrap();
    assert!(html.contains("LeNet-1") && html.contains("<svg") && !html.contains("http"), "not on its own");

    a_run_of_other_settings_is_kept(dir.path(), &folder);
}

/// The folder holds two runs of LeNet-1.
fn a_run_of_other_settings_is_kept(dir: &Path, folder: &Path) {
    let path = folder.join("runs/lenet1-1.json");
    fs::remove_file(folder.join("runs/lenet1-2.json")).unwrap();
    let whole = json(&path);
    let mut other = whole.clone();
    other["settings"]["recipe"]["rate"] = json!(0.1);
    other["misread"] = json!([]);
    fs::write(&path, other.to_string()).unwrap();
    let words = format!("{QUICK} --quiet");
    run(dir, &words).failed_at_once(&["lenet1-1.json: a run with other settings", "--out", "--force"]);
    assert_eq!(json(&path), other);
    // It has no effect on a command for another row.
    assert!(!run(dir, "reproduce --quick --only lenet1-16x16 --quiet").ok().out.contains("LeNet-1 "));
    let forced = run(dir, &format!("{words} --force")).ok();
    assert!(forced.err.is_empty() && forced.out.contains("LeNet-1 "), "{}{}", forced.err, forced.out);
    let made = json(&path);
    assert_eq!((&made["misread"], &made["passes"]), (&whole["misread"], &whole["passes"]));
    // The other row is still part of the report.
    assert!(run(dir, &words).ok().out.contains("LeNet-1, digits of 16x16"));
}

#[test]
fn wrong_words_are_usage_errors() {
    let dir = Path::new(".");
    run(dir, "reproduce --only lenet9").misused(&["lenet9", "lenet5-dist"]);
    run(dir, "reproduce --seeds 0").misused(&["--seeds"]);
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    run(dir.path(), &format!("{QUICK} --out file"))
        .failed_at_once(&["file: can't create the folder: choose another --out"]);
}

#[test]
fn the_papers_recipes_train() {
    let dir = tempfile::tempdir().unwrap();
    crate::common::write_data(&dir.path().join("set"), 120, 60);
    for (recipe, network) in [("paper", "lenet5-1998"), ("lush", "lenet5-lush"), ("article", "lenet5")] {
        let words = format!("train --recipe {recipe} --data set --epochs 3 --validation 20 --out {recipe} --distort");
        let said = run(dir.path(), &words).ok();
        let record = json(&dir.path().join(recipe).join("run.json"));
        assert_eq!(record["recipe"]["network"], network);
        assert_eq!(record["recipe"]["presentations"], 100);
        assert_eq!(record["data"]["distortion"]["variants"], 10);
        assert_eq!(record["recipe"]["second_order"].is_object(), recipe != "article");
        assert_eq!(record["epochs"][0]["rates"].is_array(), recipe != "article");
        assert!(said.err.contains("100 to learn from and distorted ones"), "{}", said.err);
        // The model is read again by its own name and normalisation.
        let eval = run(dir.path(), &format!("eval {recipe}/best.safetensors --data set --json")).ok();
        let eval: Value = serde_json::from_str(&eval.out).unwrap();
        assert_eq!((&eval["test"]["correct"], &eval["network"]), (&record["test"]["correct"], &json!(network)));
    }
    let ground = |recipe: &str| json(&dir.path().join(recipe).join("run.json"))["data"]["ground"].clone();
    assert_eq!((ground("paper"), ground("lush")), (json!(-0.1), json!(0.0)));
    run(dir.path(), "train --recipe paper --data set --momentum 0.9").misused(&["not part of the second-order method"]);
}

//! `lenet train` from the outside: what it writes and prints, and how it fails.

use crate::common::{files, json, lenet, run, said, write_data};
use lenet_data::{Split, idx::Idx};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const RUN_FILES: [&str; 5] = ["best.safetensors", "last.safetensors", "metrics.jsonl", "report.html", "run.json"];

/// A folder with a small data set, `set`, in it.
fn workplace() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    write_data(&dir.path().join("set"), 120, 60);
    dir
}

#[test]
fn the_real_mnist_is_built_in() {
    let dir = tempfile::tempdir().unwrap();
    let said = run(dir.path(), "train --limit 200 --epochs 1 --validation 50 --out run").ok();
    assert!(said.err.contains("mnist: 150 to learn from, 50 held out, 10,000 for the test"), "{}", said.err);
    let record = json(&dir.path().join("run/run.json"));
    let data = &record["data"];
    let expected = json!({
        "name": "mnist", "folder": null, "transposed": false, "limit": 200, "ground": -0.1, "ink": 1.175,
        "fingerprint": data["fingerprint"],
        "train": 150, "validation": 50, "test": 10_000,
    });
    assert_eq!(*data, expected);
    assert_eq!(record["test"]["total"], 10_000);

    let eval = run(dir.path(), "eval run/best.safetensors --json").ok();
    let eval: Value = serde_json::from_str(&eval.out).unwrap();
    assert_eq!(eval["test"]["correct"], record["test"]["correct"]);
    assert_eq!(eval["test"]["total"], 10_000);
}

#[test]
fn a_run_leaves_what_happened() {
    let dir = workplace();
    let words = "train --data set --epochs 3 --batch 16 --validation 20 --seed 7 --threads 2 --out run \
                 --network lenet5-dense --activation tanh --loss cross-entropy --init lush --rate 0.03 \
                 --schedule cosine --momentum 0.8 --weight-decay 0.0001 --input lush --order fixed";
    let said = run(dir.path(), words).ok();
    let folder = dir.path().join("run");
    assert_eq!(files(&folder), RUN_FILES);

    let record = json(&folder.join("run.json"));
    let recipe = json!({
        "network": "lenet5-dense", "activation": "tanh", "loss": "cross-entropy", "j": 1.0, "init": "lush",
        "input": "lush", "epochs": 3, "presentations": null, "order": "fixed", "batch": 16, "rate": 0.03,
        "schedule": "cosine", "momentum": 0.8, "weight_decay": 0.0001, "second_order": null, "seed": 7,
    });
    assert_eq!(record["recipe"], recipe);
    let whole = fs::canonicalize(dir.path().join("set")).unwrap();
    assert!(record["data"]["fingerprint"].as_str().is_some_and(|digits| digits.len() == 16), "{record}");
    let data = json!({
        "name": "set", "folder": whole.to_str().unwrap(), "fingerprint": record["data"]["fingerprint"], "transposed": false, "limit": null, "ground": 0.0, "ink": 2.55,
        "train": 100, "validation": 20, "test": 60,
    });
    assert_eq!(record["data"], data);
    assert_eq!(record["threads"], 2);
    let epochs = record["epochs"].as_array().unwrap();
    assert_eq!(epochs.iter().map(|e| e["epoch"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 3]);
    for epoch in epochs {
        assert!(epoch["train_loss"].is_f64() && epoch["seconds"].is_f64(), "{epoch}");
        let validation = &epoch["validation"];
        assert_eq!(validation["total"], 20);
        assert!(validation["correct"].as_u64().unwrap() <= 20 && validation["loss"].is_f64(), "{validation}");
    }
    assert!(record["seconds"].as_f64().unwrap() > 0.0);
    let (correct, total) = (record["test"]["correct"].as_u64().unwrap(), record["test"]["total"].as_u64().unwrap());
    assert_eq!(total, 60);

    // The last line of an epoch in metrics.jsonl is of its last step: 7 steps of 100 images in batches of 16.
    let metrics = fs::read_to_string(folder.join("metrics.jsonl")).unwrap();
    let lines: Vec<Value> = metrics.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len(), 21);
    assert_eq!(lines[20]["step"], 21);
    assert_eq!(lines[6]["loss"], epochs[0]["train_loss"]);
    assert_eq!(lines[0]["rate"], 0.03);

    // The result is on stdout, the messages are on stderr; neither has a bar in it.
    let accuracy = format!("test accuracy {:.2}% +- ", 100.0 * correct as f64 / total as f64);
    assert!(said.out.starts_with(&accuracy) && said.out.contains(&format!("({correct}/60), best")), "{}", said.out);
    assert!(said.out.contains("is \\ read as") && said.out.contains("run: best.safetensors, last"), "{}", said.out);
    for message in
        ["network    lenet5-dense with tanh", "rate 0.03 cosine", "seed 7, threads 2", "epoch 3/3  train loss"]
    {
        assert!(said.err.contains(message), "no {message:?} in {}", said.err);
    }
    assert!(!said.err.contains(['\r', '\u{1b}']) && !said.out.contains(['\r', '\u{1b}']), "{said:?}");

    // The model is the one that was tested, in text and in JSON.
    let eval = run(dir.path(), "eval run/best.safetensors --data set").ok();
    assert!(eval.out.contains(&accuracy) && eval.out.contains(&format!("({correct}/60)")), "{}", eval.out);
    assert!(eval.err.is_empty(), "{}", eval.err);
    let eval = run(dir.path(), "eval run/best.safetensors --data set --threads 1 --json").ok();
    let eval: Value = serde_json::from_str(&eval.out).unwrap();
    assert_eq!(eval["test"], json!({ "correct": correct, "total": total }));
    assert_eq!(eval["confusion"], record["test"]["confusion"]);
}

#[test]
fn the_best_epoch_is_reported_and_without_validation_the_last() {
    let dir = workplace();
    let said = run(dir.path(), "train --data set --epochs 2 --validation 0 --out all --quiet").ok();
    assert!(
        said.out.starts_with("test accuracy ") && said.out.contains(", last.safetensors of epoch 2, "),
        "{}",
        said.out
    );
    assert_eq!((said.out.lines().count(), said.err.as_str()), (1, ""));
    let record = json(&dir.path().join("all/run.json"));
    assert_eq!((&record["best_epoch"], &record["data"]["train"]), (&json!(2), &json!(120)));
    assert!(record["epochs"][0]["validation"].is_null());
    let eval = run(dir.path(), "eval all/last.safetensors --data set --json").ok();
    let eval: Value = serde_json::from_str(&eval.out).unwrap();
    assert_eq!(eval["test"]["correct"], record["test"]["correct"]);

    // The held-out images get wrong labels: the better the others are learned, the worse these are read, so the best epoch
    // is not the last.
    let path = dir.path().join("set/train-labels-idx1-ubyte");
    let mut labels = Idx::<u8>::read(&fs::read(&path).unwrap()[..], "labels").unwrap().into_data();
    for index in Split::new(120, 30, 1).unwrap().validation {
        labels[index as usize] = (labels[index as usize] + 1) % 10;
    }
    Idx::new(vec![120], labels).unwrap().write(fs::File::create(&path).unwrap()).unwrap();
    let words = "train --data set --epochs 8 --batch 10 --validation 30 --seed 1 --rate 0.02 --out held --quiet";
    let said = run(dir.path(), words).ok();
    let record = json(&dir.path().join("held/run.json"));
    let best = record["best_epoch"].as_u64().unwrap();
    assert!(best < 8, "the last epoch is the best: this shows nothing");
    assert!(said.out.contains(&format!(", best.safetensors of epoch {best}, ")), "{}", said.out);
    let marked = record["epochs"].as_array().unwrap().iter().rfind(|e| e["best"] == true).unwrap();
    assert_eq!(marked["epoch"], best);
    let correct = |model: &str| {
        let eval = run(dir.path(), &format!("eval held/{model}.safetensors --data set --json")).ok();
        serde_json::from_str::<Value>(&eval.out).unwrap()["test"]["correct"].clone()
    };
    assert_eq!(correct("best"), record["test"]["correct"]);
    assert_ne!(correct("last"), record["test"]["correct"]);
}

#[test]
fn the_seed_decides_and_threads_do_not() {
    let dir = workplace();
    let model = |out: &str, words: &str| {
        run(dir.path(), &format!("train --data set --epochs 2 --batch 50 --validation 20 --quiet --out {out} {words}"))
            .ok();
        ["best.safetensors", "last.safetensors"].map(|file| fs::read(dir.path().join(out).join(file)).unwrap())
    };
    let one = model("one", "--seed 3 --threads 1");
    assert!(one == model("two", "--seed 3 --threads 2"), "another number of threads, other bytes");
    assert!(one != model("other", "--seed 4 --threads 1"), "another seed, the same bytes");
}

#[test]
fn a_folder_that_is_not_empty_is_refused() {
    let dir = workplace();
    let words = "train --data set --epochs 1 --validation 20 --quiet --out run";
    fs::create_dir(dir.path().join("run")).unwrap();
    run(dir.path(), words).ok();
    let before = fs::read(dir.path().join("run/run.json")).unwrap();
    run(dir.path(), words).failed_at_once(&["run: the folder is not empty", "--out", "--force"]);
    assert_eq!(fs::read(dir.path().join("run/run.json")).unwrap(), before);

    // With --force a folder describes the new run only, and keeps files that do not belong to a run.
    fs::write(dir.path().join("run/notes.txt"), "mine").unwrap();
    let bad = run(dir.path(), &format!("{words} --force --rate 1e30 --loss mse-targets --schedule constant --batch 7"));
    bad.failed(&["before the end of the first epoch"]);
    assert_eq!(files(&dir.path().join("run")), ["metrics.jsonl", "notes.txt", "run.json"]);
    run(dir.path(), &format!("{words} --force")).ok();
    assert!(fs::read(dir.path().join("run/best.safetensors")).is_ok());

    run(dir.path(), "train --data set --validation 20 --out set/train-images-idx3-ubyte")
        .failed_at_once(&["set/train-images", "--out"]);
}

#[test]
fn a_run_without_a_name_gets_one() {
    let dir = workplace();
    for _ in 0..2 {
        run(dir.path(), "train --data set --epochs 1 --validation 20 --seed 9 --quiet").ok();
    }
    assert_eq!(files(&dir.path().join("runs")), ["lenet5-mse-seed9", "lenet5-mse-seed9-2"]);
    assert_eq!(files(&dir.path().join("runs/lenet5-mse-seed9-2")), RUN_FILES);
}

#[test]
fn wrong_usage() {
    let dir = workplace();
    for (words, told) in [
        ("", "Usage"),
        ("fly", "unrecognized subcommand"),
        ("train --network lenet9", "choose lenet5, lenet5-dense, lenet5-average"),
        ("train --loss hinge", "choose mse, cross-entropy"),
        ("train --activation swish", "choose scaled-tanh, tanh, sigmoid, relu"),
        ("train --init zero", "choose paper, sqrt, lush"),
        ("train --schedule step", "choose constant, linear, cosine, one-cycle"),
        ("train --epochs 0", "epochs is 0"),
        ("train --batch 0", "batch size is 0"),
        ("train --batch -5", "-5"),
        ("train --rate 0", "the rate is 0: give a number above 0"),
        ("train --rate -0.1", "the rate is -0.1"),
        ("train --rate NaN", "the rate is NaN"),
        ("train --momentum 1", "the momentum is 1"),
        ("train --weight-decay -1", "the weight decay is -1"),
        ("train --limit 0", "--limit"),
        ("train --threads 0", "1..=1024"),
        ("train --threads 100000", "1..=1024"),
        ("train --transpose", "--data"),
        ("eval one another", "unexpected argument"),
        ("eval some.safetensors --threads 0", "1..=1024"),
        ("summary --network lenet9", "choose lenet5"),
        ("summary --network lenet4 --activation relu", "lenet4 supports only scaled-tanh"),
    ] {
        run(dir.path(), words).misused(&[told]);
    }
    assert_eq!(files(dir.path()), ["set"], "something was written");
}

#[test]
fn many_threads_are_no_trouble() {
    let dir = workplace();
    run(dir.path(), "train --data set --epochs 1 --validation 20 --threads 200 --quiet --out run").ok();
    assert_eq!(json(&dir.path().join("run/run.json"))["threads"], 200);
}

#[test]
fn bad_data_is_told_before_anything_is_written() {
    let dir = workplace();
    let file = |name: &str| dir.path().join("set").join(name);
    let refused = |words: &[&str]| {
        run(dir.path(), "train --data set --epochs 1 --validation 10 --out run").failed_at_once(words);
        run(dir.path(), "train --data set --epochs 1 --validation 10").failed_at_once(words);
        assert_eq!(files(dir.path()), ["set"], "a run folder was left");
    };
    run(dir.path(), "train --data gone --out run").failed_at_once(&["gone: there is no such file or folder"]);
    let labels = fs::read(file("t10k-labels-idx1-ubyte")).unwrap();
    fs::write(file("t10k-labels-idx1-ubyte"), &labels[..30]).unwrap();
    refused(&["set/t10k-labels-idx1-ubyte", "cut short"]);
    fs::write(file("t10k-labels-idx1-ubyte"), [&labels[..30], &[10; 38]].concat()).unwrap();
    refused(&["set/t10k-labels-idx1-ubyte", "label 22 is 10"]);
    fs::write(file("t10k-labels-idx1-ubyte"), "<html>404</html>").unwrap();
    refused(&["set/t10k-labels-idx1-ubyte", "IDX"]);
    fs::remove_file(file("t10k-labels-idx1-ubyte")).unwrap();
    refused(&["set", "test labels"]);
    fs::write(file("t10k-labels-idx1-ubyte"), labels).unwrap();
    run(dir.path(), "train --data set --validation 120 --out run").misused(&[
        "120 of 120",
        "hold out fewer",
        "(--validation N)",
    ]);
    assert_eq!(files(dir.path()), ["set"]);
}

#[test]
fn of_a_small_set_a_twelfth_is_held_out() {
    let dir = workplace();
    let said = run(dir.path(), "train --data set --epochs 1 --out run").ok();
    assert!(said.err.contains("110 to learn from, 10 held out"), "{}", said.err);
    let said = run(dir.path(), "train --data set --limit 5 --epochs 1 --out small").ok();
    assert!(said.err.contains("5 to learn from, 0 held out"), "{}", said.err);
}

#[test]
fn metrics_keep_step_with_the_epochs() {
    let dir = workplace();
    // 103 steps an epoch: a line every sixth, and the last of each epoch.
    run(dir.path(), "train --data set --epochs 3 --batch 1 --limit 103 --validation 0 --rate 0.001 --out run").ok();
    let metrics = fs::read_to_string(dir.path().join("run/metrics.jsonl")).unwrap();
    let steps: Vec<(u64, u64)> = metrics
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).unwrap())
        .map(|m| (m["epoch"].as_u64().unwrap(), m["step"].as_u64().unwrap()))
        .collect();
    let expected: Vec<(u64, u64)> =
        (0..3).flat_map(|e| (1..=17).map(|k| 6 * k).chain([103]).map(move |s| (e + 1, 103 * e + s))).collect();
    assert_eq!(steps, expected);
}

#[test]
fn weights_that_die_are_warned_of() {
    let dir = workplace();
    let said = run(dir.path(), "train --data set --epochs 1 --init paper --out run").ok();
    assert!(said.err.contains("warning: ") && said.err.contains("--weight-decay 0"), "{}", said.err);
    let said = run(dir.path(), "train --data set --epochs 1 --init paper --weight-decay 0 --out other").ok();
    assert!(!said.err.contains("warning: "), "{}", said.err);
}

#[test]
fn a_loss_that_is_no_number_stops_it_and_the_last_good_model_stays() {
    let dir = workplace();
    // One step per epoch: after the first the weights are huge but finite, in the second the loss is not finite.
    let words = "train --data set --rate 1e30 --loss mse-targets --schedule constant --epochs 3 --batch 120 --validation 0 --out run";
    run(dir.path(), words).failed(&[
        "the loss stopped being finite in epoch 2, step 2",
        "the model of epoch 1 is kept in run/last.safetensors",
        "smaller",
        "--rate",
    ]);
    let record = json(&dir.path().join("run/run.json"));
    assert_eq!(record["epochs"].as_array().unwrap().len(), 1);
    assert!(record.get("test").is_none() && record.get("seconds").is_none(), "{record}");
    assert_eq!(
        files(&dir.path().join("run")),
        ["best.safetensors", "last.safetensors", "metrics.jsonl", "run.json"],
        "there is nothing to report"
    );
    run(dir.path(), "eval run/last.safetensors --data set").ok();

    let words =
        "train --data set --rate 1e30 --loss mse-targets --schedule constant --batch 10 --validation 20 --out early";
    run(dir.path(), words).failed(&["the loss stopped being finite in epoch 1", "smaller", "--rate"]);
    assert_eq!(files(&dir.path().join("early")), ["metrics.jsonl", "run.json"]);
}

#[test]
fn the_instruction_set_can_be_chosen() {
    let dir = workplace();
    let words = ["train", "--data", "set", "--epochs", "1", "--validation", "20", "--out", "run"];
    let scalar = said(lenet(dir.path()).env("LENET_KERNEL", "scalar").args(words)).ok();
    assert!(scalar.err.contains("instruction set scalar"), "{}", scalar.err);
    assert_eq!(json(&dir.path().join("run/run.json"))["instruction_set"], "scalar");
    for words in [&words[..], &["summary"], &["eval", "run/best.safetensors", "--data", "set"]] {
        said(lenet(dir.path()).env("LENET_KERNEL", "sse9").args(words))
            .failed_at_once(&["LENET_KERNEL=sse9: no such instruction set: choose scalar, avx2"]);
    }
}

/// Runs the program with stdout and stderr connected to closed pipes.
fn to_nobody(dir: &Path, words: &str) -> std::process::ExitStatus {
    let closed = || std::io::pipe().unwrap().1;
    std::process::Command::new(env!("CARGO_BIN_EXE_lenet"))
        .current_dir(dir)
        .args(words.split_whitespace())
        .stdout(closed())
        .stderr(closed())
        .status()
        .unwrap()
}

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let dir = workplace();
    assert_eq!(to_nobody(dir.path(), "train --data set --epochs 2 --validation 20 --out run").code(), Some(0));
    assert_eq!(json(&dir.path().join("run/run.json"))["epochs"].as_array().unwrap().len(), 2, "it has run to the end");
    assert_eq!(files(&dir.path().join("run")), RUN_FILES);
    for words in
        ["summary", "summary --json", "eval run/best.safetensors --data set", "eval run/best.safetensors --json"]
    {
        assert_eq!(to_nobody(dir.path(), words).code(), Some(0), "{words}");
    }
    // A failure has its exit code even if nobody reads the message.
    assert_eq!(to_nobody(dir.path(), "eval gone.safetensors").code(), Some(1));
}

#[test]
fn a_run_that_learns_nothing_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let words = "train --limit 1000 --validation 500 --epochs 2 --rate 1e-9 --init paper --weight-decay 0 --out run";
    let said = run(dir.path(), words).ok();
    let told = "warning: nothing is learned so far: of the held-out images ";
    assert_eq!(said.err.matches(told).count(), 1, "{}", said.err);
    assert!(said.err.contains("try a greater --rate (0.04 suits scaled-tanh and mse) or --init sqrt"), "{}", said.err);
    assert!(said.err.contains("warning: this run has learned nothing: of the test images "), "{}", said.err);
    let said = run(dir.path(), "train --limit 3000 --validation 500 --epochs 2 --out other").ok();
    assert!(!said.err.contains("warning: "), "{}", said.err);
}

#[test]
fn european_digits_are_learned_from() {
    let dir = tempfile::tempdir().unwrap();
    let words = "train --limit 300 --validation 50 --epochs 1 --distort";
    let said = run(dir.path(), &format!("{words} --european --out run")).ok();
    assert!(
        said.err.contains("250 to learn from and distorted ones, some of them European, 50 held out"),
        "{}",
        said.err
    );
    assert_eq!(json(&dir.path().join("run/run.json"))["data"]["distortion"]["european"], json!(true));
    run(dir.path(), &format!("{words} --out plain")).ok();
    // Records of earlier versions have no such entry.
    assert_eq!(json(&dir.path().join("plain/run.json"))["data"]["distortion"].get("european"), None);
    let loss = |run: &str| json(&dir.path().join(run).join("run.json"))["epochs"][0]["train_loss"].clone();
    assert!(loss("run").is_number() && loss("run") != loss("plain"));
    run(dir.path(), "train --european").misused(&["--distort"]);
}

#[test]
fn todays_recipes_train() {
    let dir = tempfile::tempdir().unwrap();
    // Of the first thousand images as many passes as of all of them: one and a quarter.
    let said = run(dir.path(), "train --recipe fast --limit 1000 --out fast").ok();
    assert!(said.err.contains("mnist: 1,000 to learn from, 0 held out"), "{}", said.err);
    assert!(said.err.contains("network    lenet5-unpadded with relu"), "{}", said.err);
    assert!(said.err.contains("loss       cross-entropy, smoothing 0.1"), "{}", said.err);
    assert!(said.err.contains("weight decay 0.0005, 1 epoch of 1,250 images"), "{}", said.err);
    let record = json(&dir.path().join("fast/run.json"));
    assert_eq!(record["recipe"]["presentations"], json!(1250));
    assert_eq!(record["data"].get("distortion"), None);
    assert!(said.out.contains(", last.safetensors of epoch 1, "), "{}", said.out);

    let words = "train --recipe modern --limit 300 --validation 50 --epochs 3 --average 0.99";
    let said = run(dir.path(), &format!("{words} --out modern")).ok();
    assert!(
        said.err.contains("250 to learn from, distorted anew in each epoch after the first, 50 held out"),
        "{}",
        said.err
    );
    assert!(said.err.contains("weight decay 0.0002, average 0.99, 3 epochs"), "{}", said.err);
    let record = json(&dir.path().join("modern/run.json"));
    assert_eq!(record["data"]["distortion"]["elastic"], json!(2.0));
    assert_eq!(
        (record["data"]["distortion"].get("variants"), record["recipe"].get("presentations")),
        (None, Some(&json!(null)))
    );
    let plain = run(dir.path(), &format!("{words} --distort none --out plain")).ok();
    assert!(plain.err.contains("250 to learn from, 50 held out"), "{}", plain.err);
    run(dir.path(), "train --recipe modern --distort wild").misused(&["invalid value 'wild' for '--distort [<KIND>]'"]);
    // The networks of today are for one activation function, and it need not be given.
    let said = run(dir.path(), "train --network lenet5-modern --limit 100 --epochs 1 --out relu").ok();
    assert!(said.err.contains("lenet5-modern with relu"), "{}", said.err);
    let said = run(dir.path(), "train --recipe fast --distort --rubbish --limit 1000 --out more").ok();
    assert!(said.err.contains("1,000 to learn from and distorted ones and 100 images without a digit"), "{}", said.err);
    assert_eq!(json(&dir.path().join("more/run.json"))["recipe"]["presentations"], json!(1375));
    run(dir.path(), "train --smoothing 0.1")
        .misused(&["smoothing is for the loss cross-entropy: choose it, or leave smoothing out"]);
    run(dir.path(), "train --loss cross-entropy --smoothing 1")
        .misused(&["the smoothing is 1: give a number from 0 to below 1"]);
    run(dir.path(), "train --average -0.1").misused(&["the average is -0.1: give a number from 0 to below 1"]);
}

#[test]
fn images_without_a_digit_are_learned_from() {
    let dir = tempfile::tempdir().unwrap();
    let words = "train --limit 300 --validation 50 --epochs 2 --rubbish --out run";
    let said = run(dir.path(), words).ok();
    assert!(said.err.contains("250 to learn from and 25 images without a digit, 50 held out"), "{}", said.err);
    let record = json(&dir.path().join("run/run.json"));
    assert_eq!((&record["data"]["rubbish"], &record["recipe"]["presentations"]), (&json!(25), &json!(275)));
    // The margin of such a model refuses a few digits, so as to refuse what is none.
    let file = fs::read(dir.path().join("run/best.safetensors")).unwrap();
    assert!(String::from_utf8_lossy(&file[..2000]).contains("and 25 images without a digit"));
}

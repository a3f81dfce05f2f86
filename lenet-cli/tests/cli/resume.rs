//! Runs that are stopped, killed or run out of disk space, and are resumed: they end on the same bits as an undisturbed run.

use crate::common::{files, json, lenet, run, write_data};
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// A quarter of a second of training.
const WORDS: &str = "train --limit 2000 --batch 16 --epochs 8 --quiet --out";
const MADE: [&str; 3] = ["best.safetensors", "last.safetensors", "metrics.jsonl"];

/// Starts the program as a child, to be stopped.
fn start(dir: &Path, words: &str) -> Child {
    let program = lenet(dir).get_program().to_owned();
    let mut command = Command::new(program);
    command.current_dir(dir).args(words.split_whitespace()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Waits until the run has written `lines` lines, or is over.
fn wait_for_lines(child: &mut Child, folder: &Path, lines: usize) {
    let written = || fs::read_to_string(folder.join("metrics.jsonl")).unwrap_or_default().lines().count();
    while written() < lines && child.try_wait().unwrap().is_none() {
        sleep(Duration::from_millis(1));
    }
}

/// Everything that a run writes, except the times.
fn outcome(folder: &Path) -> (Vec<Vec<u8>>, serde_json::Value) {
    let mut record = json(&folder.join("run.json"));
    record.as_object_mut().unwrap().remove("seconds").expect("the run is over");
    for epoch in record["epochs"].as_array_mut().unwrap() {
        epoch.as_object_mut().unwrap().remove("seconds");
    }
    (MADE.map(|name| fs::read(folder.join(name)).unwrap()).into(), record)
}

fn assert_same(dir: &Path, one: &str, other: &str) {
    let ((files_1, record_1), (files_2, record_2)) = (outcome(&dir.join(one)), outcome(&dir.join(other)));
    for (name, (a, b)) in MADE.iter().zip(files_1.iter().zip(&files_2)) {
        assert!(a == b, "{name} of {one} and {other} differ");
    }
    assert_eq!(record_1, record_2);
    assert_eq!(files(&dir.join(one)), files(&dir.join(other)));
}

/// Stops a run at each of `moments` in turn; `words` is the command without the folder.
#[cfg(unix)]
fn interrupted(words: &str, moments: &[usize]) {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), &format!("{words} whole")).ok();
    let mut command = format!("{words} stopped");
    for moment in moments {
        let mut child = start(dir.path(), &command);
        wait_for_lines(&mut child, &dir.path().join("stopped"), *moment);
        let signal = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        assert!(signal.success());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(130), "{said}");
        assert!(said.contains("stopped in epoch ") && said.contains("`lenet train --resume stopped`"), "{said}");
        command = "train --resume stopped --quiet".into();
    }
    run(dir.path(), &command).ok();
    assert_same(dir.path(), "whole", "stopped");
}

#[test]
#[cfg(unix)]
fn an_interrupted_run_goes_on_to_the_same_end() {
    interrupted(WORDS, &[1, 30, 75]);
}

#[test]
#[cfg(unix)]
fn so_do_distorted_digits_and_the_second_order() {
    interrupted("train --limit 1000 --epochs 4 --distort --european --rubbish --threads 1 --quiet --out", &[25]);
    interrupted("train --recipe modern --limit 1000 --epochs 4 --average 0.9 --threads 1 --quiet --out", &[20]);
    interrupted("train --recipe paper --limit 300 --epochs 5 --quiet --out", &[50]);
}

/// A run that is killed again and again at any moment: its files can be read, and the result is the same.
#[test]
fn a_killed_run_goes_on_to_the_same_end() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), &format!("{WORDS} whole")).ok();
    let mut command = format!("{WORDS} killed");
    let folder = dir.path().join("killed");
    for round in 0..20 {
        let mut child = start(dir.path(), &command);
        // While it starts, and some steps and milliseconds later.
        if round % 4 == 0 {
            sleep(Duration::from_millis(30 * round));
        } else {
            let lines = fs::read_to_string(folder.join("metrics.jsonl")).unwrap_or_default().lines().count();
            wait_for_lines(&mut child, &folder, lines + round as usize % 7);
            sleep(Duration::from_millis(5 * (round % 5)));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        for name in ["best.safetensors", "last.safetensors"].map(|name| folder.join(name)) {
            if name.exists() {
                lenet_model::Checkpoint::open(&name).unwrap().classifier().unwrap();
            }
        }
        if folder.join("run.json").exists() {
            json(&folder.join("run.json"));
        }
        if folder.join("state.safetensors").exists() {
            command = "train --resume killed --quiet".into();
        } else if folder.join("run.json").exists() && json(&folder.join("run.json")).get("test").is_some() {
            break;
        } else {
            command = format!("{WORDS} killed --force");
        }
    }
    let ended = folder.join("run.json").exists() && json(&folder.join("run.json")).get("test").is_some();
    if !ended {
        run(dir.path(), &command).ok();
    }
    assert_same(dir.path(), "whole", "killed");
}

/// The state takes a megabyte, and there is room for half: the error says so, the old files stay, and with room the run continues.
#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_told_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), &format!("{WORDS} whole")).ok();
    let mut child = start(dir.path(), &format!("{WORDS} full"));
    wait_for_lines(&mut child, &dir.path().join("full"), 30);
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(130));
    let before = fs::read(dir.path().join("full/state.safetensors")).unwrap();

    // Without a handler, the limit's signal would end the program.
    let program = lenet(dir.path()).get_program().to_owned();
    let script = "trap '' XFSZ; ulimit -f 1000; exec \"$0\" train --resume full --quiet";
    let output = Command::new("sh").current_dir(dir.path()).args(["-c", script]).arg(program).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.starts_with("error: full/state.safetensors: can't be written: "), "{said}");
    assert!(said.contains("has room: ") && said.lines().count() == 1, "{said}");
    assert_eq!(fs::read(dir.path().join("full/state.safetensors")).unwrap(), before);

    run(dir.path(), "train --resume full --quiet").ok();
    assert_same(dir.path(), "whole", "full");
}

#[test]
fn what_cannot_be_resumed() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), "train --resume nowhere").failed_at_once(&["nowhere: not a folder", "the run folder"]);
    run(dir.path(), "train --resume run --epochs 3").misused(&["--resume", "--epochs"]);
    run(dir.path(), "train --resume run --seed 1").misused(&["--resume", "--seed"]);
    run(dir.path(), "train --limit 100 --epochs 1 --quiet --out run").ok();
    run(dir.path(), "train --resume run").failed_at_once(&["run: this run is over", "lenet eval"]);
    let record = dir.path().join("run/run.json");
    let mut unfinished = json(&record);
    unfinished.as_object_mut().unwrap().remove("test");
    fs::write(&record, unfinished.to_string()).unwrap();
    run(dir.path(), "train --resume run").failed(&["run/state.safetensors: can't be read", "start a new run"]);
    unfinished["data"]["train"] = 17.into();
    fs::write(&record, unfinished.to_string()).unwrap();
    run(dir.path(), "train --resume run").failed_at_once(&["the data are not those of the run"]);
    fs::write(&record, "{}").unwrap();
    run(dir.path(), "train --resume run").failed_at_once(&["run.json: not the record of a run of this version"]);
}

/// Starts a run and kills it after its first epoch.
fn stopped(dir: &Path, words: &str, folder: &str) {
    let mut child = start(dir, &format!("{words} {folder}"));
    wait_for_lines(&mut child, &dir.join(folder), 21);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(dir.join(folder).join("state.safetensors").exists(), "it was over too soon");
}

#[test]
fn the_data_have_to_be_the_same_and_may_be_named_from_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let set = dir.path().join("set");
    write_data(&set, 2000, 60);
    stopped(dir.path(), "train --data set --epochs 15 --batch 8 --quiet --out", "run");
    // From another folder, where there is no `set`.
    let elsewhere = dir.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::rename(dir.path().join("run"), elsewhere.join("run")).unwrap();

    // The same number of images, with one pixel changed.
    let images = set.join("train-images-idx3-ubyte");
    let mut bytes = fs::read(&images).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&images, &bytes).unwrap();
    run(&elsewhere, "train --resume run").failed_at_once(&["run: the data are not those of the run"]);
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&images, &bytes).unwrap();
    run(&elsewhere, "train --resume run --quiet").ok();
}

#[test]
fn what_a_killed_run_has_not_made_is_made() {
    let dir = tempfile::tempdir().unwrap();
    write_data(&dir.path().join("set"), 120, 60);
    run(dir.path(), "train --data set --epochs 2 --quiet --out run").ok();
    let report = dir.path().join("run/report.html");
    let page = fs::read(&report).unwrap();
    run(dir.path(), "train --resume run").failed_at_once(&["run: this run is over"]);

    // As if the run had been killed before its report was written, by a version that wrote the record first.
    fs::remove_file(&report).unwrap();
    fs::write(dir.path().join("run/state.safetensors"), "left over").unwrap();
    let said = run(dir.path(), "train --resume run").ok();
    assert!(said.err.contains("run/report.html: this run is over; its report was missing"), "{}", said.err);
    assert!(fs::read(&report).unwrap() == page, "another report");
    assert!(!dir.path().join("run/state.safetensors").exists());

    // A report can be made at any time, also where the data have been moved.
    fs::remove_file(&report).unwrap();
    assert_eq!(run(dir.path(), "view report run").ok().out, "run/report.html\n");
    assert!(fs::read(&report).unwrap() == page, "another report");
    fs::rename(dir.path().join("set"), dir.path().join("moved")).unwrap();
    run(dir.path(), "view report run").failed_at_once(&["set: there is no such file or folder"]);
    run(dir.path(), "view report run --data moved").ok();
    run(dir.path(), "view report moved").failed_at_once(&["run.json: can't be read", "the run folder"]);

    // There is no report of a run that is not over.
    let record = dir.path().join("run/run.json");
    let mut unfinished = json(&record);
    unfinished.as_object_mut().unwrap().remove("test");
    fs::write(&record, unfinished.to_string()).unwrap();
    run(dir.path(), "view report run").failed_at_once(&["run: the run is not over", "`lenet train --resume run`"]);
}

//! `lenet eval` on files that are not models, and on models whose data are missing.

use crate::common::{files, run, write_data};
use std::fs;

#[test]
fn bad_models_are_refused_in_one_line() {
    let dir = tempfile::tempdir().unwrap();
    write_data(&dir.path().join("set"), 40, 20);
    run(dir.path(), "train --data set --epochs 1 --validation 10 --quiet --out run").ok();
    let model = fs::read(dir.path().join("run/best.safetensors")).unwrap();
    let before = files(dir.path());
    let refused = |bytes: &[u8], words: &[&str]| {
        fs::write(dir.path().join("bad.safetensors"), bytes).unwrap();
        let mut all = vec!["bad.safetensors", "give a model that `lenet train` has written"];
        all.extend(words);
        run(dir.path(), "eval bad.safetensors --data set").failed_at_once(&all);
        fs::remove_file(dir.path().join("bad.safetensors")).unwrap();
    };
    refused(b"", &["not a whole safetensors file"]);
    refused(b"no model", &["not a whole safetensors file"]);
    refused(&model[..model.len() / 2], &["not a whole safetensors file"]);
    let mut nan = model.clone();
    let end = nan.len();
    nan[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    refused(&nan, &["holds NaN", "not finite"]);
    let tensor = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![1], &[0; 4]).unwrap();
    refused(&safetensors::serialize([("a", tensor)], None).unwrap(), &["does not say its network"]);

    run(dir.path(), "eval gone.safetensors").failed_at_once(&["gone.safetensors", "can't be read"]);
    run(dir.path(), "eval set").failed_at_once(&["set/best.safetensors", "can't be read", "give a model"]);
    run(dir.path(), "eval run/best.safetensors --data gone").failed_at_once(&["gone: there is no such file or folder"]);
    fs::write(dir.path().join("set/t10k-images-idx3-ubyte"), [0, 0, 8, 3, 0]).unwrap();
    run(dir.path(), "eval run/best.safetensors --data set")
        .failed_at_once(&["set/t10k-images-idx3-ubyte", "cut short"]);
    assert_eq!(files(dir.path()), before, "something was written");
}

#[test]
fn transposed_images_are_other_images() {
    let dir = tempfile::tempdir().unwrap();
    write_data(&dir.path().join("set"), 300, 100);
    run(dir.path(), "train --data set --epochs 6 --batch 10 --validation 50 --rate 0.02 --quiet --out run").ok();
    let correct = |words: &str| {
        let said = run(dir.path(), &format!("eval run/best.safetensors --data set --json {words}")).ok();
        serde_json::from_str::<serde_json::Value>(&said.out).unwrap()["test"]["correct"].as_u64().unwrap()
    };
    assert!(correct("") >= 95, "the bars were not learned");
    assert!(correct("--transpose") <= 50, "--transpose changes nothing");
}

#[test]
fn any_part_of_the_data_is_read() {
    let dir = tempfile::tempdir().unwrap();
    write_data(&dir.path().join("set"), 300, 100);
    let counted = |part: &str| {
        let said = run(dir.path(), &format!("eval --data set --json --part {part}")).ok();
        let object: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        (object[part]["total"].as_u64(), object[part]["correct"].as_u64().unwrap())
    };
    let [test, train, all] = ["test", "train", "all"].map(counted);
    assert_eq!((test.0, train.0, all.0), (Some(100), Some(300), Some(400)));
    assert_eq!(all.1, test.1 + train.1);
    let said = run(dir.path(), "eval --data set --part all").ok();
    assert!(said.out.contains(") on all images of set\nall accuracy "), "{}", said.out);
    run(dir.path(), "eval --part some").misused(&["--part", "[possible values: test, train, all]"]);
}

/// Pictures of another day are read by the names of the set that the model was trained on.
#[test]
fn a_model_keeps_the_names_of_its_classes() {
    let dir = tempfile::tempdir().unwrap();
    write_data(&dir.path().join("set"), 300, 20);
    let names = ["ant", "bee", "cat", "dog", "elk", "fox", "gnu", "hen", "ibis", "jay"];
    fs::write(dir.path().join("set/classes.txt"), names.join("\n")).unwrap();
    run(dir.path(), "train --data set --epochs 6 --batch 10 --validation 50 --rate 0.02 --quiet --out run").ok();
    let said = run(dir.path(), "predict --model run set/t10k-images-idx3-ubyte").ok();
    let is_named = |line: &str| (0..10).any(|class| line.contains(&format!(": {class} {}  ", names[class])));
    assert!(said.out.lines().count() == 20 && said.out.lines().all(is_named), "{}", said.out);
}

//! `lenet export`: the file is complete or not there, and files that are not models are refused. What the file computes is tested in
//! lenet-model, and against ONNX Runtime by `ci/onnx/run`.

use crate::common::{files, run, write_data};
use std::fs;

#[test]
fn a_model_becomes_an_onnx_file() {
    let dir = tempfile::tempdir().unwrap();
    write_data(&dir.path().join("set"), 40, 20);
    run(dir.path(), "train --data set --epochs 1 --validation 10 --quiet --out run --recipe paper").ok();
    let said = run(dir.path(), "export run/last.safetensors --onnx net.onnx").ok();
    assert_eq!(said.out, "");
    assert!(said.err.starts_with("net.onnx: lenet5-1998 with scaled-tanh as ONNX, opset 13\n"), "{}", said.err);
    let written = fs::read(dir.path().join("net.onnx")).unwrap();
    assert!(written.len() > 4 * 60_000, "{} bytes", written.len());
    // The file contains strings unchanged: the recipe is in the metadata.
    let holds = |what: &str| written.windows(what.len()).any(|part| part == what.as_bytes());
    for what in ["logits", "probabilities", "c3.weight", "lenet5-1998", r#""network":"lenet5-1998""#] {
        assert!(holds(what), "no {what:?} in the file");
    }

    // The same bytes again, replacing the old file; a folder stands for its best model.
    fs::write(dir.path().join("old"), "something else").unwrap();
    run(dir.path(), "export run/last.safetensors --onnx old").ok();
    assert!(fs::read(dir.path().join("old")).unwrap() == written, "the same model made other bytes");
    run(dir.path(), "export run --onnx best.onnx").ok();
    run(dir.path(), "export run/best.safetensors --onnx same.onnx").ok();
    let read = |name: &str| fs::read(dir.path().join(name)).unwrap();
    assert!(read("best.onnx") == read("same.onnx"), "a folder stands for another model than its best");
    // Without a model, the built-in LeNet-5; both built-in ones by name.
    let said = run(dir.path(), "export --onnx own.onnx").ok();
    assert!(said.err.starts_with("own.onnx: lenet5 with scaled-tanh as ONNX, opset 13\n"), "{}", said.err);
    run(dir.path(), "export lenet5 --onnx same.onnx").ok();
    assert!(read("own.onnx") == read("same.onnx") && read("own.onnx").len() > 4 * 60_850);
    let said = run(dir.path(), "export modern --onnx own.onnx").ok();
    assert!(said.err.starts_with("own.onnx: lenet5-modern with relu as ONNX, opset 13\n"), "{}", said.err);
    // A file or a folder of this name comes first.
    fs::rename(dir.path().join("run"), dir.path().join("lenet5")).unwrap();
    run(dir.path(), "export lenet5 --onnx same.onnx").ok();
    assert!(read("best.onnx") == read("same.onnx"), "the built-in model hides a folder");
    assert_eq!(files(dir.path()), ["best.onnx", "lenet5", "net.onnx", "old", "own.onnx", "same.onnx", "set"]);
}

#[test]
fn what_is_no_model_and_where_nothing_can_be_written() {
    let dir = tempfile::tempdir().unwrap();
    write_data(&dir.path().join("set"), 40, 20);
    run(dir.path(), "train --data set --epochs 1 --validation 10 --quiet --out run").ok();
    let model = fs::read(dir.path().join("run/best.safetensors")).unwrap();
    fs::write(dir.path().join("half.safetensors"), &model[..model.len() / 2]).unwrap();
    fs::write(dir.path().join("kept.onnx"), "kept").unwrap();
    let before = files(dir.path());

    run(dir.path(), "export half.safetensors --onnx kept.onnx").failed_at_once(&["half.safetensors", "not a whole"]);
    run(dir.path(), "export gone --onnx kept.onnx").failed_at_once(&["gone", "can't be read"]);
    run(dir.path(), "export set --onnx kept.onnx").failed_at_once(&["best.safetensors", "can't be read"]);
    run(dir.path(), "export run --onnx gone/net.onnx").failed_at_once(&["gone/net.onnx: can't be written"]);
    run(dir.path(), "export run --onnx set").failed_at_once(&["set: can't be written"]);
    run(dir.path(), "export run --onnx run/best.safetensors")
        .failed_at_once(&["run/best.safetensors: is the model itself"]);
    run(dir.path(), "export --onnx gone/net.onnx").failed_at_once(&["gone/net.onnx: can't be written"]);
    run(dir.path(), "export run/best.safetensors").misused(&["--onnx <FILE>"]);

    assert_eq!(fs::read(dir.path().join("kept.onnx")).unwrap(), b"kept");
    assert!(fs::read(dir.path().join("run/best.safetensors")).unwrap() == model, "the model was changed");
    assert_eq!(files(dir.path()), before);
}

//! Every input that the fuzzers started with or have found, as a test of each reader.

#[path = "../../../fuzz/checks.rs"]
mod checks;

use std::fs;
use std::path::Path;

fn each(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let mut files = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        check(&fs::read(&path).unwrap());
        files += 1;
    }
    assert!(files >= 3, "{files} files in {}", folder.display());
}

#[test]
fn idx() {
    each("idx", checks::idx);
}

#[test]
fn pictures() {
    each("picture", checks::picture);
}

#[test]
fn checkpoints() {
    each("checkpoint", checks::checkpoint);
}

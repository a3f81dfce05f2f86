//! `write_beside` where the path is a link, a pipe or a device.

use lenet_model::write_beside;
use std::fs;
use std::os::unix::fs::{FileTypeExt, symlink};
use std::path::Path;

#[test]
fn a_link_stays_and_its_target_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("models")).unwrap();
    symlink("models/first", at("link")).unwrap();
    symlink("link", at("link-to-link")).unwrap();
    // First the target does not exist, then it is a file.
    for bytes in [b"one", b"two"] {
        write_beside(&at("link-to-link"), bytes).unwrap();
        assert_eq!(fs::read(at("models/first")).unwrap(), bytes);
    }
    assert!(at("link").is_symlink() && at("link-to-link").is_symlink());
    assert_eq!(fs::read_dir(at("models")).unwrap().count(), 1);

    symlink("round", at("round")).unwrap();
    assert!(write_beside(&at("round"), b"").is_err());
}

#[test]
fn a_pipe_is_written_to() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read(pipe).unwrap()
    });
    write_beside(&pipe, b"bytes").unwrap();
    assert_eq!(reader.join().unwrap(), b"bytes");
    assert!(fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
    write_beside(Path::new("/dev/null"), b"bytes").unwrap();
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
}

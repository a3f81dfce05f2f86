//! `lenet data`, and `--data` with the name of a set: with the checksums of MNIST, and files made from the built-in set.

use crate::common::server::{Sent, Server, nowhere};
use crate::common::{Said, files, json, lenet, said, write_data};
use assert_cmd::Command;
use flate2::{Compression, write::GzEncoder};
use lenet_data::{Dataset, LabelledImages, idx::Idx};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

const IMAGES: &str = "train-images-idx3-ubyte.gz";

/// The four files of MNIST, compressed.
static MNIST: LazyLock<HashMap<String, Sent>> = LazyLock::new(|| {
    let Dataset { train, test, .. } = Dataset::mnist().unwrap();
    let pack = |idx: Idx<u8>| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        idx.write(&mut encoder).unwrap();
        Sent(encoder.finish().unwrap(), usize::MAX)
    };
    let part = |part: &str, examples: &LabelledImages| {
        let n = examples.len() as u32;
        let pixels = examples.images().as_flattened().as_flattened().to_vec();
        [
            (format!("{part}-images-idx3-ubyte.gz"), pack(Idx::new(vec![n, 28, 28], pixels).unwrap())),
            (format!("{part}-labels-idx1-ubyte.gz"), pack(Idx::new(vec![n], examples.labels().to_vec()).unwrap())),
        ]
    };
    part("train", &train).into_iter().chain(part("t10k", &test)).collect()
});

pub(crate) fn mnist() -> Server {
    Server::new(MNIST.clone())
}

/// MNIST with other training images.
fn mnist_with(images: Sent) -> Server {
    let mut files = MNIST.clone();
    files.insert(IMAGES.into(), images);
    Server::new(files)
}

/// A folder to work in, with a cache. Every address except this machine is behind a proxy that does not exist.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn cache(&self) -> PathBuf {
        self.path().join("cache")
    }

    fn lenet(&self) -> Command {
        let mut command = lenet(self.path());
        command.envs(self.settings());
        command
    }

    fn settings(&self) -> [(&'static str, String); 6] {
        let (cache, proxy) = (self.cache().display().to_string(), nowhere());
        let no = String::new;
        let proxies = [("ALL_PROXY", proxy.clone()), ("HTTPS_PROXY", proxy.clone()), ("HTTP_PROXY", proxy)];
        let [all, https, http] = proxies;
        [("LENET_DATA", cache), ("LENET_MIRROR", no()), ("NO_PROXY", no()), all, https, http]
    }

    fn run(&self, words: &str) -> Said {
        said(self.lenet().args(words.split_whitespace()))
    }

    /// The files in the folder of MNIST, except the lock.
    fn fetched(&self) -> Vec<String> {
        files(&self.cache().join("mnist")).into_iter().filter(|name| name != "fetch.lock").collect()
    }
}

fn all_four() -> Vec<String> {
    let mut names: Vec<_> = MNIST.keys().cloned().collect();
    names.sort();
    names
}

#[test]
fn mnist_is_fetched_once() {
    let (place, server) = (Place::new(), mnist());
    let first = place.run(&format!("data fetch mnist --mirror {}", server.address)).ok();
    assert_eq!(first.out, format!("{}\n", place.cache().join("mnist").display()));
    assert_eq!(first.err.matches(": whole").count() + first.err.matches(" bytes, whole").count(), 4, "{}", first.err);
    assert!(!first.err.contains("continues after"), "{}", first.err);
    assert_eq!(place.fetched(), all_four());
    assert_eq!(server.asked().len(), 4);

    let again = place.run("data fetch mnist").ok();
    assert_eq!(
        (&again.out, &*again.err),
        (&first.out, "mnist is already there and complete (--force downloads it again)\n")
    );
    assert_eq!(place.run("data fetch mnist --quiet").ok().err, "");
    assert_eq!(server.asked().len(), 4);

    let force = format!("data fetch mnist --force --quiet --mirror {}/{{set}}/", server.address);
    assert_eq!(place.run(&force).ok().err, "");
    assert_eq!(server.asked()[4], format!("/mnist/{IMAGES}"));

    let shown: Value = serde_json::from_str(&place.run("data show cache/mnist --json").ok().out).unwrap();
    let built_in: Value = serde_json::from_str(&place.run("data show mnist --json").ok().out).unwrap();
    assert_eq!((&shown["folder"], &shown["name"]), (&json!("cache/mnist"), &json!("mnist")));
    assert_eq!((&shown["train"], &shown["test"]), (&built_in["train"], &built_in["test"]));
}

#[test]
fn mirrors_are_asked_in_turn() {
    // The test images are valid images, but not the training images.
    let wrong = mnist_with(MNIST["t10k-images-idx3-ubyte.gz"].clone());
    let (place, dead, good) = (Place::new(), nowhere(), mnist());
    let words = format!("data fetch mnist --mirror {dead} --mirror {}", wrong.address);
    let said = said(place.lenet().args(words.split_whitespace()).env("LENET_MIRROR", &good.address)).ok();
    assert!(said.err.contains("  connection refused\n"), "{}", said.err);
    assert!(said.err.contains("  unpacks to 7840016 bytes, expected 47040016\n"), "{}", said.err);
    assert_eq!(place.fetched(), all_four());
    assert_eq!((wrong.asked().len(), good.asked().len()), (1, 4));
}

#[test]
fn without_a_network_the_line_says_what_each_mirror_said() {
    let place = Place::new();
    let silent = mnist_with(Sent(MNIST[IMAGES].0.clone(), 1_000));
    let missing = Server::new(HashMap::new());
    let words = format!("data fetch mnist --timeout 1 --mirror {} --mirror {}", silent.address, missing.address);
    place.run(&words).failed(&[
        "error: train-images-idx3-ubyte.gz: no mirror gave it: ",
        &format!("{}/{IMAGES}: no byte came for 1 s, ", silent.address),
        &format!("{}/{IMAGES}: HTTP 404, ", missing.address),
        "https://ossci-datasets.s3.amazonaws.com/mnist/train-images-idx3-ubyte.gz: connection refused, ",
        "https://storage.googleapis.com/cvdf-datasets/mnist/train-images-idx3-ubyte.gz: connection refused; ",
        "check the network, or give another mirror (--mirror URL)",
    ]);
    assert_eq!(place.fetched(), [format!("{IMAGES}.part")]);
    for name in ["fashion-mnist", "kmnist", "emnist-digits", "cifar-10"] {
        place.run(&format!("data fetch {name} --quiet")).failed_at_once(&["no mirror gave it", "connection refused"]);
    }
}

#[test]
fn a_download_that_is_broken_off_goes_on() {
    let (place, good) = (Place::new(), mnist());
    let silent = mnist_with(Sent(MNIST[IMAGES].0.clone(), 200_000));
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("lenet"))
        .args(["data", "fetch", "mnist", "--quiet", "--timeout", "3600", "--mirror", &silent.address])
        .envs(place.settings())
        .spawn()
        .unwrap();
    let part = place.cache().join("mnist").join(format!("{IMAGES}.part"));
    while fs::metadata(&part).map_or(0, |part| part.len()) < 200_000 {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(place.fetched(), [format!("{IMAGES}.part")]);

    let said = place.run(&format!("data fetch mnist --mirror {}", good.address)).ok();
    assert!(said.err.contains("  continues after 200,000 bytes\n"), "{}", said.err);
    assert_eq!(good.asked()[0], format!("/{IMAGES} from 200000"));
    assert_eq!(place.fetched(), all_four());
}

/// A limit on the size of files acts like a full disk.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_what_was_good_stays() {
    let (place, server) = (Place::new(), mnist());
    place.run(&format!("data fetch mnist --mirror {}", server.address)).ok();
    let program = assert_cmd::cargo::cargo_bin("lenet");
    // A block has 512 bytes. Without the trap the system would end the program.
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 1000; exec \"$0\" \"$@\""]).arg(program);
    shell.args(["data", "fetch", "mnist", "--force", "--quiet", "--mirror", &server.address]).envs(place.settings());
    said(&mut shell).failed_at_once(&[
        &format!("{IMAGES}.part: cannot be written"),
        "File too large",
        "make room, or name another folder by the environment variable LENET_DATA",
    ]);
    assert_eq!(place.fetched(), all_four());
    place.run("data fetch mnist").ok();
    assert_eq!(server.asked().len(), 5);
}

#[test]
fn a_cache_that_cannot_be_written_is_told() {
    let place = Place::new();
    fs::write(place.cache(), "a file").unwrap();
    place.run("data fetch kmnist").failed_at_once(&["kmnist: cannot be written", "LENET_DATA"]);
}

#[cfg(target_os = "linux")]
#[test]
fn the_cache_is_where_the_system_has_its_caches() {
    let place = Place::new();
    let mut command = place.lenet();
    command.env_remove("LENET_DATA").env("XDG_CACHE_HOME", place.path());
    said(command.args(["data", "show", "kmnist"])).failed_at_once(&[&*format!(
        "kmnist: is not in {}: run `lenet data fetch kmnist`",
        place.path().join("lenet/kmnist").display()
    )]);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let place = Place::new();
    place
        .run("data fetch cifar")
        .misused(&["invalid value 'cifar'", "mnist, fashion-mnist, kmnist, emnist-digits, cifar-10"]);
    place.run("data show cifar-10").failed_at_once(&["cifar-10: its images are 32x32 in colour", "lenet_data::cifar"]);
    place.run("data fetch kmnist --mirror x.org").misused(&["an address begins with http:// or https://"]);
    place.run("data fetch kmnist --timeout 0").misused(&["0 is not in 1..=3600"]);
    place.run("data fetch").misused(&["<NAME>"]);
    let mut command = place.lenet();
    said(command.args(["data", "fetch", "kmnist"]).env("LENET_MIRROR", "x.org"))
        .failed_at_once(&["LENET_MIRROR: x.org: an address begins with"]);
    assert!(files(place.path()).is_empty());
}

#[test]
fn mnist_is_shown() {
    let place = Place::new();
    insta::assert_snapshot!(place.run("data show mnist").ok().out);
    let shown: Value = serde_json::from_str(&place.run("data show mnist --json").ok().out).unwrap();
    let rounded = |value: &Value| format!("{:.4}", value.as_f64().unwrap());
    let [train, test] = ["train", "test"].map(|part| (&shown[part], rounded(&shown[part]["mean"])));
    assert_eq!((train.1.as_str(), test.1.as_str()), ("0.1307", "0.1325"));
    assert_eq!(rounded(&train.0["deviation"]), "0.3081");
    assert_eq!((&train.0["count"], &test.0["count"]), (&json!(60_000), &json!(10_000)));
    let classes = json!([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    assert_eq!(train.0["classes"], classes);
    assert_eq!(test.0["classes"], json!([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]));
    assert_eq!(shown.as_object().unwrap().keys().collect::<Vec<_>>(), ["folder", "held_out", "name", "test", "train"]);
    assert_eq!((&shown["folder"], &shown["name"], &shown["held_out"]), (&Value::Null, &json!("mnist"), &json!(false)));
}

#[test]
fn classes_that_have_names_are_called_by_them() {
    let place = Place::new();
    write_data(&place.path().join("set"), 120, 60);
    fs::write(place.path().join("set/classes.txt"), "cat\ndog\nsea lion\n").unwrap();
    let shown = place.run("data show set").ok().out;
    assert!(shown.contains("\n2 sea lion      12  10.00%       6  10.00%\n"), "{shown}");
    let said = place.run("train --data set --epochs 1 --rate 1e-7 --out run").ok();
    assert!(said.out.contains("\n    2 sea lion  ") && said.out.contains("\n             3  "), "{}", said.out);
    let page = fs::read_to_string(place.path().join("run/report.html")).unwrap();
    assert!(page.contains(">2 sea lion</text>") && page.matches(">1 dog</text>").count() == 2, "no names");
    assert!(place.run("eval run --data set").ok().out.contains("\n         1 dog  "));
    let about = lenet_model::Checkpoint::open(&place.path().join("run/last.safetensors")).unwrap().description;
    assert_eq!(about.classes, ["cat", "dog", "sea lion"]);
    let misses = place.run("view misses run --data set").ok().out;
    assert!(misses.lines().skip(1).all(|line| line.split_whitespace().count() >= 3), "{misses}");
    assert!(misses.contains("  0 cat  ") || misses.contains("  1 dog  "), "{misses}");
    assert!(
        place.run("view maps run --data set --index 1").ok().out.starts_with("test image 1 of set, a 1 dog, read as ")
    );
    fs::write(place.path().join("set/classes.txt"), "cat\n\ndog\n").unwrap();
    place.run("data show set").failed_at_once(&["set/classes.txt: line 2: give a name"]);

    // The published sets have class names, which models trained on them keep.
    fs::remove_file(place.path().join("set/classes.txt")).unwrap();
    fs::rename(place.path().join("set"), place.path().join("fashion-mnist")).unwrap();
    place.run("train --data ./fashion-mnist --epochs 1 --validation 0 --quiet --out shoes").ok();
    let european = "train --data ./fashion-mnist --epochs 1 --distort --european --out none";
    place.run(european).misused(&["--european is for digits; the classes of these data have names"]);
    assert!(!place.path().join("none").exists());
    let said = place.run("predict --model shoes/last.safetensors fashion-mnist/t10k-images-idx3-ubyte").ok();
    let names = ["shirt", "trouser", "pullover", "dress", "coat", "sandal", "sneaker", "bag", "boot"];
    assert!(said.out.lines().all(|line| names.iter().any(|name| line.contains(name))), "{}", said.out);
}

#[test]
fn a_folder_is_shown_as_a_picture() {
    let place = Place::new();
    write_data(&place.path().join("set"), 30, 20);
    let said = place.run("data show set --out sheet.png").ok();
    assert_eq!(said.err, "sheet.png: the first images of each class\n");
    assert!(said.out.starts_with("set, in set\n") && !said.out.contains('█'), "{}", said.out);
    assert!(fs::read(place.path().join("sheet.png")).unwrap().starts_with(b"\x89PNG"));
    place.run("data show set --out gone/sheet.png").failed_at_once(&["gone/sheet.png: can't be written"]);

    fs::write(place.path().join("set/train-labels-idx1-ubyte"), [0, 0, 8, 1, 0, 0, 0, 30, 1]).unwrap();
    place.run("data show set").failed_at_once(&["set/train-labels-idx1-ubyte", "expected 30 labels, found 1"]);
    place
        .run("data show gone")
        .failed_at_once(&["gone: there is no such file or folder, and no set with that name", "kmnist"]);
    place.run("data show ./gone").failed_at_once(&["./gone: there is no such file or folder; give a file"]);
}

/// Files and folders as Keras, Kaggle and mnist_png have them.
#[test]
fn data_is_read_in_the_forms_that_people_have() {
    let place = Place::new();
    let Dataset { train, test, .. } = Dataset::mnist().unwrap();
    let array = |zip: &mut zip::ZipWriter<fs::File>, name: &str, shape: &str, values: &[u8]| {
        let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n");
        zip.start_file(format!("{name}.npy"), zip::write::SimpleFileOptions::default()).unwrap();
        let length = (header.len() as u16).to_le_bytes();
        zip.write_all(&[b"\x93NUMPY\x01\0", &length[..], header.as_bytes(), values].concat()).unwrap();
    };
    let mut zip = zip::ZipWriter::new(fs::File::create(place.path().join("mnist.npz")).unwrap());
    for (part, images, n) in [("train", &train, 140), ("test", &test, 20)] {
        let pixels = images.images()[..n].as_flattened().as_flattened();
        array(&mut zip, &format!("x_{part}"), &format!("({n}, 28, 28)"), pixels);
        array(&mut zip, &format!("y_{part}"), &format!("({n},)"), &images.labels()[..n]);
    }
    zip.finish().unwrap();
    let mut csv = format!("label{}\n", ",pixel".repeat(784));
    for (image, label) in train.images()[..140].iter().zip(train.labels()) {
        let levels: Vec<String> = image.as_flattened().iter().map(u8::to_string).collect();
        csv += &format!("{label},{}\n", levels.join(","));
        let folder = place.path().join(format!("png/training/{label}"));
        fs::create_dir_all(&folder).unwrap();
        let picture = image::GrayImage::from_raw(28, 28, image.as_flattened().to_vec()).unwrap();
        picture.save(folder.join(format!("{}.png", levels.len() + csv.len()))).unwrap();
    }
    fs::write(place.path().join("train.csv"), csv).unwrap();

    let shown = place.run("data show mnist.npz").ok().out;
    assert!(shown.starts_with("mnist, in mnist.npz\n") && shown.contains("  all     140              20\n"), "{shown}");
    place.run("train --data mnist.npz --epochs 1 --validation 20 --out npz --quiet").ok();
    assert!(place.run("eval npz --data mnist.npz").ok().out.contains("on the test set of mnist\n"));
    // 140 images with no test part: one in seven of each class is held out.
    let said = place.run("train --data train.csv --epochs 1 --validation 20 --out csv").ok();
    let held_out = "17 for the test (every seventh of each class: the data have no test part)";
    assert!(said.err.contains(&format!("train: 103 to learn from, 20 held out, {held_out}")), "{}", said.err);
    assert_eq!(json(&place.path().join("csv/run.json"))["data"]["held_out_for_test"], true);
    assert!(
        place
            .run("eval csv --data train.csv")
            .ok()
            .out
            .contains("test set (every seventh image of each class) of train\n")
    );
    let shown = place.run("data show png").ok().out;
    assert!(
        shown.starts_with("png, in png\n")
            && shown.contains("no test images: every seventh image of each class is held out")
    );
    // The same images, in another order; a report is made again from the path in `run.json`, and the fingerprint is compared.
    place.run("train --data png --epochs 1 --validation 20 --out png-run --quiet").ok();
    place.run("view report png-run").ok();
    fs::write(place.path().join("png/training/5/x.png"), "no picture").unwrap();
    place.run("data show png").failed_at_once(&["png/training/5/x.png: is not a PNG, JPEG, WebP, BMP"]);
    place.run("eval --data data.txt").failed_at_once(&["data.txt: there is no such file or folder"]);
}

/// A folder as `run.json` names it.
fn whole(folder: &Path) -> String {
    fs::canonicalize(folder).unwrap().display().to_string()
}

#[test]
fn sets_go_by_their_names() {
    let place = Place::new();
    let train = "train --epochs 1 --validation 10 --quiet --out run --force";
    let absent = format!("kmnist: is not in {}: run `lenet data fetch kmnist`", place.cache().join("kmnist").display());
    place.run(&format!("{train} --data kmnist")).failed_at_once(&[&absent]);

    // A folder of that name is not the set, and the error says so.
    write_data(&place.path().join("kmnist"), 60, 20);
    place
        .run(&format!("{train} --data kmnist"))
        .failed_at_once(&[&absent, "; for the folder of that name write ./kmnist"]);
    place.run(&format!("{train} --data ./kmnist")).ok();
    assert_eq!(json(&place.path().join("run/run.json"))["data"]["folder"], whole(&place.path().join("kmnist")));

    write_data(&place.cache().join("kmnist"), 80, 30);
    place.run(&format!("{train} --data kmnist")).ok();
    let data = &json(&place.path().join("run/run.json"))["data"];
    assert_eq!((&data["name"], &data["train"], &data["test"]), (&json!("kmnist"), &json!(70), &json!(30)));
    assert_eq!(data["folder"], whole(&place.cache().join("kmnist")));
    let eval: Value =
        serde_json::from_str(&place.run("eval run/best.safetensors --data kmnist --json").ok().out).unwrap();
    assert_eq!((&eval["data"], &eval["test"]["total"]), (&json!("kmnist"), &json!(30)));
    place.run("eval run/best.safetensors --data kmnist --transpose").misused(&["--transpose is for files and folders"]);

    fs::write(place.cache().join("kmnist/t10k-labels-idx1-ubyte"), [0, 0, 8]).unwrap();
    place.run("eval run/best.safetensors --data kmnist").failed_at_once(&[
        "kmnist: run `lenet data fetch kmnist` again",
        "t10k-labels-idx1-ubyte",
        "cut short",
    ]);

    // MNIST is built in, even if this folder has a folder of that name.
    write_data(&place.path().join("mnist"), 60, 20);
    let built_in: Value = serde_json::from_str(&place.run("data show mnist --json").ok().out).unwrap();
    assert_eq!(built_in["train"]["count"], 60_000);
    place.run(&format!("{train} --limit 50 --data mnist")).ok();
    assert_eq!(json(&place.path().join("run/run.json"))["data"]["folder"], Value::Null);
    assert_eq!(place.run("data show ./mnist").ok().out.lines().next(), Some("mnist, in ./mnist"));
}

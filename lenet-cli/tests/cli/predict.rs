//! `lenet predict`: what it prints for pictures, and for files that are not pictures.

use crate::common::{Said, lenet, run, said};
use lenet_data::Dataset;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

/// Digits of MNIST's training images, whose labels begin 5, 0, 4, 1, 9.
fn digit(index: usize) -> [[u8; 28]; 28] {
    static MNIST: LazyLock<Dataset> = LazyLock::new(|| Dataset::mnist().unwrap());
    MNIST.train.images()[index]
}

/// Grey levels as PNG: black digits on white paper, each `scale` times as large, side by side, `gap` pixels between them.
fn paper(digits: &[[[u8; 28]; 28]], scale: usize, gap: usize) -> Vec<u8> {
    let (side, margin) = (28 * scale, 10);
    let (width, height) = (2 * margin + digits.len() * (side + gap) - gap, 2 * margin + side);
    let mut pixels = vec![255; width * height];
    for (i, digit) in digits.iter().enumerate() {
        for y in 0..side {
            for x in 0..side {
                pixels[(margin + y) * width + margin + i * (side + gap) + x] = 255 - digit[y / scale][x / scale];
            }
        }
    }
    encode(width, height, &pixels)
}

fn encode(width: usize, height: usize, pixels: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(pixels).unwrap();
    bytes
}

/// A folder with a five, a zero and a four.
fn pictures() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (i, name) in ["five.png", "nought.png", "four.png"].iter().enumerate() {
        fs::write(dir.path().join(name), paper(&[digit(i)], 3 + i, 0)).unwrap();
    }
    dir
}

fn objects(said: &Said) -> Vec<Value> {
    said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_line_for_each_picture() {
    let dir = pictures();
    let said = run(dir.path(), "predict five.png nought.png four.png").ok();
    assert_eq!(said.err, "");
    for (line, (name, digit)) in said.out.lines().zip([("five.png", 5), ("nought.png", 0), ("four.png", 4)]) {
        assert!(line.starts_with(&format!("{name}: {digit}  ")), "{line}");
        assert!(line.contains("%  then ") && line.matches('%').count() == 3 && line.ends_with("(inverted)"), "{line}");
    }
    // A folder is read in the order of the names; hidden files and files that are not pictures are left out.
    fs::write(dir.path().join("notes.txt"), "mine").unwrap();
    fs::write(dir.path().join(".hidden.png"), "mine").unwrap();
    fs::create_dir(dir.path().join("folder.png")).unwrap();
    let of_folder = run(dir.path(), "predict .").ok();
    let digits: Vec<&str> =
        of_folder.out.lines().map(|line| line.split(": ").nth(1).unwrap().split(' ').next().unwrap()).collect();
    assert_eq!(digits, ["5", "4", "0"]);
}

#[test]
fn json_is_an_object_a_line() {
    let dir = pictures();
    let objects = objects(&run(dir.path(), "predict five.png four.png --json").ok());
    for (object, (name, digit)) in objects.iter().zip([("five.png", 5), ("four.png", 4)]) {
        assert_eq!((&object["file"], &object["digit"], &object["best"]), (&name.into(), &digit.into(), &digit.into()));
        let probabilities: Vec<f64> =
            object["probabilities"].as_array().unwrap().iter().map(|p| p.as_f64().unwrap()).collect();
        assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-5 && probabilities.len() == 10);
        assert_eq!(object["probability"].as_f64().unwrap(), probabilities[digit]);
        let next: Vec<usize> =
            object["next"].as_array().unwrap().iter().map(|d| d.as_u64().unwrap() as usize).collect();
        assert!(next.len() == 2 && probabilities[next[0]] >= probabilities[next[1]] && !next.contains(&digit));
        assert_eq!((&object["inverted"], &object["thickened"]), (&true.into(), &false.into()));
    }
}

#[test]
fn standard_input_and_idx_files() {
    let dir = pictures();
    let bytes = fs::read(dir.path().join("five.png")).unwrap();
    let mut command = assert_cmd::Command::cargo_bin("lenet").unwrap();
    let output = command.args(["predict", "-"]).write_stdin(bytes).output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().starts_with("stdin: 5  "));

    let images: Vec<u8> = (0..5).flat_map(|i| digit(i).as_flattened().to_vec()).collect();
    let idx = lenet_data::idx::Idx::new(vec![5, 28, 28], images).unwrap();
    let mut file = Vec::new();
    idx.write(&mut file).unwrap();
    fs::write(dir.path().join("some-images-idx3-ubyte"), &file).unwrap();
    let said = run(dir.path(), "predict some-images-idx3-ubyte").ok();
    let digits: String = said.out.lines().map(|line| line.chars().nth(line.find(": ").unwrap() + 2).unwrap()).collect();
    assert_eq!(digits, "50419");
    assert!(said.out.starts_with("some-images-idx3-ubyte:0: 5  ") && !said.out.contains("inverted"), "{}", said.out);
    run(dir.path(), "read some-images-idx3-ubyte")
        .failed_at_once(&["a file of images has one digit per image", "lenet predict"]);

    // Images of another size, and more than are read together; one is blank.
    let mut many = vec![0; 600 * 30 * 40];
    for (i, image) in many.chunks_mut(30 * 40).enumerate().filter(|(i, _)| *i != 599) {
        let digit = digit(i % 5);
        (0..28).for_each(|y| image[y * 40..][..28].copy_from_slice(&digit[y]));
    }
    let mut file = Vec::new();
    lenet_data::idx::Idx::new(vec![600, 30, 40], many).unwrap().write(&mut file).unwrap();
    fs::write(dir.path().join("many-idx3-ubyte"), &file).unwrap();
    let said = run(dir.path(), "predict many-idx3-ubyte --json");
    let objects = objects(&said);
    assert_eq!((said.code, objects.len()), (Some(1), 600));
    for (i, object) in objects[..599].iter().enumerate() {
        assert_eq!(object["digit"], [5, 0, 4, 1, 9][i % 5], "{i}");
        assert_eq!(object["file"], format!("many-idx3-ubyte:{i}"));
    }
    assert!(objects[599]["error"].as_str().unwrap().contains("no ink found"), "{}", objects[599]);
    assert!(said.err.starts_with("error: many-idx3-ubyte:599: no ink found") && said.err.lines().count() == 1);
}

#[test]
fn what_is_not_sure_is_answered_by_a_question_mark() {
    let dir = pictures();
    // Half a five over half a zero is not a digit.
    let (five, nought) = (digit(0), digit(1));
    let chimera = std::array::from_fn(|y| std::array::from_fn(|x| if y < 14 { five[y][x] } else { nought[y][x] / 2 }));
    fs::write(dir.path().join("chimera.png"), paper(&[chimera], 4, 0)).unwrap();
    let sure = objects(&run(dir.path(), "predict chimera.png four.png --json").ok());
    let margin = |object: &Value| {
        let next = object["next"][0].as_u64().unwrap() as usize;
        object["probability"].as_f64().unwrap() - object["probabilities"][next].as_f64().unwrap()
    };
    let (low, high) = (margin(&sure[0]), margin(&sure[1]));
    assert!(low < high, "{low} {high}");
    let between = (low + high) / 2.0;
    let said = run(dir.path(), &format!("predict chimera.png four.png --reject {between}")).ok();
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(lines[0].starts_with("chimera.png: ?  ") && lines[1].starts_with("four.png: 4  "), "{}", said.out);
    let rejected = objects(&run(dir.path(), &format!("predict chimera.png --json --reject {between}")).ok());
    assert_eq!((&rejected[0]["digit"], &rejected[0]["best"]), (&Value::Null, &sure[0]["best"]));

    run(dir.path(), "predict five.png --reject auto").ok();
    run(dir.path(), "predict five.png --reject 1.5").misused(&["--reject", "0 to 1, or auto"]);
    run(dir.path(), "predict five.png --reject often").misused(&["--reject"]);
    run(dir.path(), "predict").misused(&["FILE|DIR|-"]);
    run(dir.path(), "predict five.png --json --show").misused(&["--json", "--show"]);
    // A model that was trained without held-out images has no margin.
    run(dir.path(), "train --limit 200 --epochs 1 --validation 0 --quiet --out run").ok();
    run(dir.path(), "predict five.png --model run").ok();
    run(dir.path(), "predict five.png --model run --reject auto").failed_at_once(&["--reject auto", "give a number"]);
    run(dir.path(), "predict five.png --model five.png").failed_at_once(&["five.png: not a whole safetensors file"]);
}

#[test]
fn what_the_network_saw_is_drawn() {
    let dir = pictures();
    let said = run(dir.path(), "predict five.png --show").ok();
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!(lines.len(), 1 + 28 + 2);
    let rows = &lines[2..30];
    assert!(rows.iter().all(|row| row.chars().count() == 58), "{}", said.out);
    assert!(rows[0].trim_matches('|').trim().is_empty() && rows[13].contains('█'), "{}", said.out);
}

/// Each bad picture is reported in a line, and the good ones are read.
#[test]
fn bad_pictures_are_told_one_by_one() {
    let dir = pictures();
    fs::write(dir.path().join("blank.png"), encode(20, 20, &[255; 400])).unwrap();
    fs::write(dir.path().join("words.png"), "seven").unwrap();
    let said = run(dir.path(), "predict words.png five.png blank.png nowhere.png");
    assert_eq!(said.code, Some(1));
    assert!(said.out.starts_with("five.png: 5  ") && said.out.lines().count() == 1, "{}", said.out);
    let errors: Vec<&str> = said.err.lines().collect();
    assert_eq!(errors.len(), 3, "{}", said.err);
    for (error, start) in errors.iter().zip([
        "error: words.png: is not a PNG, JPEG, WebP, BMP, GIF, TIFF or PNM picture",
        "error: blank.png: no ink found",
        "error: nowhere.png: can't be read",
    ]) {
        assert!(error.starts_with(start), "{error}");
    }
    let empty = dir.path().join("empty");
    fs::create_dir(&empty).unwrap();
    run(dir.path(), "predict empty").failed_at_once(&["empty: this folder has no picture"]);
}

/// A name that is not valid text is shown as far as it is.
#[test]
#[cfg(target_os = "linux")]
fn names_need_not_be_text() {
    use std::os::unix::ffi::OsStrExt;
    let dir = pictures();
    let name = std::ffi::OsStr::from_bytes(b"f\xffve.png");
    fs::rename(dir.path().join("five.png"), dir.path().join(name)).unwrap();
    let read = said(lenet(dir.path()).arg("predict").arg(name)).ok();
    assert!(read.out.starts_with("f\u{fffd}ve.png: 5  "), "{}", read.out);
    let of_folder = said(lenet(dir.path()).args(["predict", "."]));
    assert_eq!(of_folder.ok().out.lines().count(), 3);
    let missing = Path::new(std::ffi::OsStr::from_bytes(b"no\xff.png"));
    said(lenet(dir.path()).arg("predict").arg(missing)).failed_at_once(&["no\u{fffd}.png"]);
}

#[test]
fn several_digits_in_a_picture_are_said() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let year = root.join("../docs/pictures/year.jpg").display().to_string();
    let said = run(root, &format!("predict {year}")).ok();
    let told = format!("{year}: there seem to be 4 digits in this picture: `lenet read {year}` reads them\n");
    assert_eq!((said.err, said.out.lines().count()), (told, 1));
    // No message for single digits.
    let fonts = "../lenet-model/tests/fonts";
    let said = run(root, &format!("predict {fonts}/breip-blue {fonts}/because-we-connect-photo")).ok();
    assert_eq!((said.err.as_str(), said.out.lines().count()), ("", 20));
}

/// Kaggle's `test.csv`: a header and 784 grey levels per line.
#[test]
fn a_csv_file_is_read_and_answered_as_kaggle_wants_it() {
    let dir = tempfile::tempdir().unwrap();
    let line = |image: &lenet_data::Image| image.as_flattened().iter().map(u8::to_string).collect::<Vec<_>>().join(",");
    let mnist = Dataset::mnist().unwrap();
    let images = &mnist.train.images()[..5];
    let blank = [[0; 28]; 28];
    let header: Vec<String> = (0..784).map(|i| format!("pixel{i}")).collect();
    let lines: Vec<String> = [images[0], images[1], blank, images[2]].iter().map(line).collect();
    fs::write(dir.path().join("test.csv"), format!("{}\n{}\n", header.join(","), lines.join("\n"))).unwrap();

    let said = run(dir.path(), "predict test.csv --csv");
    assert_eq!((said.code, said.out.as_str()), (Some(1), "ImageId,Label\n1,5\n2,0\n4,4\n"), "{}", said.err);
    assert!(said.err.starts_with("error: test.csv:2: "), "{}", said.err);
    let said = run(dir.path(), "predict test.csv");
    assert!(said.out.starts_with("test.csv:0: 5 "), "{}", said.out);

    fs::write(dir.path().join("bad.csv"), format!("{}\n{}x\n", header.join(","), lines[0])).unwrap();
    run(dir.path(), "predict bad.csv").failed_at_once(&["bad.csv: line 2: ", "is not a grey level"]);
    run(dir.path(), "read test.csv").failed_at_once(&["one digit per image"]);
    run(dir.path(), "predict test.csv --csv --json").misused(&["--csv", "--json"]);
}

/// `ImageId` is the place of a picture among those given, whether or not the others can be read.
#[test]
fn a_broken_picture_keeps_its_number() {
    let dir = pictures();
    fs::write(dir.path().join("broken.png"), b"\x89PNG\r\n\x1a\n").unwrap();
    let said = run(dir.path(), "predict five.png broken.png four.png --csv");
    assert_eq!((said.code, said.out.as_str()), (Some(1), "ImageId,Label\n1,5\n3,4\n"), "{}", said.err);
    assert!(said.err.starts_with("error: broken.png: ") && said.err.lines().count() == 1, "{}", said.err);
}

/// AVIF and ICO files begin with zeros, as IDX files do.
#[test]
fn formats_that_are_not_read_are_refused_as_pictures() {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in [("a.avif", &b"\0\0\0\x20ftypavif"[..]), ("b.ico", &b"\0\0\x01\0\x01\0\x10\x10"[..])] {
        fs::write(dir.path().join(name), bytes).unwrap();
        run(dir.path(), &format!("predict {name}")).failed_at_once(&[name, "PNG", "WebP"]);
    }
}

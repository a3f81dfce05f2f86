//! `lenet read` and `lenet view reading`: lines of digits, what is known of them, and folders of labelled pictures.

use crate::common::{Said, run};
use lenet_data::strings::{HEIGHT, Spacing, StringRecipe};
use lenet_data::{Dataset, Image};
use roxmltree::Document;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

static MNIST: LazyLock<Dataset> = LazyLock::new(|| Dataset::mnist().unwrap());

/// The first digit of MNIST's training images that is `digit`, after `skip` others.
fn written(digit: u8, skip: usize) -> Image {
    let train = &MNIST.train;
    let mut found = train.images().iter().zip(train.labels()).filter(|(_, label)| **label == digit);
    *found.nth(skip).unwrap().0
}

/// A sheet of white paper.
struct Sheet {
    width: usize,
    grey: Vec<u8>,
}

impl Sheet {
    fn new(width: usize, height: usize) -> Self {
        Sheet { width, grey: vec![245; width * height] }
    }

    fn ink(&mut self, x: usize, y: usize, level: u8) {
        let pixel = &mut self.grey[y * self.width + x];
        *pixel = (*pixel).min((245 - usize::from(level) * 200 / 255) as u8);
    }

    /// Digits of MNIST, three times as large, `step` pixels from each to the next.
    fn write(&mut self, (left, top): (usize, usize), digits: &str, step: usize) {
        for (i, digit) in digits.bytes().enumerate() {
            let image = written(digit - b'0', i);
            for y in 0..84 {
                for x in 0..84 {
                    self.ink(left + i * step + x, top + y, image[y / 3][x / 3]);
                }
            }
        }
    }

    fn save(&self, path: PathBuf) {
        let mut bytes = Vec::new();
        let height = self.grey.len() / self.width;
        let mut encoder = png::Encoder::new(&mut bytes, self.width as u32, height as u32);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.write_header().unwrap().write_image_data(&self.grey).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// A folder with a number, two numbers one below the other, and a blank sheet.
fn pictures() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut number = Sheet::new(560, 140);
    number.write((30, 28), "50419", 92);
    number.save(dir.path().join("number.png"));
    let mut two = Sheet::new(560, 320);
    two.write((30, 40), "3141", 92);
    two.write((30, 190), "2718", 92);
    two.save(dir.path().join("two.png"));
    Sheet::new(200, 100).save(dir.path().join("blank.png"));
    dir
}

fn objects(said: &Said) -> Vec<Value> {
    said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The lines that are not indented.
fn numbers(said: &Said) -> Vec<&str> {
    said.out.lines().filter(|line| !line.starts_with(' ')).collect()
}

#[test]
fn a_number_has_its_probability_and_the_places_of_its_digits() {
    let dir = pictures();
    let said = run(dir.path(), "read number.png").ok();
    assert_eq!(said.err, "");
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(lines[0].starts_with("number.png: 50419  ") && lines[0].contains("%  then "), "{}", said.out);
    assert_eq!(lines.len(), 6);
    assert!(lines[1].starts_with("  5  ") && lines[1].contains("%  at "), "{}", said.out);

    let object = &objects(&run(dir.path(), "read number.png --json").ok())[0];
    assert_eq!((&object["file"], &object["lines"][0]), (&"number.png".into(), &"50419".into()));
    let number = &object["numbers"][0];
    assert_eq!((&number["number"], &number["inverted"]), (&"50419".into(), &true.into()));
    let probability = |object: &Value| object["probability"].as_f64().unwrap();
    assert_eq!(number["readings"][0]["digits"], "50419");
    assert!((probability(number) - probability(&number["readings"][0])).abs() < 1e-9 && probability(number) > 0.1);
    assert!(probability(&number["readings"][1]) < probability(number));
    let digits = number["digits"].as_array().unwrap();
    for (i, digit) in digits.iter().enumerate() {
        // Each digit is found where it was written: its middle is within the 84 pixels of its image.
        let place = |name: &str| digit["place"][name].as_u64().unwrap() as usize;
        let middle = place("left") + place("width") / 2;
        assert!((30 + i * 92..30 + i * 92 + 84).contains(&middle), "{i}: {digit}");
        assert!(place("top") >= 20 && place("top") + place("height") <= 120, "{i}: {digit}");
        assert!(probability(digit) >= probability(number) - 1e-9);
    }
}

#[test]
fn every_line_is_read_from_the_top() {
    let dir = pictures();
    let said = run(dir.path(), "read two.png").ok();
    let lines = numbers(&said);
    assert_eq!(lines.len(), 2, "{}", said.out);
    assert!(lines[0].starts_with("two.png: 3141  ") && lines[1].starts_with("two.png: 2718  "), "{}", said.out);
    let object = &objects(&run(dir.path(), "read two.png --json").ok())[0];
    assert_eq!(object["lines"], serde_json::json!(["3141", "2718"]));
    // A folder is read on all processors and answered in the order of its names.
    let said = run(dir.path(), "read .");
    assert_eq!(said.code, Some(1));
    let names: Vec<&str> = numbers(&said).iter().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(names, ["./number.png", "./two.png", "./two.png"]);
    assert!(said.err.starts_with("error: ./blank.png: no ink found") && said.err.lines().count() == 1, "{}", said.err);
}

/// Most lines of five digits that touch are read.
#[test]
fn digits_that_touch_are_read() {
    const WIDTH: usize = 160;
    let dir = tempfile::tempdir().unwrap();
    let recipe = StringRecipe::plain(5, Spacing::Ink([-1, 0]));
    let all: Vec<u32> = (0..MNIST.test.len() as u32).collect();
    let mut labels = String::new();
    for number in 0..20 {
        let line = recipe.compose::<WIDTH>(1, number, &MNIST.test, &all);
        let mut sheet = Sheet::new(3 * WIDTH + 40, 3 * HEIGHT + 40);
        for y in 0..3 * HEIGHT {
            for x in 0..3 * WIDTH {
                sheet.ink(20 + x, 20 + y, line.image[y / 3][x / 3]);
            }
        }
        sheet.save(dir.path().join(format!("{number}.png")));
        labels += &format!("{number}.png\t{}\n", line.digits);
    }
    fs::write(dir.path().join("labels.tsv"), labels).unwrap();
    let said = run(dir.path(), "read . --labels labels.tsv --json").ok();
    let objects = objects(&said);
    assert_eq!(objects.len(), 21);
    let right = objects[20]["right"].as_u64().unwrap();
    assert!(right >= 16, "{right} of 20: {}", said.out);
}

#[test]
fn what_is_known_of_a_number_is_kept() {
    let dir = pictures();
    let read = |options: &str| {
        let said = run(dir.path(), &format!("read number.png --json {options}"));
        let object = objects(&said).remove(0);
        object["lines"][0].as_str().map(String::from)
    };
    assert_eq!(read("--length 5").unwrap(), "50419");
    assert_eq!(read("--length 4..6").unwrap(), "50419");
    assert_eq!(read("--pattern ##-###").unwrap(), "50419");
    assert_eq!(read("--pattern [57]#4#9").unwrap(), "50419");
    assert_eq!(read("--amount").unwrap(), "50419");
    assert_eq!(read("--amount=2").unwrap(), "504.19");
    // Another form leaves no likely number.
    assert_eq!(read("--pattern ####"), None);
    assert_eq!(read("--length 7..8"), None);
    let amount = objects(&run(dir.path(), "read number.png --json --amount=2").ok()).remove(0);
    assert_eq!(amount["numbers"][0]["value"], 504.19);

    for (wrong, words) in [
        ("--length 0", &["--length", "such as 5", "4..6"][..]),
        ("--length 6..4", &["4..6"]),
        ("--length five", &["4..6"]),
        ("--pattern ##x#", &["--pattern", "write # for any digit"]),
        ("--pattern [12", &["--pattern", "not closed"]),
        ("--amount=9", &["--amount"]),
        ("--length 5 --pattern ##", &["--length", "--pattern"]),
        ("--amount --length 5", &["--amount", "--length"]),
        ("--json --show", &["--json", "--show"]),
        ("--labels labels.tsv", &["--labels", "folder"]),
    ] {
        let said = run(dir.path(), &format!("read number.png {wrong}"));
        if wrong.starts_with("--labels") { said.failed_at_once(words) } else { said.misused(words) }
    }
}

#[test]
fn digits_that_are_not_sure_are_question_marks() {
    let dir = pictures();
    let said = run(dir.path(), "read number.png --reject 1").ok();
    assert!(numbers(&said)[0].starts_with("number.png: ????"), "{}", said.out);
    assert!(said.out.contains("% for 5  at "), "{}", said.out);
    let object = objects(&run(dir.path(), "read number.png --reject 1 --json").ok()).remove(0);
    let digit = &object["numbers"][0]["digits"][0];
    assert_eq!((&digit["digit"], &digit["best"]), (&Value::Null, &5.into()));
    run(dir.path(), "read number.png --reject 2").misused(&["--reject", "0 to 1, or auto"]);
}

#[test]
fn the_line_is_drawn() {
    let dir = pictures();
    let said = run(dir.path(), "read number.png --show").ok();
    let lines: Vec<&str> = said.out.lines().collect();
    // A frame, two rows of pixels in a line, and the digits under them.
    assert_eq!(lines.len(), 6 + 2 + HEIGHT / 2 + 1);
    assert!(lines[6].starts_with("+--") && lines[7..23].iter().all(|line| line.starts_with('|')), "{}", said.out);
    assert_eq!(lines[24].split_whitespace().collect::<Vec<_>>(), ["5", "0", "4", "1", "9"]);
}

#[test]
fn pictures_without_a_number_are_refused() {
    let dir = pictures();
    run(dir.path(), "read blank.png").failed_at_once(&["blank.png: no ink found"]);
    // A checkerboard of blots.
    let mut blots = Sheet::new(300, 120);
    for y in 20..100 {
        for x in (20..280).filter(|x| (x / 20 + y / 20) % 2 == 0) {
            blots.ink(x, y, 255);
        }
    }
    blots.save(dir.path().join("blots.png"));
    run(dir.path(), "read blots.png --length 9").failed_at_once(&["blots.png: no ", "found"]);
    let said = run(dir.path(), "read blank.png number.png --json");
    let objects = objects(&said);
    assert_eq!(said.code, Some(1));
    assert!(objects[0]["error"].as_str().unwrap().contains("no ink found") && objects[1]["lines"][0] == "50419");
}

#[test]
fn a_model_of_the_other_kind_is_named() {
    let dir = pictures();
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../lenet-model/models");
    let digits = models.join("lenet5.safetensors").display().to_string();
    let lines = models.join("reader.safetensors").display().to_string();
    run(dir.path(), &format!("read number.png --model {lines}")).ok();
    run(dir.path(), &format!("read number.png --model {digits}"))
        .failed_at_once(&["reads single digits", "lenet predict --model"]);
    run(dir.path(), &format!("predict number.png --model {lines}"))
        .failed_at_once(&["a reader of lines", "lenet read --model"]);
    run(dir.path(), "read number.png --model number.png").failed_at_once(&["number.png", "lenet train-reader"]);
}

#[test]
fn labelled_pictures_make_a_table() {
    let dir = pictures();
    for (folder, name) in [("a", "number.png"), ("a", "blank.png"), ("b", "number.png"), ("b", "two.png")] {
        fs::create_dir_all(dir.path().join("set").join(folder)).unwrap();
        fs::copy(dir.path().join(name), dir.path().join("set").join(folder).join(name)).unwrap();
    }
    // A label with another digit, one with one digit less, a picture without a number; the third column is not used.
    let labels = "# name, number\na/number.png\t50419\tstring\na/blank.png\t-\tstring\nb/number.png\t5049\tstring\nb/two.png\t3141 / 2718\tstring\n";
    fs::write(dir.path().join("labels.tsv"), labels).unwrap();
    let said = run(dir.path(), "read set --labels labels.tsv").ok();
    assert_eq!(
        said.out,
        "b/number.png: 5049 read as 50419\n\
         a: 100.0% +- 0.0 (2/2), 0 of 5 digits wrong\n\
         b: 0.0% +- 0.0 (0/1), 1 of 4 digits wrong\n\
         all: 66.7% +- 27.2 (2/3), 1 of 9 digits wrong\n"
    );
    assert_eq!(said.err, "labels.tsv: 1 label is not a number, and left out\n");
    // The same with commas and with spaces.
    for separator in [",", " "] {
        let labels = format!("b/number.png{separator}50419\na/blank.png{separator}-\n");
        fs::write(dir.path().join("some.txt"), labels).unwrap();
        let said = run(dir.path(), "read set --labels some.txt --json").ok();
        let objects = objects(&said);
        assert_eq!((&objects[0]["label"], &objects[0]["right"]), (&"50419".into(), &true.into()));
        assert_eq!((&objects[4]["group"], &objects[4]["right"]), (&"all".into(), &2.into()));
    }
    fs::write(dir.path().join("some.txt"), "gone.png 1\nb/number.png 50419\n").unwrap();
    let said = run(dir.path(), "read set --labels some.txt");
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("gone.png: can't be read") && said.out.contains("all: 100.0%"), "{said:?}");
    fs::write(dir.path().join("some.txt"), "number.png\n").unwrap();
    run(dir.path(), "read set --labels some.txt").failed_at_once(&["some.txt: line 1", "a name and a number"]);
    run(dir.path(), "read set a --labels some.txt").misused(&["--labels", "one folder"]);
}

/// The strip, the outputs of the sweep and the path through them, in all three forms.
#[test]
fn the_sweep_is_drawn() {
    let dir = pictures();
    let text = run(dir.path(), "view reading number.png").ok().out;
    assert!(text.starts_with("number.png: 50419, "), "{text}");
    let row = |class: char| text.lines().find(|line| line.starts_with(&format!("{class} "))).unwrap_or_default();
    assert!(row('0').contains('█') && row('-').contains('█') && !row('2').contains('█'), "{text}");
    // The dark part of a row is above its digit.
    let last = text.lines().rfind(|line| !line.is_empty()).unwrap();
    for digit in "041".chars() {
        let at = last.find(digit).unwrap();
        let dark = row(digit).chars().skip(at.saturating_sub(8)).take(16).filter(|c| *c == '█').count();
        assert!(dark > 0, "{digit}: {text}");
    }
    run(dir.path(), "view reading number.png --out sweep.png").ok();
    run(dir.path(), "view reading two.png --out sweep.svg").ok();
    let svg = fs::read_to_string(dir.path().join("sweep.svg")).unwrap();
    let document = Document::parse(&svg).unwrap();
    let texts: Vec<&str> =
        document.descendants().filter(|node| node.tag_name().name() == "text").filter_map(|node| node.text()).collect();
    assert!(texts.iter().any(|text| text.starts_with("3141, ")), "{texts:?}");
    assert!(texts.iter().any(|text| text.starts_with("2718, ")), "{texts:?}");
    assert!(fs::read(dir.path().join("sweep.png")).unwrap().starts_with(b"\x89PNG"));
    run(dir.path(), "view reading blank.png").failed_at_once(&["blank.png", "no ink found"]);
    run(dir.path(), "view reading number.png --out sweep.txt").misused(&[".png or .svg"]);
}

//! `lenet view` and the report of `lenet train` from the outside: what is drawn, in which format, and how it fails.

use crate::common::{json, run, write_data};
use roxmltree::Document;
use serde_json::Value;
use std::fs;
use std::io::Cursor;
use std::path::Path;

/// A folder with a small data set, `set`, and a run on it, `run`, of the network of 1998, which learns too little to read everything.
fn workplace() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    write_data(&dir.path().join("set"), 120, 60);
    let words = "train --recipe paper --rate 1e-7 --epochs 1 --limit 60 --validation 20 --data set --out run --quiet";
    run(dir.path(), words).ok();
    dir
}

/// Width, height, and the bytes of each pixel.
fn decode(path: &Path) -> (usize, usize, Vec<Vec<u8>>) {
    let bytes = fs::read(path).unwrap();
    let mut reader = png::Decoder::new(Cursor::new(bytes)).read_info().unwrap();
    let mut data = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut data).unwrap();
    let pixels = data.chunks(info.color_type.samples()).map(<[u8]>::to_vec).collect();
    (info.width as usize, info.height as usize, pixels)
}

/// The text of an SVG file, which must be well-formed XML without NaN.
fn words(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    for wrong in ["NaN", "inf"] {
        assert!(!text.contains(&format!("\"{wrong}")) && !text.contains(&format!(",{wrong}")), "{wrong} in {path:?}");
    }
    let document = Document::parse(&text).unwrap();
    let texts = document.descendants().filter(|node| node.has_tag_name(("http://www.w3.org/2000/svg", "text")));
    texts.filter_map(|node| node.text().map(String::from)).collect()
}

#[test]
fn every_view_is_a_png_an_svg_and_text() {
    let dir = workplace();
    let here = dir.path();
    let views = [
        "filters run",
        "maps run --data set --index 3",
        "misses run --data set",
        "confusion run --data set",
        "curves run",
        "codes",
    ];
    for view in views {
        let name = view.split(' ').next().unwrap();
        let text = run(here, &format!("view {view}")).ok();
        assert!(!text.out.is_empty() && !text.out.contains('\u{1b}'), "{name}");
        for ending in ["png", "svg"] {
            let said = run(here, &format!("view {view} --out {name}.{ending}")).ok();
            assert_eq!((said.out.as_str(), said.err.as_str()), ("", ""), "{name}");
        }
        let (width, height, pixels) = decode(&here.join(format!("{name}.png")));
        assert!((400..2400).contains(&width) && (300..4000).contains(&height), "{name}: {width}x{height}");
        assert!(pixels.iter().any(|pixel| pixel[0] < 64), "{name} is empty");
        // The margin, and the same picture in both formats.
        assert!(pixels[..width * 16].iter().all(|pixel| pixel.iter().all(|byte| *byte == 255)), "{name} is cut");
        let svg = fs::read_to_string(here.join(format!("{name}.svg"))).unwrap();
        assert!(
            svg.contains(&format!("width=\"{}\" height=\"{}\"", width as f64 / 2.0, height as f64 / 2.0)),
            "{name}"
        );
        assert!(!words(&here.join(format!("{name}.svg"))).is_empty());
    }
}

#[test]
fn the_same_words_in_every_form() {
    let dir = workplace();
    let here = dir.path();
    let eval = run(here, "eval run/best.safetensors --data set --json").ok();
    let eval: Value = serde_json::from_str(&eval.out).unwrap();
    let (correct, total) = (eval["test"]["correct"].as_u64().unwrap(), eval["test"]["total"].as_u64().unwrap());

    // A line for each misread digit, under a head.
    let misses = run(here, "view misses run --data set").ok();
    assert_eq!(misses.out.lines().count() as u64, 1 + total - correct);
    assert!(misses.err.starts_with(&format!("{} of 60 test images ", total - correct)), "{}", misses.err);
    let labels_differ = |line: &str| {
        let numbers: Vec<u32> = line.split_whitespace().map(|n| n.parse().unwrap()).collect();
        // The labels of the set repeat 0 to 9.
        numbers.len() == 3 && numbers[1] != numbers[2] && numbers[1] == numbers[0] % 10
    };
    assert!(misses.out.lines().skip(1).all(labels_differ), "{}", misses.out);

    // Every count of the matrix is in the heat map.
    run(here, "view confusion run --data set --out c.svg").ok();
    let words_of = words(&here.join("c.svg"));
    let counts = eval["confusion"].as_array().unwrap().iter().flat_map(|row| row.as_array().unwrap());
    let counts: Vec<u64> = counts.filter_map(Value::as_u64).filter(|count| *count > 0).collect();
    let shown: Vec<u64> = words_of.iter().filter_map(|word| word.parse().ok()).collect();
    let digits = 2 * (0..10).sum::<u64>();
    assert_eq!(shown.iter().sum::<u64>(), counts.iter().sum::<u64>() + digits);
    assert!(words_of.iter().any(|word| word.contains(&format!("({correct}/60)"))), "{words_of:?}");
    let text = run(here, "view confusion run --data set").ok();
    assert!(run(here, "eval run/best.safetensors --data set").ok().out.ends_with(&text.out));

    // The curves end where the record does.
    let record = json(&here.join("run/run.json"));
    let last = &record["epochs"].as_array().unwrap().last().unwrap().clone();
    let validation = &last["validation"];
    let right = validation["correct"].as_f64().unwrap() / validation["total"].as_f64().unwrap();
    let curves = run(here, "view curves run").ok().out;
    let line = |name: &str| curves.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
    assert!(line("validation error, %").contains(&format!(" to {:.2}, from", 100.0 * (1.0 - right))), "{curves}");
    let train_error = 100.0 * (1.0 - last["train_accuracy"].as_f64().unwrap());
    assert!(line("training error, %").contains(&format!(" to {train_error:.2}, from")), "{curves}");

    // The stages of the network of 1998, in the order of fig. 2.
    run(here, "view maps run --data set --out m.svg").ok();
    let words_of = words(&here.join("m.svg"));
    let order = ["INPUT", "C1", "S2", "C3", "S4", "C5", "F6", "OUTPUT"];
    let places: Vec<_> = order.iter().map(|name| words_of.iter().position(|word| word == name).unwrap()).collect();
    assert!(places.is_sorted(), "{words_of:?}");
    for size in ["1@32x32", "6@28x28", "6@14x14", "16@10x10", "16@5x5", "120", "84", "softmax of -penalties"] {
        assert!(words_of.iter().any(|word| word == size), "{size}");
    }
    // 1 + 6 + 6 + 16 + 16 maps, two strips or bitmaps, ten outputs.
    assert_eq!(fs::read_to_string(here.join("m.svg")).unwrap().matches("<image").count(), 45 + 2 + 10);

    // 60 of the 96 kernels of C3, 6 of C1, C5 in sheets.
    run(here, "view filters run --out f.svg").ok();
    assert_eq!(fs::read_to_string(here.join("f.svg")).unwrap().matches("<image").count(), 60 + 6 + 2);
    assert!(words(&here.join("f.svg")).iter().any(|word| word == "C3: 60 kernels of 5x5"));
}

#[test]
fn a_model_comes_with_the_program_and_reads_a_picture() {
    let dir = tempfile::tempdir().unwrap();
    let here = dir.path();
    let filters = run(here, "view filters").ok();
    assert!(filters.out.contains("C3: 60 kernels of 5x5"), "{}", filters.out);
    let maps = run(here, "view maps").ok();
    assert!(maps.out.starts_with("test image 0 of mnist, a 7, read as 7 "), "{}", maps.out);
    // A drawn bar is a picture of a digit, too.
    run(here, "view maps --index 2 --out maps.svg").ok();
    let bar: Vec<u8> =
        (0..60 * 60).map(|i| if (27..33).contains(&(i % 60)) && (600..3000).contains(&i) { 0 } else { 255 }).collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 60, 60);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(&bar).unwrap();
    fs::write(here.join("bar.PNG"), bytes).unwrap();
    let read = run(here, "view maps bar.PNG").ok();
    assert!(read.out.starts_with("bar.PNG, read as 1 "), "{}", read.out);
    fs::write(here.join("not.png"), "words").unwrap();
    run(here, "view maps not.png").failed_at_once(&["not.png: "]);
}

#[test]
fn codes_are_shown() {
    let said = run(Path::new("."), "view codes").ok();
    assert_eq!(said.out.lines().count(), 2 * 13 + 1);
    assert!(said.out.ends_with("ten codes of 84: foreground is +1, background -1\n"), "{}", said.out);
}

#[test]
fn wrong_words_are_usage_errors() {
    let dir = tempfile::tempdir().unwrap();
    let here = dir.path();
    run(here, "view things").misused(&["things"]);
    run(here, "view").misused(&["Usage"]);
    run(here, "view codes --out codes.gif").misused(&["codes.gif", "has to end in .png or .svg"]);
    run(here, "view codes --out codes").misused(&["has to end in .png or .svg"]);
    run(here, "view codes best.safetensors").misused(&["best.safetensors"]);
    run(here, "view filters --index 3").misused(&["--index"]);
    run(here, "view curves").misused(&["<RUN>"]);
    run(here, "view maps a.png b.jpg").misused(&["two pictures"]);
    run(here, "view maps a.png --index 1").misused(&["leave out --index"]);
    run(here, "view maps a.safetensors b").misused(&["two models"]);
    run(here, "summary --json --latex").misused(&["--latex"]);
    assert!(crate::common::files(here).is_empty());
}

#[test]
fn what_cannot_be_drawn_is_one_line() {
    let dir = workplace();
    let here = dir.path();
    run(here, "view codes --out nowhere/codes.png")
        .failed_at_once(&["nowhere/codes.png: can't be written", "its folder"]);
    run(here, "view filters run/run.json").failed_at_once(&["run.json", "safetensors"]);
    run(here, "view filters set").failed_at_once(&["best.safetensors: can't be read"]);
    run(here, "view maps run --data set --index 60").misused(&["--index 60: set has 60 test images"]);
    run(here, "view curves set").failed_at_once(&["run.json: can't be read", "the run folder"]);
    run(here, "view curves run/run.json").failed_at_once(&["run.json: not a folder"]);
    let mut early = json(&here.join("run/run.json"));
    fs::remove_file(here.join("run/metrics.jsonl")).unwrap();
    run(here, "view curves run").failed_at_once(&["metrics.jsonl: can't be read"]);
    for record in ["", "{", "[]", "{\"epochs\": 3}", "{\"epochs\": [{\"epoch\": -1}]}"] {
        fs::write(here.join("run/run.json"), record).unwrap();
        run(here, "view curves run").failed_at_once(&["run.json: not the record of a run"]);
    }
    early["epochs"] = Value::Array(vec![]);
    fs::write(here.join("run/run.json"), early.to_string()).unwrap();
    run(here, "view curves run").failed_at_once(&["run: no epoch is complete yet"]);
}

#[test]
fn lines_that_are_no_records_are_left_out_and_said() {
    let dir = workplace();
    let here = dir.path();
    let path = here.join("run/metrics.jsonl");
    let whole = fs::read_to_string(&path).unwrap();
    let good = whole.lines().count();
    let clean = run(here, "view curves run").ok();
    assert_eq!(clean.err, "");
    let mut bytes = whole.into_bytes();
    bytes.extend(b"\nNaN\n{\"epoch\": 3, \"step\": null, \"rate\": 1}\n{\"epoch\":1,\"step\":1,\"rate\":NaN}\n\xff\xfe\n{\"epoch\": 3, \"st");
    fs::write(&path, bytes).unwrap();
    let said = run(here, "view curves run --out c.svg").ok();
    assert_eq!(said.err, "metrics.jsonl: 5 lines are not records and were left out\n");
    let svg = fs::read_to_string(here.join("c.svg")).unwrap();
    let document = Document::parse(&svg).unwrap();
    // The rate has a point for each valid line of the metrics; its curve is the last line with a colour.
    let mut lines =
        document.descendants().filter(|node| node.attribute("stroke").is_some_and(|stroke| stroke.starts_with('#')));
    assert_eq!(lines.next_back().unwrap().attribute("points").unwrap().split(' ').count(), good);
    assert_eq!(run(here, "view curves run").ok().out, clean.out);
    words(&here.join("c.svg"));
    // A loss that was not finite is null in the record.
    let mut record = json(&here.join("run/run.json"));
    record["epochs"][0]["train_loss"] = Value::Null;
    fs::write(here.join("run/run.json"), record.to_string()).unwrap();
    run(here, "view curves run --out c.png").ok();
}

#[test]
fn a_run_leaves_a_report_that_stands_alone() {
    let dir = workplace();
    let record = json(&dir.path().join("run/run.json"));
    let page = fs::read_to_string(dir.path().join("run/report.html")).unwrap();
    let (correct, total) = (record["test"]["correct"].as_u64().unwrap(), record["test"]["total"].as_u64().unwrap());
    assert!(page.contains(&format!("({correct}/{total})</strong>")), "the result is not there");
    assert!(
        page.contains(&format!("{} of {total} test images", total - correct)),
        "the misread digits are not counted"
    );
    for words in
        ["lenet5-1998 on set", "<th>loss</th><td>map, j ", "SDLM", "40 to learn from, 20 held out, 60 for the test"]
    {
        assert!(page.contains(words), "no {words:?}");
    }
    for heading in
        ["How it learned", "Confusion matrix", "What it misreads", "The kernels", "The output of every stage"]
    {
        assert!(page.contains(&format!("<h2>{heading}</h2>")), "no {heading:?}");
    }
    assert_eq!(page.matches("<svg").count(), 5);
    // The page loads no other files and runs no scripts.
    for word in ["http", "<script", "<link", "@import", "url(", " src="] {
        assert!(!page.contains(word), "{word}");
    }
    assert_eq!(page.matches("href=\"").count(), page.matches("href=\"data:image/png;base64,").count());
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    // Each drawing is XML.
    for svg in page.split("<svg").skip(1).map(|rest| rest.split_once("</svg>").unwrap().0) {
        Document::parse(&format!("<svg{svg}</svg>")).unwrap();
    }
}

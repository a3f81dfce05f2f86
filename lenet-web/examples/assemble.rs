//! Puts the page together: `cargo run -p lenet-web --example assemble -- ENGINE.wasm FOLDER`. `ci/web/build` does all of it.
//!
//! Writes `lenet5.html`, with everything in it, and the binary files of `npm` into the folder. The same input gives the same bytes.

mod networks;

use flate2::{Compression, write::ZlibEncoder};
use lenet_data::{Dataset, LabelledImages};
use lenet_model::reader::Reader;
use lenet_model::{Image, most_likely};
use lenet_web::engine::{Digits, Running, RunningOf, half_numbers, packed_reader};
use serde_json::json;
use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The scripts of the page, in the order in which they are put together; the first is the library for others.
const SCRIPTS: [&str; 9] = [
    "npm/index.js",
    "page/pack.js",
    "page/paint.js",
    "page/sketch.js",
    "page/figure.js",
    "page/unit.js",
    "page/number.js",
    "page/lesson.js",
    "page/main.js",
];

/// Digits to learn from, of which every fifth is held out.
const TO_LEARN: usize = 1000;
/// Test digits to look at, and as many misread ones at most.
const EXAMPLES: usize = 60;
const MISREAD: usize = 40;
/// The page must be smaller.
const MOST_BYTES: usize = 1_500_000;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [engine, out] = &arguments[..] else {
        return Err("give the engine, a .wasm file, and the folder to write to".into());
    };
    let wasm = fs::read(engine).map_err(|error| format!("{}: {error}", engine.display()))?;
    let mnist = Dataset::mnist()?;

    let (mut pretrained, mut rbf, mut modern) = (RunningOf::pretrained(), networks::of_1998()?, networks::modern()?);
    let [wrong, of_rbf, of_modern] =
        [misread(&mut pretrained, &mnist.test), misread(&mut rbf, &mnist.test), misread(&mut modern, &mnist.test)];
    let accuracy = |wrong: &[usize]| format!("{:.2}%", 100.0 - 100.0 * wrong.len() as f64 / mnist.test.len() as f64);
    let about = json!({ "lenet5": accuracy(&wrong), "lenet5_1998": accuracy(&of_rbf), "modern": accuracy(&of_modern) });
    println!("{about}");

    let some = |set: &LabelledImages, indexes: &mut dyn Iterator<Item = usize>| {
        let (images, labels): (Vec<Image>, Vec<u8>) =
            indexes.map(|index| (set.images()[index], set.labels()[index])).unzip();
        Digits::packed(&images, &labels)
    };
    let reader = packed_reader(&Reader::pretrained());
    let parts: [(&str, Vec<u8>); 8] = [
        ("wasm", wasm.clone()),
        ("lenet5_1998", half_numbers(&rbf)),
        ("modern", half_numbers(&modern)),
        ("reader", reader.clone()),
        ("digits", some(&mnist.train, &mut (0..TO_LEARN))),
        ("examples", some(&mnist.test, &mut (0..EXAMPLES))),
        ("misread", some(&mnist.test, &mut wrong.iter().copied().take(MISREAD))),
        ("about", about.to_string().into_bytes()),
    ];
    let mut pack = String::from("\n");
    for (name, bytes) in parts {
        let coded = base85(&compressed(&bytes)?);
        println!("{name}: {} bytes, {} in the page", bytes.len(), coded.len());
        pack += &format!("{name} {coded}\n");
    }

    let mut script = String::new();
    for name in SCRIPTS {
        // The parts share one scope.
        let text = fs::read_to_string(folder.join(name))?;
        script += &text
            .lines()
            .map(|line| line.strip_prefix("export ").unwrap_or(line))
            .fold(String::new(), |all, line| all + line + "\n");
    }
    let page = fs::read_to_string(folder.join("page/index.html"))?
        .replace("/*{{style.css}}*/", &fs::read_to_string(folder.join("page/style.css"))?)
        .replace("/*{{script}}*/", &script)
        .replace("{{pack}}</script>", &(pack + "</script>"));
    println!("the page: {} bytes", page.len());
    if page.len() >= MOST_BYTES {
        return Err(format!("the page has {} bytes, more than {MOST_BYTES}", page.len()).into());
    }
    fs::write(out.join("lenet5.html"), page)?;
    fs::write(out.join("npm/lenet5.wasm"), wasm)?;
    fs::write(out.join("npm/modern.bin"), half_numbers(&modern))?;
    fs::write(out.join("npm/lenet5-1998.bin"), half_numbers(&rbf))?;
    fs::write(out.join("npm/reader.bin"), reader)?;
    Ok(())
}

/// The indexes of the images that a network misreads.
fn misread(network: &mut dyn Running, set: &LabelledImages) -> Vec<usize> {
    let both = set.images().iter().zip(set.labels()).enumerate();
    let wrong = both.filter(|(_, (image, label))| most_likely(&network.read(image)) != usize::from(**label));
    wrong.map(|(index, _)| index).collect()
}

fn compressed(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Four bytes as five characters that stand unchanged in HTML; `pack.js` reads them.
fn base85(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 85] =
        b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#%()*+,-./:;=?@[]^_{|}";
    let mut text = String::new();
    for group in bytes.chunks(4) {
        let mut four = [0; 4];
        four[..group.len()].copy_from_slice(group);
        let number = u32::from_be_bytes(four);
        let digits = [85_u32.pow(4), 85_u32.pow(3), 85_u32.pow(2), 85, 1].map(|place| number / place % 85);
        text.extend(digits[..=group.len()].iter().map(|digit| char::from(ALPHABET[*digit as usize])));
    }
    text
}

//! Broken and hostile files: each ends in one clear line and exit code 1, and takes little memory.

use crate::common::{Said, lenet, run};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Runs `lenet predict` (and `read`) on a file of these bytes, with half a gigabyte of memory where the system can enforce it.
fn refused(name: &str, bytes: &[u8], words: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(name), bytes).unwrap();
    for command in ["predict", "read"] {
        run_small(dir.path(), &format!("{command} ./{name}")).failed_at_once(words);
    }
}

/// The program with an address space of 600 MB: 512 MB, and the memory that is mapped but not used.
fn run_small(dir: &Path, words: &str) -> Said {
    if cfg!(not(target_os = "linux")) {
        return run(dir, words);
    }
    let program = lenet(dir).get_program().to_owned();
    let mut command = Command::new("sh");
    command.current_dir(dir).arg("-c").arg(format!("ulimit -v 600000; exec \"$0\" {words}")).arg(program);
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// A PNG of one colour, black unless `colour` is given, compressed as far as possible.
fn png(width: u32, height: u32, colour: png::ColorType, depth: png::BitDepth) -> Vec<u8> {
    use std::io::Write;
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().unwrap();
    let row = vec![0; (width as usize * colour.samples() * depth as usize).div_ceil(8)];
    let mut stream = writer.stream_writer().unwrap();
    (0..height).for_each(|_| stream.write_all(&row).unwrap());
    stream.finish().unwrap();
    drop(writer);
    bytes
}

const GREY: png::ColorType = png::ColorType::Grayscale;

/// The header of a PNG with another size and a correct checksum.
fn with_size(mut png: Vec<u8>, width: u32, height: u32) -> Vec<u8> {
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let mut crc = flate2::Crc::new();
    crc.update(&png[12..29]);
    png[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    png
}

#[test]
fn pictures_of_no_size_to_speak_of() {
    refused("dot.png", &png(1, 1, GREY, png::BitDepth::Eight), &["dot.png: no ink found"]);
    refused("line.png", &png(30_000, 1, GREY, png::BitDepth::Eight), &["line.png: no ink found"]);
    refused("column.png", &png(1, 30_000, GREY, png::BitDepth::One), &["column.png: no ink found"]);
}

#[test]
fn bombs() {
    let small = png(8, 8, GREY, png::BitDepth::Eight);
    refused(
        "huge.png",
        &with_size(small.clone(), 60_000, 60_000),
        &["huge.png: is 60000x60000, more than 40 megapixels"],
    );
    refused("none.png", &with_size(small.clone(), 0, 8), &["none.png: "]);
    refused("most.png", &with_size(small.clone(), u32::MAX, u32::MAX), &["most.png: "]);
    // The size is allowed, but the file holds fewer pixels.
    refused("hollow.png", &with_size(small, 6_000, 6_000), &["hollow.png: is damaged"]);
    // The largest picture that is decoded, 320 MB of colours in 300 KB. It is blank.
    let largest = png(8_000, 5_000, png::ColorType::Rgba, png::BitDepth::Sixteen);
    assert!(largest.len() < 2_000_000, "{}", largest.len());
    refused("largest.png", &largest, &["largest.png: no ink found"]);
}

#[test]
fn what_is_no_picture() {
    refused("empty.png", b"", &["empty.png: is empty"]);
    refused(
        "words.png",
        b"This is a seven.\n",
        &["words.png: is not a PNG, JPEG, WebP, BMP, GIF, TIFF or PNM picture"],
    );
    refused("zeros.jpg", &[0; 5000], &["zeros.jpg: "]);
    refused("half.gz", &[0x1f, 0x8b, 8, 0, 0], &["half.gz: the gzip data are damaged"]);
}

#[test]
fn pictures_that_are_cut_short() {
    let mut jpeg = Vec::new();
    let pixels: Vec<u8> = (0..64 * 64).map(|i| (i * 37 % 251) as u8).collect();
    let encoder = image::codecs::jpeg::JpegEncoder::new(&mut jpeg);
    image::ImageEncoder::write_image(encoder, &pixels, 64, 64, image::ExtendedColorType::L8).unwrap();
    for length in [3, 20, 200] {
        refused("cut.jpg", &jpeg[..length], &["cut.jpg: "]);
    }
    let png = png(64, 64, GREY, png::BitDepth::Eight);
    for length in [7, 20, 40, png.len() - 14] {
        refused("cut.png", &png[..length], &["cut.png: "]);
    }
}

/// A file of endless length, and one that claims to be very long: neither is read to its end.
#[test]
#[cfg(target_os = "linux")]
fn files_without_an_end() {
    let dir = tempfile::tempdir().unwrap();
    run_small(dir.path(), "predict /dev/zero").failed_at_once(&["/dev/zero: "]);
    let sparse = fs::File::create(dir.path().join("sparse.png")).unwrap();
    sparse.set_len(3 << 30).unwrap();
    run_small(dir.path(), "predict sparse.png").failed_at_once(&["sparse.png: "]);
    run_small(dir.path(), "eval sparse.png").failed_at_once(&["sparse.png: more than 67108864 bytes"]);
}

#[test]
#[cfg(unix)]
fn links_that_lead_nowhere_or_round() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    symlink("round.png", dir.path().join("round.png")).unwrap();
    run_small(dir.path(), "predict round.png").failed_at_once(&["round.png: can't be read"]);
    // A folder that contains itself through a link is not entered.
    fs::create_dir(dir.path().join("folder")).unwrap();
    symlink(".", dir.path().join("folder/self.png")).unwrap();
    symlink("nowhere", dir.path().join("folder/gone.png")).unwrap();
    run_small(dir.path(), "predict folder").failed_at_once(&["folder/gone.png: can't be read"]);
    symlink("model", dir.path().join("model")).unwrap();
    run_small(dir.path(), "predict folder --model model").failed_at_once(&["model: can't be read"]);
}

#[test]
fn a_folder_of_ten_thousand_files() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = png(9, 9, GREY, png::BitDepth::Eight);
    for i in 0..10_000 {
        fs::write(dir.path().join(format!("{i}.png")), &bytes).unwrap();
    }
    let said = run_small(dir.path(), "predict . --json");
    assert_eq!((said.code, said.out.lines().count(), said.err.lines().count()), (Some(1), 10_000, 10_000));
    assert!(said.err.lines().all(|line| line.starts_with("error: ./") && line.contains("no ink found")));
}

/// The built-in model as a file, damaged.
fn with_model(change: impl FnOnce(&mut Vec<(String, Dtype, Vec<usize>, Vec<u8>)>)) -> Vec<u8> {
    let bytes = lenet_model::LeNet5::pretrained_file();
    let (_, header) = SafeTensors::read_metadata(bytes).unwrap();
    let file = SafeTensors::deserialize(bytes).unwrap();
    let mut tensors: Vec<_> =
        file.tensors().into_iter().map(|(n, v)| (n, v.dtype(), v.shape().to_vec(), v.data().to_vec())).collect();
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    change(&mut tensors);
    let views = tensors.iter().map(|(n, t, shape, data)| (n, TensorView::new(*t, shape.clone(), data).unwrap()));
    safetensors::serialize(views, header.metadata().clone()).unwrap()
}

#[test]
fn models_that_are_none() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |bytes: &[u8], words: &[&str]| {
        fs::write(dir.path().join("bad.safetensors"), bytes).unwrap();
        for command in ["eval bad.safetensors", "predict x.png --model bad.safetensors", "view filters bad.safetensors"]
        {
            run_small(dir.path(), command).failed_at_once(words);
        }
        run_small(dir.path(), "export bad.safetensors --onnx out.onnx").failed_at_once(words);
        assert!(!dir.path().join("out.onnx").exists());
    };
    let mut header = (2_u64 << 30).to_le_bytes().to_vec();
    header.extend(b"{\"c1.bias\":{}}");
    refused(&header, &["bad.safetensors: not a whole safetensors file"]);
    refused(&[], &["bad.safetensors: not a whole safetensors file"]);
    refused(b"\x89PNG\r\n\x1a\n and so on", &["bad.safetensors: not a whole safetensors file"]);
    refused(&with_model(|_| {})[..100_000], &["bad.safetensors: not a whole safetensors file"]);
    // In alphabetical order, c1.weight is the second tensor.
    refused(&with_model(|t| t[1].2 = vec![6, 25]), &["tensor c1.weight: has the shape [6, 25], not [6, 1, 5, 5]"]);
    refused(&with_model(|t| t[1].1 = Dtype::I32), &["tensor c1.weight: is I32, not F32"]);
    refused(&with_model(|t| t[1].0 = "c9.weight".into()), &["tensor c9.weight: the network has no such tensor"]);
    refused(&with_model(|t| drop(t.remove(1))), &["tensor c1.weight: is missing"]);
    refused(&with_model(|t| t[1].3[..4].copy_from_slice(&f32::NAN.to_le_bytes())), &["c1.weight: holds NaN"]);
    refused(&with_model(|t| t[3].3[1200..1204].copy_from_slice(&1_f32.to_le_bytes())), &["c3.weight: holds 1 at 300"]);
}

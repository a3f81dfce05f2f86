//! Reading lines of digits: from a strip to a number, from a picture to strips, and composing a line to learn from.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use lenet_data::strings::{Spacing, StringRecipe};
use lenet_data::{Dataset, LabelledImages, Picture, lines};
use lenet_model::reader::{Grammar, Line, Reader, TILE};
use std::hint::black_box;

fn digits() -> LabelledImages {
    Dataset::mnist().expect("the built-in MNIST").train
}

/// Lines of six digits, which are 160 columns wide.
fn six_digits(count: u64) -> Vec<Line> {
    let (examples, recipe) = (digits(), StringRecipe::plain(6, Spacing::Columns([1, 2])));
    let compose = |number| recipe.compose::<TILE>(1, number, &examples, &[0, 1, 2, 3, 4, 5]);
    let line = |number| Line::new(TILE, compose(number).image.as_flattened().to_vec()).expect("32 rows");
    (0..count).map(line).collect()
}

/// A strip to a number: the sweep, the search, and what follows where they are not certain. One thread.
fn strips(c: &mut Criterion) {
    let (reader, all) = (Reader::pretrained(), six_digits(64));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    let mut group = c.benchmark_group("lines");
    for count in [1, 64] {
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(format!("read {count} lines of six digits"), |b| {
            b.iter(|| pool.install(|| reader.read_strips(black_box(&all[..count]), &Grammar::default())));
        });
    }
    group.finish();
}

/// A photo of 12 megapixels with three lines of bars to strips.
fn photo(c: &mut Criterion) {
    let (width, height) = (4000_usize, 3000_usize);
    let level = |at: usize| {
        let (x, y) = (at % width, at / width);
        let bar = x % 400 < 40 && y % 1000 >= 400 && y % 1000 < 700;
        let shade = 200 - x * 60 / width + (x * 31 + y * 17) % 7;
        if bar { 40 } else { shade as u8 }
    };
    let picture = Picture::from_grey(width, height, (0..width * height).map(level).collect()).expect("a picture");
    let mut group = c.benchmark_group("lines");
    group.sample_size(10);
    group.bench_function("find the lines of 12 megapixels", |b| {
        b.iter(|| assert_eq!(lines(black_box(&picture)).expect("ink").len(), 3));
    });
    group.finish();
}

fn compose(c: &mut Criterion) {
    let examples = digits();
    let all: Vec<u32> = (0..examples.len() as u32).collect();
    let mut number = 0;
    let mut group = c.benchmark_group("lines");
    group.throughput(Throughput::Elements(1));
    group.bench_function("compose a line", |b| {
        b.iter(|| {
            number += 1;
            StringRecipe::WRITTEN.compose::<TILE>(1, number, &examples, &all)
        });
    });
    group.finish();
}

criterion_group!(benches, strips, photo, compose);
criterion_main!(benches);

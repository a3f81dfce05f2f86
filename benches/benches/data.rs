//! From the program's own bytes to 70,000 images in memory.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use lenet_data::Dataset;

fn unpack(c: &mut Criterion) {
    let mut group = c.benchmark_group("data");
    group.sample_size(10).throughput(Throughput::Elements(70_000));
    group.bench_function("unpack the built-in MNIST", |b| {
        b.iter(|| {
            let data = Dataset::mnist().expect("the built-in MNIST");
            assert_eq!(data.train.len() + data.test.len(), 70_000);
            data
        });
    });
    group.finish();
}

criterion_group!(data, unpack);
criterion_main!(data);

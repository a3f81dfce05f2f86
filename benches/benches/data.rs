//! From the bytes inside the program to 70,000 images in memory, and from there to the cells that a network sees.

use benches::mnist;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use lenet_data::Dataset;
use lenet_layers::{Lanes, Maps, Tensor};
use lenet_model::Image;
use lenet_model::{Normalization, lay_images};

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

/// Pads and normalises images and puts them into lanes; the throughput is in images.
fn lay(c: &mut Criterion) {
    let (images, _) = mnist();
    let block: [&Image; 16] = core::array::from_fn(|i| &images[i]);
    let mut x = Tensor::<Maps<1, 32, 32>, Lanes<16>>::boxed_zeroed();
    let mut group = benches::group(c, "data");
    group.throughput(Throughput::Elements(16));
    group.bench_function("lay sixteen images", |b| b.iter(|| lay_images(&mut x, &block, Normalization::PAPER)));
    assert_eq!(x.data[0][0][0].0, [-0.1; 16]);
    group.finish();
}

criterion_group!(data, unpack, lay);
criterion_main!(data);

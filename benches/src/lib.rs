//! The code that the benches share: MNIST as the networks take it, the clock, and the limit of the machine.
//!
//! A figure is criterion's; beside it is the best of the samples as a fraction of the limit: fused multiply-adds on
//! registers alone, measured in the same run. (On the scalar set they are separate operations, one at a time; a loop
//! that the compiler vectorises can exceed this "limit".) Work other than multiply-adds, such as activation functions,
//! takes time but is not counted.

#![forbid(unsafe_code)]

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};
use lenet_data::Dataset;
use lenet_layers::simd::{Isa, Kernel, Simd, Vector};
use lenet_model::Image;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// The training images of MNIST and their classes.
///
/// # Panics
/// If the built-in data are damaged.
pub fn mnist() -> (Vec<Image>, Vec<u8>) {
    let train = Dataset::mnist().expect("the built-in MNIST").train;
    let labels = train.labels().to_vec();
    (train.images().to_vec(), labels)
}

/// The number of independent chains of multiply-adds that keep the CPU busy, and their length.
const CHAINS: usize = 12;
const LINKS: usize = 20_000;

/// Multiply-adds that do not access memory.
struct MultiplyAdds;
impl Kernel for MultiplyAdds {
    type Output = f32;
    fn run<S: Simd>(self, simd: S) -> f32 {
        let (factor, term) = (black_box(0.999), black_box(0.001));
        simd.vectorize(
            #[inline(always)]
            || {
                let (factor, term) = (S::F32::splat(simd, factor), S::F32::splat(simd, term));
                let mut chains = [term; CHAINS];
                for _ in 0..LINKS {
                    for chain in &mut chains {
                        *chain = chain.mul_add(factor, term);
                    }
                }
                chains.into_iter().fold(term, |sum, chain| sum + chain).sum()
            },
        )
    }
}

/// The number of `f32` in a register.
struct Width;
impl Kernel for Width {
    type Output = usize;
    fn run<S: Simd>(self, _: S) -> usize {
        S::F32::LANES
    }
}

/// A group of benches that takes a second for each bench.
pub fn group<'a>(c: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = c.benchmark_group(format!("{name}, {}", Isa::current()));
    group.sample_size(15).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_millis(700));
    group
}

/// The number of floating-point operations per second of one core, two for each multiply-add.
pub fn limit(c: &mut Criterion) -> f64 {
    let isa = Isa::current();
    let flop = 2 * CHAINS * LINKS * isa.dispatch(Width);
    let mut group = group(c, "limit");
    let seconds = best(&mut group, "multiply-adds on one core", || {
        black_box(isa.dispatch(MultiplyAdds));
    });
    group.finish();
    let limit = flop as f64 / seconds;
    println!("    best {:.1} GFLOP/s: the limit of a core", limit / 1e9);
    limit
}

/// Runs `f` under criterion; returns the seconds per call of the best sample.
pub fn best(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, mut f: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    group.bench_function(name, |b| {
        b.iter_custom(|iterations| {
            let start = Instant::now();
            for _ in 0..iterations {
                f();
            }
            let elapsed = start.elapsed();
            best = best.min(elapsed.as_secs_f64() / iterations as f64);
            elapsed
        });
    });
    best
}

/// Runs `f`, which does `flop` operations, and prints the speed as a fraction of `limit`. Criterion's throughput is in
/// operations per second.
pub fn operations(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, flop: usize, limit: f64, f: impl FnMut()) {
    group.throughput(Throughput::Elements(flop as u64));
    let seconds = best(group, name, f);
    let rate = flop as f64 / seconds;
    println!("    best {:.2} us, {:.1} GFLOP/s, {:.0}% of the limit", seconds * 1e6, rate / 1e9, 100.0 * rate / limit);
}

/// Runs `f`, which processes `count` images of `flop` operations each, and prints the speed as a fraction of `limit`.
/// Criterion's throughput is in images per second.
pub fn images(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    (count, flop): (usize, usize),
    limit: f64,
    f: impl FnMut(),
) {
    group.throughput(Throughput::Elements(count as u64));
    let rate = count as f64 / best(group, name, f);
    let part = 100.0 * rate * flop as f64 / limit;
    println!("    best {rate:.0} images/s, {:.2} us an image, {part:.0}% of the limit", 1e6 / rate);
}

//! Steps allocate nothing: all heap blocks are allocated before the second step.
//!
//! This program has a single test, because it counts the allocations of the whole process.

use lenet_layers::{Class, Conv2d, Dense, Flatten, Init, Maps, SoftmaxCrossEntropy, Tanh, Units, sequential};
use lenet_train::{Accuracy, Event, Floats, Part, Settings, Training};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::ops::ControlFlow;

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

sequential! {
    struct Net, trace NetTrace {
        input:                      Maps<1, 8, 8>;
        c1:   Conv2d<1, 4, 5, Tanh> => Maps<4, 4, 4>;
        flat: Flatten               => Units<64>;
        out:  Dense<64, 2>          => Units<2>;
    }
}

/// The number of heap blocks allocated so far, by all threads. One that grows counts again.
fn blocks() -> usize {
    let heap = HEAP.stats();
    heap.allocations + heap.reallocations
}

#[test]
fn steps_allocate_nothing() {
    let numbers: Vec<f32> = (0..300 * 64).map(|i| (i % 7) as f32 / 7.0).collect();
    let classes: Vec<_> = (0..300).map(|i| Class::<2>::new(i % 2).unwrap()).collect();
    let examples = Floats::new(&numbers, &classes).unwrap();
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        // Threads allocate when they start, which may be during the first steps.
        pool.broadcast(|_| std::thread::sleep(std::time::Duration::from_millis(20)));
        for (batch, average) in [(1, 0.0), (7, 0.0), (64, 0.9), (130, 0.0)] {
            let settings = Settings { epochs: 1, batch, average, rate: 0.001, clip: Some(1.0), ..Settings::default() };
            let training = Training::new(settings, Part::all(&examples), SoftmaxCrossEntropy, Accuracy);
            let (mut first, mut last) = (0, 0);
            let count = |event: Event<'_, Net>| {
                if let Event::Step(made) = event {
                    last = blocks();
                    if made.step == 1 {
                        first = last;
                    }
                }
                ControlFlow::Continue(())
            };
            pool.install(|| training.run(Init::SqrtFanIn, count)).unwrap();
            assert_eq!(last - first, 0, "{threads} threads, batch {batch}");
        }
    }
}

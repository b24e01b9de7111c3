//! Kernel and twin of every stage, side by side: `cargo bench --bench stages`.
//!
//! `twin` is the host executor over all cores; `kernel` runs on arrays that already are on the device, `wave` uploads
//! and reads back as well. Throughput is in tracks. Without an adapter only the twins are timed.

#[path = "../tests/twins/cases.rs"]
mod cases;

use cases::{copy, wave};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use trackweave::fusion::arrays::{Arrays, Host};
use trackweave::fusion::device::{Context, KERNELS, Options, Runner, Wanted};
use trackweave::fusion::{predict, update};
use wide::f32x8;

const SIZES: [usize; 3] = [1_000, 32_000, 256_000];

type Twin = fn(&mut Arrays<Host>);

/// Twins of the stages, over blocks of eight.
const TWINS: [(&str, Twin); 2] = [("predict", predict::predict::<f32x8>), ("update", update::update::<f32x8>)];

fn stages(criterion: &mut Criterion) {
    let opened = Context::open(Wanted::Any).and_then(|context| Runner::new(context, KERNELS, Options::LARGEST));
    let mut runner = opened.map_err(|error| eprintln!("kernels are not timed: {error}")).ok();
    for (stage, twin) in TWINS {
        let mut group = criterion.benchmark_group(stage);
        group.sample_size(10);
        for size in SIZES {
            let arrays = wave(size, 1);
            group.throughput(Throughput::Elements(size as u64));
            group.bench_function(BenchmarkId::new("twin", size), |bencher| {
                bencher.iter_batched_ref(|| copy(&arrays), twin, BatchSize::LargeInput);
            });
            let Some(runner) = &mut runner else { continue };
            runner.upload(stage, &arrays).expect("the arrays fit");
            group.bench_function(BenchmarkId::new("kernel", size), |bencher| {
                bencher.iter(|| runner.resident(stage, arrays.lane.len()).expect("the kernel runs"));
            });
            group.bench_function(BenchmarkId::new("wave", size), |bencher| {
                let run = |arrays: &mut Arrays<Host>| runner.stage(stage, arrays).expect("the kernel runs");
                bencher.iter_batched_ref(|| copy(&arrays), run, BatchSize::LargeInput);
            });
        }
        group.finish();
    }
}

criterion_group!(benches, stages);
criterion_main!(benches);

//! Every stage of a wave, kernel and twin, side by side: `make stages`.
//!
//! The world is that of `trackweave bench`: one scan after another, at constant density, seen by each of `bench::Sensors`:
//! positions, two views of them (what detectability costs), and a radar with range rates (what rows cost). `twin` is the host executor over
//! all cores, timed around each stage; `kernel` is the device, timed by its own clock where it has one. Throughput is in
//! objects. Without an adapter only the twins are timed.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::time::Duration;
use trackweave::bench::{Bench, Sensors, Session};
use trackweave::fusion::device::{Context, Options, Wanted};
use trackweave::fusion::executor::Executor;
use trackweave::fusion::stage::Stage;

const SIZES: [usize; 2] = [1_000, 30_000];
/// Scans before the first that is timed: births and deaths are then in balance.
const SETTLING: usize = 12;

fn stages(criterion: &mut Criterion) {
    let worlds = [(Sensors::Positions, "positions"), (Sensors::Views, "views"), (Sensors::Radar, "radar")];
    for (objects, (sensors, seen_by)) in SIZES.into_iter().flat_map(|size| worlds.map(|world| (size, world))) {
        for side in ["twin", "kernel"] {
            let executor = match side {
                "twin" => Some(Executor::host()),
                _ => Context::open(Wanted::Any).ok().map(|context| Executor::device(context, Options::USUAL)),
            };
            let Some(executor) = executor else {
                eprintln!("kernels are not timed: there is no adapter");
                continue;
            };
            let mut session = settled(objects, sensors, executor);
            for stage in Stage::ALL {
                let mut group = criterion.benchmark_group(stage.name());
                group.sample_size(10).throughput(Throughput::Elements(objects as u64));
                group.bench_function(BenchmarkId::new(format!("{side}, {seen_by}"), objects), |bencher| {
                    bencher.iter_custom(|scans| spent(&mut session, stage, scans));
                });
                group.finish();
            }
        }
    }
}

fn settled(objects: usize, sensors: Sensors, executor: Executor) -> Session {
    let config = toml::from_str(include_str!("../data/config/bench.toml")).expect("a configuration");
    let mut session = Session::new(&Bench { objects, scans: 0, seed: 1, config, sensors }, executor).expect("a lane");
    for _ in 0..SETTLING {
        session.scan().expect("a scan");
    }
    session
}

/// What one stage took over some scans.
fn spent(session: &mut Session, stage: Stage, scans: u64) -> Duration {
    let before = session.timings().of(stage);
    for _ in 0..scans {
        session.scan().expect("a scan");
    }
    session.timings().of(stage).saturating_sub(before)
}

criterion_group!(benches, stages);
criterion_main!(benches);

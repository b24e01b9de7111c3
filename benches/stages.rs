//! Every stage of a wave, kernel and twin, side by side: `make stages`.
//!
//! The world is that of `trackweave bench`: one scan after another, at constant density, seen by each of `bench::Sensors`:
//! positions, with one motion model and two, two views of them (what detectability costs), and a radar with range rates (what
//! rows cost). `twin` is the host executor over
//! all cores, timed around each stage; `kernel` is the device, timed by its own clock where it has one. Throughput is in
//! objects. Without an adapter only the twins are timed. `propagation` predicts orbits a minute and ten minutes ahead, with
//! their covariances: low ones, which take a substep every 20 s.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::time::Duration;
use trackweave::bench::{Bench, Sensors, Session};
use trackweave::fusion::batch::{Batch, LaneSetup};
use trackweave::fusion::config::Config;
use trackweave::fusion::device::{Context, Options, Wanted};
use trackweave::fusion::executor::Executor;
use trackweave::fusion::motion::{ConstantVelocity, Member, Models, Motion, Orbit};
use trackweave::fusion::stage::Stage;
use trackweave::fusion::undetected::{Prior, UndetectedIntensity};
use trackweave::scan::{Detection, Observation, Plane, Scan, Sight, Sourced, Views};
use trackweave::space::Place;

const SIZES: [usize; 2] = [1_000, 30_000];
/// Scans before the first that is timed: births and deaths are then in balance.
const SETTLING: usize = 12;

fn stages(criterion: &mut Criterion) {
    let worlds = [
        (Sensors::Positions, 1, "positions"),
        (Sensors::Positions, 2, "two models"),
        (Sensors::Views, 1, "views"),
        (Sensors::Radar, 1, "radar"),
    ];
    for (objects, (sensors, models, world)) in SIZES.into_iter().flat_map(|size| worlds.map(|world| (size, world))) {
        for side in ["twin", "kernel"] {
            let Some(executor) = executor(side) else { continue };
            let mut session = settled(objects, (sensors, models), executor);
            for stage in Stage::ALL {
                let mut group = criterion.benchmark_group(stage.name());
                group.sample_size(10).throughput(Throughput::Elements(objects as u64));
                group.bench_function(BenchmarkId::new(format!("{side}, {world}"), objects), |bencher| {
                    bencher.iter_custom(|scans| spent(&mut session, stage, scans));
                });
                group.finish();
            }
        }
    }
}

fn executor(side: &str) -> Option<Executor> {
    if side == "twin" {
        return Some(Executor::host());
    }
    let context = Context::open(Wanted::Any).ok();
    if context.is_none() {
        eprintln!("kernels are not timed: there is no adapter");
    }
    context.map(|context| Executor::device(context, Options::USUAL))
}

fn propagation(criterion: &mut Criterion) {
    for (objects, side) in SIZES.into_iter().flat_map(|size| ["twin", "kernel"].map(|side| (size, side))) {
        for seconds in [60, 600] {
            let Some(executor) = executor(side) else { continue };
            let mut sky = Sky::new(objects, executor);
            let mut group = criterion.benchmark_group("propagation");
            group.sample_size(10).throughput(Throughput::Elements(objects as u64));
            group.bench_function(BenchmarkId::new(format!("{side}, {seconds} s"), objects), |bencher| {
                bencher.iter_custom(|scans| {
                    let before = sky.batch.timings().of(Stage::Predict);
                    (0..scans).for_each(|_| sky.scan(seconds, Vec::new(), Vec::new()));
                    assert_eq!(sky.batch.tracks(0).expect("a lane"), objects, "none ends");
                    sky.batch.timings().of(Stage::Predict).saturating_sub(before)
                });
            });
            group.finish();
        }
    }
}

/// Satellites in low orbits over one side of the Earth, in a lane that never sees them again.
struct Sky {
    batch: Batch,
    time_s: i64,
}

impl Sky {
    #[expect(clippy::cast_possible_truncation, reason = "rounded to what an observation holds")]
    fn new(objects: usize, executor: Executor) -> Self {
        let mut config: Config = toml::from_str(include_str!("../data/config/bench.toml")).expect("a configuration");
        config.motion = Motion { model: Orbit { q: 1e-6 }.into(), survival_per_s: 1.0 };
        config.existence.position_sigma_max_m = 1e9f32.try_into().expect("a length");
        config.existence.prune = 1e-9f32.try_into().expect("a probability");
        let origin = Place::from_metres([6_378_137.0, -4e6, -4e6]);
        let (east, north, centre) = ([0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [6_378_137.0, 0.0, 0.0]);
        let plane = Plane { origin, east, north, centre, cell_m: 1e6, cells: [8; 2] };
        let prior = Prior {
            speed_m_s: 5300.0,
            climb_m_s: 1000.0,
            height_m: 0.0,
            height_most_m: f32::INFINITY,
            reports_per_s: 0.0,
        };
        let undetected =
            UndetectedIntensity::Field { density: vec![1e-6; plane.len()], birth: 0.0, planes: plane.into(), prior };
        let lane = LaneSetup { radial: true, undetected, views: Vec::new() };
        let batch = Batch::new(config, executor, vec![lane]).expect("a lane");
        let mut sky = Self { batch, time_s: 0 };
        let axes = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let (mut detections, mut observations) = (Vec::new(), Vec::new());
        for n in 0..objects {
            // A spiral over the sky, each on a course of its own.
            let (turn, part) = (2.4 * n as f64, (n as f64 + 0.5) / objects as f64);
            let (r, out) = (6_778_000.0 + 400_000.0 * part, 0.5 * part.sqrt());
            let up = [(1.0 - out * out).sqrt(), out * turn.cos(), out * turn.sin()];
            let course = [-up[1] * up[0], 1.0 - up[1] * up[1], -up[1] * up[2]];
            let speed = (3.986e14 / r).sqrt() / course.iter().map(|c| c * c).sum::<f64>().sqrt();
            let Place { tile, offset_m } = Place::from_metres(up.map(|u| u * r));
            detections.push(Detection { tile, ahead_s: 0.0, offset_m, observation: n as u32 });
            let measured = Observation { spread: 1.0, ..Observation::offsets(axes, [5.0; 3], 3) };
            let with_axis = |to: Observation, k: usize| to.with_rate(axes[k], (speed * course[k]) as f32, 0.1);
            observations.push((0..3).fold(measured, with_axis));
        }
        sky.scan(0, detections, observations);
        assert_eq!(sky.batch.tracks(0).expect("a lane"), objects, "all begin");
        sky
    }

    fn scan(&mut self, seconds: i64, detections: Vec<Detection>, observations: Vec<Observation>) {
        self.time_s += seconds;
        let scan = Scan {
            lane: 0,
            time_us: self.time_s * 1_000_000,
            detection_probability: if detections.is_empty() { 1e-9 } else { 1.0 },
            sight: Sight::Everywhere,
            slack_m: 0.0,
            detections: Sourced::of(0, detections),
            views: Views::default(),
        };
        self.batch.step(vec![scan], observations).expect("a scan");
    }
}

fn settled(objects: usize, (sensors, models): (Sensors, usize), executor: Executor) -> Session {
    let mut config: Config = toml::from_str(include_str!("../data/config/bench.toml")).expect("a configuration");
    let model = config.motion.constant_velocity().expect("constant velocity");
    let lively = ConstantVelocity { horizontal: 100.0 * model.horizontal, ..model };
    let members = [(model, 60.0), (lively, 20.0)].map(|(model, sojourn_s)| Member { model: model.into(), sojourn_s });
    // One is not several.
    if let Some(several) = Models::new(&members[..models]) {
        config.motion.model = several.into();
    }
    let mut session = Session::new(&Bench { sensors, ..Bench::new(objects, config) }, executor).expect("a lane");
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

criterion_group!(benches, stages, propagation);
criterion_main!(benches);
